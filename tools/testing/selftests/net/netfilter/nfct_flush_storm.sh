#!/bin/bash
# SPDX-License-Identifier: GPL-2.0

modprobe -q -a nf_conntrack nf_conntrack_netlink
exec ./nfct_flush_storm

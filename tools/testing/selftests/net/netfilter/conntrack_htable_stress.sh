#!/bin/bash
# SPDX-License-Identifier: GPL-2.0

modprobe -q nf_conntrack
exec ./conntrack_htable_stress

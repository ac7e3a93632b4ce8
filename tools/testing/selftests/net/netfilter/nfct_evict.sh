#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which entry goes when the conntrack table is full: nfct_evict with a small
# table, which all network namespaces share.

source lib.sh

sysctls=/proc/sys/net/netfilter
declare -A saved

modprobe -q nf_conntrack_netlink
if [ ! -e "$sysctls/nf_conntrack_max" ]; then
	echo "SKIP: conntrack sysctls not available"
	exit "$ksft_skip"
fi

# set_sysctl NAME VALUE: until the end, not all kernels have all of them
set_sysctl()
{
	[ -e "$sysctls/$1" ] || return 0
	saved[$1]=$(<"$sysctls/$1")
	echo "$2" > "$sysctls/$1"
}

cleanup()
{
	local name

	for name in "${!saved[@]}"; do
		echo "${saved[$name]}" > "$sysctls/$name"
	done
}
trap cleanup EXIT

# few buckets, so that a sample has enough entries
set_sysctl nf_conntrack_buckets_auto 0
set_sysctl nf_conntrack_buckets 1024
set_sysctl nf_conntrack_max 256

./nfct_evict

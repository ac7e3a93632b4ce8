#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which entry goes when the conntrack table is full: nfct_evict with a small
# table, which all network namespaces share.
# Then, what the initial namespace notices of one that is flooded.

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
	[ -n "${saved[$1]}" ] || saved[$1]=$(<"$sysctls/$1")
	echo "$2" > "$sysctls/$1"
}

cleanup()
{
	local name

	for name in "${!saved[@]}"; do
		echo "${saved[$name]}" > "$sysctls/$name"
	done
	nft delete table ip nfct_evict 2>/dev/null
}
trap cleanup EXIT

# few buckets, so that a sample has enough entries
set_sysctl nf_conntrack_buckets_auto 0
set_sysctl nf_conntrack_buckets 1024
set_sysctl nf_conntrack_max 256

./nfct_evict -F container || exit $?

checktool "nft --version" "run test without nft tool"
if ! nft 'table ip nfct_evict { chain c {
		type filter hook output priority 0;
		ct state new ct mark set 0x6e666374; }; }'
then
	echo "SKIP: cannot track packets"
	exit "$ksft_skip"
fi

set_sysctl nf_conntrack_buckets_max 2048
set_sysctl nf_conntrack_buckets_auto 1
set_sysctl nf_conntrack_max 4096
# flows stay until they are counted
set_sysctl nf_conntrack_udp_timeout 1000

./nfct_evict -f container

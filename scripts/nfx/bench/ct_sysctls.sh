# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Sysctls of the conntrack table, to be sourced: as they were at the end.
#
#   sysctls		the folder they are in
#   saved[NAME]		what was there, nothing if the kernel has no NAME
#   table NAME VALUE	set one that the kernel may not have

sysctls=/proc/sys/net/netfilter
declare -A saved
# Two of them are the patched kernel's.
for name in nf_conntrack_max nf_conntrack_buckets_auto \
	nf_conntrack_buckets_max nf_conntrack_buckets; do
	[ ! -e "$sysctls/$name" ] || saved[$name]=$(<"$sysctls/$name")
done

restore()
{
	local name

	for name in "${!saved[@]}"; do
		echo "${saved[$name]}" >"$sysctls/$name"
	done
}
trap restore EXIT

table()
{
	[ -z "${saved[$1]}" ] || echo "$2" >"$sysctls/$1"
}

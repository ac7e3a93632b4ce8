#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ct_table.sh stall ROW ENTRIES
#			delay of packets of established flows by a resize
# ct_table.sh missed RESIZES LOOKUPS
#			lookups that miss an entry, of at least LOOKUPS during
#			RESIZES
# ct_table.sh grow	a million entries into a table of 1024 buckets: entries
#			refused, length of the chains
# ct_table.sh insn ENTRIES SUFFIX
#			kernel instructions of a packet of a known and of a new
#			flow, with ENTRIES in the table

set -e

# shellcheck source=ct_sysctls.sh
. ./ct_sysctls.sh

# within NS COMMAND...: run it in there, able to resize the table
within()
{
	ip netns exec "$@" 3<>"$sysctls/nf_conntrack_buckets"
}

# add_ns NS RULE: a namespace with d0, for packets that go through RULE
add_ns()
{
	ip netns add "$1"
	ip netns exec "$1" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip -n "$1" link add d0 address 02:00:00:00:00:01 type dummy
	ip -n "$1" addr add 10.9.0.1/16 dev d0
	ip -n "$1" link set d0 up
	ip netns exec "$1" nft "table ip t {
		counter new { }
		counter known { }
		chain c { type filter hook prerouting priority 0; $2; }; }"
}

stall()
{
	local us

	table nf_conntrack_max 5000000
	table nf_conntrack_buckets_auto 0
	table nf_conntrack_buckets 1048576
	add_ns stall "ct state new drop"
	us=$(DELAY=20000 within stall ct_pktgen.sh 1:1024:1087 -- ct_stall "$2")
	echo "ROW $1 $us"
}

# packets NS COUNTER
packets()
{
	ip netns exec "$1" nft list counter ip t "$2" |
		sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

missed()
{
	local port cpu=0 flows=() resizes

	table nf_conntrack_max 100000
	table nf_conntrack_buckets_auto 0
	table nf_conntrack_buckets 65536
	add_ns missed "ct state new counter name new drop
		counter name known drop"
	for port in $(within missed ct_storm first 64); do
		flows+=("$cpu:$port:$port")
		cpu=$((1 - cpu))
	done
	resizes=$(BURST=64 within missed ct_pktgen.sh "${flows[@]}" -- \
		ct_storm resize "$1" "$2")
	echo "$resizes resizes, $(packets missed known) packets"
	echo "ROW ct-resize-missed $(packets missed new)"
	within missed ct_fill flush
}

# buckets: their number. nf_conntrack_buckets tells what was last written to it,
# a kernel whose table grows by itself how many there are.
buckets()
{
	local number

	number=$(ct_fill buckets)
	echo "${number:-$(<"$sysctls/nf_conntrack_buckets")}"
}

grow()
{
	local refused entries deadline

	table nf_conntrack_max 4194304
	table nf_conntrack_buckets_max 2097152
	table nf_conntrack_buckets 1024
	table nf_conntrack_buckets_auto 1
	add_ns grow "ct state new drop"
	refused=$(within grow ct_fill 1000000)
	entries=$(ip netns exec grow conntrack -C)
	deadline=$((SECONDS + 10))
	# It may still be growing.
	while [ -n "${saved[nf_conntrack_buckets_auto]}" ] &&
	      [ "$(buckets)" -lt "$entries" ] &&
	      [ "$SECONDS" -lt "$deadline" ]; do
		sleep 0.1
	done
	echo "$entries entries, $(buckets) buckets"
	echo "ROW ct-grow-refused $refused"
	echo "ROW ct-grow-chain $(awk -v n="$entries" -v b="$(buckets)" \
		'BEGIN { print 2 * n / b }')"
	within grow ct_fill flush
}

# cost WHAT ENTRIES: marks of packets with conntrack and of those without
cost()
{
	local way

	for way in ct base; do
		ip netns add cost
		ip netns exec cost sysctl -qw \
			net.ipv6.conf.default.disable_ipv6=1
		[ "$1" = insert ] || ip netns exec cost nft "table ip t {
			chain c { type filter hook prerouting priority 0;
			drop; }; }"
		# A rule on the state, at any hook, has all packets tracked.
		[ "$way" = base ] || ip netns exec cost nft "table ip s {
			chain c { type filter hook output priority 0;
			ct state new accept; }; }"
		ip -n cost tuntap add tun0 mode tun
		ip -n cost addr add 10.9.0.1/16 dev tun0
		ip netns exec cost ct_packets "$1" "$2" "$way"
		ip netns delete cost
	done
}

insn()
{
	local what marks

	table nf_conntrack_max 1000000
	table nf_conntrack_buckets_auto 0
	table nf_conntrack_buckets 131072
	for what in lookup insert; do
		marks=$(cost "$what" "$1")
		echo "ROWINSN ct-$what$2-insn" "${marks//$'\n'/ }"
	done
}

case $1 in
stall|missed|grow|insn)
	"$@"
	;;
*)
	exit 2
	;;
esac

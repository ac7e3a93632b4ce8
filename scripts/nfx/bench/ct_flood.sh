#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ct_flood.sh RTT SOURCES ROW
#		handshakes of 200 that complete through a full table, half of it
#		established flows, while RTT SYNs of a flood from SOURCES
#		addresses (0: one per SYN) come in one round trip

set -e

entries=8192
max=$(sysctl -n net.netfilter.nf_conntrack_max)
buckets=$(sysctl -n net.netfilter.nf_conntrack_buckets)
# not every kernel has it
auto=$(sysctl -ne net.netfilter.nf_conntrack_buckets_auto)
trap 'sysctl -q net.netfilter.nf_conntrack_max="$max"
      sysctl -q net.netfilter.nf_conntrack_buckets="$buckets"
      sysctl -qe net.netfilter.nf_conntrack_buckets_auto="$auto"' EXIT

sysctl -qe net.netfilter.nf_conntrack_buckets_auto=0
sysctl -q net.netfilter.nf_conntrack_buckets="$entries"
sysctl -q net.netfilter.nf_conntrack_max="$entries"

run()
{
	ip netns exec flood "$@"
}

ip netns add flood
run sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.default.disable_ipv6=1 \
	net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
run nft "table ip t {
	counter completed { }
	chain c { type filter hook forward priority 0;
		ip daddr 192.0.2.1 ip saddr 10.10.0.0/16 tcp flags & (syn | ack) == ack \
			ct state established counter name completed
	}
}"
# there is no checksum in the packets
run sysctl -qw net.netfilter.nf_conntrack_checksum=0
ip -n flood tuntap add tun0 mode tun
ip -n flood addr add 10.9.0.1/16 dev tun0
ip -n flood link set tun0 up
ip -n flood link add d0 type dummy
ip -n flood link set d0 up
ip -n flood route add default dev d0

run ct_flood $((entries / 2)) "$1" "$2"
run conntrack -S | grep -v "early_drop=0 " || true
left=$(run conntrack -L -p udp 2>/dev/null | grep -c ASSURED) || true
echo "$left of $((entries / 2)) established flows left"
[ "$left" -eq $((entries / 2)) ]
echo "ROW $3 $(run nft list counter ip t completed |
	awk '/packets/ { print $2 / 2 }')"
run conntrack -F 2>/dev/null

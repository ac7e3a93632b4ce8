#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ct.sh wake	full table of closing connections: time to the first new one
# ct.sh log	log lines that do not help, drops that have none
# ct.sh masq	64 devices go down at once: connections that stay
# ct.sh flood RTT SOURCES ROW
#		handshakes of 200 that complete through a full table, half of it
#		established flows, while RTT SYNs of a flood from SOURCES
#		addresses (0: one per SYN) come in one round trip
# ct.sh synproxy RTT SOURCES ROW
#		the same with a SYN proxy in front: handshakes that do not

set -e

full=20000
fills=0
# shellcheck source=ct_sysctls.sh
. ./ct_sysctls.sh
# A table that grows has no chain that is full.
table nf_conntrack_buckets_auto 0

add_ns()
{
	local ns

	for ns; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
		# a rule on the state has all packets tracked
		ip netns exec "$ns" nft "table inet t { chain c {
			type filter hook output priority 0;
			ct state new accept; }; }"
	done
}

# fill NS STATE COUNT [ROUND]: insert assured TCP connections
fill()
{
	awk -v n="$3" -v s="$2" -v p="$((1024 + ${4-0}))" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "-I -p tcp -s 10.%d.%d.%d -d 192.0.2.1 " \
				"--sport %d --dport 80 --state %s " \
				"-u ASSURED,SEEN_REPLY -t 3600\n",
				i / 62500, i / 250 % 250, i % 250 + 1, p, s
		}' >/tmp/ct.fill
	ip netns exec "$1" conntrack -R /tmp/ct.fill >/dev/null
}

# flows NS COUNT: one UDP packet to each of COUNT ports
flows()
{
	ip netns exec "$1" bash -s "$2" 2>/dev/null <<-'FLOWS' || true
		for ((i = 0; i < $1; i++)); do
			echo >/dev/udp/127.0.0.$((1 + i / 1024))/$((1024 + i % 1024))
		done
	FLOWS
}

# Up to five rounds, but no more than the first half minute takes: without a
# wakeup one round takes a minute.
wake()
{
	local rounds=0 room median

	add_ns wake
	table nf_conntrack_max "$full"
	SECONDS=0
	while :; do
		# gc might still be making room
		while room=$((full - $(ip netns exec wake conntrack -C)))
		      [ "$room" -gt 0 ]; do
			fill wake TIME_WAIT "$room" "$((++fills))"
		done
		ip netns exec wake ./ct_accept.py >>/tmp/ct.wake
		if [ "$((++rounds))" -ge 5 ] || [ "$SECONDS" -ge 30 ]; then
			break
		fi
	done
	cat /tmp/ct.wake
	median=$(awk '{ print $1 }' /tmp/ct.wake | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
	echo "ROW ct-full-first-accept-ms $median"
	rm /tmp/ct.wake
}

# without_line NS: prints NS unless a line names it
without_line()
{
	local inum

	inum=$(ip netns exec "$1" stat -L -c %i /proc/self/ns/net)
	grep -q "dropping packet.*netns $inum\|netns $inum.*dropping packet" \
		/tmp/ct.log || echo "$1"
}

log()
{
	local marker="ct.sh: log $$" bad silent n

	add_ns full1 full2 chain
	echo "$marker" >/dev/kmsg

	# Two tables are full, one of them gets most of the packets.
	table nf_conntrack_max 2000
	fill full1 ESTABLISHED 2000
	fill full2 ESTABLISHED 2000
	flows full1 1000
	flows full2 1
	ip netns exec full1 conntrack -F 2>/dev/null
	ip netns exec full2 conntrack -F 2>/dev/null

	# 24 connections per bucket are 48 tuples, 50 to 80 are the limit.
	table nf_conntrack_buckets 512
	n=$(sysctl -n net.netfilter.nf_conntrack_buckets)
	table nf_conntrack_max $((n * 64))
	# One bucket may be full before all of them are.
	fill chain ESTABLISHED $((n * 16)) || true
	flows chain $((n * 8))
	ip netns exec chain conntrack -S
	ip netns exec chain conntrack -S | grep -q 'chaintoolong=[1-9]'

	dmesg | sed -n "\\|$marker|,\$p" | grep "nf_conntrack: .*dropping" \
		>/tmp/ct.log || true
	cat /tmp/ct.log
	bad=$(grep -c "nf_conntrack: nf_conntrack:\|packet\$" /tmp/ct.log) || true
	silent=$(for ns in full1 full2 chain; do
		without_line "$ns"
	done | wc -l)
	echo "ROW ctfull-log $((bad + silent))"
}

masq()
{
	local i left last=-1

	add_ns masq
	ip netns exec masq sysctl -q net.netfilter.nf_conntrack_udp_timeout=600
	ip netns exec masq nft "table inet n { chain c {
		type nat hook postrouting priority srcnat; masquerade; }; }"

	for i in $(seq 64); do
		echo "link add dev d$i type dummy"
		echo "addr add 10.0.$i.1/24 dev d$i"
		echo "link set dev d$i up group 7"
	done | ip -n masq -batch -

	for i in $(seq 64); do
		echo "echo >/dev/udp/10.0.$i.2/4000"
	done | ip netns exec masq bash
	[ "$(ip netns exec masq conntrack -C)" -ge 64 ]

	ip -n masq link set group 7 down

	# until no more connections go
	left=$(ip netns exec masq conntrack -C)
	while [ "$left" -ne "$last" ]; do
		sleep 2
		last=$left
		left=$(ip netns exec masq conntrack -C)
	done
	echo "ROW masq-events $left"
}

within()
{
	ip netns exec flood "$@"
}

# What is a SYN, or an ACK that no flow is known of, is the proxy's.
proxy()
{
	within sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 \
		net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.default.send_redirects=0
	within nft "table ip p {
		chain raw { type filter hook prerouting priority raw;
			ip daddr 192.0.2.1 \
				tcp flags & (syn | ack) == syn notrack; }
		chain c { type filter hook forward priority -1;
			ip daddr 192.0.2.1 ct state invalid,untracked \
				synproxy mss 1460; }; }"
	# The clients are where the flood comes from and need answers.
	ip -n flood route add 10.10.0.0/16 dev tun0
}

# flood RTT SOURCES ROW [synproxy]
flood()
{
	local entries=8192 left completed

	table nf_conntrack_buckets "$entries"
	table nf_conntrack_max "$entries"

	ip netns add flood
	within sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv6.conf.default.disable_ipv6=1 \
		net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0
	within nft "table ip t {
		counter completed { }
		chain c { type filter hook forward priority 0;
			ip daddr 192.0.2.1 ip saddr 10.10.0.0/16 \
				tcp flags & (syn | ack) == ack \
				ct state established counter name completed; }; }"
	ip -n flood tuntap add tun0 mode tun
	ip -n flood addr add 10.9.0.1/16 dev tun0
	ip -n flood link set tun0 up
	ip -n flood link add d0 type dummy
	ip -n flood link set d0 up
	ip -n flood route add default dev d0
	[ -z "$4" ] || proxy

	# shellcheck disable=SC2086 # nothing or a word
	within ct_flood $((entries / 2)) "$1" "$2" $4
	within conntrack -S
	left=$(within conntrack -L -p udp 2>/dev/null | grep -c ASSURED) || true
	echo "$left of $((entries / 2)) established flows left"
	[ "$left" -eq $((entries / 2)) ]
	completed=$(within nft list counter ip t completed |
		awk '/packets/ { print $2 / 2 }')
	echo "$completed % of the handshakes completed"
	[ -z "$4" ] || completed=$(awk "BEGIN { print 100 - $completed }")
	echo "ROW $3 $completed"
	within conntrack -F 2>/dev/null
}

synproxy()
{
	flood "$@" synproxy
}

case $1 in
wake|log|masq|flood|synproxy)
	"$@"
	;;
*)
	exit 2
	;;
esac

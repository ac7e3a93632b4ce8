#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Masqueraded connections must go when their device goes down or when the
# address they use is removed, also if many of these events happen at once.

source lib.sh

checktool "conntrack --version" "run test without conntrack"
checktool "nft --version" "run test without nft tool"

many=64
ns1=""
ret=0

trap cleanup_all_ns EXIT

pass()
{
	echo "PASS: $1"
}

fail()
{
	echo "FAIL: $1"
	ret=1
}

# entries whose masqueraded address matches
ct_count()
{
	ip netns exec "$ns1" conntrack -L -p udp -f "$1" 2> /dev/null | \
		grep -c "dst=$2[^ ]* sport=4000"
}

ct_count_is()
{
	[ "$(ct_count "$1" "$2")" -eq "$3" ]
}

# expect WHAT FAMILY GONE KEPT: addresses that match GONE lose their entries
expect()
{
	if ! busywait "$BUSYWAIT_TIMEOUT" ct_count_is "$2" "$3" 0; then
		fail "$1: $(ct_count "$2" "$3") of $many entries left"
	elif ! ct_count_is "$2" "$4" 1; then
		fail "$1: entry of another one gone too"
	else
		pass "$1"
	fi
}

# connect WHAT FAMILY FORMAT NUMBER...: one packet to each address
connect()
{
	local what="$1"
	local family="$2"
	local format="$3"
	local i

	shift 3
	# shellcheck disable=SC2059
	for i; do printf "echo > /dev/udp/$format/4000\n" "$i"; done | \
		ip netns exec "$ns1" bash

	if ! ct_count_is "$family" "" $#; then
		echo "SKIP: $what: $(ct_count "$family" "") of $# entries"
		[ "$ret" -eq 0 ] && ret=$ksft_skip
		exit "$ret"
	fi
}

# entries of the last part must not make it into the next one
flush()
{
	ip netns exec "$ns1" conntrack -F 2> /dev/null
}

test_devices()
{
	local i

	for i in $(seq 0 "$many"); do
		echo "link add dev d$i type dummy"
		echo "addr add 10.0.$i.1/24 dev d$i"
		echo "link set dev d$i up"
		[ "$i" -gt 0 ] && echo "link set dev d$i group 7"
	done | ip -n "$ns1" -batch - || exit "$ksft_skip"

	connect "devices" ipv4 "10.0.%d.2" $(seq 0 "$many")
	ip -n "$ns1" link set group 7 down
	expect "devices down" ipv4 "10.0.[1-9]" "10.0.0.1"
	flush
}

test_addresses()
{
	local i

	for i in $(seq 0 "$many"); do
		echo "addr add 10.1.$i.1/24 dev d0"
	done | ip -n "$ns1" -batch - || exit "$ksft_skip"

	connect "addresses" ipv4 "10.1.%d.2" $(seq 0 "$many")
	for i in $(seq "$many"); do
		echo "addr del 10.1.$i.1/24 dev d0"
	done | ip -n "$ns1" -batch -
	expect "IPv4 addresses removed" ipv4 "10.1.[1-9]" "10.1.0.1"
	flush
}

# The addresses are removed one by one, before the event of the device: more
# events than the kernel keeps apart, for one walk. No kernel fails this.
test_addresses6()
{
	local i

	ip -n "$ns1" link add dev dx type dummy || exit "$ksft_skip"
	ip -n "$ns1" link set dev dx up
	for i in $(seq 101 $((100 + many))); do
		echo "addr add fd00:$i::1/64 dev dx nodad"
	done | ip -n "$ns1" -batch - || exit "$ksft_skip"

	ip -n "$ns1" addr add fd00:100::1/64 dev d0 nodad

	connect "IPv6 addresses" ipv6 "fd00:%d::2" \
		$(seq 100 $((100 + many)))
	ip -n "$ns1" link set dx down
	expect "device with many IPv6 addresses down" ipv6 \
		"fd00:1\(0[1-9]\|[1-9]\)" "fd00:100::1"
	flush
}

setup_ns ns1 || exit "$ksft_skip"

ip netns exec "$ns1" nft -f - <<-RULES || exit "$ksft_skip"
	table inet t {
		chain c {
			type nat hook postrouting priority srcnat
			masquerade
		}
	}
RULES

# unreplied connections must not time out meanwhile
ip netns exec "$ns1" sysctl -q net.netfilter.nf_conntrack_udp_timeout=600 || \
	exit "$ksft_skip"

test_devices
test_addresses
test_addresses6

exit "$ret"

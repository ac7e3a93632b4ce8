#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets received in one list reuse the route of the packet before if their
# destination is the same. Their source address must be validated nevertheless,
# also if they are forwarded.
#
#            192.0.2.1         198.51.100.1
#   list --> [ in0 ] router ns [ out0 ] --> 198.51.100.2
#
# Both devices are dummies: rx_batch makes the stack receive on in0, and what
# leaves through out0 is counted by the IP layer and thrown away.

source lib.sh

ret=0
rounds=20
router=""

good=192.0.2.2
dst=198.51.100.2
unroutable=(203.0.113.{1..7})
# the route to them is out0
asymmetric=(198.51.100.{11..17})
# the router's addresses
own=({192.0.2,198.51.100}.1)

if [ ! -x "$(command -v nstat)" ]; then
	echo "SKIP: Could not run test without nstat tool"
	exit "$ksft_skip"
fi
check_gen_prog "rx_batch"

trap cleanup_all_ns EXIT

setup()
{
	local dev

	setup_ns router

	for dev in in0 out0; do
		if ! ip -net "$router" link add "$dev" type dummy; then
			echo "SKIP: Could not create dummy device"
			exit "$ksft_skip"
		fi
	done

	ip -net "$router" link set in0 up
	ip -net "$router" link set out0 up
	ip -net "$router" addr add 192.0.2.1/24 dev in0
	ip -net "$router" addr add 198.51.100.1/24 dev out0

	ip netns exec "$router" sysctl -q net.ipv4.ip_forward=1
	ip netns exec "$router" sysctl -q net.ipv4.conf.all.rp_filter=0
}

# packets forwarded, and packets dropped by rp_filter
counters()
{
	ip netns exec "$router" nstat -asz IpForwDatagrams \
		TcpExtIPReversePathFilter |
		awk '{ n[$1] = $2 }
		     END { print n["IpForwDatagrams"],
				 n["TcpExtIPReversePathFilter"] }'
}

check_eq()
{
	local what="$1"
	local want="$2"
	local got="$3"

	[ "$want" -eq "$got" ] && return 0

	echo "      $what: expected $want, got $got"
	return 1
}

# $1 description, $2 packets to forward, $3 packets to count as spoofed,
# $4.. sources of the packets of a list. All numbers are per list.
test_list()
{
	local msg="$1"
	local forwarded=$(($2 * rounds))
	local spoofed=$(($3 * rounds))
	local fwd0 rpf0 fwd1 rpf1 rc lret=0

	shift 3

	read -r fwd0 rpf0 <<< "$(counters)"

	ip netns exec "$router" rx_batch in0 "$rounds" "$dst" "$@" >/dev/null
	rc=$?
	if [ "$rc" -ne 0 ]; then
		[ "$rc" -eq "$ksft_skip" ] && exit "$ksft_skip"
		echo "FAIL: $msg: rx_batch exit code $rc"
		ret=1
		return
	fi

	read -r fwd1 rpf1 <<< "$(counters)"
	check_eq "forwarded" "$forwarded" "$((fwd1 - fwd0))" || lret=1
	check_eq "IPReversePathFilter" "$spoofed" "$((rpf1 - rpf0))" || lret=1

	if [ "$lret" -eq 0 ]; then
		echo "PASS: $msg"
	else
		echo "FAIL: $msg"
		ret=1
	fi
}

in0_set()
{
	ip netns exec "$router" sysctl -q "net.ipv4.conf.in0.$1"
}

setup

in0_set rp_filter=1
test_list "strict: valid sources" 8 0 \
	"$good" 192.0.2.{3..9}
test_list "strict: unroutable sources" 0 7 \
	"${unroutable[@]}"
test_list "strict: unroutable sources behind a valid one" 1 7 \
	"$good" "${unroutable[@]}"
test_list "strict: valid source behind unroutable ones" 1 7 \
	"${unroutable[@]}" "$good"
test_list "strict: sources of another device behind a valid one" 1 7 \
	"$good" "${asymmetric[@]}"

in0_set rp_filter=2
test_list "loose: sources of another device behind a valid one" 8 0 \
	"$good" "${asymmetric[@]}"
test_list "loose: unroutable sources behind a valid one" 1 7 \
	"$good" "${unroutable[@]}"

in0_set rp_filter=0
test_list "off: unroutable sources behind a valid one" 8 0 \
	"$good" "${unroutable[@]}"
test_list "off: router's own addresses behind a valid one" 1 0 \
	"$good" "${own[@]}"

in0_set accept_local=1
test_list "accept_local: router's own addresses behind a valid one" 3 0 \
	"$good" "${own[@]}"

exit "$ret"

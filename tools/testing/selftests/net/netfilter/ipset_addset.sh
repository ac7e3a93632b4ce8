#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No element is lost when the SET target fills a set which starts small.

source lib.sh

checktool "ipset --version" "run test without ipset"
checktool "iptables --version" "run test without iptables"

ret=0
ns=""
count=8192

trap cleanup_all_ns EXIT

setup_ns ns || exit "$ksft_skip"

ipset_ns()
{
	ip netns exec "$ns" ipset "$@"
}

if [ ! -x ./udp_spread ]; then
	echo "SKIP: udp_spread was not built"
	exit "$ksft_skip"
fi

if ! ipset_ns create probe hash:ip ||
   ! ip netns exec "$ns" iptables -A INPUT -p udp --dport 9 \
	-j SET --add-set probe dst; then
	echo "SKIP: no hash:ip set type or no SET target"
	exit "$ksft_skip"
fi
ip netns exec "$ns" iptables -F INPUT

fail()
{
	echo "FAIL: $*"
	ret=1
}

send()
{
	ip netns exec "$ns" ./udp_spread "$1"
}

entries()
{
	ipset_ns save "$1" | grep -c '^add '
}

header()
{
	ipset_ns list -t "$1" | sed -n "s/.* $2 \([0-9]*\).*/\1/p"
}

new_set()
{
	ip netns exec "$ns" iptables -F INPUT
	ipset_ns destroy
	ipset_ns create s "$@" || return 1
	ip netns exec "$ns" iptables -A INPUT -p udp --dport 9 \
		-j SET --add-set s dst
}

test_fill()
{
	local got

	new_set hash:ip "$@"
	send "$count" || fail "cannot send $count packets"
	got=$(entries s)
	if [ "$got" -eq "$count" ]; then
		echo "PASS: hash:ip $*: $got of $count elements"
	else
		fail "hash:ip $*: $got of $count elements"
	fi
	got=$(header s hashsize)
	[ "$got" -gt 64 ] || fail "hashsize is still $got"
	[ "$got" -le "$count" ] || fail "hashsize $got for $count elements"
}

test_maxelem()
{
	local got

	new_set hash:ip hashsize 64 maxelem 512
	send 1024 || fail "cannot send 1024 packets"
	got=$(entries s)
	if [ "$got" -eq 512 ]; then
		echo "PASS: maxelem 512: $got elements"
	else
		fail "maxelem 512: $got elements"
	fi
	got=$(header s hashsize)
	[ "$got" -le 512 ] || fail "hashsize $got with maxelem 512"
}

# Some 80 of the buckets get more than two elements. They have to be stored,
# but cannot make the table grow as long as it has a bucket per element.
test_collide()
{
	local got

	new_set hash:ip hashsize 1024 bucketsize 2
	send 1024 || fail "cannot send 1024 packets"
	got=$(entries s)
	[ "$got" -eq 1024 ] || fail "bucketsize 2: $got of 1024 elements"
	got=$(header s hashsize)
	if [ "$got" -eq 1024 ]; then
		echo "PASS: collisions: hashsize is still $got"
	else
		fail "collisions: hashsize $got for 1024 elements"
	fi
}

test_destroy()
{
	local tainted
	local sender
	local i

	tainted=$(cat /proc/sys/kernel/tainted)
	new_set hash:ip hashsize 64
	send "$count" &
	sender=$!
	for ((i = 0; i < 5; i++)); do
		ipset_ns create t hash:ip hashsize 64 2>/dev/null
		ipset_ns swap s t
		ipset_ns flush s
		ipset_ns list -t s > /dev/null
		ipset_ns destroy t
	done
	ip netns exec "$ns" iptables -F INPUT
	ipset_ns destroy s || fail "set is still in use"
	wait "$sender" || fail "cannot send $count packets"
	if [ "$(cat /proc/sys/kernel/tainted)" = "$tainted" ]; then
		echo "PASS: swap, flush, list, destroy while elements are added"
	else
		fail "kernel is tainted after destroy"
	fi
}

test_fill hashsize 64
test_fill hashsize 64 bucketsize 4 timeout 600 counters
test_maxelem
test_collide
test_destroy

exit $ret

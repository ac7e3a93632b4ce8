#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A terse listing reports how many elements a set has without looking at all of
# them, and does not count the expired ones.

source lib.sh

checktool "ipset --version" "run test without ipset"

ret=0
ns=""

trap cleanup_all_ns EXIT

setup_ns ns || exit "$ksft_skip"

ipset_ns()
{
	ip netns exec "$ns" ipset "$@"
}

if [ ! -x ./ipset_dump ]; then
	echo "SKIP: ipset_dump was not built"
	exit "$ksft_skip"
fi

if ! ipset_ns create small hash:ip; then
	echo "SKIP: no hash:ip set type"
	exit "$ksft_skip"
fi

fail()
{
	echo "FAIL: $*"
	ret=1
}

entries()
{
	ipset_ns list -t "$1" | sed -n 's/^Number of entries: //p'
}

check_entries()
{
	local set=$1
	local want=$2
	local what=$3
	local got

	got=$(entries "$set")
	if [ "$got" = "$want" ]; then
		echo "PASS: $what: $got entries"
	else
		fail "$what: want $want entries, got $got"
	fi
}

is_entries()
{
	[ "$(entries "$1")" = "$2" ]
}

ipset_ns create big hash:ip maxelem 1048576
ipset_ns add small 10.0.0.0/24
ipset_ns add big 10.0.0.0/14
check_entries small 256 "small set"
check_entries big 262144 "big set"

# The system calls and the messages are the same for both sets
small=$(ip netns exec "$ns" ./ipset_dump terse small)
big=$(ip netns exec "$ns" ./ipset_dump terse big)
if [ "$big" -lt $((small * 8)) ]; then
	echo "PASS: terse listing: 256: $small us, 262144: $big us"
else
	fail "terse listing: 256: $small us, 262144: $big us"
fi

ipset_ns del big 10.0.0.1
check_entries big 262143 "after del"
ipset_ns add big 10.0.0.1
ipset_ns -exist add big 10.0.0.1
check_entries big 262144 "after add"
ipset_ns flush big
check_entries big 0 "after flush"

# More than a region (1024 buckets), so that regions have to be summed up
ipset_ns create tmo hash:ip timeout 600 hashsize 8192
ipset_ns add tmo 10.0.0.0/20
ipset_ns add tmo 10.1.0.0/22 timeout 1
if busywait "$BUSYWAIT_TIMEOUT" is_entries tmo 4096; then
	echo "PASS: expired elements are not counted"
else
	fail "want 4096 entries after expiry, got $(entries tmo)"
fi
listed=$(ipset_ns save tmo | grep -c '^add ')
[ "$listed" -eq 4096 ] || fail "want 4096 elements in the listing, got $listed"

exit $ret

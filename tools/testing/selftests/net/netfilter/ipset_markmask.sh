#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A dumped hash:ip,mark set can be replayed: with the ipset tool by means of
# save and restore, and by a program which sends back integers as it got them.

source lib.sh

checktool "ipset --version" "run test without ipset"

mask=0x0000ff00
count=64
ret=0
ns=""

trap cleanup_all_ns EXIT

setup_ns ns || exit "$ksft_skip"

if [ ! -x ./ipset_dump ]; then
	echo "SKIP: ipset_dump was not built"
	exit "$ksft_skip"
fi

ipset_ns()
{
	ip netns exec "$ns" ipset "$@"
}

if ! ipset_ns create orig hash:ip,mark markmask "$mask"; then
	echo "SKIP: no hash:ip,mark set type"
	exit "$ksft_skip"
fi

for i in $(seq "$count"); do
	printf 'add orig 10.0.0.%d,0x%08x\n' "$i" "$((i << 8))"
done | ipset_ns restore

# Elements and mask without the name of the set and the order of the elements
content()
{
	ipset_ns save "$1" 2>/dev/null |
		sed -e "s/ $1 / /" -e 's/.* markmask \(0x[0-9a-f]*\).*/\1/' |
		sort
}

check()
{
	local set=$1
	local how=$2

	if [ "$(content orig)" = "$(content "$set")" ]; then
		echo "PASS: markmask $how"
		return
	fi
	echo "FAIL: markmask $how: want $mask, $count elements; got"
	ipset_ns save "$set" | head -n 3
	ret=1
}

if ! content orig | grep -qx "$mask"; then
	echo "FAIL: markmask listed by ipset: want $mask, got"
	ipset_ns save orig | head -n 1
	ret=1
fi

ipset_ns save orig | sed 's/ orig / saved /' | ipset_ns restore
check saved "after save and restore"

ip netns exec "$ns" ./ipset_dump replay orig replayed
check replayed "after a replay of the dump"

exit $ret

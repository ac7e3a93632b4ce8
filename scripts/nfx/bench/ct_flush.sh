#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What it costs to delete some entries of a table of a million: see
# rows.d/ct-flush.json. A tenth of the entries has no reply.

set -e

entries=1000000
unreplied=100000
# The flows of a network that ct_flush makes
network=1024
rounds=3
lazy_rounds=5

# shellcheck source=ct_sysctls.sh
. ./ct_sysctls.sh

within()
{
	ip netns exec flush "$@"
}

count()
{
	within conntrack -C
}

# new_mark MARK: what the first packet of a flow gets from now on
new_mark()
{
	within nft -f - <<-RULES
		table inet t
		delete table inet t
		table inet t {
			chain c {
				type filter hook output priority 0
				ct state new ct mark set $1
			}
		}
	RULES
}

# microseconds COMMAND...: how long it takes
microseconds()
{
	local start=${EPOCHREALTIME/./}

	within "$@" >/dev/null
	echo $((${EPOCHREALTIME/./} - start))
}

# left COUNT [NETWORK]: that many entries are left, none of the network
left()
{
	local entries

	entries=$(count)
	echo "$entries entries are left, $1 should be"
	[ "$entries" -eq "$1" ]
	[ -z "$2" ] || within ct_flush gone "$2"
}

# median: of the numbers read
median()
{
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

prepare()
{
	table nf_conntrack_max $((entries + 100000))
	table nf_conntrack_buckets_auto 0
	table nf_conntrack_buckets 1048576
	ip netns add flush
	ip -n flush link set lo up
	ip -n flush link add d0 type dummy
	ip -n flush addr add 10.9.0.1/16 dev d0
	ip -n flush link set d0 up
	within sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3600
	within sysctl -qwe net.netfilter.nf_conntrack_revalidate=4
	new_mark 1
	within ct_flush fill $((entries - unreplied))
	within ct_flush send "$unreplied"
	left "$entries"
	echo "filled in $SECONDS s"
}

# delete_network NR FILE COMMAND...: add its time to the file
delete_network()
{
	local before

	before=$(count)
	microseconds "${@:3}" >>"$2"
	left $((before - network)) "$1"
}

ratio()
{
	local i before

	for ((i = 0; i < rounds; i++)); do
		delete_network $((3 * i)) /tmp/ct.best \
			ct_flush network $((3 * i))
		delete_network $((3 * i + 1)) /tmp/ct.tool \
			conntrack -D -s "10.0.$((3 * i + 1)).0/24"
		delete_network $((3 * i + 2)) /tmp/ct.best \
			ct_flush network $((3 * i + 2))
	done
	echo "conntrack, then the best way:"
	paste -s /tmp/ct.tool /tmp/ct.best
	# What stock has a request for, too: an address, which has four flows
	before=$(count)
	echo "address by CT_DELETE: $(microseconds ct_flush address 100) us"
	left $((before - 4))
	echo "ROW ct-flush-ratio $(awk -v tool="$(median </tmp/ct.tool)" \
		-v best="$(median </tmp/ct.best)" \
		'BEGIN { print tool / best }')"
	rm /tmp/ct.tool /tmp/ct.best
}

# The packets that come next get the new mark: the flows started anew.
lazy()
{
	local i before now sample=1000

	for ((i = 0; i < lazy_rounds; i++)); do
		within ct_flush send "$unreplied"
		before=$(count)
		new_mark $((i + 2))
		within ct_flush lazy >>/tmp/ct.lazy
		now=$(count)
		echo "$before entries, then $now"
		# either all are still there, or none without a reply
		[ "$now" -eq "$before" ] ||
			[ "$now" -eq $((before - unreplied)) ]
		within ct_flush send "$sample"
		now=$(within conntrack -L -m $((i + 2)) 2>/dev/null | wc -l)
		echo "$now of $sample started anew"
		[ "$now" -eq "$sample" ]
	done
	cat /tmp/ct.lazy
	echo "ROW ct-flush-lazy-us $(median </tmp/ct.lazy)"
	rm /tmp/ct.lazy
}

prepare
ratio
lazy
echo "ROW ct-flush-64 $(within ct_flush many)"
within ct_flush_wait ct-flush-rtt-us ct-flush-request-us
within ct_fill flush
echo "done in $SECONDS s"

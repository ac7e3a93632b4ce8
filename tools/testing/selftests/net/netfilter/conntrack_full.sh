#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What happens when there is no room for a new connection:
#
# 1. Assured connections that are closing make room at once, not when the gc
#    worker runs the next time. Established ones are kept.
# 2. Each namespace gets its own log line, with figures, whether it is the
#    table or a hash chain that is too long.

source lib.sh

checktool "conntrack --version" "run test without conntrack"
checktool "nft --version" "run test without nft tool"
checktool "dmesg" "read the kernel log"

max=2000
# far below the minute that gc would sleep
wake_timeout=10000
fills=0
marker="conntrack_full.sh: $$"
tmpfile=""
init_net_max=0
init_buckets=0
ret=0
ns1=""
ns2=""
ns3=""
ns4=""

modprobe -q nf_conntrack
if ! sysctl -q net.netfilter.nf_conntrack_max >/dev/null; then
	echo "SKIP: conntrack sysctls not available"
	exit "$ksft_skip"
fi

init_net_max=$(sysctl -n net.netfilter.nf_conntrack_max) || exit 1
init_buckets=$(sysctl -n net.netfilter.nf_conntrack_buckets) || exit 1
# not every kernel has it
init_auto=$(sysctl -n -e net.netfilter.nf_conntrack_buckets_auto)

cleanup()
{
	cleanup_all_ns
	rm -f "$tmpfile"
	sysctl -q net.netfilter.nf_conntrack_max="$init_net_max"
	sysctl -q net.netfilter.nf_conntrack_buckets="$init_buckets"
	if [ -n "$init_auto" ]; then
		sysctl -q net.netfilter.nf_conntrack_buckets_auto="$init_auto"
	fi
}
trap cleanup EXIT

# a table that grows has no chain that is too long
sysctl -q -e net.netfilter.nf_conntrack_buckets_auto=0

tmpfile=$(mktemp) || exit 1

pass()
{
	echo "PASS: $1"
}

fail()
{
	echo "FAIL: $1"
	ret=1
}

# What has failed before must not be hidden.
skip()
{
	echo "SKIP: $1"
	[ "$ret" -eq 0 ] && ret=$ksft_skip
	exit "$ret"
}

setup()
{
	setup_ns "$@" || exit "$ksft_skip"

	local var

	for var; do
		# have all packets tracked
		ip netns exec "${!var}" nft -f - <<-RULES || exit "$ksft_skip"
			table inet t {
				chain c {
					type filter hook output priority 0
					ct state new accept
				}
			}
		RULES
	done
}

ct_count()
{
	ip netns exec "$1" conntrack -C
}

# Insert assured tcp entries until there are $3 of them. More than one round is
# needed if gc is still busy making room.
ct_fill()
{
	local ns="$1"
	local state="$2"
	local total="$3"
	local now

	for _ in $(seq 20); do
		now=$(ct_count "$ns")
		[ "$now" -ge "$total" ] && return

		fills=$((fills + 1))
		awk -v n="$((total - now))" -v f="$fills" -v s="$state" \
			'BEGIN { for (i = 0; i < n; i++)
				printf "-I -p tcp -s 10.%d.%d.%d " \
					"-d 192.0.2.1 --sport 1024 " \
					"--dport %d --state %s " \
					"-u ASSURED,SEEN_REPLY -t 3600\n",
					f, i / 250 % 250, i % 250 + 1,
					1024 + i / 62500, s }' > "$tmpfile"
		ip netns exec "$ns" conntrack -R "$tmpfile" > /dev/null 2>&1
	done

	skip "could not insert $total entries"
}

# new_flow NS PORT [COUNT]: fails if all packets are dropped
new_flow()
{
	ip netns exec "$1" bash -s "$2" "${3-1}" 2> /dev/null <<-'FLOWS'
		rc=1
		for ((i = 0; i < $2; i++)); do
			echo > /dev/udp/127.0.0.$((1 + i / 1024))/$(($1 + \
				i % 1024)) && rc=0
		done
		exit $rc
	FLOWS
}

log_since_start()
{
	dmesg | sed -n "\\|$marker|,\$p"
}

netns_inum()
{
	ip netns exec "$1" stat -L -c %i /proc/self/ns/net
}

# log_has LINE FIGURES: LINE must be there, nothing but FIGURES in parentheses
log_has()
{
	log_since_start | grep -q "\\(^\\|\\] \\)nf_conntrack: $1 ($2)\$"
}

# Without a wakeup gc sleeps for up to a minute, with so many entries that do
# not expire soon. It might run during one of the rounds, but not in both.
test_wake()
{
	local round

	for round in 1 2; do
		ct_fill "$ns1" TIME_WAIT "$max"

		if ! busywait "$wake_timeout" new_flow "$ns1" "999$round"; then
			fail "closing connections not evicted, round $round"
			return
		fi
	done

	pass "closing connections evicted from full table"
}

test_keep()
{
	ct_fill "$ns2" ESTABLISHED "$max"

	if new_flow "$ns2" 20000 200; then
		fail "new connection although table is full"
		return
	fi

	if [ "$(ct_count "$ns2")" -ne "$max" ]; then
		fail "established connections evicted"
		return
	fi

	pass "established connections kept in full table"
}

test_log_full()
{
	local ns

	# two tables are full, the first one gets most of the packets
	ct_fill "$ns1" ESTABLISHED "$max"
	ct_fill "$ns3" ESTABLISHED "$max"

	new_flow "$ns1" 21000 200
	new_flow "$ns3" 21000

	for ns in "$ns1" "$ns3"; do
		if log_has "table full, dropping packet" \
		   "[0-9]* of $max entries, netns $(netns_inum "$ns")"; then
			pass "table full: log line of $ns"
		else
			fail "table full: no log line with figures of $ns"
		fi
	done
}

chaintoolong()
{
	ip netns exec "$1" conntrack -S | \
		awk -F 'chaintoolong=' '{ n += $2 } END { print n + 0 }'
}

test_log_chain()
{
	local buckets ns i

	# the hash is shared by all namespaces
	for ns in "$ns1" "$ns2" "$ns3"; do
		ip netns exec "$ns" conntrack -F 2> /dev/null
	done

	sysctl -q net.netfilter.nf_conntrack_buckets=1
	buckets=$(sysctl -n net.netfilter.nf_conntrack_buckets)
	if [ "$buckets" -gt 1024 ]; then
		echo "SKIP: hash of $buckets buckets is too large to fill"
		return
	fi
	sysctl -q net.netfilter.nf_conntrack_max=$((buckets * 64))

	ct_fill "$ns4" ESTABLISHED $((buckets * 18))

	# two tuples each, the limit is between 50 and 80
	new_flow "$ns4" 1024 $((buckets * 4))

	i=$(chaintoolong "$ns4")
	if [ "$i" -eq 0 ]; then
		echo "SKIP: no hash chain too long"
		return
	fi

	if log_has "hash chain too long, dropping packet" \
	   "[0-9]* entries, $buckets buckets, netns $(netns_inum "$ns4")"; then
		pass "hash chain too long: log line for $i drops"
	else
		fail "hash chain too long: no log line for $i drops"
	fi
}

test_log_prefix()
{
	if log_since_start | grep -q "nf_conntrack: nf_conntrack:"; then
		fail "log prefix appears twice"
	else
		pass "log prefix"
	fi
}

setup ns1 ns2 ns3 ns4
echo "$marker" > /dev/kmsg
sysctl -q net.netfilter.nf_conntrack_max="$max"

test_wake
test_keep
test_log_full
test_log_chain
test_log_prefix

exit "$ret"

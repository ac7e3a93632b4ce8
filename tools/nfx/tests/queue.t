#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx queue: grammar, the list, and packets of the loopback that are watched.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
need jq
lab_enter "$@"

run queue help
is "help exits 0" "$rc" 0
is "help is the golden text" "$out" \
	"$(< "$(dirname "$0")/golden/queue-help")"

# wrong REGEX ARG...: a usage error that says what is wrong
wrong()
{
	refused "$1" queue "${@:2}"
}
wrong 'queue command "nosuch" is unknown' nosuch
wrong '"more" is one too many' list more
wrong 'option "--more" is unknown' list --more
wrong 'needs the NUM of a queue' watch
wrong '"65536" is wrong: NUM is a number from 0 to 65535' watch 65536
wrong '"-1" is unknown' watch -1
wrong '"-1" is wrong: NUM' watch -- -1
wrong '"" is wrong: NUM' watch ""
wrong '"7x" is wrong: NUM' watch 7x
wrong '"8" is one too many' watch 7 8
wrong 'verdict "repeat" is unknown' watch 7 --verdict repeat
wrong '"0x100000000" is wrong: --mark' watch 7 --mark 0x100000000
wrong '"70k" is wrong: --range is a size' watch 7 --range 70k
wrong '"0" is wrong: --maxlen' watch 7 --maxlen 0
wrong '"0" is wrong: --count' watch 7 --count=0
wrong '"1k" is wrong: --timeout is a number' watch 7 --timeout 1k
wrong '"1G" is wrong: --buffer' watch 7 --buffer 1G
wrong 'option "--count" needs an argument' watch 7 --count
wrong '"--ring" takes no argument' watch 7 --ring=yes
wrong 'exclude each other' watch 7 --ring --no-ring
run -j queue watch
json "a usage error is JSON with -j" '.errno == 0'
run -s queue list
is "-s is rejected" "$rc" 1

if [ "$lab" != yes ] || [ ! -r /proc/net/netfilter/nfnetlink_queue ]; then
	skip "queues are listed and watched" "${lab/yes/no list of queues}"
	finish
fi
run queue
is "an empty list exits 0" "$rc" 0
like "it has its header" "$out" '^QUEUE +PORTID +WAITING'
is "it counts" "$err" "0 queues"
run -j queue list
is "an empty list is an empty array" "$out" "[]"

# shellcheck disable=SC2317 # wait_for calls it
bound()
{
	"$NFX" -j queue | jq -e ".[] | select(.queue == $1)"
}

# watch ARG...: nfx queue watch in the background; no test takes that long
watch()
{
	"$NFX" "${global[@]}" queue watch --timeout 60 "$@" \
		> "$tmp/out" 2> "$tmp/err" &
	pid=$!
	wait_for bound "$1"
}

# ended: waits for it; sets rc, out, err
ended()
{
	wait "$pid"
	rc=$?
	out=$(< "$tmp/out")
	err=$(< "$tmp/err")
}

global=()
watch 9 --range 64 --maxlen 5000 --fail-open
run -j queue list
json "a bound queue is listed" '. == [{
	"queue": 9, "portid": .[0].portid, "waiting": 0,
	"copy-mode": "packet", "copy-range": 64, "dropped": 0,
	"user-dropped": 0, "last-id": 0 }] and .[0].portid > 0'
run queue list
like "and in the table" "$out" '^    9 +[0-9]+ +0 packet +64 '
run queue watch 9 --timeout 1
is "a queue that is taken exits 2" "$rc" 2
like "and says so" "$err" '^nfx: queue 9: netlink port [0-9]+ has it$'
kill -TERM "$pid"
ended
is "SIGTERM ends it with 0" "$rc" 0
like "and with the counts" "$err" '^0 packets by (ring|recv), 0 lost'
run -q queue watch 9 --timeout 1
is "a timeout ends it with 0" "$rc" 0
is "-q prints no counts" "$err" ""

# The kernel has no queues for those without privileges.
if [ "$(id -u)" -eq 0 ] && chmod 755 "$tmp" &&
	install -m 755 "$NFX" "$tmp/nfx"; then
	setpriv --reuid=65534 --clear-groups "$tmp/nfx" queue watch 9 \
		> /dev/null 2> "$tmp/err"
	is "without privileges it exits 2" $? 2
	like "and says so" "$(< "$tmp/err")" 'queue 9: .*not permitted'
fi

# By the nft expression, or by the x_tables target where it is absent.
queue_rule()
{
	nft add rule inet t out udp dport 4001 queue flags bypass to 7 ||
		iptables -A OUTPUT -p udp --dport 4001 -j NFQUEUE \
			--queue-num 7 --queue-bypass
} 2> /dev/null

if ! nft -f - << RULES 2> /dev/null || ! queue_rule; then
table inet t {
	counter passed { }
	counter marked { }
	chain out {
		type filter hook output priority 0
	}
	chain in {
		type filter hook input priority 0
		udp dport 4001 drop
	}
	chain post {
		type filter hook postrouting priority 0
		udp dport 4001 counter name passed
		udp dport 4001 meta mark 0x17 counter name marked
	}
}
RULES
	skip "packets are watched" "no rule for them"
	finish
fi

# count NAME: reads and clears a counter
count()
{
	nft -j reset counter inet t "$1" |
		jq '.nftables[] | .counter? // empty | .packets'
}

# shellcheck disable=SC2317 # wait_for calls it
answered()
{
	"$NFX" -j queue | jq -e '.[0].waiting == 0'
}

# Each way in turn; --ring where the kernel has it.
ways=(--no-ring)
"$NFX" -q feature check queue-ring && ways+=(--ring)
for way in "${ways[@]}"; do
	by=recv
	[ "$way" = --ring ] && by=ring

	global=(-j)
	watch 7 "$way" --count 3
	lab_send 4001 3
	ended
	is "$way: --count ends it" "$rc" 0
	is "$way: one object each" "$(wc -l <<< "$out")" 3
	json "$way: a packet has its fields" '.id > 0 and .length >= 30 and
		.hook == "output" and .mark == 0 and .outdev == "lo" and
		(has("indev") | not) and .["hw-protocol"] == 2048 and
		.protocol == "udp" and .src == "127.0.0.1" and
		.dst == .src and .sport > 0 and .dport == 4001'
	is "$way: they are in order" "$(jq -c .id <<< "$out" | xargs)" "1 2 3"
	like "$way: the counts say how" "$err" "^3 packets by $by, 0 lost"
	is "$way: the packets pass" "$(count passed)" 3

	global=()
	watch 7 "$way" --count 1 --mark 0x17
	lab_send 4001 1
	ended
	like "$way: a line of text" "$out" \
		'^id 1 len 30 output out lo udp 127.0.0.1:[0-9]+ > 127.0.0.1:4001$'
	is "$way: --mark sets the mark" "$(count marked)" 1
	count passed > /dev/null

	watch 7 "$way" --count 2 --verdict drop
	lab_send 4001 2
	ended
	is "$way: --verdict drop drops" "$(count passed)" 0

	global=(-n)
	watch 7 "$way" --count 1 --range 0
	lab_send 4001 1
	ended
	like "$way: -n, and without payload" "$out" \
		'^id 1 len 0 output out 1 ethertype 0x0800$'
	count passed > /dev/null

	# More than one burst, and more than one send of verdicts.
	global=(-j)
	watch 7 "$way" --count 700 --buffer 4M
	lab_send 4001 700
	ended
	is "$way: all of many packets come, in order" \
		"$(jq .id <<< "$out" | sha1sum)" "$(seq 700 | sha1sum)"
	is "$way: and pass" "$(count passed)" 700

	# What is beyond --count passes as well.
	watch 7 "$way" --count 1
	kill -STOP "$pid"
	lab_send 4001 20
	kill -CONT "$pid"
	ended
	is "$way: one of twenty is printed" "$(wc -l <<< "$out")" 1
	is "$way: and all pass" "$(count passed)" 20

	# More than there is room for.
	global=()
	watch 7 "$way" --buffer 256k --maxlen 100000
	kill -STOP "$pid"
	lab_send 4001 3000
	kill -CONT "$pid"
	wait_for answered
	kill -INT "$pid"
	ended
	is "$way: no room is no reason to end" "$rc" 0
	lost=$(sed -n 's/.* \([0-9]*\) by the full .*/\1/p' <<< "$err")
	is "$way: lost packets are counted" \
		"$(($(wc -l <<< "$out") + lost))" 3000
	is "$way: they were lost" "$((lost > 0))" 1
	count passed > /dev/null
done
finish

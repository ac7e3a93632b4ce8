#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx ct events: grammar, and events of the loopback.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
need jq
lab_enter "$@"

run ct help
is "help exits 0" "$rc" 0
is "help is the golden text" "$out" "$(< "$(dirname "$0")/golden/ct-help")"
run ct
is "help is what ct does by itself" "$out" \
	"$(< "$(dirname "$0")/golden/ct-help")"

# wrong REGEX ARG...: a usage error that says what is wrong
wrong()
{
	refused "$1" ct "${@:2}"
}
wrong 'ct command "nosuch" is unknown' nosuch
wrong '"more" is one too many' events more
wrong 'option "--more" is unknown' events --more
wrong 'event "old" is unknown: new, update or destroy' events --events old
wrong 'event "" is unknown' events --events new,
wrong 'event "ne" is unknown' events --events=ne
wrong '"0" is wrong: --count' events --count 0
wrong '"4095" is wrong: --buffer is a size' events --buffer 4095
wrong '"--silent" takes no argument' events --silent=1
wrong 'exclude each other' events --ring --no-ring
run -j ct events --events old
json "a usage error is JSON with -j" '.error | test("old")'
run -d ct events
is "-d is rejected" "$rc" 1

if [ "$lab" = yes ]; then
	run ct events --timeout 1
	[ "$rc" -eq 0 ] || lab="no events: $err"
fi
if [ "$lab" != yes ] || ! nft -f - << RULES 2> "$tmp/err"; then
table inet t {
	chain in {
		type filter hook input priority 0
		udp dport >= 10000 ct state new drop
	}
}
RULES
	skip "events are printed" "${lab/yes/$(< "$tmp/err")}"
	finish
fi
is "without events there is no output" "$out" ""
like "but counts" "$err" '^0 events by (ring|recv), 0 lost in '
run -q ct events --timeout 1
is "and none with -q" "$err" ""

# Has the process @pid joined a group?
# shellcheck disable=SC2317 # wait_for calls it
joined()
{
	awk -v pid="$pid" '$2 == 12 && $3 == pid && $4 != "00000000"' \
		/proc/net/netlink | grep -q .
}

# events ARG...: nfx ct events in the background; no test takes that long
events()
{
	"$NFX" "${global[@]}" ct events --timeout 60 "$@" \
		> "$tmp/out" 2> "$tmp/err" &
	pid=$!
	wait_for joined
}

# ended: waits for it; sets rc, out, err
ended()
{
	wait "$pid"
	rc=$?
	out=$(< "$tmp/out")
	err=$(< "$tmp/err")
}

# Events that were printed and those that were lost, of $flows
total()
{
	jq -s 'map(.count // 1) | add' "$tmp/out"
}

# shellcheck disable=SC2317 # wait_for calls it
complete()
{
	[ "$(total)" = "$flows" ]
}

# Each way in turn; --ring where the kernel has it.
ways=(--no-ring)
run ct events --ring --timeout 1
if [ "$rc" -eq 0 ]; then
	ways+=(--ring)
else
	is "without a ring --ring exits 3" "$rc" 3
	like "and says what brings it" "$err" 'no such receive ring .*patches/01'
fi
for way in "${ways[@]}"; do
	by=recv
	[ "$way" = --ring ] && by=ring

	global=(-j)
	events "$way" --events new --count 3
	lab_flows 3
	ended
	is "$way: --count ends it" "$rc" 0
	is "$way: one object each" "$(wc -l <<< "$out")" 3
	json "$way: an event has its fields" '.event == "new" and
		.family == "ipv4" and .protocol == "udp" and .timeout > 0 and
		.["tuple-orig"].src == "127.0.0.1" and .id > 0 and
		.["tuple-orig"].dport >= 10000 and
		.["tuple-reply"].sport == .["tuple-orig"].dport and
		(.status | index("confirmed"))'
	like "$way: the counts say how" "$err" "^3 events by $by, 0 lost"

	global=()
	events "$way" --count 1
	lab_flows 1
	ended
	like "$way: text is that of conntrack -E" "$out" \
		'^ +\[NEW\] udp +17 [0-9]+ src=127.0.0.1 dst=127.0.0.1 '

	global=(-6 -j)
	events "$way" --count 1
	lab_flows 1
	echo > /dev/udp/::1/10000
	ended
	json "$way: -6 passes over IPv4" '.family == "ipv6" and
		.["tuple-orig"].dst == "::1"'

	global=()
	events "$way" --silent --count 4
	lab_flows 4
	ended
	is "$way: --silent prints nothing" "$out" ""
	like "$way: but counts" "$err" '^4 events '

	if command -v conntrack > /dev/null; then
		global=(-j)
		events "$way" --events destroy --count 1
		lab_flows 1
		conntrack -D -p udp > /dev/null 2>&1
		ended
		json "$way: --events selects" '.event == "destroy"'
	else
		skip "$way: --events selects" "conntrack is not installed"
	fi

	# More than there is room for.
	global=(-j)
	room=4k flows=300
	[ "$way" = --ring ] && room=256k flows=3000
	events "$way" --events new --buffer "$room"
	kill -STOP "$pid"
	lab_flows "$flows"
	kill -CONT "$pid"
	wait_for complete
	kill -INT "$pid"
	ended
	is "$way: a loss is no reason to end" "$rc" 0
	is "$way: losses are part of the stream" \
		"$(total)" "$flows"
	lost=$(jq -s 'map(.count // 0) | add' <<< "$out")
	like "$way: and counted" "$err" ", $lost lost in the "
	is "$way: there were some" "$((lost > 0))" 1
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx ct top and ct pressure: grammar, counts, text, JSON, what is missing.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
need jq
lab_enter "$@"

# wrong REGEX ARG...: a usage error that says what is wrong
wrong()
{
	refused "$1" ct "${@:2}"
}
wrong '"more" is one too many' top more
wrong '"0" is wrong: -i is a number from 1' top -i 0
wrong '"0" is wrong: --count' top --count 0
wrong '"100001" is wrong: --rows' top --rows 100001
wrong '"-1" takes no argument' top -1=2
wrong 'ports need a --proto' top --sport 5
wrong '"--or" stands between filters' top --or
wrong '"0" is wrong: --interval' pressure --interval 0
wrong '"--poll" takes no argument' pressure --poll=1
wrong 'option "--more" is unknown' pressure --more
run -4 ct pressure
is "-4 is rejected" "$rc" 1

if [ "$lab" = yes ]; then
	run ct top -1
	[ "$rc" -eq 0 ] || lab="no conntrack: $err"
fi
if [ "$lab" != yes ]; then
	skip "entries are counted" "$lab"
	finish
fi
like "an empty table is told" "$out" '  0 entries shown, 0 in the table'
is "and nothing else" "$(wc -l <<< "$out")" 1

# Pressure, without any.
run -j ct pressure --poll --count 1
json "a line at first" '.event == "pressure" and .level == "normal" and
	.source == "poll" and .entries == 0 and .["max-entries"] > 0 and
	.evicted >= 0 and .dropped >= 0 and .time > 0'
run ct pressure --poll --timeout 1
is "--timeout ends it" "$rc $err" "0 "
like "text has the same" "$out" \
	'^[0-9:]{8} normal +0 of [0-9]+ entries, evicted [0-9]+, dropped [0-9]+$'
: > "$tmp/out"
: > "$tmp/err"
"$NFX" ct pressure > "$tmp/out" 2> "$tmp/err" &
pid=$!
wait_for test -s "$tmp/err" -o -s "$tmp/out"
sleep 0.3
kill -INT "$pid"
wait "$pid"
is "SIGINT ends it with 0" $? 0
if grep -q 'patches/03' "$tmp/err"; then
	like "without events it says what brings them" "$(< "$tmp/err")" \
		'no pressure events, patches/03.*each 1 s$'
	is "and polls" "$(wc -l < "$tmp/out")" 1
else
	like "events are counted" "$(< "$tmp/err")" '^[0-9]+ events by '
fi

if ! command -v conntrack > /dev/null; then
	skip "entries are counted" "conntrack is not installed"
	finish
fi
conntrack -R - << ENTRIES > "$tmp/out" 2>&1
-I -p udp -s 10.0.0.1 -d 192.0.2.53 --sport 1001 --dport 53 -t 300
-I -p udp -s 10.0.0.1 -d 192.0.2.53 --sport 1002 --dport 53 -t 3000 \
-u SEEN_REPLY
-I -p udp -s 10.0.0.2 -d 192.0.2.53 --sport 1003 --dport 53 -t 3000 \
-u SEEN_REPLY,ASSURED
-I -p tcp -s 10.0.0.1 -d 192.0.2.80 --sport 1004 --dport 80 -t 90000 \
--state CLOSE -u SEEN_REPLY
-I -p tcp -s 2001:db8::2 -d 2001:db8::80 --sport 1005 --dport 80 -t 90000 \
--state SYN_SENT
ENTRIES
run -j ct top
is "one object" "$rc $(wc -l <<< "$out")" "0 1"
json "entries" '.entries == 5 and .["table-entries"] == 5 and .bad == 0'
json "sources" '.sources.found == 3 and
	.sources.list[0] == { address: "10.0.0.1", entries: 3 } and
	.sources.list[2].address == "2001:db8::2"'
json "destinations" '.destinations.list | map([.address, .entries]) ==
	[["192.0.2.53", 3], ["192.0.2.80", 1], ["2001:db8::80", 1]]'
json "protocols" '.protocols == { tcp: 2, udp: 3 }'
json "states" '.states == { "syn-sent": 1, "close": 1, "unreplied": 1,
	"replied": 1, "assured": 1 }'
json "lifetimes" '.lifetimes | map(select(.entries > 0)) ==
	[{ seconds: 120, entries: 1 }, { seconds: 600, entries: 2 },
	 { seconds: 86400, entries: 2 }]'
run -j ct top --rows 1
json "--rows" '.sources.found == 3 and (.sources.list | length) == 1'
run -6 -j ct top
json "-6" '.entries == 1 and .["table-entries"] == 5'
run -j ct top --proto udp --replied --or --dst 192.0.2.80
json "filters" '.entries == 3 and .protocols == { tcp: 1, udp: 2 }'
run ct top
like "text" "$out" '^10\.0\.0\.1 +3 +60\.0 #+$'
is "is once if it is not for a terminal" "$(grep -c SOURCE <<< "$out")" 1
run -j ct top -i 1 -c 2
is "-c is how often" "$(jq -s 'map(.entries) == [5, 5] and
	(.[1].time - .[0].time) / 1e9 > 0.5' <<< "$out")" true
: > "$tmp/out"
"$NFX" -j ct top -i 3600 > "$tmp/out" &
pid=$!
wait_for test -s "$tmp/out"
kill -INT "$pid"
wait "$pid"
is "SIGINT ends it with 0" $? 0

# The examples of the man page.
man=$(dirname "$0")/../Documentation/nfx-ct.8.rst
examples=0
while read -r line; do
	read -ra words <<< "${line%%|*}"
	[[ $line == *"ct top"* ]] && words+=(-1)
	[[ $line == *"ct pressure"* ]] && words+=(--timeout 1)
	run "${words[@]:1}"
	is "example: $line: $err" "$rc" 0
	examples=$((examples + 1))
done < <(sed -nE '/^EXAMPLES/,$s/^    (nfx .*ct (top|pressure).*)/\1/p' "$man")
is "the man page has examples" "$((examples >= 3))" 1
finish

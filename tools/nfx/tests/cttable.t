#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx ct table: grammar, the table of this kernel, namespaces, resizes.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
need jq
# Root looks at the initial namespace, which shows all; others see their own.
[ "$(id -u)" -eq 0 ] || lab_enter "$@"

# wrong REGEX ARG...: a usage error that says what is wrong
wrong()
{
	refused "$1" ct table "${@:2}"
}
wrong 'ct table command "nosuch" is unknown' nosuch
wrong '"more" is one too many' show more
wrong 'option "--more" is unknown' show --more
wrong 'option "--more" is unknown' --more
wrong '"--all" takes no argument' show --all=1
wrong 'option "--all" is unknown' watch --all
wrong '"more" is one too many' watch more
wrong '"0" is wrong: -i is a number from 1' watch -i 0
wrong '"1k" is wrong: --interval' watch --interval 1k
wrong '"86401" is wrong: --interval' watch --interval=86401
wrong '"0" is wrong: -c' watch -c 0
wrong '"-1" is wrong: --count' watch --count -1
wrong 'option "-c" needs an argument' watch -c
run -j ct table nosuch
json "a usage error is JSON with -j" '.error | test("nosuch")'
run -4 ct table
is "-4 is rejected" "$rc" 1
run ct table help
is "help is the golden text" "$out" \
	"$(< "$(dirname "$0")/golden/ct-help")"

run -j ct table
if [ "$rc" -ne 0 ]; then
	skip "a table is shown" "$(jq -r .error <<< "$out")"
	finish
fi
is "-j leaves stderr empty" "$err" ""
json "what every kernel tells" '.buckets > 0 and .memory >= 4 * .buckets and
	.here.entries >= 0 and .here["max-entries"] >= 0 and
	(.advice | type == "array") and .["search-restart"] >= 0'
is "keys are the golden ones" "$(jq -c keys <<< "$out")" \
	"[\"advice\",\"automatic\",\"buckets\",\"buckets-max\",\"buckets-min\",$(
	)\"chain-longest\",\"chain-toolong\",\"chains\",\"entries\",\"grown\",$(
	)\"here\",\"load\",\"memory\",\"namespaces\",\"nodes\",$(
	)\"resize-failed\",\"search-restart\",\"shrunk\"]"
json "each namespace once" '.namespaces.list |
	(map(.inode) | unique | length) == length'
json "with the own one" '[.namespaces.list[] | select(.here)] | length == 1'
run ct table
is "text exits 0" "$rc" 0
like "it has the size" "$out" \
	'^buckets +[0-9]+, (fixed|automatic( from [0-9]+ to [0-9]+)?), [0-9]+ KiB$'
like "and the namespaces" "$out" '^ +[0-9]+ +[0-9]+ +[0-9]+ .* \(here\)$'

patched=no
"$NFX" -q feature check ct-table-stats && patched=yes
if [ "$patched" = yes ]; then
	is "nothing is missing" "$(grep patches <<< "$err")" ""
	like "the chains have bars" "$out" '^ +[0-9]+(\+|-[0-9]+)? +[0-9]+ #+$'
	run -j ct table
	json "a patched kernel tells all" '.entries * 2 <= .nodes and
		.load >= 0 and (.chains | length) == 8 and
		(.chains | map(.chains) | add) <= 1024 and .grown + .shrunk >= 0 and
		(.automatic | not) == (.["buckets-max"] == null)'
	json "sizes fit together" '.buckets % 1024 == 0 and
		((.automatic | not) or .["buckets-min"] <= .buckets)'
else
	like "what is missing is said" "$err" 'patches/02|initial network'
	run -j ct table
	json "what is not known is null" '[.entries, .load, .nodes, .chains,
		.grown, .shrunk, .["chain-longest"], .["buckets-min"],
		.["buckets-max"], .["resize-failed"]] | all(. == null)'
fi
run -q ct table
is "-q has nothing on stderr" "$err" ""
run -j ct table show --all
json "--all shows all namespaces" \
	'.namespaces | .found == (.list | length)'

run ct table watch -c 1
is "watch -c ends" "$rc" 0
is "a header and a line" "$(wc -l <<< "$out")" 2
like "with a time" "$out" '^[0-9]{2}(:[0-9]{2}){2} +[0-9]+ '
run -j ct table watch --interval 1 --count 2
is "two objects" "$(jq -s 'map(select(.event == "table")) | length' \
	<<< "$out")" 2
is "a second apart" "$(jq -s 'map(select(.event == "table").time) |
	(.[1] - .[0]) / 1e9 | . > 0.5 and . < 5' <<< "$out")" true

# watch ARG...: nfx ct table watch in the background, past its first line
watch()
{
	: > "$tmp/out"
	"${sudo[@]}" "$NFX" -j ct table watch "$@" > "$tmp/out" 2> "$tmp/err" &
	pid=$!
	wait_for test -s "$tmp/out"
}

# ended SIGNAL: ends it; sets rc, out, err
ended()
{
	kill "-$1" "$pid"
	wait "$pid"
	rc=$?
	out=$(< "$tmp/out")
	err=$(< "$tmp/err")
}

sudo=()
for signal in INT TERM HUP; do
	watch -i 3600
	ended "$signal"
	is "SIG$signal ends it with 0" "$rc" 0
done

if [ "$(id -u)" -ne 0 ] || [ -n "${LAB-}" ]; then
	skip "namespaces are entered" "needs root"
	finish
fi

# Some that have a process only, one with a name.
pids=()
for ((i = 0; i < 12; i++)); do
	unshare -n sleep 100 &
	pids+=($!)
done
ns=nfx-$$
named=$(ip netns add "$ns" 2>&1 && echo yes)
# shellcheck disable=SC2317 # wait_for calls it
all_there()
{
	"$NFX" -j ct table | jq -e '.namespaces.found > 12'
}
wait_for all_there
run -j ct table
json "namespaces of processes are found" '.namespaces.found > 12'
json "ten are shown" '.namespaces.list | length == 10'
json "the fullest first" '.namespaces.list | map(.entries) |
	. == (sort | reverse)'
run ct table
like "text says so" "$err" '^[0-9]+ network namespaces, 10 are shown$'
run -j ct table --all
json "--all shows more" '.namespaces | (.list | length) == .found'
json "a process has its name" '.namespaces.list |
	any(.comm == "sleep" and .pid > 0)'
is "after it nfx is where it was" "$(jq -r \
	'.namespaces.list[] | select(.here) | .inode' <<< "$out")" \
	"$(stat -Lc %i /proc/self/ns/net)"
if [ "$named" = yes ]; then
	json "a name wins" ".namespaces.list |
		any(.name == \"$ns\" and .pid == null)"
	run -N "$ns" ct table
	is "-N works" "$rc" 0
	like "and is told from a stock kernel" "$err" 'patches/02|initial netw'
	run -N "$ns" -j ct table --all
	json "-N is where one is" \
		".namespaces.list[] | select(.here) | .name == \"$ns\""
else
	skip "a name wins" "$named"
fi

# Entries of one namespace are counted there.
if [ "$named" = yes ] && ip -n "$ns" link set lo up &&
	ip netns exec "$ns" nft -f - <<< "$lab_rules" 2> "$tmp/err"; then
	export -f lab_flows
	ip netns exec "$ns" bash -c 'lab_port=10000; lab_flows 3'
	run -j ct table --all
	json "entries belong to their namespace" ".namespaces.list[] |
		select(.name == \"$ns\") | .entries >= 3 and
		.entries == $(ip netns exec "$ns" \
			cat /proc/sys/net/netfilter/nf_conntrack_count)"
else
	skip "entries belong to their namespace" "no rule for them"
fi

# Without the privilege for others one still sees one's own.
setpriv --bounding-set=-sys_admin "$NFX" -j ct table > "$tmp/out" 2> "$tmp/err"
is "without a privilege it exits 0" $? 0
out=$(< "$tmp/out")
json "those that stay closed are counted" \
	'.namespaces | .["not-entered"] >= 12 and .found == 1'
setpriv --bounding-set=-sys_admin "$NFX" ct table > "$tmp/out" 2> "$tmp/err"
like "on stderr, too" "$(< "$tmp/err")" \
	'^nfx: network namespaces that cannot be entered: [0-9]+$'
kill "${pids[@]}"
[ "$named" = yes ] && ip netns del "$ns"

# In a mount namespace, where tracefs is one's own and nothing is covered.
trace=/sys/kernel/tracing
sudo=(unshare -m sh -c "mount -t tracefs none $trace && exec \"\$@\"" sh)
if ! "${sudo[@]}" true 2> /dev/null; then
	skip "resizes are traced" "no tracefs"
	finish
fi
# instances: of nfx
instances()
{
	"${sudo[@]}" ls "$trace/instances" | grep -c nfx-
}
if [ "$patched" = no ]; then
	"${sudo[@]}" "$NFX" ct table watch -c 1 > "$tmp/out" 2> "$tmp/err"
	like "without the event this is said" "$(< "$tmp/err")" \
		'no event nf_conntrack/nf_ct_resize, patches/02'
	is "and no instance is left" "$(instances)" 0
	finish
fi
for signal in INT TERM HUP; do
	watch -i 3600
	is "SIG$signal: there is an instance" "$(instances)" 1
	ended "$signal"
	is "SIG$signal: it is removed" "$(instances)" 0
done
"${sudo[@]}" "$NFX" ct table watch 2> "$tmp/err" | head -n 1 > /dev/null
is "and when nobody reads" "$(instances)" 0
is "which is no error" "$(< "$tmp/err")" ""
watch -i 3600
kill -KILL "$pid"
wait "$pid" 2> /dev/null
"${sudo[@]}" "$NFX" ct table watch -c 1 > /dev/null
is "one that was killed is cleaned up after" "$(instances)" 0

# A size that was set before can be set again, and then all is as it was.
"$NFX" -j ct table > "$tmp/table"
buckets=$(jq .buckets "$tmp/table")
sysctl=/proc/sys/net/netfilter/nf_conntrack_buckets
if [ "$(jq '.["buckets-min"]' "$tmp/table")" != "$buckets" ]; then
	skip "resizes are traced" "the table has grown"
	finish
fi
# shellcheck disable=SC2317 # wait_for calls it
resized()
{
	[ "$(grep -c "\"$1\"" "$tmp/out")" -ge 2 ]
}
watch -i 3600
echo $((buckets + 1024)) > "$sysctl"
echo "$buckets" > "$sysctl"
wait_for resized resize
ended INT
is "resizes are traced as they happen" "$(jq -c 'select(.event == "resize" and
	.table == "conntrack" and .nsecs > 0 and .errno == 0) | [.from, .to]' \
	<<< "$out" | xargs)" \
	"[$buckets,$((buckets + 1024))] [$((buckets + 1024)),$buckets]"

# With nothing at the place of tracefs.
sudo=(unshare -m sh -c "mount -t tmpfs none $trace && exec \"\$@\"" sh)
watch -i 1
echo $((buckets + 1024)) > "$sysctl"
wait_for grep -q resizes "$tmp/out"
echo "$buckets" > "$sysctl"
wait_for resized resizes
ended INT
is "or derived from the counters" "$(jq -s 'map(select(.event == "resizes")) |
	(map(.grown) | add) == 1 and (map(.shrunk) | add) == 1 and
	.[0].to == .[1].from' <<< "$out")" true
finish

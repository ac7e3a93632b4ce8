#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx queue bench: grammar, and small runs of all methods the kernel has.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
need jq

# wrong REGEX ARG...: a usage error that says what is wrong
wrong()
{
	refused "$1" queue bench "${@:2}"
	is "$* prints nothing" "$out" ""
}
wrong 'method "recv" is unknown' --method recv
wrong '"10" is wrong: --size is a number from 28 to 65531' --size 64,10
wrong '"" is wrong: --burst' --burst 1,,2
wrong '"5" is wrong: --queues is a number from 1 to 4' --queues 5
wrong '"up" is wrong: --order is in-order or shuffled' --order up
wrong '"1k" is wrong: --depth' --depth 1k
wrong '"0" is wrong: --runs' --runs 0
wrong '"more" is one too many' more
wrong 'option "--full" takes no argument' --full=1
run -j queue bench --packets x
is "a usage error exits 1 with -j" "$rc" 1
json "and is JSON" '.errno == 0 and (.error | test("--packets"))'

if [ "$(id -u)" -ne 0 ] || [ ! -c /dev/net/tun ] || ! unshare -n true; then
	skip "methods are timed" "needs root, tun and network namespaces"
	finish
fi

# Nobody but root has namespaces without one for users.
chmod 755 "$tmp"
install -m 755 "$NFX" "$tmp/nfx"
setpriv --reuid=65534 --clear-groups "$tmp/nfx" queue bench \
	> /dev/null 2> "$tmp/err"
is "an ordinary user gets 2" $? 2
like "and is told so" "$(< "$tmp/err")" 'namespace: .*, root is needed$'

tiny=(--packets 64 --runs 2)
before=$(readlink /proc/self/ns/net; ip -o link; ls /run/netns 2> /dev/null)
run -j queue bench "${tiny[@]}" --method recv+send
if [ "$rc" -ne 0 ]; then
	skip "methods are timed" "$out"
	finish
fi
is "the system is as before" \
	"$(readlink /proc/self/ns/net; ip -o link; ls /run/netns 2> /dev/null)" \
	"$before"
json "two rows of one method" '.packets == 64 and .runs == 2 and
	(.rows | map(.burst)) == [1, 64] and
	all(.rows[]; .size == 64 and .gso == false and .queues == 1 and
		.order == "in-order" and .depth == 0 and .["arrival-ns"] > 0 and
		(.methods | map(.method)) == ["recv+send"])'
# A machine that is busy otherwise can hide what a method takes.
json "its figures agree" 'all(.rows[].methods[] | select(.ns);
	(.ns * .["packets-per-second"] / 1e9 - 1 | fabs) < 0.001 and
	.["ns-p99"] >= .ns and .ratio == 1)'

# What else there is: the methods whose absence is not reported.
run -j queue bench "${tiny[@]}" --burst 4
is "all methods exit 0" "$rc" 0
json "there are nine" '.rows[0].methods | length == 9'
json "each has figures or a reason" 'all(.rows[].methods[];
	has("packets-per-second") or (.skipped | length > 0))'
for feature in queue-ring:ring+batch queue-verdict-vec:recvmmsg+vector; do
	want=false
	"$NFX" -q feature check "${feature%:*}" && want=true
	json "${feature#*:} needs ${feature%:*}" ".rows[0].methods |
		map(select(.method == \"${feature#*:}\"))[0] |
		has(\"ns\") == $want"
done
missing=$(jq -r '[.rows[0].methods[] | select(.skipped) | .method][0] // ""' \
	<<< "$out")

# Everything that may go wrong between packets and ids.
run -j queue bench "${tiny[@]}" --size 64,9000,gso --burst 1,256 \
	--queues 1,4 --order in-order,shuffled --depth 0,300
is "a matrix exits 0" "$rc" 0
json "it has all rows" '.rows | length == 48 and (unique | length) == 48'
json "none of them failed" \
	'[.. | objects | select(has("error"))] | length == 0'
json "a batch is never shuffled" 'all(.rows[].methods[];
	has("ns")) or all(.rows[] | select(.order == "shuffled") | .methods[];
	(.method | endswith("+batch")) == false or has("skipped"))'
json "packets that are cut are one" \
	'[.rows[] | select(.gso) | .size] | unique == [64428]'

run queue bench "${tiny[@]}" --burst 16 --method recvmmsg+many,recv+send
is "a table exits 0" "$rc" 0
is "it has a line for each" "$(wc -l <<< "$out")" 4
like "it has its header" "$out" \
	'^ SIZE BURST +Q ORDER +DEPTH METHOD +PKT/S +NS +NS-P99 +RATIO$'
like "it has the measure" "$out" \
	'^   64    16  1 in-order     0 recv\+send( +[0-9]+){3} +1\.00$'
is "lines are not too long" "$(awk 'length > 79' <<< "$out")" ""
run queue bench "${tiny[@]}" --burst 16 --method recvmmsg+batch
like "there is no ratio without a measure" "$out" 'recvmmsg\+batch .* -$'

run -j queue bench "${tiny[@]}" --size 65000 --depth 1048576 --queues 4
is "a row without room exits 2" "$rc" 2
json "and says so" 'all(.rows[]; .skipped | test("^needs [0-9]+ of"))'

if [ -z "$missing" ]; then
	skip "a method that is not there" "all are"
	finish
fi
run queue bench "${tiny[@]}" --method "$missing"
is "a method that is not there exits 3" "$rc" 3
like "and says why" "$err" "^nfx: ${missing/+/\\+}: (this kernel lacks|nfx is|io)"
run -q queue bench "${tiny[@]}" --method "$missing,recv+send"
is "one of two exits 4" "$rc" 4
is "the other is timed" "$(grep -c 'recv+send' <<< "$out")" 2
finish

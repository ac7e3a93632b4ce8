#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx feature: grammar, output, exit codes. The answers depend on the kernel.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
need jq

run feature help
is "help exits 0" "$rc" 0
is "help is the golden text" "$out" \
	"$(< "$(dirname "$0")/golden/feature-help")"

run -j feature list
is "list exits 0" "$rc" 0
is "list -j leaves stderr empty" "$err" ""
json "list is an array of all items" 'length == 29'
json "each answer is one of three" \
	'all(.[]; .answer | IN("yes", "no", "unknown"))'
json "each item has its evidence" \
	'all(.[]; (.evidence.asked | length > 0)
		and (.evidence.got | length > 0)
		and (.evidence.errno | type == "number"))'
json "each block has the form NNxx" 'all(.[]; .block | test("^0[0-8]xx$"))'
json "names are unique" '(map(.name) | unique | length) == length'
is "keys are the golden ones" "$(jq -c '.[0] | keys' <<< "$out")" \
	'["answer","block","evidence","name","summary"]'
names=$(jq -r '.[].name' <<< "$out")
is "help names the same items" "$names" \
	"$("$NFX" feature help | sed -n 's/^NAME := //p' | tr ' ' '\n')"

# check agrees with its own answer
for name in ct-gc-wake ct-buckets-auto queue-ring nft-ack-batch; do
	run -j feature check "$name"
	answer=$(jq -r .answer <<< "$out")
	case $answer in
	yes) want=0 ;;
	no) want=3 ;;
	*) want=4 ;;
	esac
	is "check $name exits for $answer" "$rc" "$want"
done
run -q feature check ct-gc-wake
is "-q check prints nothing" "$out$err" ""
is "-q check keeps the status" "$rc" 4
run feature check ct-gc-wake
like "check prints name and answer" "$out" '^ct-gc-wake: unknown: '
run -s feature check ct-gc-wake
like "-s adds the time" "$out" '\([0-9.]+ ms\)$'
run -s -j feature check ct-gc-wake
json "-s -j adds the time" '.ms >= 0'
run -d feature check ct-gc-wake
like "-d adds what was asked" "$out" '^ +asked: '
run f c ct-gc-wake
is "prefixes select object and command" "$rc" 4

run feature check
is "check without NAME exits 1" "$rc" 1
run feature check nosuch
is "check of an unknown NAME exits 1" "$rc" 1
like "the unknown NAME is named" "$err" 'feature "nosuch" is unknown'
run feature check ct-gc-wake more
is "check with one word too many exits 1" "$rc" 1
run feature list more
is "list with one word too many exits 1" "$rc" 1
run feature nosuch
like "an unknown command is named" "$err" 'feature command "nosuch"'
run -j feature check nosuch
json "an unknown NAME is a JSON error" '.error | test("nosuch")'

run -c=always feature check ct-gc-wake
like "-c=always colours" "$out" $'\033\\['
run -c feature check ct-gc-wake
like "-c does not colour a file" "$out" '^ct-gc-wake: unknown: '
NO_COLOR=1 run -c feature check ct-gc-wake
like "NO_COLOR wins over -c" "$out" '^ct-gc-wake: unknown: '
run -j -c=always feature check ct-gc-wake
json "JSON is never coloured" '.answer == "unknown"'
finish

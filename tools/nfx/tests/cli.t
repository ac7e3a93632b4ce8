#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Options, help, errors and exit codes of nfx itself.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
need jq

run help
is "help exits 0" "$rc" 0
like "help is on stdout" "$out" '^Usage: nfx '
is "help leaves stderr empty" "$err" ""
is "help is the golden text" "$out" \
	"$(< "$(dirname "$0")/golden/help")"
run -h
is "-h exits 0" "$rc" 0
like "-h prints the help" "$out" '^Usage: nfx '
run he
is "a prefix selects an object" "$rc" 0

run -V
is "-V exits 0" "$rc" 0
like "-V prints the version" "$out" '^nfx [0-9]+\.[0-9]+\.[0-9]+$'
run -j -V
json "-j -V prints an object" '.version | test("^[0-9.]+$")'

run
is "no object exits 1" "$rc" 1
like "no object is an error on stderr" "$err" '^nfx: an object is missing'
is "no object leaves stdout empty" "$out" ""
run nosuch
is "an unknown object exits 1" "$rc" 1
like "an unknown object is named" "$err" 'object "nosuch" is unknown'
run ""
is "an empty object exits 1" "$rc" 1
run -j nosuch
is "an unknown object exits 1 with -j" "$rc" 1
json "the error is JSON with -j" '.error != "" and .errno == 0'
is "the JSON error leaves stderr empty" "$err" ""
is "a JSON error is one line" "$(wc -l <<< "$out")" 1
run -jp nosuch
json "-p error is JSON" '.errno == 0'
is "-p breaks lines" "$(($(wc -l <<< "$out") > 1))" 1

run -z
is "an unknown option exits 1" "$rc" 1
like "an unknown option is named" "$err" 'option "-z" is unknown'
run --nosuch
like "an unknown long option is named" "$err" '"--nosuch" is unknown'
run -j --nosuch
json "an unknown option is a JSON error with -j" '.error | test("nosuch")'
run -N
is "a missing argument exits 1" "$rc" 1
like "a missing argument is named" "$err" 'option "-N" needs an argument'
run -c=pink help
is "a wrong color exits 1" "$rc" 1
like "a wrong color names the choice" "$err" 'always, auto or never'

for opt in -n -4 -6 --dry-run; do
	run "$opt" feature
	is "$opt is rejected by feature" "$rc" 1
	like "$opt is explained" "$err" 'has no meaning for "feature"'
done
run -f feature
is "-f without -b is rejected" "$rc" 1
run -- help
is "-- ends the options" "$rc" 0
run -- -h
is "after -- an option is an object" "$rc" 1

run -N no/slash help
is "a namespace with a slash exits 2" "$rc" 2
run -N nfx-no-such-netns help
is "a missing namespace exits 2" "$rc" 2
like "a missing namespace is explained" "$err" 'No such file'
run -j -N nfx-no-such-netns help
json "a missing namespace has its errno" '.errno == 2'

if [ -c /dev/full ]; then
	"$NFX" help > /dev/full 2> "$tmp/err"
	is "a full stdout exits 2" $? 2
else
	skip "a full stdout exits 2" "no /dev/full"
fi
finish

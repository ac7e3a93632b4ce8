#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# -b FILE and -f.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
need jq

file=$tmp/batch
printf '# comment\n\n  help # more\nhelp\n' > "$file"
run -b "$file"
is "comments and empty lines are skipped" "$rc" 0
is "two lines run" "$(grep -c '^Usage' <<< "$out")" 2

printf 'help\nnosuch\nhelp\n' > "$file"
run -b "$file"
is "a failed line ends the batch with its status" "$rc" 1
is "no line runs after it" "$(grep -c '^Usage' <<< "$out")" 1
like "the line is named" "$err" 'batch line 2 failed with status 1'
run -f -b "$file"
is "-f ends with status 4" "$rc" 4
is "-f goes on" "$(grep -c '^Usage' <<< "$out")" 2

run -q -b "$file"
is "-q keeps errors but no note" "$err" \
	'nfx: object "nosuch" is unknown, try "help"'

printf 'nosuch\nnosuch\n' > "$file"
run -j -f -b "$file"
json "-j gives one array" 'length == 2 and all(.[]; .error)'
is "-j keeps the status" "$rc" 4

: > "$file"
run -b "$file"
is "an empty batch is fine" "$rc" 0
run -j -b "$file"
is "an empty batch is an empty array" "$out" "[]"

run -b - <<< "help"
is "- reads stdin" "$rc" 0
run -b "$tmp/none"
is "a missing file exits 1" "$rc" 1
like "a missing file is named" "$err" 'batch file ".*/none": No such'
run -b "$file" help
is "-b and a command exclude each other" "$rc" 1

yes word | head -300 | tr '\n' ' ' > "$file"
run -b "$file"
is "too many words exit 1" "$rc" 1
like "too many words are an error" "$err" 'more than 256 words'
finish

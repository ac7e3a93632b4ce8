# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Test engine for the command line: TAP output, to be sourced by *.t
#
#   run ARG...           run nfx; sets rc, out, err
#   is NAME GOT WANT     pass when both are equal
#   like NAME GOT REGEX  pass when GOT matches the extended REGEX
#   json NAME FILTER     pass when $out is JSON and jq -e FILTER holds
#   skip NAME REASON     count a test that cannot run here
#   finish               print the plan; exit 1 after a failure
#
# shellcheck disable=SC2034 # rc, out, err are for the tests

: "${NFX:=$(dirname "$0")/../nfx}"
tests=0 failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset NO_COLOR

run()
{
	"$NFX" "$@" > "$tmp/out" 2> "$tmp/err"
	rc=$?
	out=$(< "$tmp/out")
	err=$(< "$tmp/err")
}

verdict()
{
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests - $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $tests - $2"
	while read -r line; do echo "# $line"; done <<< "$3"
}

is()
{
	[ "$2" = "$3" ]
	verdict $? "$1" "got:  $2
want: $3"
}

like()
{
	grep -Eq -- "$3" <<< "$2"
	verdict $? "$1" "got:   $2
regex: $3"
}

json()
{
	jq -e "$2" > /dev/null 2>&1 <<< "$out"
	verdict $? "$1" "out:    $out
filter: $2"
}

# refused REGEX ARG...: a usage error, which is said on stderr
refused()
{
	local regex=$1

	shift
	run "$@"
	is "$* exits 1" "$rc" 1
	like "$* says why" "$err" "$regex"
}

skip()
{
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

need()
{
	command -v "$1" > /dev/null && return
	echo "1..0 # SKIP $1 is not installed"
	exit 0
}

finish()
{
	echo "1..$tests"
	exit $((failed > 0))
}

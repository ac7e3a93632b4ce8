#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx ct flush: grammar, and what each method takes and leaves.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
need jq
lab_enter "$@"

# wrong REGEX ARG...: a usage error that says what is wrong
wrong()
{
	refused "$1" ct flush "${@:2}"
}
wrong 'a filter is missing: --all flushes everything'
wrong 'a filter is missing' --dry-run
wrong 'a filter is missing' --method message --stats
wrong '"all" is one too many' all
wrong 'option "--older-than" is unknown' --older-than 30
wrong '--all and filters exclude' --all --unreplied
wrong '--all and --lazy exclude' --all --lazy
wrong '--lazy and filters exclude' --lazy --unreplied
wrong '--lazy has no --dry-run' --lazy --dry-run
wrong '--lazy has no other method' --lazy --method dump
wrong 'method "nosuch" is unknown' --all --method nosuch
wrong 'method "" is unknown' --all --method=
wrong '"10.0.0.1/8" is wrong: --src is a prefix' --src 10.0.0.1/8
wrong '"10.0.0.0/33" is wrong: --dst is .*, with a length that is not 0' \
	--dst 10.0.0.0/33
wrong '"::/0" is wrong: --dst is .*, with a length that is not 0' --dst ::/0
wrong 'addresses of one family' --src 10.0.0.1 --dst ::1
wrong '"20-10" is wrong: --sport .* smaller end first' \
	--proto udp --sport 20-10
wrong '"0-" is wrong: .* leaves out some' --expires-in 0-
wrong 'ports need a --proto' --dport 53
wrong 'only TCP has states' --proto udp --state close
wrong '"closed" is wrong: --state is a list of TCP states' --state closed
wrong '"--src" is given twice' --src 10.0.0.1 --src 10.0.0.2
wrong '"--or" stands between filters' --unreplied --or
wrong '"--or" stands between filters' --or --unreplied
wrong '"--unreplied" contradicts' --replied --unreplied
wrong 'option "--src" needs an argument' --src
many=(--zone 0)
for ((i = 1; i <= 64; i++)); do many+=(--or --zone "$i"); done
run ct flush "${many[@]}"
is "65 filters exit 1" "$rc" 1
like "65 filters say why" "$err" 'more than 64 filters'
wrong 'method filter cannot tell prefixes' --method filter --src 10.0.0.0/8
wrong 'method filter cannot tell TCP states' --method filter --state close
run -4 ct flush --src ::1
is "-4 and an IPv6 address exit 1" "$rc" 1
run -d ct flush --all
is "-d is rejected" "$rc" 1
run -j ct flush
json "a usage error is JSON with -j" '.error | test("--all")'

if [ "$lab" = yes ] && ! command -v conntrack > /dev/null; then
	lab="conntrack is not installed"
fi
if [ "$lab" = yes ]; then
	run ct flush --all
	[ "$rc" -eq 0 ] || lab="no conntrack: $err"
fi
if [ "$lab" != yes ]; then
	skip "entries are flushed" "$lab"
	finish
fi

# Each has a source address of its own, which is its name.
fill()
{
	conntrack -F > /dev/null 2>&1
	conntrack -R - << ENTRIES 2>&1
-I -p udp -s 10.0.0.1 -d 192.0.2.53 --sport 1001 --dport 53 -t 300
-I -p udp -s 10.0.0.2 -d 192.0.2.53 --sport 1002 --dport 53 -t 300 \
-u SEEN_REPLY
-I -p udp -s 10.0.0.3 -d 192.0.2.54 --sport 1003 --dport 123 -t 3000 \
-m 0x107
-I -p udp -s 10.1.0.4 -d 192.0.2.53 --sport 1004 --dport 53 -t 300 -w 3
-I -p tcp -s 10.1.0.5 -d 192.0.2.80 --sport 1005 --dport 80 -t 300 \
--state SYN_SENT
-I -p tcp -s 10.1.0.6 -d 192.0.2.80 --sport 1006 --dport 80 -t 3000 \
--state TIME_WAIT -u SEEN_REPLY,ASSURED -m 7
-I -p tcp -s 10.1.0.7 -d 192.0.2.80 --sport 1007 --dport 53 -t 90000 \
--state ESTABLISHED -u SEEN_REPLY,ASSURED
-I -p icmp -s 10.1.0.8 -d 192.0.2.53 --icmp-type 8 --icmp-code 0 \
--icmp-id 53 -t 300
-I -p sctp -s 10.1.0.9 -d 192.0.2.9 --orig-port-src 1009 --orig-port-dst 53 \
-t 300 --state COOKIE_WAIT --orig-vtag 1 --reply-vtag 1
-I -p gre -s 10.1.0.10 -d 192.0.2.10 --srckey 53 --dstkey 53 -t 300
-I -p udp -s 2001:db8::1 -d 2001:db8::53 --sport 1001 --dport 53 -t 300
-I -p tcp -s 2001:db8::2 -d 2001:db8::80 --sport 1002 --dport 80 -t 300 \
--state CLOSE -u SEEN_REPLY
-I -p udp -s 10.2.0.1 -d 192.0.2.53 --sport 1001 --dport 53 -t 300 \
--src-nat 198.51.100.1
-I -p tcp -s 10.2.0.2 -d 192.0.2.80 --sport 1002 --dport 80 -t 300 \
--state SYN_SENT --dst-nat 10.9.9.9
ENTRIES
}

all="10.0.0.1 10.0.0.2 10.0.0.3 10.1.0.10 10.1.0.4 10.1.0.5 10.1.0.6 10.1.0.7$(
	) 10.1.0.8 10.1.0.9 10.2.0.1 10.2.0.2 2001:db8::1 2001:db8::2"

# The names of all entries in the table, as in $all. Processes are slow where
# this runs, so it makes few.
names()
{
	local name found rest=()

	found=$(conntrack -L 2> /dev/null)
	for name in $all; do
		# The first address of a line, of the original direction.
		[[ $found =~ [0-9]\ ([A-Z_0-9]+\ )?src=$name\  ]] && rest+=("$name")
	done
	echo "${rest[*]}"
}

fill
is "there are entries to flush" "$(names)" "$all"

# without NAME...: what is left without these
without()
{
	local name left=" $all "

	for name in "$@"; do left=${left/ $name / }; done
	left=${left# }
	echo "${left% }"
}

# methods: those this kernel has
methods=(dump)
run ct flush --method message --dry-run --zone 9
if [ "$rc" -eq 0 ]; then
	methods+=(message)
else
	is "without the message it exits 3" "$rc" 3
	like "and says what brings it" "$err" 'no flush message, patches/03'
	run ct flush --lazy
	is "--lazy needs it, too" "$rc" 3
	skip "method message" "this kernel has no flush message, patches/03*"
fi
run ct flush --method filter --dry-run --zone 9
if [ "$rc" -eq 0 ]; then
	methods+=(filter)
else
	is "if it is not certain that filters work it exits 3" "$rc" 3
	skip "method filter" "this kernel does not filter CT_DELETE"
fi
is "what cannot be done flushes nothing" "$(names)" "$all"

# takes NAME... -- ARG...: a filter takes these, with each method
takes()
{
	local gone=() method

	while [ "$1" != -- ]; do gone+=("$1"); shift; done
	shift
	for method in "${methods[@]}"; do
		run -j ct flush --dry-run --method "$method" "$@"
		if [ "$method" = filter ] && [ "$rc" -eq 1 ]; then
			like "$*: $out" "$out" 'method filter cannot tell'
			continue
		fi
		like "$method: $*: --dry-run counts" "$rc $out" \
			"^0 .*\"matched\":${#gone[@]},\"deleted\":0,"
		is "$method: $*: --dry-run leaves all" "$(names)" "$all"
		run -j ct flush --method "$method" "$@"
		is "$method: $*: rest" "$rc $(names)" "0 $(without "${gone[@]}")"
		like "$method: $*: counts of what is gone" "$out" \
			"\"matched\":${#gone[@]},\"deleted\":(${#gone[@]}|null),"
		[ "${#gone[@]}" -eq 0 ] || fill
	done
}

takes 10.0.0.1 10.0.0.3 10.1.0.4 2001:db8::1 10.2.0.1 -- \
	--unreplied --proto udp
takes 10.0.0.1 10.0.0.2 10.1.0.4 2001:db8::1 10.2.0.1 -- \
	--proto udp --dport 53
takes 10.1.0.7 -- --proto tcp --dport 53
takes 10.1.0.9 -- --proto sctp --dport 53
takes -- --proto sctp --dport 54
takes 10.0.0.1 10.0.0.2 10.0.0.3 -- --src 10.0.0.0/24
takes 10.0.0.2 -- --src 10.0.0.2
takes -- --src 10.0.0.9
takes 2001:db8::1 2001:db8::2 -- --src 2001:db8::/127 --or --src 2001:db8::2
takes 10.0.0.3 -- --dst 192.0.2.54 --proto udp --sport 1003 --dport 123
takes 10.0.0.2 10.0.0.3 10.1.0.4 -- --proto udp --sport 1002-1004
takes 10.0.0.3 10.1.0.6 -- --mark 7/0xff
takes 10.1.0.6 -- --mark 7
takes 10.1.0.4 -- --zone 3
takes -- --zone 4
takes 10.1.0.6 10.1.0.7 -- --assured
takes 10.1.0.5 10.1.0.6 10.2.0.2 -- --state time_wait,SYN-SENT
takes 2001:db8::2 -- --state close --replied
takes 10.0.0.3 10.1.0.6 -- --expires-in 1000-10000
takes 10.1.0.7 -- --expires-in 10000-
takes 10.2.0.1 -- --nat src
takes 10.2.0.2 -- --nat dst
takes 10.2.0.1 10.2.0.2 -- --nat any
takes 10.2.0.1 -- --reply-dst 198.51.100.1
takes 10.2.0.2 -- --reply-src 10.9.9.9 --proto tcp --reply-sport 80
takes 10.1.0.4 10.1.0.7 10.1.0.8 -- --proto icmp --or \
	--proto tcp --dport 53 --or --zone 3 --or --src 10.1.0.7
# An entry that fits two filters is one entry.
takes 10.0.0.3 10.1.0.6 10.1.0.7 -- --assured --or --mark 7/0xff

# The first of these methods that can.
best=dump
for method in message filter; do
	[[ " ${methods[*]} " == *" $method "* ]] && best=$method && break
done
methods=(auto)
takes 10.1.0.6 -- --mark 7
is "auto: exact fields" "$(jq -r .method <<< "$out")" "$best"
takes 10.0.0.3 10.1.0.6 10.1.0.7 -- --assured --or --mark 7/0xff
takes 10.0.0.1 10.0.0.2 10.0.0.3 -- --src 10.0.0.0/24
[ "$best" = filter ] && best=dump
is "auto: a prefix" "$(jq -r .method <<< "$out")" "$best"

fill
# shellcheck disable=SC2086 # words
takes $all -- --all
run -j -6 ct flush --all
json "-6 counts" '.matched == 2'
is "-6 --all leaves IPv4" "$(names)" "$(without 2001:db8::1 2001:db8::2)"
fill
run -6 ct flush --unreplied
is "-6 is for the filters" "$(names)" "$(without 2001:db8::1)"
fill
run --dry-run ct flush --all
is "--dry-run of nfx" "$rc $(names)" "0 $all"
like "is told" "$err" '^14 entries match, found in [0-9.]+ ms by '
is "nothing is on stdout" "$out" ""
run -q ct flush --zone 9
is "-q has nothing on stderr" "$rc $err" "0 "
run ct flush --zone 9 --stats --method dump
like "--stats tells more" "$err" '^matched 0, deleted 0, scanned 14$'
run -j ct flush --zone 9 --method dump
is "-j has its keys" "$(jq -c keys <<< "$out")" "[\"deleted\",\"dry-run\",$(
	)\"failed\",\"gone\",\"interrupted\",\"lazy\",\"matched\",\"method\",$(
	)\"scanned\",\"seconds\",\"why\"]"

# The examples of the man page, in the order they have there.
man=$(dirname "$0")/../Documentation/nfx-ct.8.rst
examples=0
while read -r line; do
	# Without its pipe, and with what makes it harmless.
	read -ra words <<< "${line%%|*}"
	for i in "${!words[@]}"; do words[i]=${words[i]//\'/}; done
	[[ $line == *--lazy* ]] || words+=(--dry-run)
	run "${words[@]:1}"
	examples=$((examples + 1))
	if [[ $line == *--lazy* ]] && [ "$rc" -ge 2 ]; then
		like "example: $line" "$err" 'patches/03|nf_conntrack_reval'
	else
		is "example: $line: ${err//$'\n'/; }" "$rc" 0
	fi
done < <(sed -n '/^EXAMPLES/,$s/^    \(nfx .*ct flush.*\)/\1/p' "$man")
is "the man page has examples" "$((examples >= 5))" 1

# Many entries: more than one block of a dump, more than one of deletions.
if nft -f - <<< "$lab_rules" 2> "$tmp/err"; then
	fill
	lab_flows 500
	run -j ct flush --proto udp --dport 10000- --src 127.0.0.0/8 \
		--method dump
	json "many are deleted" '.matched == 500 and .deleted == 500 and
		.scanned == 512 and .gone == 0'
	is "and the others are left" "$(names)" "$all"
else
	skip "many are deleted" "$(< "$tmp/err")"
fi

# Where no namespace can be made, filters cannot be tried: no filter then.
fill
flush="$NFX -j ct flush --unreplied"
if unshare -U true 2> /dev/null; then
	out=$(unshare -Urn sh -c "echo 0 > /proc/sys/user/max_net_namespaces
		$flush --method filter") 2> /dev/null
	json "without a trial there is no filter" '.errno == 38'
	out=$(unshare -Urn sh -c "echo 0 > /proc/sys/user/max_net_namespaces
		$flush") 2> /dev/null
	json "but another method" '.method != "filter" and .matched == 0'
else
	skip "without a trial there is no filter" "no user namespaces"
fi
setpriv --bounding-set=-net_admin "$NFX" ct flush --all 2> "$tmp/err"
is "without a privilege it exits 2" $? 2
is "and flushes nothing" "$(names)" "$all"
finish

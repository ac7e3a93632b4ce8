#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx ct policy: files that are wrong, and what happens when something happens.
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
need jq

# The limit is that of all network namespaces: only a guest's is changed.
limit=500
if [ -z "${LAB-}" ] && [ -e /nfx-init ]; then
	max=$(sysctl -n net.netfilter.nf_conntrack_max)
	sysctl -q net.netfilter.nf_conntrack_max="$limit"
	(lab_enter "$@")
	rc=$?
	sysctl -q net.netfilter.nf_conntrack_max="$max"
	exit "$rc"
fi
lab_enter "$@"

here=$(dirname "$0")/..
file=$tmp/policy.conf

# wrong REGEX: the file on stdin is not taken, and the message says why
wrong()
{
	cat > "$file"
	refused "policy.conf:$1" ct policy --check "$file"
}
refused 'a file is missing' ct policy
refused 'a file is missing' ct policy --check
refused '"b" is one too many' ct policy a b
refused 'none: No such file' ct policy "$tmp/none"
refused 'Is a directory' ct policy "$tmp"
refused 'option "--once" is unknown' ct policy --once "$file"
wrong ' there is no rule' < /dev/null
wrong "2: no such option 'nope'" <<< $'rule a {\n nope = 1 }'
wrong "1: missing title" <<< 'rule { on = start }'
wrong '1: rule "a" has no event' <<< 'rule a { lazy-flush = true }'
wrong '1: rule "a" does nothing' <<< 'rule a { on = start }'
wrong '1: on "boom": an event is link' <<< 'rule a { on = boom }'
wrong '3: on "pressure low": pressure is normal' <<< 'rule a {
	on = { start,
	"pressure low" } }'
wrong '1: flush "" is no filter' <<< 'rule a { on = start flush = "" }'
wrong '1: flush "--all" is no filter' <<< 'rule a { on = start flush = --all }'
wrong '1: flush "--src 10.0.0.1/8" is no filter' <<< \
	'rule a { on = start flush = "--src 10.0.0.1/8" }'
wrong '2: flush is given twice' <<< 'rule a { on = start flush = --unreplied
	flush = "--proto udp" }'
wrong '2: lazy-flush is given twice' <<< 'rule a { lazy-flush = true
	lazy-flush = false }'
wrong "1: found duplicate title 'a'" <<< \
	'rule a { on = start lazy-flush = true } rule a { on = stop }'
wrong '1: sysctl "kernel.*": only those' <<< \
	'rule a { on = start sysctl = "kernel.panic=1" }'
wrong '1: sysctl "net.*": only those' <<< \
	'rule a { on = start sysctl = "net/../kernel/panic=1" }'
wrong '1: sysctl "net.*": only those' <<< \
	'rule a { on = start sysctl = "net.//.kernel.panic=1" }'
wrong '1: sysctl "net.*": the name is too long' <<< \
	"rule a { on = start sysctl = \"net.$(printf '%0200d' 1)=1\" }"
wrong '1: sysctl .*: it is not NAME=VALUE' <<< \
	'rule a { on = start sysctl = net.core.optmem_max }'
wrong '1: sysctl .*: the value is missing' <<< \
	'rule a { on = start sysctl = "net.core.optmem_max=" }'
wrong '1: delay is a number of seconds' <<< 'rule a { on = start delay = -1 }'
wrong '1: invalid floating point' <<< 'rule a { on = start interval = soon }'
# Not in a pipe, which would count in a shell of its own.
wrong '.*: rule "a" has more than 64 filters' < <(
	echo 'rule a { on = start flush = {'
	for ((i = 0; i <= 64; i++)); do echo "\"--zone $i\","; done
	echo '"--zone 65" } }'
)

cat > "$file" << 'POLICY'
# all there is
rule "all of it" {
	on = { "link up wg*", "link down", "address del eth0", "route",
	       "route add 10.0.0.0/8 dev ppp*", "route del default",
	       xfrm, "xfrm add", "pressure high", "pressure full", start, stop }
	flush = { "-4 --unreplied --proto udp --or --proto icmp" }
	flush += "--src 2001:db8::/32"
	sysctl = { "net.ipv4.ip_forward = 1", "-net/ipv4/conf/eth0.5/forwarding=1" }
	lazy-flush = true
	delay = 0.25
	interval = 2
}
POLICY
run ct policy --check "$file"
is "what is right is taken" "$rc $err" "0 $file: 1 rules"
for example in "$here"/examples/policy/*.conf; do
	run ct policy --check "$example"
	is "$(basename "$example") is right" "$rc" 0
done

# The examples of the man page, which are for an installed nfx.
examples=0
while read -r line; do
	read -ra words <<< "${line//\/usr\/share\/doc\/nfx/$here/examples}"
	run "${words[@]:1}" --check
	is "example: $line" "$rc" 0
	examples=$((examples + 1))
done < <(sed -nE '/^EXAMPLES/,$s/^    (nfx .*ct policy.*)/\1/p' \
	"$here/Documentation/nfx-ct.8.rst")
is "the man page has examples" "$((examples >= 2))" 1

if command -v systemd-analyze > /dev/null; then
	sed "s|@sbindir@|$(dirname "$(realpath "$NFX")")|" \
		"$here/systemd/nfx-ct-policy@.service.in" \
		> "$tmp/nfx-ct-policy@x.service"
	is "the unit is right" "$(systemd-analyze verify --man=no \
		"$tmp/nfx-ct-policy@x.service" 2>&1 | grep nfx)" ""
else
	skip "the unit is right" "systemd-analyze is not installed"
fi

if [ "$lab" = yes ] && ! command -v conntrack > /dev/null; then
	lab="conntrack is not installed"
fi
if [ "$lab" = yes ] && ! nft "$lab_rules" 2> "$tmp/err"; then
	lab="no rules: $(< "$tmp/err")"
fi
if [ "$lab" = yes ]; then
	run -j ct flush --all
	[ "$rc" -eq 0 ] || lab="no conntrack: $out"
fi
if [ "$lab" != yes ]; then
	skip "a policy is followed" "$lab"
	finish
fi

# fill: three flows, which are told apart by their source
fill()
{
	conntrack -F > /dev/null 2>&1
	conntrack -R - << ENTRIES > /dev/null 2>&1
-I -p udp -s 10.0.0.1 -d 192.0.2.53 --sport 1001 --dport 53 -t 300
-I -p udp -s 10.0.0.2 -d 192.0.2.53 --sport 1002 --dport 53 -t 300 \
-u SEEN_REPLY
-I -p tcp -s 10.0.0.3 -d 192.0.2.80 --sport 1003 --dport 80 -t 100 \
--state SYN_SENT
ENTRIES
}

names()
{
	conntrack -L 2> /dev/null | grep -Eo '[0-9]( [A-Z_]+)? src=10\.[0-9.]+' |
		sed 's/.*=//' | sort | tr '\n' ' '
}

# follow ARG...: start it, with the file on stdin; it has seen its start
follow()
{
	{
		cat
		echo 'rule ready { on = start sysctl = "net.ipv4.ip_forward=1" }'
	} > "$tmp/policy.conf"
	: > "$tmp/out"
	"$NFX" -j ct policy "$@" "$tmp/policy.conf" > "$tmp/out" 2> "$tmp/err" &
	pid=$!
	wait_for grep -q '"rule":"ready"' "$tmp/out"
	verdict $? "it starts" "$(cat "$tmp/out" "$tmp/err")"
}

# did RULE CAUSE: it has run, for that reason
did()
{
	# shellcheck disable=SC2016 # these are jq's
	wait_for jq -se --arg rule "$1" --arg cause "$2" 'map(select(
		.rule == $rule and .cause == $cause)) | length > 0' "$tmp/out"
	verdict $? "$1 runs: $2" "$(cat "$tmp/out")"
}

# ends STATUS: it ends in its own time
ends()
{
	kill -TERM "$pid"
	wait "$pid"
	is "SIGTERM ends it with $1" $? "$1"
	out=$(< "$tmp/out")
}

# told NAME RULE ACTION FILTER: an action of the rule passes the filter
told()
{
	jq -se --arg rule "$2" --arg action "$3" "map(select(.rule == \$rule and
		.action == \$action)) | length > 0 and all($4)" <<< "$out" \
		> /dev/null
	verdict $? "$1" "$out"
}

# count RULE ACTION
count()
{
	jq -s --arg rule "$1" --arg action "$2" 'map(select(
		.rule == $rule and .action == $action)) | length' <<< "$out"
}

fill
follow << 'POLICY'
rule up { on = "link up up*" flush = { "--unreplied --proto udp" } }
rule down { on = "link down up1" flush = { "--proto tcp", "-6 --unreplied" } }
rule other { on = { "link up x*", "pressure full" } flush = --unreplied }
rule end { on = stop sysctl = "net.ipv4.ip_forward=0" delay = 100 }
POLICY
is "nothing is flushed at first" "$(names)" "10.0.0.1 10.0.0.2 10.0.0.3 "
ip link add up1 type veth peer name peer1
ip link set up1 up
ip link set peer1 up
did up "link up up1"
is "what the rule says is flushed" "$(names)" "10.0.0.2 10.0.0.3 "
ip link set up1 down
did down "link down up1"
is "and what the other one says" "$(names)" "10.0.0.2 "
ends 0
did end stop
is "a rule for the end has run" "$(< /proc/sys/net/ipv4/ip_forward)" 0
is "one that has no reason has not" "$(count other flush)" 0
told "an action tells what it did" up flush '.event == "action" and
	.matched == 1 and .error == null and .["dry-run"] == false and
	.causes == 1'
ip link del up1

fill
follow --dry-run << 'POLICY'
rule up { on = "link up up*" flush = --unreplied lazy-flush = true
	  sysctl = "net.ipv4.ip_default_ttl=77" }
POLICY
ip link add up1 type veth peer name peer1
ip link set up1 up
ip link set peer1 up
did up "link up up1"
ends 0
is "a dry run flushes nothing" "$(names)" "10.0.0.1 10.0.0.2 10.0.0.3 "
is "a dry run sets nothing" "$(< /proc/sys/net/ipv4/ip_default_ttl)" 64
told "but counts" up flush '.matched == 2 and .["dry-run"] == true'
is "and tells of a lazy flush" "$(count up lazy-flush)" 1

fill
follow << 'POLICY'
rule addr { on = "address add up1" flush = "--src 10.0.0.1" }
rule route { on = "route add 10.9.0.0/16 dev up*" flush = "--src 10.0.0.2" }
rule gone { on = "route del default" flush = "--src 10.0.0.3" }
rule often { on = route sysctl = "net.ipv4.ip_forward=1" interval = 3600 }
POLICY
ip addr add 10.8.0.1/24 dev up1
did addr "address add 10.8.0.1 dev up1"
ip route add 10.9.1.0/24 via 10.8.0.2
did route "route add 10.9.1.0/24 dev up1"
ip route add default via 10.8.0.2
ip route del default
did gone "route del default dev up1"
is "addresses and routes" "$(names)" ""
ends 0
is "a rule with an interval has run once" "$(count often sysctl)" 1
ip link del up1

fill
xfrm=(src 10.0.0.0/24 dst 10.9.0.0/24 dir out tmpl src 10.8.0.1 dst 10.8.0.2
	proto esp mode tunnel)
if ip xfrm policy add "${xfrm[@]}" 2> /dev/null; then
	ip xfrm policy flush
	follow <<< 'rule ipsec { on = "xfrm add" flush = "--proto udp" }
		rule clear { on = "xfrm del" flush = "--proto tcp" }'
	ip xfrm policy add "${xfrm[@]}"
	did ipsec "xfrm add"
	ip xfrm policy flush
	did clear "xfrm del"
	ends 0
	is "IPsec policies" "$(names)" ""
else
	skip "IPsec policies" "no IPsec"
fi

# pressure ARG...: a table that fills up, and is empty again
pressure()
{
	conntrack -F > /dev/null 2>&1
	follow "$@" << 'POLICY'
rule full { on = { "pressure high", "pressure full" }
	    flush = "--unreplied --proto udp" interval = 1 }
rule calm { on = "pressure normal" sysctl = "net.ipv4.ip_default_ttl=65" }
POLICY
	# shellcheck disable=SC2034 # is for lab_flows
	lab_port=10000
	lab_flows $((limit + 100))
	wait_for grep -q '"rule":"full"' "$tmp/out"
	verdict $? "a full table: the rule runs $*" "$(< "$tmp/out")"
	wait_for grep -q '"rule":"calm"' "$tmp/out"
	verdict $? "there is room: the other runs $*" "$(< "$tmp/out")"
	ends 0
}
max=$(sysctl -n net.netfilter.nf_conntrack_max)
if [ "$max" -eq "$limit" ]; then
	pressure
	pressure --poll
else
	skip "pressure" "nf_conntrack_max is $max"
fi

follow <<< 'rule bad { on = start sysctl = { "net.no.such=1", "-net.no.such=1" } }'
did bad start
ends 4
told "what fails is told" bad sysctl '.error != null'
is "unless it may fail" "$(count bad sysctl)" 1

# The same as text.
cat > "$tmp/text.conf" <<< 'rule bad { on = start sysctl = { "net.no.such=1",
	"net.ipv4.ip_default_ttl=66" } }'
run ct policy --timeout 1 "$tmp/text.conf"
is "text: something failed" "$rc" 4
like "text: what was done" "$out" \
	'^[0-9:]{8} bad: start: net.ipv4.ip_default_ttl = 66$'
like "text: what failed" "$err" '^nfx: bad: net.no.such = 1: No such file'
like "text: the end" "$err" '^1 runs of rules, 1 actions failed$'

# The shipped examples, on the events they are for.
follow < "$here/examples/policy/vpn-up.conf"
fill
ip link add ppp7 type veth peer name peer7
ip link set peer7 up
for state in up down up; do
	ip link set ppp7 "$state"
done
did vpn "link up ppp7"
is "vpn-up.conf flushes what has no reply" "$(names)" "10.0.0.2 10.0.0.3 "
ends 0
ip link del ppp7
if [ "$max" -eq "$limit" ]; then
	follow < "$here/examples/policy/syn-flood.conf"
	lab_port=10000
	lab_flows $((limit + 100))
	wait_for grep -q '"rule":"flood"' "$tmp/out"
	verdict $? "syn-flood.conf: there is a flood" "$(< "$tmp/out")"
	ends 0
	did quiet stop
	is "syn-flood.conf: its sysctls are as before" "$(sysctl -n \
		net.netfilter.nf_conntrack_tcp_timeout_syn_sent \
		net.netfilter.nf_conntrack_tcp_timeout_syn_recv |
		tr '\n' ' ')" "120 60 "
fi
finish

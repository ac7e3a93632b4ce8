#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nfx rpf: grammar; answers, compared with those of the kernel to real packets.
#
#   this namespace                 another one
#   10.9.9.9, fd09::9 on lo
#   a 10.9.1.1  <---- veth ---->   pa   sends from any source
#   b 10.9.2.1  <---- veth ---->   pb
#
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
need jq
lab_enter "$@"

run rpf help
is "help exits 0" "$rc" 0
is "help is the golden text" "$out" "$(< "$(dirname "$0")/golden/rpf-help")"
run rpf
is "help is what rpf does by itself" "$out" \
	"$(< "$(dirname "$0")/golden/rpf-help")"

# wrong REGEX ARG...: a usage error that says what is wrong
wrong()
{
	refused "$1" rpf "${@:2}"
}
wrong 'rpf command "nosuch" is unknown' nosuch
wrong '"check" needs the SRC' check
wrong '"nosuch" is wrong: it is no address' check nosuch
wrong '"192.0.2.300" is wrong: it is no address' check 192.0.2.300
wrong '"192.0.2.0/24" is wrong: it is no address' check 192.0.2.0/24
wrong '"2001:db8::1" is wrong: it is not of IPv4' check -4 2001:db8::1
wrong '"192.0.2.1" is wrong: it is not of IPv6' check 192.0.2.1 -6
wrong '"fd00::1" is wrong: it is not of IPv4' check 192.0.2.1 to fd00::1
wrong 'exclude each other' check -4 -6 ::1
wrong 'word "dev" is unknown: iif, to or out' check ::1 dev lo
wrong '"iif" needs an argument' check ::1 iif
wrong '"iif" is given twice' check ::1 iif lo iif lo
wrong 'is one too many' check ::1 iif lo to ::1 out lo more
wrong '"4294967296" is wrong: --mark' check ::1 --mark 4294967296
wrong '"nosuch" is wrong: --proto' check ::1 --proto nosuch
wrong '"0" is wrong: --sport' check ::1 --proto tcp --sport 0
wrong 'ports need --proto' check ::1 --sport 1
wrong '"256" is wrong: --tos' check ::1 --tos=256
wrong 'option "--nosuch" is unknown' check ::1 --nosuch
wrong 'mode "tight" is unknown' migrate --mode tight
wrong 'syntax "old" is unknown' migrate --syntax old
wrong 'exclude each other' migrate --nft --iptables
wrong 'one family at a time' migrate --iptables --ipv6
wrong 'has no stock syntax' migrate --mode feasible --syntax stock
wrong 'is one too many' migrate more
run -j rpf check nosuch
json "a usage error is JSON with -j" '.error | test("nosuch")'
run -s rpf check ::1
is "-s is rejected" "$rc" 1
run -6 rpf check 192.0.2.1
is "-6 before it is the same" "$rc" 1
run rpf check 192.0.2.1 iif nosuch
is "an interface that is not there exits 2" "$rc" 2
like "and is named" "$err" 'no interface "nosuch"'
run rpf check 192.0.2.1 iif lo --vrf lo
like "a VRF has to be one" "$err" '"lo" is no VRF'

if [ "$lab" != yes ]; then
	skip "answers are those of the kernel" "$lab"
	finish
fi

run rpf check 192.0.2.1 iif lo
is "check exits 0" "$rc" 0
like "the loopback is exempt" "$out" '^192.0.2.1 by lo: exempt \('
run -j rpf check 192.0.2.1 iif lo to 192.0.2.2
is "-j leaves stderr empty" "$err" ""
is "keys are the golden ones" "$(jq -c keys <<< "$out")" \
	"[\"class\",\"dst\",\"iif\",\"kernel\",\"modes\",\"reason\",\"src\",$(
	)\"stock\",\"sysctl\",\"vrf\"]"
json "modes are all there" '(.modes | length) == 12 and
	(.modes | map(.mode) | unique | length) == 3'
run rpf migrate --syntax stock
is "migrate exits 0" "$rc" 0

# The namespace that packets come from.
unshare -n sleep 1000 &
peer=$!
trap 'kill "$peer"; rm -rf "$tmp"' EXIT
# shellcheck disable=SC2317 # wait_for calls it
apart()
{
	[ "$(readlink "/proc/$peer/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
wait_for apart
there()
{
	nsenter -n -t "$peer" "$@"
}

# links: both pairs, with addresses that are no routes
links()
{
	local dev n=1

	there ip link set lo up
	for dev in a b; do
		ip link add name "$dev" type veth peer name "p$dev" \
			netns "$peer" || return
		ip link set dev "$dev" up && there ip link set dev "p$dev" up
		ip addr add "10.9.$n.1/32" dev "$dev"
		n=$((n + 1))
	done
	ip addr add 10.9.9.9/32 dev lo
	ip -6 addr add fd09::9/128 dev lo
}
sysctl()
{
	echo "$2" > "/proc/sys/net/$1"
}
if ! links 2> "$tmp/err"; then
	skip "answers are those of the kernel" "$(< "$tmp/err")"
	finish
fi
for conf in all default a b; do
	sysctl "ipv4/conf/$conf/rp_filter" 0
	sysctl "ipv4/conf/$conf/src_valid_mark" 1
done
there sh -c 'echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter'

# What the rules see: a packet, with a reverse path, with any, at its end.
# Ports from 5000 on set the mark.
rules()
{
	cat << RULES
table $1 t {
	counter seen { }
	counter strict { }
	counter loose { }
	counter end { }
	chain marks {
		type filter hook prerouting priority -300
		udp dport 5001 meta mark set 1
	}
	chain pre {
		type filter hook prerouting priority -140
		meta l4proto != udp return
		counter name seen
		fib saddr . iif . mark oif exists counter name strict
		fib saddr . mark oif exists counter name loose
	}
	chain in {
		type filter hook input priority -300
		udp dport 5000-5001 counter name end
		udp dport 5000-5001 drop
	}
}
RULES
}
if ! { rules ip; rules ip6; } 2> /dev/null | nft -f - 2> "$tmp/err"; then
	skip "answers are those of the kernel" "$(tail -n 1 "$tmp/err")"
	finish
fi

declare -A mac count
for dev in a b; do
	mac[$dev]=$(ip -j link show dev "$dev" | jq -r '.[0].address')
done

# count_all: packets of the counters of $table; fails if none were seen
count_all()
{
	local name packets

	while read -r name packets; do
		count[$name]=$packets
	done < <(nft list counters table "$table" t | awk '
		$1 == "counter" { name = $2 }
		$1 == "packets" { print name, $2 }')
	[ "${count[seen]}" -gt 0 ]
}

# send SRC DEV PORT: one packet from SRC, without resolution of addresses
send()
{
	local dst=10.9.9.9 len=32 family=-4 flags=() i

	table=ip
	if [[ $1 == *:* ]]; then
		dst=fd09::9 len=128 family=-6 table=ip6 flags=(nodad)
	fi
	nft reset counters > /dev/null
	# shellcheck disable=SC2016 # that shell has them
	there bash -c 'ip "$1" addr replace "$2/$3" dev lo "${@:8}" &&
		ip "$1" route replace "$4" dev "p$5" src "$2" &&
		ip "$1" neigh replace "$4" dev "p$5" lladdr "$6" &&
		echo > "/dev/udp/$4/$7"' bash "$family" "$1" "$len" "$dst" \
		"$2" "${mac[$2]}" "$3" "${flags[@]}" || return
	for ((i = 0; i < 50; i++)); do
		count_all && return
		sleep 0.1
	done
	return 1
}

# say NAME: what nfx says of a stock filter, 1 if it lets the packet in
say()
{
	jq --arg name "$1" '.stock[] | select(.name == $name) |
		if .pass then 1 else 0 end' <<< "$out"
}

# In older kernels fib of IPv6 sees one of several ways, taken by a hash.
ways=

# answers NAME SRC DEV CLASS [PORT ARG...]: what nfx says is what happens
answers()
{
	local name=$1 src=$2 dev=$3 class=$4 port=${5:-5000} rp

	run -j rpf check "$src" iif "$dev" to "$dst" "${@:6}" --explain
	is "$name: $dev: class" "$(jq -r .class <<< "$out")" "$class"
	is "$name: $dev: the kernel agrees" "$rc, $(jq -c '.kernel |
		.asked and (.agrees | not)' <<< "$out")" "0, false"
	for rp in 1 2; do
		sysctl "ipv4/conf/$dev/rp_filter" "$rp"
		if ! send "$src" "$dev" "$port" > "$tmp/err" 2>&1; then
			skip "$name: $dev: packets" "none arrived"
			return
		fi
		[[ $src == *:* ]] && break
		is "$name: $dev: rp_filter=$rp" "${count[end]}" \
			"$(say "rp_filter=$rp")"
	done
	if [ "${count[strict]}" = 0 ] && [ -n "$ways" ]; then
		skip "$name: $dev: nft strict" "fib sees one way of several"
	else
		is "$name: $dev: nft strict" "${count[strict]}" \
			"$(say "fib saddr . iif")"
	fi
	is "$name: $dev: nft loose" "${count[loose]}" "$(say "fib saddr")"
}

# both NAME SRC CLASS-BY-A CLASS-BY-B
both()
{
	answers "$1" "$2" a "$3"
	answers "$1" "$2" b "$4"
}

# clear: no routes but those of the addresses, no rules of one's own
clear()
{
	local family

	for family in -4 -6; do
		ip "$family" route flush table main proto boot
		ip "$family" route flush table 51 2> /dev/null
		ip "$family" route flush table 52 2> /dev/null
		while ip "$family" rule del pref 100 2> /dev/null; do :; done
		while ip "$family" rule del pref 200 2> /dev/null; do :; done
	done
}

for ip in -4 -6; do
	if [ "$ip" = -4 ]; then
		dst=10.9.9.9 src=192.0.2.7 net=192.0.2.0/24 wide=192.0.0.0/16
		via=()
	else
		dst=fd09::9 src=2001:db8:2::7 net=2001:db8:2::/64
		wide=2001:db8::/32
		via=(via fe80::1)	# IPv6 takes no bare devices here
	fi
	clear
	both "$ip no route" "$src" none none
	ip "$ip" route add "$net" dev a
	both "$ip one route" "$src" strict loose
	ip "$ip" route add "$wide" dev b
	both "$ip a shorter prefix" "$src" strict loose
	clear
	ip "$ip" route add "$net" nexthop "${via[@]}" dev a \
		nexthop "${via[@]}" dev b
	[ "$ip" = -6 ] && ways=several
	both "$ip ECMP" "$src" strict strict
	ways=
	clear
	ip "$ip" route add "$net" dev a metric 100
	ip "$ip" route add "$net" dev b metric 200
	both "$ip two metrics" "$src" strict feasible
	clear
	ip "$ip" route add default dev b
	both "$ip a default route" "$src" loose strict
	run -j rpf check "$src" iif b
	json "$ip a default route may not count" '.modes | map(select(
		.["no-default"])) | all(.class == "default" and (.pass | not))'
	ip "$ip" route add "$net" dev a
	both "$ip a longer prefix elsewhere" "$src" strict loose
	for type in blackhole prohibit unreachable; do
		clear
		ip "$ip" route add "$type" "$net"
		ip "$ip" route add default dev a
		answers "$ip $type" "$src" a drop-nexthop
	done
	clear
	ip "$ip" route add "$net" dev a
	ip "$ip" route add "$net" dev b table 51
	ip "$ip" rule add pref 100 fwmark 1 lookup 51
	answers "$ip another mark" "$src" a strict
	answers "$ip the mark" "$src" b strict 5001 --mark 1
	clear
	ip "$ip" route add default dev a
	ip "$ip" route add default dev b table 51
	ip "$ip" rule add pref 100 lookup main suppress_prefixlength 0
	ip "$ip" rule add pref 200 lookup 51
	both "$ip suppress_prefixlength" "$src" loose strict
	clear
	ip "$ip" route add throw "$net" table 51
	ip "$ip" route add "$net" dev a
	ip "$ip" rule add pref 100 lookup 51
	if [ "$ip" = -4 ]; then
		answers "$ip throw" "$src" a strict
	else
		run -j rpf check "$src" iif a
		json "$ip throw" '.class == "strict" and .kernel.agrees'
	fi
	clear
	ip "$ip" route add "$net" dev a
	ip "$ip" route add "$net" dev b table 51
	ip "$ip" rule add pref 100 ipproto udp dport 1111 lookup 51
	run -j rpf check "$src" iif b to "$dst" --proto udp --sport 1111 \
		--dport 5000
	json "$ip ports are not looked at" '.class == "loose" and
		.["class-l4"] == "strict"'
	run -j rpf check "$src" iif b to "$dst" --proto udp --sport 1111 \
		--dport 5000 --l4
	json "$ip with --l4 they are" '.class == "strict" and .kernel.agrees'
	clear
	ip "$ip" route add "$net" dev a
	ip "$ip" route add "$net" dev b table 51
	ip "$ip" rule add pref 100 iif b lookup 51
	answers "$ip a rule for packets from elsewhere" "$src" a strict
	run -j rpf check "$src" iif b to "$dst" out b
	json "$ip out is the iif of the way back" '.class == "strict" and
		(.kernel.asked | not)'
	clear
	if ip "$ip" nexthop add id 901 dev a 2> /dev/null &&
		ip "$ip" nexthop add id 902 dev b &&
		ip nexthop add id 903 group 901/902; then
		ip "$ip" route add "$net" nhid 903
		[ "$ip" = -6 ] && ways=several
		both "$ip a group of nexthop objects" "$src" strict strict
		ways=
		ip nexthop flush > /dev/null
		ip "$ip" nexthop add id 904 blackhole
		ip "$ip" route add "$net" nhid 904
		answers "$ip a blackhole object" "$src" a drop-nexthop
	else
		skip "$ip nexthop objects" "the kernel or ip has none"
	fi
	ip nexthop flush > /dev/null 2>&1	# and their routes
	clear
	if ip link add name v type vrf table 52 2> "$tmp/err"; then
		ip link set dev v up
		ip link set dev b master v
		ip "$ip" route add "$net" dev b table 52
		ip "$ip" route add "$net" dev a
		run -j rpf check "$src" iif b
		json "$ip a port of a VRF" '.class == "strict" and
			.kernel.agrees'
		run -j rpf check "$src" iif v
		json "$ip the VRF" '.class == "strict" and .kernel.agrees'
		run -j rpf check "$src" iif a --vrf v
		json "$ip another VRF than its own" '.class == "loose" and
			.kernel.agrees'
		ip link del dev v
	else
		skip "$ip VRF" "$(< "$tmp/err")"
	fi
done

# Addresses that are no other host's.
clear
dst=10.9.9.9
ip route add 192.0.2.0/24 dev a
ip route add broadcast 192.0.2.255 dev a table local
answers "-4 an own address" 10.9.1.1 a local
answers "-4 a broadcast source" 192.0.2.255 a martian
ip route del broadcast 192.0.2.255 dev a table local
run -j rpf check 0.0.0.0 iif a to 255.255.255.255
json "-4 DHCP is exempt" '.class == "exempt" and (.kernel.asked | not)'
run -j rpf check :: iif a to ff02::1:ff00:1
json "-6 DAD is exempt" '.class == "exempt"'
run -j rpf check ff02::1 iif a
json "-6 multicast" '.class == "martian"'

# The chain of reasons.
ip route add default dev b metric 7
ip rule add pref 100 from 203.0.113.0/24 lookup 51
run rpf check 192.0.2.7 iif b --explain
like "a reason has the table" "$out" '^  rule 32766: from all lookup main$'
like "and the route" "$out" '^    192\.0\.2\.0/24 dev a$'
like "but no rules for others" "$(grep -c 203.0.113 <<< "$out")" '^0$'
run -d rpf check 192.0.2.7 iif b --explain
like "they are there with -d" "$out" 'not for this packet: from$'
run -j rpf check 192.0.2.7 iif b --explain
json "as JSON" '.explain | (.rules[-1].result == "route") and
	.route.dst == "192.0.2.0/24" and
	any(.rules[]; .selector == "from" and .priority == 100)'
run rpf check 198.51.100.1
like "without iif all interfaces are shown" "$(wc -l <<< "$out")" '^4$'
like "each with its class" "$out" '^b +strict +pass'
run -j rpf check 198.51.100.1
json "and an array" '(length == 2) and (map(.iif) == ["a", "b"])'
run -q rpf check 198.51.100.1 iif b
is "the summary is data" "$rc, ${out:0:24}" "0, 198.51.100.1 by b: stric"

# The rules that migrate prints can be loaded, and do what the sysctls did.
clear
ip route add 192.0.2.0/24 dev a
ip route add 192.0.3.0/24 dev b
ip -6 route add 2001:db8:2::/64 dev a
sysctl ipv4/conf/a/rp_filter 1
sysctl ipv4/conf/b/rp_filter 2
sysctl ipv4/conf/b/accept_local 1
run -q rpf migrate --syntax stock
is "migrate: status" "$rc" 0
nft -c -f - <<< "$out" > "$tmp/err" 2>&1
is "migrate: nft takes it" "$?, $(< "$tmp/err")" "0, "
run -q rpf migrate --syntax stock --ipv6
nft -c -f - <<< "$out" > "$tmp/err" 2>&1
is "migrate: for both families" "$?, $(< "$tmp/err")" "0, "
run -q -6 rpf migrate --syntax stock
nft -c -f - <<< "$out" > "$tmp/err" 2>&1
is "migrate: for IPv6" "$?, $(< "$tmp/err")" "0, "
run -j rpf migrate --syntax stock
json "migrate: JSON" '.format == "nft" and .syntax == "stock" and
	(.interfaces | map(select(.mode) | { (.name): .mode }) | add) ==
		{ "a": "strict", "b": "loose" } and .later.mode == null and
	(.text | test("table ip nfx_rpf"))'
run -j rpf migrate --syntax new --mode feasible
json "migrate: another mode" '.interfaces | map(select(.mode)) |
	length == 2 and all(.mode == "feasible")'
run rpf migrate --mode feasible
if "$NFX" -q feature check rpf-fib; then
	is "migrate: feasible where the kernel has it" "$rc" 0
else
	is "migrate: feasible exits 3 elsewhere" "$rc" 3
	like "migrate: and says what brings it" "$err" 'patches/04'
fi
if command -v iptables-restore > /dev/null; then
	for family in "" 6; do
		run -q ${family:+-6} rpf migrate --iptables --syntax stock
		"ip${family}tables-restore" --noflush --test <<< "$out" \
			> "$tmp/err" 2>&1
		is "migrate: ip${family}tables takes it" \
			"$?, $(< "$tmp/err")" "0, "
	done
else
	skip "migrate: iptables takes it" "iptables is not installed"
fi

# arrives SRC DEV: 1 if a packet gets to the end
arrives()
{
	send "$1" "$2" 5000 > /dev/null 2>&1
	echo "${count[end]}"
}
cases=("192.0.2.7 a" "192.0.3.7 a" "203.0.113.1 a" "192.0.2.7 b"
	"192.0.3.7 b" "203.0.113.1 b" "10.9.1.1 a" "10.9.1.1 b" "10.9.2.1 b")
by_sysctl=() by_rules=()
for case in "${cases[@]}"; do
	read -r from dev <<< "$case"
	by_sysctl+=("$case $(arrives "$from" "$dev")")
done
"$NFX" -q rpf migrate --syntax stock | nft -f -
sysctl ipv4/conf/a/rp_filter 0
sysctl ipv4/conf/b/rp_filter 0
for case in "${cases[@]}"; do
	read -r from dev <<< "$case"
	by_rules+=("$case $(arrives "$from" "$dev")")
done
is "migrate: the rules do what the sysctls did" \
	"$(printf '%s\n' "${by_rules[@]}")" \
	"$(printf '%s\n' "${by_sysctl[@]}")"
is "migrate: which let some in" \
	"$(printf '%s\n' "${by_sysctl[@]}" | grep -c ' 1$')" 5
finish

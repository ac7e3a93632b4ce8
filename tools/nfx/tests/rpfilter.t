#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The rpfilter plugin, in the iptables of the system.
#
#   peer, in a namespace of its own        here
#   p0 (one address per test) ---------- r0  10.0.0.1, fd00::1
#   p1 --------------------------------- r1  10.0.1.1, fd00:1::1
#
# shellcheck source=engine.sh disable=SC2154
. "$(dirname "$0")/engine.sh"
# shellcheck source=lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"

nfx=$(readlink -f "$NFX")
plugins=${nfx%/*}/plugins
source=$(dirname "$0")/../plugins
system=$(readlink -f "$(command -v iptables-legacy iptables-nft | head -n 1)")
system=$(ldd "$system" 2> /dev/null | sed -n 's|.*=> \(.*\)/libxtables\.so.*|\1|p')
export XTABLES_LIBDIR=$plugins:$system/xtables
export XTABLES_LOCKFILE=$tmp/lock

# --- translation, which asks no kernel ---

# translated FILE: each command of the file gives the line after it
translated()
{
	local got line want

	while read -r line; do
		[[ $line == ip*tables-translate* ]] || continue
		read -r want
		# shellcheck disable=SC2086
		got=$($line 2>&1)
		is "${line#* mangle }" "${got%"${got##*[! ]}"}" "$want"
	done < "$1"
}

if [ ! -e "$plugins/libxt_rpfilter.so" ]; then
	skip "the plugin" "there is no $plugins/libxt_rpfilter.so"
	finish
fi
if command -v iptables-translate > /dev/null; then
	translated "$source/libxt_rpfilter.txlate"
	for options in "--mode strict" "--class none --invert" \
		       "--mode strict --vrf red --invert"; do
		# shellcheck disable=SC2086
		like "$options has no translation" "$(iptables-translate \
			-A INPUT -m rpfilter $options)" "^nft # .* $options *$"
	done
else
	skip "translation" "iptables-translate is not installed"
fi

# --- rules ---

# saved TABLE: the rules of a table, without chains and comments
saved()
{
	"$ipt-save" -t "$1" 2> /dev/null | grep -- '^-A'
}

# ipt ARG...: run $ipt; sets rc, err
ipt()
{
	"$ipt" "$@" > "$tmp/out" 2> "$tmp/err"
	rc=$?
	err=$(< "$tmp/err")
	return "$rc"
}

# Rules of revision 0 are those of an iptables without the plugin.
old_rules()
{
	local listed options want

	for options in "" --invert --loose \
		       "--loose --validmark --accept-local --invert"; do
		# shellcheck disable=SC2086
		ipt -t raw -A PREROUTING -m rpfilter $options
		want+="-A PREROUTING -m rpfilter${options:+ $options}"$'\n'
	done
	is "$ipt: old options are saved as such" "$(saved raw)"$'\n' "$want"
	listed=$("$ipt" -t raw -S PREROUTING 2>&1 | grep -v '^-P')
	is "$ipt: and listed, without a warning" "$listed"$'\n' "$want"
	if [ "$revision" -eq 0 ]; then
		is "$ipt: as they are without the plugin" \
			"$(XTABLES_LIBDIR=$system/xtables saved raw)"$'\n' \
			"$want"
	fi
	ipt -t raw -D PREROUTING -m rpfilter --invert
	is "$ipt: and deleted" "$rc" 0
	ipt -t raw -F
}

# new_rule TABLE RULE SAVED OK|FAIL
new_rule()
{
	# shellcheck disable=SC2086
	ipt -t "$1" -A $2
	if [ "$4" = FAIL ]; then
		is "$ipt: $2 is refused" "$((rc != 0))" 1
	else
		is "$ipt: $2" "$(saved "$1")" "-A $3"
		restored "$1"
		# shellcheck disable=SC2086
		ipt -t "$1" -D $2
		is "$ipt: it is found again" "$rc" 0
	fi
	"$ipt" -t "$1" -F
}

# The rules of libxt_rpfilter.t, in iptables' own format
new_rules()
{
	local chain chains rule want table result

	while IFS=';' read -r rule want result; do
		case "$rule" in
		:*) IFS=, read -ra chains <<< "${rule#:}"; continue ;;
		\**) table=${rule#\*}; continue ;;
		esac
		[ "$want" = = ] && want=$rule
		for chain in "${chains[@]}"; do
			new_rule "$table" "$chain $rule" "$chain $want" "$result"
		done
	done < "$source/libxt_rpfilter.t"
}

restored()
{
	local before

	before=$(saved "$1")
	"$ipt-save" -t "$1" > "$tmp/saved" 2> /dev/null
	"$ipt" -t "$1" -F
	"$ipt-restore" < "$tmp/saved"
	is "$ipt: it is restored" "$(saved "$1")" "$before"
}

# --- packets ---

peer()
{
	nsenter -t "$peer" -n "$@"
}

# Any address may be the peer's, and it asks for none of this side.
topology()
{
	local i mac

	unshare -n sleep 600 &
	peer=$!
	trap 'kill "$peer"; rm -rf "$tmp"' EXIT
	wait_for peer ip link set lo up || return
	for i in 0 1; do
		ip link add "r$i" type veth peer name "p$i" netns "$peer" ||
			return
		ip addr add "10.0.$i.1/24" dev "r$i"
		ip addr add "fd00:$i::1/64" dev "r$i" nodad
		ip link set "r$i" up
		peer ip link set "p$i" up
	done
	mac=$(< /sys/class/net/r0/address)
	peer ip neigh add 10.0.0.1 dev p0 lladdr "$mac"
	peer ip neigh add fd00::1 dev p0 lladdr "$mac"
	routes -4 10.1.0.0/16 10.2.0.0/16 10.3.0.0/16 10.4.0.0/16
	routes -6 fd01::/32 fd02::/32 fd03::/32 fd04::/32
}

# routes FAMILY NET NET NET NET: by r0; by both, better by r1; by r1; nowhere
routes()
{
	ip "$1" route add "$2" dev r0
	ip "$1" route add "$3" dev r1 metric 10
	ip "$1" route add "$3" dev r0 metric 20
	ip "$1" route add "$4" dev r1
	ip "$1" route add blackhole "$5"
}

# send SOURCE: a packet of the peer, by p0
send()
{
	local flags=() length=32 to=10.0.0.1

	[[ $1 == *:* ]] && flags=(nodad) length=128 to=fd00::1
	peer ip addr replace "$1/$length" dev p0 "${flags[@]}"
	peer ip route replace "$to" dev p0 src "$1"
	peer bash -c "echo > /dev/udp/$to/9"
}

# What counts packets, before a rule without the match that sees them all
old=("" --invert --loose)
new=("--mode strict" "--mode feasible" "--mode loose"
     "--mode loose --no-default" "--class none --vrf nosuch")
for class in exempt strict feasible loose default local martian drop-nexthop \
	     none; do
	new+=("--class $class")
done
new+=("--class default --no-default" "--class local --accept-local")

count_packets()
{
	local rule

	for rule in "$@"; do
		# shellcheck disable=SC2086
		"$ipt" -t raw -A PREROUTING -i r0 -p udp -m rpfilter $rule
	done
	"$ipt" -t raw -A PREROUTING -i r0 -p udp
}

# Has the last rule seen a packet?
# shellcheck disable=SC2317 # wait_for calls it
seen()
{
	"$ipt" -t raw -vS PREROUTING | tail -n 1 | grep -q -- '-c 1 '
}

# matched SOURCE OLD NEW: the rules that match a packet, in order
matched()
{
	local got want=$2

	[ "$revision" -eq 1 ] && want+=,$3

	"$ipt" -t raw -Z
	send "$1"
	wait_for seen
	got=$("$ipt" -t raw -vS PREROUTING |
	      sed -n 's/.* -m rpfilter\(.*\) -c 1 .*/\1/p' | sed 's/^ //' |
	      paste -sd,)
	is "$ipt: from $1" "$got" "$want"
}

# verdicts FAMILY OLD SOURCE...: sources as in routes(), one without a route,
# and one of this host. OLD is what options of revision 0 make of the second.
verdicts()
{
	local any="--class none --vrf nosuch" family=$1
	local loose="--mode loose,--mode loose --no-default,$any"

	matched "$3" ",--loose" \
		"--mode strict,--mode feasible,$loose,--class strict"
	matched "$4" "$2,--loose" "--mode feasible,$loose,--class feasible"
	matched "$5" "--invert,--loose" "$loose,--class loose"
	matched "$6" --invert "$any,--class drop-nexthop"
	matched "$7" --invert "$any,--class none"
	matched "$8" --invert "$any,--class local"
	ip "$family" route add default dev r1
	matched "$7" "--invert,--loose" \
		"--mode loose,$any,--class loose,--class default --no-default"
	ip "$family" route del default
}

verdicts4()
{
	verdicts -4 --invert 10.1.0.1 10.2.0.1 10.3.0.1 10.4.0.1 10.9.0.1 \
		10.0.1.1
	matched 10.0.0.255 --invert "--class none --vrf nosuch,--class martian"
}

verdicts6()
{
	verdicts -6 "" fd01::1 fd02::1 fd03::1 fd04::1 fd09::1 fd00:1::1
}

# --- all of it, for each iptables there is ---

# Does this kernel have revision 1? Sets revision; fails if there is no match.
probe()
{
	revision=1
	ipt -t raw -A PREROUTING -m rpfilter --mode strict && return
	revision=0
	ipt -t raw -A PREROUTING -m rpfilter
}

packets()
{
	if [ "$network" != yes ]; then
		skip "$ipt: packets" "$(tail -n 1 "$tmp/topology")"
		return
	fi
	count_packets "${old[@]}" "$@"
	case "$ipt" in
	ip6*) verdicts6 ;;
	*) verdicts4 ;;
	esac
	"$ipt" -t raw -F
}

network=no
[ "$lab" = yes ] && topology > "$tmp/topology" 2>&1 && network=yes
# Tables of iptables-legacy make iptables-nft warn.
for ipt in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
	if ! command -v "$ipt" > /dev/null; then
		skip "$ipt" "it is not installed"
		continue
	elif [ "$lab" != yes ] || ! probe; then
		skip "$ipt" "no match: ${lab/yes/$err}"
		continue
	fi
	"$ipt" -t raw -F
	old_rules
	if [ "$revision" -eq 1 ]; then
		new_rules
		packets "${new[@]}"
	else
		ipt -t raw -A PREROUTING -m rpfilter --mode strict
		like "$ipt: says what the kernel lacks" "$err" \
			'rpfilter: "--mode" needs revision 1 of the match, '
		packets
		skip "$ipt: modes and classes" \
			"no rpfilter revision 1 in this kernel (patches/04*)"
	fi
done
finish

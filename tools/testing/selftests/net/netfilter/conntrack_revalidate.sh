#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Flows without connection that never get a reply must not stay with the NAT
# decision of their first packet when the route changes.
#
#            10.0.1.2     10.0.1.1        10.1.0.1   10.1.0.2
#                                  +- up1 ------------------ up1 -+
#   client c0 ------------ c0 router                               server
#                                  +- up2 ------------------ up2 -+
#                                         10.2.0.1   10.2.0.2      10.9.9.9
#
# The client sends from one port, the server drops and counts: which uplink
# a packet took and whether its source address is the right one there.

source lib.sh

checktool "conntrack --version" "run test without conntrack"
checktool "nft --version" "run test without nft tool"
checktool "socat -V" "run test without socat"

knob=net.netfilter.nf_conntrack_revalidate
# an entry is not looked at before that age
guard_ms=2000
# what has not arrived by then is lost
lost_ms=1000

client=""
router=""
server=""
ret=0

trap cleanup_all_ns EXIT

pass()
{
	echo "PASS: $1"
}

fail()
{
	echo "FAIL: $1"
	ret=1
}

skip_part()
{
	echo "SKIP: $1"
}

on()
{
	local ns="$1"

	shift
	ip netns exec "$ns" "$@"
}

setup_links()
{
	local i

	ip -n "$client" link add c0 type veth peer name c0 netns "$router"
	ip -n "$client" addr add 10.0.1.2/24 dev c0
	ip -n "$client" addr add fd00:1::2/64 dev c0 nodad
	ip -n "$router" addr add 10.0.1.1/24 dev c0
	ip -n "$router" addr add fd00:1::1/64 dev c0 nodad
	for i in 1 2; do
		ip -n "$router" link add "up$i" type veth \
			peer name "up$i" netns "$server"
		ip -n "$router" addr add "10.$i.0.1/24" dev "up$i"
		ip -n "$router" addr add "fd0$i::1/64" dev "up$i" nodad
		ip -n "$server" addr add "10.$i.0.2/24" dev "up$i"
		ip -n "$server" addr add "fd0$i::2/64" dev "up$i" nodad
		ip -n "$router" link set "up$i" up
		ip -n "$server" link set "up$i" up
	done
	ip -n "$client" link set c0 up
	ip -n "$router" link set c0 up
	for i in 8 9; do
		ip -n "$server" addr add "10.9.9.$i/32" dev lo
		ip -n "$server" addr add "fd09::$i/128" dev lo nodad
	done
	ip -n "$client" route add default via 10.0.1.1
	ip -n "$client" route add default via fd00:1::1
	ip -n "$server" route add default via 10.1.0.1
	ip -n "$server" route add default via fd01::1
	on "$router" sysctl -q net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	for i in all default c0 up1 up2; do
		on "$router" sysctl -q -e "net.ipv4.conf.$i.rp_filter=0"
		on "$server" sysctl -q -e "net.ipv4.conf.$i.rp_filter=0"
	done
	# entries have to last, on a slow machine, too
	for i in udp icmp icmpv6 gre generic; do
		on "$router" sysctl -q -e \
			"net.netfilter.nf_conntrack_${i}_timeout=600"
	done
}

count_rules()
{
	local i

	echo "ip daddr 10.9.9.8 counter name moved drop"
	echo "ip6 daddr fd09::8 counter name moved drop"
	echo "meta secpath exists ip saddr 10.0.1.2 counter name tunnel drop"
	for i in 1 2; do
		echo "iifname up$i ip saddr 10.$i.0.1 counter name up$i drop"
		echo "iifname up$i ip6 saddr fd0$i::1 counter name up$i drop"
	done
	echo "ip saddr 10.0.1.2 counter name plain drop"
	echo "ip6 saddr fd00:1::2 counter name plain drop"
	echo "counter name stale drop"
}

setup_counters()
{
	on "$server" nft -f - <<-RULES
	table inet t {
		counter up1 { }
		counter up2 { }
		counter plain { }
		counter stale { }
		counter moved { }
		counter tunnel { }
		chain count {
			$(count_rules)
		}
		chain input {
			type filter hook input priority 0
			ip daddr 10.9.9.0/24 jump count
			ip6 daddr fd09::/64 jump count
		}
	}
	RULES
}

# postrouting RULE...: source NAT of the router
postrouting()
{
	on "$router" nft -f - <<-RULES
	flush ruleset
	table inet t {
		chain postrouting {
			type nat hook postrouting priority 100
			$(printf '%s\n' "$@")
		}
	}
	RULES
}

snat()
{
	echo "oifname up$1 meta nfproto ipv4 snat ip to 10.$1.0.1"
	echo "oifname up$1 meta nfproto ipv6 snat ip6 to fd0$1::1"
}

route()
{
	ip -n "$router" route replace 10.9.9.0/24 via "10.$1.0.2" dev "up$1"
	ip -n "$router" route replace fd09::/64 via "fd0$1::2" dev "up$1"
}

# set_up NUMBER: allow these reasons; forget the part before
set_up()
{
	ip -n "$router" xfrm policy flush
	ip -n "$router" xfrm state flush
	route 1
	postrouting "$(snat 1)" "$(snat 2)"
	on "$router" conntrack -F 2> /dev/null
	on "$router" sysctl -q "$knob=$1"
}

# send WHAT: one packet, always of the same flow
send()
{
	case "$1" in
	udp)
		echo x | on "$client" socat -u STDIN \
			UDP4:10.9.9.9:5555,bind=10.0.1.2:4000
		;;
	udp6)
		echo x | on "$client" socat -u STDIN \
			"UDP6:[fd09::9]:5555,bind=[fd00:1::2]:4000"
		;;
	local)
		echo x | on "$router" socat -u STDIN \
			UDP4:10.9.9.9:5555,bind=10.1.0.1:4000
		;;
	icmp)
		on "$client" ping -q -e 4000 -c 1 -W 0.01 10.9.9.9
		;;
	gre)
		printf '\0\0\x08\0x' | on "$client" socat -u STDIN \
			IP4-SENDTO:10.9.9.9:47
		;;
	generic)
		echo x | on "$client" socat -u STDIN IP4-SENDTO:10.9.9.9:200
		;;
	esac > /dev/null 2>&1
}

arrived()
{
	on "$server" nft list counters table inet t |
		awk '$1 == "counter" { name = $2 }
		     $1 == "packets" && $2 { print name; found = 1 }
		     END { exit !found }'
}

# print where one packet went
where()
{
	on "$server" nft reset counters > /dev/null
	send "$1"
	busywait "$lost_ms" arrived || echo "lost"
}

# print where so many packets went
path()
{
	local what="$1"
	local i

	for i in $(seq "$2"); do
		[ "$i" -gt 1 ] && echo -n " "
		echo -n "$(where "$what")"
	done
}

older_than()
{
	[ $(($(timestamp_ms) - $1)) -ge "$2" ]
}

# until all entries there are may be removed
grow_old()
{
	busywait "$BUSYWAIT_TIMEOUT" older_than "$(timestamp_ms)" \
		$((guard_ms + 100))
}

# start PATH WHAT...: make entries by one packet each, which takes the path
start()
{
	local want="$1"
	local what
	local to

	shift
	for what; do
		to=$(where "$what")
		if [ "$to" != "$want" ]; then
			fail "$what: first packet went to $to, not $want"
			return 1
		fi
	done
	grow_old
}

# expect TITLE WHAT PATH: as many packets as the path has
expect()
{
	local -a words
	local got

	read -ra words <<< "$3"
	got=$(path "$2" "${#words[@]}")
	if [ "$got" = "$3" ]; then
		pass "$1: $got"
	else
		fail "$1: $got (expected: $3)"
	fi
}

test_sysctl()
{
	local bad
	local now

	for bad in 8 15 255 256 -1 x; do
		if on "$router" sysctl -q "$knob=$bad" 2> /dev/null; then
			fail "sysctl: $bad accepted"
			return
		fi
	done
	on "$router" sysctl -q "$knob=7"
	now="$(on "$router" sysctl -n "$knob")"
	now+=" $(on "$client" sysctl -n "$knob")"
	if [ "$now" != "7 0" ]; then
		fail "sysctl: 7 and default 0 are $now"
		return
	fi
	pass "sysctl: limits, one per namespace, off by default"

	if ! unshare -Urn true 2> /dev/null; then
		skip_part "sysctl: no user namespaces"
	elif unshare -Urn sysctl -q "$knob=1" 2> /dev/null; then
		pass "sysctl: writeable for the owner of the namespace"
	else
		fail "sysctl: not writeable for the owner of the namespace"
	fi
}

test_route()
{
	local what

	set_up 1
	start up1 udp udp6 local icmp gre generic || return
	route 2
	for what in udp udp6 local icmp gre generic; do
		expect "$what: other route" "$what" "lost up2 up2"
	done
}

# null bindings: no NAT to one side
test_no_nat()
{
	set_up 1
	postrouting "$(snat 1)"
	start up1 udp || return
	route 2
	expect "route without NAT" udp "lost plain plain"

	set_up 1
	postrouting "oifname up2 masquerade"
	start plain udp || return
	route 2
	expect "route with masquerading" udp "lost up2 up2"
}

# The second uplink appears, like ppp0, with a better route.
test_uplink()
{
	set_up 1
	postrouting "oifname up2 masquerade"
	ip -n "$router" link set up2 down
	ip -n "$router" route flush 10.9.9.0/24
	ip -n "$router" route add 10.9.9.0/24 via 10.1.0.2 metric 100
	if start plain udp; then
		ip -n "$router" link set up2 up
		ip -n "$router" route add 10.9.9.0/24 via 10.2.0.2 metric 10
		expect "better uplink comes up" udp "lost up2 up2"
	fi
	ip -n "$router" link set up2 up
	ip -n "$router" addr replace fd02::1/64 dev up2 nodad
	ip -n "$router" route flush 10.9.9.0/24
}

ipsec()
{
	local key

	key=0x$(printf '%040d' 7)
	ip -n "$1" xfrm state add src 10.1.0.1 dst 10.1.0.2 proto esp \
		spi 0x1000 mode tunnel \
		aead "rfc4106(gcm(aes))" "$key" 128 || return
	ip -n "$1" xfrm policy add src 10.0.1.0/24 dst 10.9.9.0/24 \
		dir "$2" tmpl src 10.1.0.1 dst 10.1.0.2 proto esp mode tunnel
}

test_ipsec()
{
	set_up "$1"
	postrouting "rt ipsec exists accept" "$(snat 1)"
	start up1 udp || return
	if ! ipsec "$router" out; then
		skip_part "IPsec: no policy"
		return
	fi
	expect "$1: IPsec policy added" udp "$2"

	on "$router" conntrack -F 2> /dev/null
	start tunnel udp || return
	ip -n "$router" xfrm policy flush
	expect "$1: IPsec policy removed" udp "$3"
}

# as it always was
test_off()
{
	set_up "$1"
	start up1 udp || return
	route 2
	expect "$1: stays with its mapping" udp "stale stale stale"
	# was not recorded before: the next packet does it, as on the first day
	on "$router" sysctl -q "$knob=1"
	if [ "$1" -eq 0 ]; then
		expect "switched on later" udp "stale"
		grow_old
		route 1
		expect "switched on later, next change" udp "lost up1 up1"
	fi
}

test_young()
{
	local from
	local got

	set_up 1
	from=$(timestamp_ms)
	send udp
	route 2
	got="$(where udp)"
	if [ "$got" = "stale" ]; then
		grow_old
		expect "young entry is kept at first" udp "lost up2"
	elif older_than "$from" "$guard_ms"; then
		skip_part "young entry: machine too slow"
	else
		fail "young entry: $got (expected: stale)"
	fi
}

# The flow has an equal choice, and the route changes before each packet.
test_flap()
{
	local lost=0
	local most
	local from
	local i=0
	local ms

	set_up 1
	if ! ip -n "$router" route replace 10.9.9.0/24 \
	   nexthop via 10.1.0.2 nexthop via 10.2.0.2 2> /dev/null; then
		skip_part "ECMP: no multipath routes"
	else
		send udp
		grow_old
		if path udp 5 | grep -q -e lost -e stale; then
			fail "ECMP: flow changes its path"
		else
			pass "ECMP: flow keeps its path"
		fi
	fi

	set_up 1
	from=$(timestamp_ms)
	while ! older_than "$from" 7000; do
		i=$((i + 1))
		route $((i % 2 + 1))
		[ "$(where udp)" = "lost" ] && lost=$((lost + 1))
	done
	ms=$(($(timestamp_ms) - from))
	most=$((ms / guard_ms))
	if [ "$lost" -le "$most" ] && [ "$lost" -gt 0 ]; then
		pass "flapping route: $lost of $i packets lost in $ms ms"
	else
		fail "flapping route: $lost of $i packets lost in $ms ms"
	fi
}

test_replied()
{
	set_up 7
	start up1 udp || return
	echo x | on "$server" socat -u STDIN \
		UDP4:10.1.0.1:4000,bind=10.9.9.9:5555
	if ! on "$router" conntrack -L -p udp -u SEEN_REPLY 2> /dev/null |
	   grep -q "dport=5555"; then
		fail "flow with reply: reply not seen"
		return
	fi
	route 2
	expect "flow with reply is kept" udp "stale stale"
}

# RRQ of the server: the helper expects an answer to its port.
test_expected()
{
	set_up 7
	if ! on "$router" nft -f - 2> /dev/null <<-RULES
	table ip helper {
		ct helper tftp {
			type "tftp" protocol udp
		}
		chain prerouting {
			type filter hook prerouting priority 0
			udp dport 69 ct helper set "tftp"
		}
	}
	RULES
	then
		skip_part "expected flow: no tftp helper"
		return
	fi
	printf '\0\x01f\0octet\0' | on "$server" socat -u STDIN \
		UDP4:10.0.1.2:69,bind=10.9.9.9:5555
	start up1 udp
	route 2
	if ! on "$router" conntrack -L -p udp -u EXPECTED 2> /dev/null |
	   grep -q "sport=4000"; then
		fail "expected flow: was not expected"
		return
	fi
	expect "expected flow is kept" udp "stale stale"
}

# shellcheck disable=SC2317 # busywait does
tcp_sent_by()
{
	[ "$(arrived)" = "$1" ]
}

test_tcp()
{
	local pid

	set_up 7
	on "$server" nft reset counters > /dev/null
	on "$client" socat -u STDIN TCP4:10.9.9.9:5555,bind=10.0.1.2:4000 \
		< /dev/null 2> /dev/null &
	pid=$!
	busywait "$BUSYWAIT_TIMEOUT" tcp_sent_by up1 > /dev/null
	route 2
	grow_old
	on "$server" nft reset counters > /dev/null
	if busywait "$BUSYWAIT_TIMEOUT" tcp_sent_by stale > /dev/null; then
		pass "TCP is kept"
	else
		fail "TCP: went to $(arrived)"
	fi
	kill "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
}

dnat()
{
	on "$router" nft -f - <<-RULES
	table ip d
	delete table ip d
	table ip d {
		chain prerouting {
			type nat hook prerouting priority -100
			udp dport 5555 dnat to 10.9.9.$1
		}
	}
	RULES
}

lazy_flush()
{
	on "$router" ./nfct_lazy_flush
}

test_lazy()
{
	local rc

	set_up 4
	lazy_flush
	rc=$?
	if [ "$rc" -eq 2 ]; then
		skip_part "lazy flush: kernel has no message for it"
		return
	elif [ "$rc" -ne 0 ]; then
		fail "lazy flush: exit status $rc"
		return
	fi

	dnat 9
	expect "lazy flush: before" udp "up1 up1"
	dnat 8
	expect "lazy flush: ruleset changes" udp "up1"
	lazy_flush
	expect "lazy flush: done" udp "moved moved"
	lazy_flush
	dnat 9
	on "$router" sysctl -q "$knob=0"
	expect "lazy flush: switched off" udp "moved"
	on "$router" sysctl -q "$knob=4"
	expect "lazy flush: switched on" udp "up1"

	on "$router" sysctl -q "$knob=3"
	lazy_flush
	rc=$?
	if [ "$rc" -eq 3 ]; then
		pass "lazy flush is refused when off"
	else
		fail "lazy flush when off: exit status $rc"
	fi
}

modprobe -q -a nf_conntrack nf_nat
if ! sysctl -n "$knob" > /dev/null 2>&1; then
	echo "SKIP: kernel has no sysctl $knob"
	exit "$ksft_skip"
fi

setup_ns client router server || exit "$ksft_skip"
setup_links
setup_counters
if ! ipsec "$server" in; then
	echo "INFO: no IPsec"
fi

test_sysctl
test_route
test_no_nat
test_uplink
test_ipsec 2 "lost tunnel tunnel" "lost up1 up1"
test_ipsec 0 "up1 up1 up1" "plain plain"
test_off 0
test_off 2
test_young
test_flap
test_replied
test_expected
test_tcp
test_lazy

exit "$ret"

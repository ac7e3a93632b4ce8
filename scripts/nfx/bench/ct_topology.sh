#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ct_topology.sh packets
#			packets of a flow without reply that are lost or go
#			wrong after an uplink has changed
# ct_topology.sh insn	kernel instructions of a packet of an established flow
#			while routes change

set -e
shopt -s inherit_errexit

# That many is never
never=100
# Younger entries are not revalidated
age_ms=2100

on()
{
	ip netns exec "$@"
}

router()
{
	ip netns add "$1"
	on "$1" sysctl -qw net.ipv4.ip_forward=1 \
		net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.default.disable_ipv6=1
	# The patched kernel's: look for other devices and for IPsec
	on "$1" sysctl -qe net.netfilter.nf_conntrack_revalidate=3
}

#            10.0.1.2     10.0.1.1        10.1.0.1   10.1.0.2
#                                  +- up1 ------------------ up1 -+
#   client c0 ------------ c0 router                               server
#                                  +- up2 ------------------ up2 -+
#                                         10.2.0.1   10.2.0.2      10.9.9.9
links()
{
	local i

	ip netns add client
	router router
	router server
	ip -n client link add c0 type veth peer name c0 netns router
	ip -n client addr add 10.0.1.2/24 dev c0
	ip -n router addr add 10.0.1.1/24 dev c0
	ip -n client link set c0 up
	ip -n router link set c0 up
	ip -n client route add default via 10.0.1.1
	for i in 1 2; do
		ip -n router link add "up$i" type veth \
			peer name "up$i" netns server
		ip -n server addr add "10.$i.0.2/24" dev "up$i"
		ip -n server link set "up$i" up
	done
	ip -n server link set lo up
	ip -n server addr add 10.9.9.9/32 dev lo
	ip -n router addr add 10.1.0.1/24 dev up1
	ip -n router link set up1 up
	ip -n router route add default via 10.1.0.2 dev up1 metric 100
}

second_up()
{
	ip -n router link set up2 up
	ip -n router addr add 10.2.0.1/24 dev up2
}

# Like ppp: it comes with an address and a better route.
uplink()
{
	second_up
	ip -n router route add default via 10.2.0.2 dev up2 metric 10
}

replace()
{
	ip -n router route replace default via 10.2.0.2 dev up2 metric 100
}

# tunnel NS DIRECTION
tunnel()
{
	ip -n "$1" xfrm state add src 10.1.0.1 dst 10.1.0.2 proto esp \
		spi 0x1000 mode tunnel aead "rfc4106(gcm(aes))" \
		"0x$(printf '%040d' 7)" 128
	ip -n "$1" xfrm policy add src 10.0.1.0/24 dst 10.9.9.0/24 \
		dir "$2" tmpl src 10.1.0.1 dst 10.1.0.2 proto esp mode tunnel
}

ipsec()
{
	tunnel server in
	tunnel router out
}

# begin RULE...: as before the change, with these rules for NAT
begin()
{
	local ns

	for ns in router server; do
		ip -n "$ns" xfrm policy flush
		ip -n "$ns" xfrm state flush
	done
	ip -n router link set up2 down
	ip -n router addr flush dev up2
	# The second one might have taken its place
	ip -n router route replace default via 10.1.0.2 dev up1 metric 100
	on router nft "flush ruleset; table ip n { chain c {
		type nat hook postrouting priority srcnat
		$(printf '%s\n' "$@")
	}; }"
	on router conntrack -F 2>/dev/null
}

# want CONDITION: what packets of the flow that are right have when they arrive
want()
{
	on server nft "flush ruleset; table inet t { chain c {
		type filter hook prerouting priority 0
		ip daddr != 10.9.9.9 accept
		$1 accept
		udp dport set 4002
	}; }"
}

# ask COMMAND...: have the flow do that, print its answer
ask()
{
	local answer

	echo "$@" >&"${flow[1]}"
	read -r answer <&"${flow[0]}"
	echo "$answer"
}

# after NAME LIMIT BEFORE AFTER CHANGE...: packets that are not right after it;
# what is right: BEFORE, then AFTER
after()
{
	local name=$1 limit=$2 then=$4 bad

	want "$3"
	[ "$(ask hold "$age_ms")" = held ]
	shift 4
	want "$then"
	"$@"
	bad=$(ask count "$limit")
	echo "$name, of $limit: $bad" >&2
	echo "${bad%% *}"
}

snat1="oifname up1 snat to 10.1.0.1"
right1="iifname up1 ip saddr 10.1.0.1"
right2="iifname up2 ip saddr 10.2.0.1"
plain1="iifname up1 ip saddr 10.0.1.2"

# Not for the row: a flow that had no NAT; one that was masqueraded before and
# after, which every kernel looks after.
others()
{
	begin "oifname up2 masquerade"
	after "better uplink, no NAT before" 10 "$plain1" "$right2" uplink
	begin "oifname up2 masquerade"
	second_up
	after "route, no NAT before" 10 "$plain1" "$right2" replace
	begin "masquerade"
	after "better uplink, all masqueraded" 10 "$right1" "$right2" uplink
}

packets()
{
	local bad

	links
	coproc flow { exec ip netns exec server ct_topology flow; }
	bad=$(
		begin "$snat1" "oifname up2 masquerade"
		after "better uplink" "$never" "$right1" "$right2" uplink
		begin "$snat1" "oifname up2 masquerade"
		second_up
		after "route" "$never" "$right1" "$right2" replace
		begin "rt ipsec exists accept" "$snat1"
		after "IPsec" "$never" "$right1" \
			"meta secpath exists ip saddr 10.0.1.2" ipsec
	)
	others >/dev/null
	echo "ROW ct-topology-packets $(sort -n <<<"$bad" | tail -n 1)"
}

# cost WAY: mark of packets that enter through tun0 and leave through d0
cost()
{
	router churn
	ip -n churn link add d0 type dummy
	ip -n churn addr add 10.8.0.1/16 dev d0
	ip -n churn link set d0 up
	ip -n churn tuntap add tun0 mode tun
	ip -n churn addr add 10.9.0.1/16 dev tun0
	ip -n churn route add default via 10.8.0.2
	on churn nft "table ip n { chain c {
		type nat hook postrouting priority srcnat
		oifname d0 masquerade
	}; }"
	on churn ct_topology "$1"
	ip netns delete churn
}

insn()
{
	echo "ROWINSN ct-route-churn-insn $(cost churn)"
	echo "ROWINSN ct-route-steady-insn $(cost steady)"
}

case $1 in
packets|insn)
	"$@"
	;;
*)
	exit 2
	;;
esac

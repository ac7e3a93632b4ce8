#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rpf.sh hint		spoofed packets forwarded in spite of rp_filter=1
# rpf.sh suppress	nft fib verdicts that ignore a suppressing IPv6 rule
# rpf.sh bcast		nft fib verdicts that a broadcast source is valid
# rpf.sh insn ROUTES MARK [SUFFIX]
#			instructions of a check that finds the route, strict

set -e

# 20 lists of one valid and seven spoofed packets, received on in0
hint()
{
	local dev before after

	ip netns add r
	for dev in in0 out0; do
		ip -net r link add "$dev" type dummy
		ip -net r link set "$dev" up
	done
	ip -net r addr add 192.0.2.1/24 dev in0
	ip -net r addr add 198.51.100.1/24 dev out0
	ip netns exec r sysctl -q net.ipv4.ip_forward=1 \
		net.ipv4.conf.in0.rp_filter=1

	before=$(forwarded)
	ip netns exec r rx_batch in0 20 198.51.100.2 \
		192.0.2.2 203.0.113.{1..7}
	after=$(forwarded)
	echo "ROW rpf-hint-bypass $((after - before - 20))"
}

forwarded()
{
	ip netns exec r nstat -asz IpForwDatagrams |
		awk '$1 == "IpForwDatagrams" { print $2 }'
}

# h [h0] <--> [r0] r, the packets of which the rules in $1 count if wrong
veth()
{
	ip netns add h
	ip netns add r
	ip -net h link add h0 type veth peer name r0 netns r
	ip -net h link set h0 up
	ip -net r link set r0 up
	ip -net h addr add 192.0.2.2/24 dev h0
	ip -net r addr add 192.0.2.1/24 dev r0
	ip -net h addr add 2001:db8:1::2/64 dev h0 nodad
	ip -net r addr add 2001:db8:1::1/64 dev r0 nodad
	ip netns exec r nft "table inet t {
		counter wrong { }
		chain c { type filter hook prerouting priority 0; $1; }; }"
}

wrong()
{
	ip netns exec r nft -j list counter inet t wrong |
		jq '.nftables[].counter.packets // empty'
}

# The kernel's own route to the source is that of table 51, out r0: each ping
# is answered. Ten packets for each way to suppress the default route of main.
suppress()
{
	local how

	veth "ip6 saddr 2001:db8:9::1 icmpv6 type echo-request \
		fib saddr . iif oif missing counter name wrong"
	ip -net h addr add 2001:db8:9::1/128 dev h0 nodad
	ip -net r link add up0 group 7 type dummy
	ip -net r link set up0 up
	ip -net r -6 route add default dev up0
	ip -net r -6 route add default via 2001:db8:1::2 dev r0 table 51
	ip -net r -6 rule add pref 51 table 51
	for how in "suppress_prefixlength 0" "suppress_ifgroup 7"; do
		# shellcheck disable=SC2086
		ip -net r -6 rule add pref 50 table main $how
		ip netns exec h ping -q -c 10 -i 0.05 -I 2001:db8:9::1 \
			2001:db8:1::1
		ip -net r -6 rule del pref 50
	done
	echo "ROW fib6-suppress $(wrong)"
}

# Nothing can have been sent from 192.0.2.255: ten packets, looked up with and
# without the interface they came from.
bcast()
{
	veth "ip saddr 192.0.2.255 fib saddr . iif oif exists counter name wrong
		ip saddr 192.0.2.255 fib saddr oif exists counter name wrong"
	ip netns exec h nft "table ip t {
		chain c { type filter hook postrouting priority 0;
		icmp type echo-request ip saddr set 192.0.2.255; }; }"
	# The source address decides if there is an answer, not the verdict.
	ip netns exec h ping -q -c 10 -i 0.05 -W 0.1 192.0.2.1 || true
	echo "ROW fib4-bcast $(wrong)"
}

# routes FAMILY COUNT: to as many networks, out tun0
routes()
{
	if [ "$1" = 4 ]; then
		awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++)
			printf "route add %d.%d.%d.%d/26 dev tun0\n",
				20 + i / 262144, i / 1024 % 256, i / 4 % 256,
				i % 4 * 64 }'
	else
		awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++)
			printf "route add 2001:db8:%x:%x::/64 dev tun0\n",
				i / 65536, i % 65536 }'
	fi | ip -n r "-$1" -batch -
}

# router FAMILY ROUTES: r, with as many of them
router()
{
	ip netns add r
	ip -n r tuntap add tun0 mode tun
	ip -n r link set tun0 up
	routes "$1" "$2"
}

# cost FAMILY ROUTES MARK RULE...: packets that nothing more becomes of
cost()
{
	local family=$1 routes=$2 mark=$3

	shift 3
	ip netns exec r nft "flush ruleset; table inet t { chain c {
		type filter hook prerouting priority 0; drop; }; }"
	ip netns exec r "$@"
	ip netns exec r rpf_packets "$family" "$routes" "$mark"
}

# check FAMILY old|fib|xt: the rule, but for old as this kernel has it
check()
{
	local tables=iptables-legacy

	[ "$2" = old ] || ! rpf_rule "$2" "$1" strict || return 0
	[ "$1" = 4 ] || tables=ip6tables-legacy
	if [ "$2" != xt ]; then
		nft "table inet f { chain c {
			type filter hook prerouting priority -1;
			fib saddr . iif oif missing counter; }; }"
	else
		"$tables" -t raw -A PREROUTING -m rpfilter --invert
	fi
}

# The rules of iptables-legacy come last, as they are not flushed.
insn()
{
	local family mark base way

	for family in 4 6; do
		mark=$(($2 + family))
		router "$family" "$1"
		base=$(cost "$family" "$1" "$mark" true)
		for way in old fib xt; do
			mark=$((mark + 10))
			echo "ROWINSN rpf-v$family-$way-insn$3" \
				"$(cost "$family" "$1" "$mark" "$0" check \
					"$family" "$way") $base"
		done
		ip netns delete r
	done
}

case $1 in
insn | check) "$@" ;;
hint | suppress | bcast) "$1" ;;
*) exit 2 ;;
esac

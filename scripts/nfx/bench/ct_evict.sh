#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ct_evict.sh insn	kernel instructions of the first packet of a flow when
#			the table is full: one that gets the place of another,
#			and one that is refused after a search of long chains

set -e
shopt -s inherit_errexit

# shellcheck source=ct_sysctls.sh
. ./ct_sysctls.sh
# A table that grows has no long chains.
table nf_conntrack_buckets_auto 0

# cost MAX WAY COUNT: mark of packets, with COUNT entries of at most MAX
cost()
{
	# in front of conntrack or behind it
	local rule="priority 0; ct state invalid drop"

	[ "$2" != drop ] || rule="priority raw; drop"
	table nf_conntrack_max "$1"
	ip netns add evict
	ip netns exec evict sysctl -qw net.ipv6.conf.default.disable_ipv6=1 \
		net.netfilter.nf_conntrack_udp_timeout=600
	ip netns exec evict nft "table ip t { chain c {
		type filter hook prerouting $rule; }; }"
	ip -n evict tuntap add tun0 mode tun
	ip -n evict addr add 10.9.0.1/16 dev tun0
	ip netns exec evict ct_evict "$2" "$3"
	ip netns exec evict conntrack -S >&2
	ip netns delete evict
}

insn()
{
	local room evict drop refuse

	# An entry per bucket, as if both limits were left to the kernel
	table nf_conntrack_buckets 8192
	room=$(cost 100000 room 8192)
	evict=$(cost 8192 evict 8192)
	echo "ROWINSN ct-evict-insn $evict $room"

	# Twelve per bucket, as many as there can be: with more, some chains
	# exceed the limit of 50 to 80 nodes
	table nf_conntrack_buckets 1024
	drop=$(cost 12288 drop 0)
	refuse=$(cost 12288 refuse 12288)
	echo "ROWINSN ct-evict-worst-insn $refuse $drop"
}

case $1 in
insn)
	"$@"
	;;
*)
	exit 2
	;;
esac

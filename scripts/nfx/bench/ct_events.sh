#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ct_events.sh insn	kernel instructions per event of a new connection, from
#			the packet to its reader
# ct_events.sh read	the same, but only what its reader calls
# ct_events.sh lost	events of a burst that the reader misses
#
# Through a ring where the kernel has one that takes multicast.

set -e

# events ARGUMENTS: ct_events in a namespace that tracks connections
events()
{
	local rc=0

	ip netns add events
	ip netns exec events sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip netns exec events nft "table ip t { chain c {
		type filter hook input priority 0; ct state new accept; }; }"
	ip -n events tuntap add tun0 mode tun
	ip -n events addr add 10.9.0.1/16 dev tun0
	ip netns exec events ct_events "$@" || rc=$?
	ip netns delete events
	return $rc
}

case $1 in
insn)
	marks=$(events insn ring) || marks=$(events insn recv)
	echo "ROWINSN ctevents-insn $marks $(events none)"
	;;
read)
	marks=$(events read ring) || marks=$(events read recv)
	echo "ROWINSN ctevents-read-insn $marks"
	;;
lost)
	lost=$(events lost ring) || lost=$(events lost recv)
	echo "ROW ctevents-lost $lost"
	;;
*)
	exit 2
	;;
esac

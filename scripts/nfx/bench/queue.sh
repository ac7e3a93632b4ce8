#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# queue.sh insn		kernel instructions to enqueue a packet, burst of 64
# queue.sh verdict	kernel instructions of a verdict of its own, burst of 64
# queue.sh limit	packets refused below a queue_maxlen of 70000

set -e

# flood MODE VERDICT: run queue_flood MODE in front of a rule with VERDICT
flood()
{
	ip netns add flood
	# No timers of an address to appear between the marks.
	ip netns exec flood sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip netns exec flood nft "table ip t { chain c {
		type filter hook prerouting priority 0;
		udp dport 4001 $2; udp dport 4002 queue num 1; }; }"
	ip netns exec flood queue_flood "$1"
	ip netns delete flood
}

case $1 in
insn)
	flood drop drop
	flood queue "queue num 0"
	;;
verdict)
	flood verdict "queue num 0"
	;;
limit)
	flood limit "queue num 0"
	;;
*)
	exit 2
	;;
esac

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# queue.sh insn		kernel instructions to enqueue a packet, burst of 64
# queue.sh verdict	kernel instructions of a verdict of its own, burst of 64
# queue.sh round ROW BURST SIZE WAY...
#			kernel instructions of a packet of SIZE bytes from its
#			arrival to its verdict, in the first WAY of these that
#			the kernel knows
# queue.sh limit	packets refused below a queue_maxlen of 70000

set -e

# flood VERDICT PROGRAM [ARGUMENTS]: run PROGRAM in front of a rule with VERDICT
flood()
{
	local verdict=$1 rc=0
	shift

	ip netns add flood
	# No timers of an address to appear between the marks.
	ip netns exec flood sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip netns exec flood nft "table ip t { chain c {
		type filter hook prerouting priority 0;
		udp dport 4001 $verdict; udp dport 4002 queue num 1; }; }"
	ip netns exec flood "$@" || rc=$?
	ip netns delete flood
	return $rc
}

case $1 in
insn)
	flood drop queue_flood drop
	flood "queue num 0" queue_flood queue
	;;
verdict)
	flood "queue num 0" queue_flood verdict
	;;
round)
	row=$2 burst=$3 size=$4
	for way in "${@:5}"; do
		marks=$(flood "queue num 0" \
			queue_round "$way" "$burst" "$size" queue) && break
	done
	flood drop queue_round "$way" "$burst" "$size" base
	echo "ROWINSN $row $marks"
	;;
limit)
	flood "queue num 0" queue_flood limit
	;;
*)
	exit 2
	;;
esac

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# log.sh ROW THRESHOLD	kernel instructions of a packet of 64 bytes from its
#			arrival to the reader of the log, through a ring where
#			the kernel has one, less those of a rule that drops it

set -e

# flood RULE ARGUMENTS: log_round in front of RULE
flood()
{
	local rule=$1 rc=0
	shift

	ip netns add flood
	ip netns exec flood sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip netns exec flood nft "table ip t { chain c {
		type filter hook prerouting priority 0;
		udp dport 4001 $rule; }; }"
	ip netns exec flood log_round "$@" || rc=$?
	ip netns delete flood
	return $rc
}

marks=$(flood "log group 0 drop" ring "$2") ||
	marks=$(flood "log group 0 drop" recv "$2")
echo "ROWINSN $1 $marks $(flood drop none "$2")"

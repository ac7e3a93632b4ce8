# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A network namespace for a test, to be sourced after engine.sh
#
#   lab_enter "$@"      run this test again in a namespace of its own; sets lab
#                       to "yes" there, to the reason why not elsewhere
#   lab_send PORT N     send N UDP packets to PORT of 127.0.0.1, where a rule has
#                       to drop them: an ICMP error makes the next one fail
#   lab_flows N         send N UDP packets to ports of 127.0.0.1 from 10000 on,
#                       where a rule has to drop them, each to one of its own
#   wait_for COMMAND... repeat COMMAND until it succeeds, at most 20 s

# shellcheck disable=SC2034 # lab is for the tests
lab_enter()
{
	local how=-rn

	[ "$(id -u)" -eq 0 ] && how=-n
	if [ -z "${LAB-}" ]; then
		if unshare "$how" true 2> /dev/null; then
			rm -rf "${tmp:?}"
			LAB=1 exec unshare "$how" "$0" "$@"
		fi
		lab="no network namespace"
	elif ! ip link set lo up; then
		lab="no loopback"
	else
		lab=yes
	fi
}

# The shell writes a line at a time: each is a packet. What is queued counts as
# not sent yet, of which a socket may have a few hundred.
lab_send()
{
	local i

	for ((i = 1; i <= $2; i++)); do
		[ $((i % 100)) -eq 1 ] && exec 3> "/dev/udp/127.0.0.1/$1"
		echo "$i" >&3
	done 2> /dev/null
	exec 3>&-
}

# The packets of lab_flows() are tracked, and dropped without an answer.
lab_rules='table inet t {
	chain in {
		type filter hook input priority 0
		udp dport >= 10000 ct state new drop
	}
	chain out {
		type filter hook output priority 0
		udp dport >= 10000 ct state new accept
	}
}'

lab_port=10000
lab_flows()
{
	local last=$((lab_port + $1))

	for (( ; lab_port < last; lab_port++)); do
		echo > "/dev/udp/127.0.0.1/$lab_port"
	done 2> /dev/null
}

wait_for()
{
	local i

	for ((i = 0; i < 200; i++)); do
		"$@" > /dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

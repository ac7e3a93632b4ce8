#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ct_pktgen.sh CPU:FIRST:LAST... -- COMMAND [ARGUMENT...]
#
# Run COMMAND while these CPUs receive packets on d0 without a pause, from the
# ports FIRST to LAST of one source: the flows packet_flow() of ct_table.h.

set -e

# pg FILE WORD...: one command for pktgen
pg()
{
	echo "${@:2}" >"/proc/net/pktgen/$1"
}

nr=0
while [ "$1" != -- ]; do
	IFS=: read -r cpu first last <<<"$1"
	pg "kpktgend_$cpu" add_device "d0@$nr"
	# With a delay, however short, the devices of a CPU take turns.
	while read -r setting; do
		pg "d0@$nr" "$setting"
	done <<-SETTINGS
		xmit_mode netif_receive
		count 0
		delay ${DELAY-1}
		burst ${BURST-1}
		pkt_size 64
		dst_mac 02:00:00:00:00:01
		src_min 10.9.1.1
		src_max 10.9.1.1
		dst_min 10.9.0.1
		dst_max 10.9.0.1
		udp_src_min $first
		udp_src_max $last
		udp_dst_min 4001
		udp_dst_max 4001
	SETTINGS
	nr=$((nr + 1))
	shift
done
shift

pg pgctrl start &
trap 'pg pgctrl stop; wait' EXIT
"$@"

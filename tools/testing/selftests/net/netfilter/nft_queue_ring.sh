#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# All of nft_queue.sh, with queues that deliver to receive rings.

source lib.sh

unshare --net ./nf_queue -R -t 1 > /dev/null
if [ $? -eq "$ksft_skip" ]; then
	echo "SKIP: kernel without NETLINK_RX_RECRING"
	exit "$ksft_skip"
fi

NF_QUEUE_RING=1 exec ./nft_queue.sh

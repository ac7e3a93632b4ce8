// SPDX-License-Identifier: GPL-2.0-only
/*
 * The items of the patch stack that a running kernel can be asked for.
 *
 * An item stands here only when a kernel without it gives a definite answer.
 * uAPI of later blocks follows when its numbers are settled.
 */
#include <stddef.h>

#include "feature.h"
#include "probes.h"

const struct feature features[] = {
	{
		.name	 = "queue-over-64k",
		.block	 = "00xx",
		.summary = "a queue holds more than 65536 packets",
		.asked	 = "queue 65537 packets with queue_maxlen 70000",
		.probe	 = probe_queue_over_64k,
	}, {
		.name	 = "rpf-list",
		.block	 = "00xx",
		.summary = "rp_filter=1 covers forwarded packets of a batch",
		.asked	 = "receive 1 valid and 7 spoofed packets as one list",
		.probe	 = probe_rpf_list,
	}, {
		.name	 = "fib6-suppress",
		.block	 = "00xx",
		.summary = "IPv6 fib lookups honour suppress_prefixlength",
		.asked	 = "nft fib with the main default route suppressed",
		.probe	 = probe_fib6_suppress,
	}, {
		.name	 = "fib4-bcast",
		.block	 = "00xx",
		.summary = "nft fib rejects a subnet-broadcast source",
		.asked	 = "nft fib saddr . iif for 10.1.1.255 in 10.1.1.0/24",
		.probe	 = probe_fib4_bcast,
	}, {
		.name	 = "nft-dump-intr",
		.block	 = "00xx",
		.summary = "a torn nf_tables set dump is flagged",
		.asked	 = "commit while a set of 4000 elements is dumped",
		.probe	 = probe_nft_dump_intr,
	}, {
		.name	 = "ct-gc-wake",
		.block	 = "00xx",
		.summary = "a full conntrack table wakes its gc at once",
		.asked	 = "nothing",
		.probe	 = probe_ct_gc_wake,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "ct-full-log",
		.block	 = "00xx",
		.summary = "the table-full message carries figures",
		.asked	 = "the kernel log for an earlier table-full message",
		.probe	 = probe_ct_full_log,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "masq-events",
		.block	 = "00xx",
		.summary = "masquerade loses no event of a burst",
		.asked	 = "remove 96 masquerading addresses at once",
		.probe	 = probe_masq_events,
	}, {
		.name	 = "ipset-add-set",
		.block	 = "00xx",
		.summary = "SET --add-set loses no element of a full bucket",
		.asked	 = "add 1024 addresses by packets at hashsize 64",
		.probe	 = probe_ipset_add_set,
	}, {
		.name	 = "ipset-terse",
		.block	 = "00xx",
		.summary = "a terse listing does not walk the set",
		.asked	 = "terse listing time at hashsize 262144 and 64",
		.probe	 = probe_ipset_terse,
	}, {
		.name	 = "ipset-markmask",
		.block	 = "00xx",
		.summary = "markmask is dumped in network byte order",
		.asked	 = "header of a hash:ip,mark with markmask 0x01020304",
		.probe	 = probe_ipset_markmask,
	}, {
		.name	 = "queue-verdict-vec",
		.block	 = "01xx",
		.summary = "one message holds many individual verdicts",
		.asked	 = "NFQA_VERDICT_VEC for a packet that is not queued",
		.probe	 = probe_queue_verdict_vec,
	}, {
		.name	 = "queue-ring",
		.block	 = "01xx",
		.summary = "nfnetlink_queue delivers into a receive ring",
		.asked	 = "NFQA_CFG_F_RING for a queue of a socket with a ring",
		.probe	 = probe_queue_ring,
	}, {
		.name	 = "log-ring",
		.block	 = "01xx",
		.summary = "nfnetlink_log delivers into a receive ring",
		.asked	 = "NFULNL_CFG_F_RING for a log of a socket with a ring",
		.probe	 = probe_log_ring,
	}, {
		.name	 = "ring-all",
		.block	 = "01xx",
		.summary = "a receive ring takes replies, dumps and multicast",
		.asked	 = "a ring with NL_RING_F_ALL",
		.probe	 = probe_ring_all,
	}, {
		.name	 = "ct-buckets-auto",
		.block	 = "02xx",
		.summary = "the conntrack table sizes itself",
		.asked	 = "sysctl net.netfilter.nf_conntrack_buckets_auto",
		.probe	 = probe_ct_buckets_auto,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "ct-table-stats",
		.block	 = "02xx",
		.summary = "ctnetlink reports the state of the table",
		.asked	 = "IPCTNL_MSG_CT_GET_STATS for CTA_STATS_GLOBAL_BUCKETS",
		.probe	 = probe_ct_table_stats,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "ct-flush",
		.block	 = "03xx",
		.summary = "conntrack flushes by filter and counts",
		.asked	 = "ctnetlink message 8 (IPCTNL_MSG_CT_FLUSH)",
		.probe	 = probe_ct_flush,
	}, {
		.name	 = "ct-evict",
		.block	 = "03xx",
		.summary = "a full table gives up a sampled entry for a new one",
		.asked	 = "sysctl net.netfilter.nf_conntrack_early_drop_source",
		.probe	 = probe_ct_evict,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "ct-pressure",
		.block	 = "03xx",
		.summary = "ctnetlink tells how full the table is, and what for",
		.asked	 = "IPCTNL_MSG_CT_GET_STATS_CPU for its newest counters",
		.probe	 = probe_ct_pressure,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "ct-adaptive",
		.block	 = "03xx",
		.summary = "timeouts become shorter as the table fills up",
		.asked	 = "sysctl nf_conntrack_timeout_adaptive_start",
		.probe	 = probe_ct_adaptive,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "ct-revalidate",
		.block	 = "03xx",
		.summary = "unreplied flows follow the route; lazy flush",
		.asked	 = "sysctl net.netfilter.nf_conntrack_revalidate",
		.probe	 = probe_ct_revalidate,
		.place	 = PROBE_HERE,
	}, {
		.name	 = "rpf-xt",
		.block	 = "04xx",
		.summary = "the rpfilter match has modes and classes",
		.asked	 = "nft_compat for match rpfilter revision 1",
		.probe	 = probe_rpf_xt,
	}, {
		.name	 = "rpf-fib",
		.block	 = "04xx",
		.summary = "nft fib has the modes of a reverse path filter",
		.asked	 = "rules with fib flags feasible, no-default and so on",
		.probe	 = probe_rpf_fib,
	}, {
		.name	 = "rpf-result",
		.block	 = "04xx",
		.summary = "nft fib tells the class of a reverse path",
		.asked	 = "rules with NFT_FIB_RESULT_RPF",
		.probe	 = probe_rpf_result,
	}, {
		.name	 = "ipset-hash-mark",
		.block	 = "05xx",
		.summary = "ipset has the set type hash:mark",
		.asked	 = "IPSET_CMD_TYPE for hash:mark",
		.probe	 = probe_ipset_hash_mark,
	}, {
		.name	 = "xt-set-rev4",
		.block	 = "05xx",
		.summary = "the SET target takes an action from the element",
		.asked	 = "nft_compat for target SET revision 4",
		.probe	 = probe_xt_set4,
	}, {
		.name	 = "nft-ack-batch",
		.block	 = "06xx",
		.summary = "acks of an nf_tables batch share datagrams",
		.asked	 = "a batch of 4 messages, each with NLM_F_ACK",
		.probe	 = probe_nft_ack_batch,
	}, {
		.name	 = "virtio-napi-irq",
		.block	 = "08xx",
		.summary = "virtio_net reports the interrupt of a NAPI",
		.asked	 = "netdev napi-get for the virtio_net links",
		.probe	 = probe_virtio_napi_irq,
		.place	 = PROBE_HERE,
	}, {
		.name	 = NULL,
	}
};

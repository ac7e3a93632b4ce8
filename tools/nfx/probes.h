/* SPDX-License-Identifier: GPL-2.0-only */
/* The probes, one file per group: probe_<group>.c. See struct feature. */
#ifndef NFX_PROBES_H
#define NFX_PROBES_H

struct finding;

/* probe_ct.c */
void probe_ct_gc_wake(struct finding *f);
void probe_ct_full_log(struct finding *f);
void probe_ct_buckets_auto(struct finding *f);
void probe_ct_table_stats(struct finding *f);
void probe_ct_flush(struct finding *f);
void probe_ct_evict(struct finding *f);
void probe_ct_pressure(struct finding *f);
void probe_ct_adaptive(struct finding *f);
void probe_ct_revalidate(struct finding *f);

/* probe_fib.c */
void probe_fib6_suppress(struct finding *f);
void probe_fib4_bcast(struct finding *f);

/* probe_fibflags.c */
void probe_rpf_fib(struct finding *f);
void probe_rpf_result(struct finding *f);

/* probe_ipset.c */
void probe_ipset_add_set(struct finding *f);
void probe_ipset_terse(struct finding *f);
void probe_ipset_markmask(struct finding *f);
void probe_ipset_hash_mark(struct finding *f);

/* probe_masq.c */
void probe_masq_events(struct finding *f);

/* probe_nft.c */
void probe_nft_dump_intr(struct finding *f);
void probe_nft_ack_batch(struct finding *f);

/* probe_queue.c */
void probe_queue_over_64k(struct finding *f);
void probe_queue_verdict_vec(struct finding *f);

/* probe_ring.c */
void probe_queue_ring(struct finding *f);
void probe_log_ring(struct finding *f);
void probe_ring_all(struct finding *f);

/* probe_rpf.c */
void probe_rpf_list(struct finding *f);

/* probe_virtio.c */
void probe_virtio_napi_irq(struct finding *f);

/* probe_xt.c */
void probe_rpf_xt(struct finding *f);
void probe_xt_set4(struct finding *f);

#endif /* NFX_PROBES_H */

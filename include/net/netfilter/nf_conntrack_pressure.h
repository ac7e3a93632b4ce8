/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NF_CONNTRACK_PRESSURE_H
#define _NF_CONNTRACK_PRESSURE_H

#include <linux/workqueue.h>

struct net;

/**
 * struct nf_ct_pressure - what listeners were told about a namespace
 * @net: the namespace
 * @work: tells them
 * @last: when @work ran last, in jiffies
 * @evicted: entries evicted for new ones, at the last event
 * @dropped: new entries that were refused, at the last event
 * @level: enum ctattr_pressure_level of the last event
 * @active: @work is pending or running
 *
 * Only @work changes @last, @evicted, @dropped and @level.
 */
struct nf_ct_pressure {
	struct net		*net;
	struct delayed_work	work;
	unsigned long		last;
	u32			evicted;
	u32			dropped;
	u8			level;
	bool			active;
};

/**
 * struct nf_ct_pressure_event - how full the table of a namespace is
 * @entries: entries of the namespace
 * @max: nf_conntrack_max
 * @evicted: entries evicted for new ones since the last event
 * @dropped: new entries that were refused since the last event
 * @level: enum ctattr_pressure_level
 */
struct nf_ct_pressure_event {
	u32	entries;
	u32	max;
	u32	evicted;
	u32	dropped;
	u8	level;
};

/* More entries than that are reported */
static inline unsigned int nf_ct_pressure_high(unsigned int max)
{
	return max - max / 8;
}

#ifdef CONFIG_NF_CONNTRACK_EVENTS
void nf_ct_pressure(struct nf_ct_pressure *p);
void nf_ct_pressure_pernet_init(struct net *net);
void nf_ct_pressure_pernet_fini(struct net *net);
#else
static inline void nf_ct_pressure_pernet_init(struct net *net)
{
}

static inline void nf_ct_pressure_pernet_fini(struct net *net)
{
}
#endif

#endif /* _NF_CONNTRACK_PRESSURE_H */

// SPDX-License-Identifier: GPL-2.0-only
/* Tells listeners how full the conntrack table of their namespace is */

#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_pressure.h>

/* Not more than one message in that many jiffies */
#define NF_CT_PRESSURE_INTERVAL	HZ

static struct nf_conntrack_net *nf_ct_pressure_net(struct nf_ct_pressure *p)
{
	return container_of(p, struct nf_conntrack_net, pressure);
}

/* Sums up what happens when there is no room */
static void nf_ct_pressure_stats(const struct net *net, u32 *evicted,
				 u32 *dropped)
{
	int cpu;

	*evicted = 0;
	*dropped = 0;
	for_each_possible_cpu(cpu) {
		const struct ip_conntrack_stat *st;

		st = per_cpu_ptr(net->ct.stat, cpu);
		*evicted += READ_ONCE(st->early_drop);
		*dropped += READ_ONCE(st->full_drop);
	}
}

static u8 nf_ct_pressure_level(const struct nf_ct_pressure *p,
			       const struct nf_ct_pressure_event *event)
{
	u32 entries = event->entries, max = event->max;

	if (event->evicted || event->dropped || entries >= max)
		return CTA_PRESSURE_FULL;
	if (entries > nf_ct_pressure_high(max))
		return CTA_PRESSURE_HIGH;
	/* once it was high, less than three quarters are normal again */
	if (p->level != CTA_PRESSURE_NORMAL && entries >= max - max / 4)
		return CTA_PRESSURE_HIGH;

	return CTA_PRESSURE_NORMAL;
}

static void nf_ct_pressure_send(struct net *net,
				const struct nf_ct_pressure_event *event)
{
	struct nf_ct_event_notifier *notify;

	rcu_read_lock();
	notify = rcu_dereference(net->ct.nf_conntrack_event_cb);
	if (notify)
		notify->pressure_event(net, event);
	rcu_read_unlock();
}

/* Runs once a second until the level is normal */
static void nf_ct_pressure_work(struct work_struct *work)
{
	struct nf_ct_pressure_event event;
	struct nf_ct_pressure *p;
	u32 evicted, dropped;
	u8 old;

	p = container_of(work, struct nf_ct_pressure, work.work);
	old = p->level;

	nf_ct_pressure_stats(p->net, &evicted, &dropped);
	event.entries = atomic_read(&nf_ct_pressure_net(p)->count);
	event.max = READ_ONCE(nf_conntrack_max);
	event.evicted = evicted - p->evicted;
	event.dropped = dropped - p->dropped;
	event.level = nf_ct_pressure_level(p, &event);

	p->evicted = evicted;
	p->dropped = dropped;
	p->level = event.level;
	WRITE_ONCE(p->last, jiffies);

	if (event.level != old || event.level == CTA_PRESSURE_FULL)
		nf_ct_pressure_send(p->net, &event);

	if (event.level != CTA_PRESSURE_NORMAL)
		queue_delayed_work(system_power_efficient_wq, &p->work,
				   NF_CT_PRESSURE_INTERVAL);
	else
		WRITE_ONCE(p->active, false);
}

/**
 * nf_ct_pressure - there are more entries than nf_ct_pressure_high()
 * @p: of the namespace
 *
 * Called for each new entry of a table that is nearly full. If it is missed
 * because the level is just about to be normal again, the next one is not.
 *
 * Context: any
 */
void nf_ct_pressure(struct nf_ct_pressure *p)
{
	unsigned long elapsed = jiffies - READ_ONCE(p->last);

	if (READ_ONCE(p->active))
		return;

	WRITE_ONCE(p->active, true);
	queue_delayed_work(system_power_efficient_wq, &p->work,
			   elapsed < NF_CT_PRESSURE_INTERVAL ?
			   NF_CT_PRESSURE_INTERVAL - elapsed : 0);
}

void nf_ct_pressure_pernet_init(struct net *net)
{
	struct nf_ct_pressure *p = &nf_ct_pernet(net)->pressure;

	p->net = net;
	INIT_DELAYED_WORK(&p->work, nf_ct_pressure_work);
}

/* No entry can be added any more */
void nf_ct_pressure_pernet_fini(struct net *net)
{
	cancel_delayed_work_sync(&nf_ct_pernet(net)->pressure.work);
}

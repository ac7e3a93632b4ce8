// SPDX-License-Identifier: GPL-2.0-only
/* Hash tables of conntrack that choose their size themselves
 *
 * The number of nodes is counted per stripe, in the cache line that is dirty
 * from the lock already. As all hashes are equally likely, the first stripe
 * with more than its share of the nodes says when to add up all counters.
 */

#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/math64.h>

#include <kunit/visibility.h>
#include <net/netfilter/nf_conntrack_htable.h>

/* How often to look, at most and at least, while there are stripes with more
 * than their share; and how many new entries per second are reckoned with in
 * between. The smallest table gets 10 per bucket of these in the shortest time.
 */
#define NF_CT_CHECK_MIN		msecs_to_jiffies(10)
#define NF_CT_CHECK_MAX		HZ
#define NF_CT_CHECK_RATE	1000000
/* Look at a table that may not grow only to see whether it may now */
#define NF_CT_CAPPED_INTERVAL	(HZ / 10)
/* There was no memory, do not make it worse */
#define NF_CT_RETRY_INTERVAL	(60 * HZ)

/* How often to look at a table that could be smaller, and how long it must have
 * been too large.
 */
#define NF_CT_SPARSE_INTERVAL	(60 * HZ)
#define NF_CT_SPARSE_TIME	(10 * 60 * HZ)

/**
 * nf_ct_hash_auto_size - the number of buckets that a table should have
 * @size: the number that it has
 * @entries: nodes, divided by the number of them that a bucket may have
 * @min_size: at least so many
 * @max_size: at most so many, unless it has more already
 *
 * With more than one entry per bucket a table grows, at least to twice the
 * size. With less than an eighth of that it shrinks, to be a quarter full at
 * most: it is not to grow again soon.
 *
 * Return: that number, @size if it is right
 */
VISIBLE_IF_KUNIT
u32 nf_ct_hash_auto_size(u32 size, u32 entries, u32 min_size, u32 max_size)
{
	if (entries > size && max_size > size) {
		u32 wanted = max(2 * size, (u32)roundup_pow_of_two(entries));

		return min(wanted, max_size);
	}

	if (entries < size / 8 && min_size < size) {
		u32 wanted = roundup_pow_of_two(4 * max(entries, 1u));

		return max(wanted, min_size);
	}

	return size;
}
EXPORT_SYMBOL_IF_KUNIT(nf_ct_hash_auto_size);

/**
 * nf_ct_hash_nodes - count the nodes of a table
 * @ht: the table
 *
 * Return: their number, not exact while some are added or removed
 */
u64 nf_ct_hash_nodes(const struct nf_ct_hash *ht)
{
	unsigned int i;
	u64 nodes = 0;

	for (i = 0; i < CONNTRACK_LOCKS; i++)
		nodes += READ_ONCE(ht->stripes[i].nodes);

	return nodes;
}
EXPORT_SYMBOL_IF_KUNIT(nf_ct_hash_nodes);

/* Has the table been too large for long enough? */
static bool nf_ct_hash_may_shrink(struct nf_ct_hash *ht, bool sparse)
{
	if (sparse && !ht->sparse)
		ht->sparse_since = jiffies;
	ht->sparse = sparse;

	return sparse &&
	       time_after_eq(jiffies, ht->sparse_since + NF_CT_SPARSE_TIME);
}

static u32 nf_ct_hash_entries(const struct nf_ct_hash *ht)
{
	return min_t(u64, div_u64(nf_ct_hash_nodes(ht), ht->params->load),
		     NF_CT_HTABLE_SIZE_MAX);
}

/* When the number of entries may get above the size, in jiffies */
static unsigned long nf_ct_hash_check_interval(u32 size, u32 entries)
{
	u64 jiffies_left;

	if (entries > size)
		return NF_CT_CAPPED_INTERVAL;

	jiffies_left = div_u64((u64)(size - entries) * HZ, NF_CT_CHECK_RATE);
	return clamp_t(u64, jiffies_left, NF_CT_CHECK_MIN, NF_CT_CHECK_MAX);
}

/* Resize the table if it should be, return when to look again, in jiffies */
static unsigned long nf_ct_hash_auto_resize(struct nf_ct_hash *ht, u32 max_size)
{
	u32 size = nf_ct_hash_size(ht), entries = nf_ct_hash_entries(ht);
	u32 wanted;

	wanted = nf_ct_hash_auto_size(size, entries, ht->min_size, max_size);
	if (!nf_ct_hash_may_shrink(ht, wanted < size) && wanted <= size)
		return nf_ct_hash_check_interval(size, entries);

	ht->sparse = false;
	if (!__nf_ct_hash_resize(ht, wanted, GFP_KERNEL | __GFP_RETRY_MAYFAIL))
		return 0;

	return wanted > size ? NF_CT_RETRY_INTERVAL : NF_CT_CHECK_MIN;
}

/**
 * nf_ct_hash_auto_fit - number of buckets for a table that is set to some size
 * @ht: the table
 * @size: wanted number of buckets
 *
 * Return: @size, or more if the table would grow from that at once
 */
u32 nf_ct_hash_auto_fit(const struct nf_ct_hash *ht, u32 size)
{
	return nf_ct_hash_auto_size(size, nf_ct_hash_entries(ht), size,
				    ht->params->max_size());
}

static void nf_ct_hash_auto_work(struct work_struct *work)
{
	struct nf_ct_hash *ht = container_of(to_delayed_work(work),
					     struct nf_ct_hash, work);
	u32 max_size = ht->params->max_size();
	unsigned long interval;

	mutex_lock(&ht->resize_lock);
	if (!max_size) {
		ht->sparse = false;
		goto out;
	}

	interval = nf_ct_hash_auto_resize(ht, max_size);
	WRITE_ONCE(ht->check_at, jiffies + interval);

	if (interval == NF_CT_RETRY_INTERVAL ||
	    nf_ct_hash_size(ht) > ht->min_size)
		queue_delayed_work(system_dfl_long_wq, &ht->work,
				   NF_CT_SPARSE_INTERVAL);
out:
	mutex_unlock(&ht->resize_lock);
}

/**
 * nf_ct_hash_auto_check - see if the table should grow
 * @ht: the table
 *
 * Called for each node that is added to a stripe that has more than its share,
 * and when one is not added because a chain is too long.
 *
 * Context: any but hard interrupt
 */
void nf_ct_hash_auto_check(struct nf_ct_hash *ht)
{
	unsigned long wait = READ_ONCE(ht->check_at) - jiffies;

	/* More than that is a time long past */
	if (wait && wait <= NF_CT_RETRY_INTERVAL)
		return;

	WRITE_ONCE(ht->check_at, jiffies + NF_CT_CHECK_MIN);
	if (!ht->params->max_size())
		return;

	mod_delayed_work(system_dfl_long_wq, &ht->work, 0);
}
EXPORT_SYMBOL_GPL(nf_ct_hash_auto_check);

/* See if the table has the right size, whenever that was last done */
void nf_ct_hash_auto_start(struct nf_ct_hash *ht)
{
	mod_delayed_work(system_dfl_long_wq, &ht->work, 0);
}

/**
 * nf_ct_hash_auto_stop - end a resize, and let there be no other one
 * @ht: the table
 *
 * Context: process, may sleep
 */
void nf_ct_hash_auto_stop(struct nf_ct_hash *ht)
{
	disable_delayed_work_sync(&ht->work);
}
EXPORT_SYMBOL_GPL(nf_ct_hash_auto_stop);

void nf_ct_hash_auto_init(struct nf_ct_hash *ht)
{
	ht->check_at = jiffies;
	INIT_DELAYED_WORK(&ht->work, nf_ct_hash_auto_work);
}

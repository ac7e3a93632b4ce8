/* SPDX-License-Identifier: GPL-2.0-only */
/* Hash tables of conntrack, resized while they are in use.
 *
 * See the DOC section in net/netfilter/nf_conntrack_htable.c.
 */

#ifndef _NF_CONNTRACK_HTABLE_H
#define _NF_CONNTRACK_HTABLE_H

#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rculist_nulls.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define CONNTRACK_LOCKS		1024

/* The nulls value at the end of a chain: one bit that sets it apart from the
 * values of other lists, one for the generation of the table, the bucket.
 */
#define NF_CT_NULLS_TABLE	BIT(29)
#define NF_CT_NULLS_GEN		BIT(28)
/* The bucket has the 28 bits that are left; kvmalloc() is for less than INT_MAX
 * bytes.
 */
#define NF_CT_HTABLE_SIZE_MAX	((u32)BIT(28) - CONNTRACK_LOCKS)

/**
 * struct nf_ct_htable - one array of buckets
 * @size: number of buckets, a multiple of CONNTRACK_LOCKS
 * @nulls: nulls value of the first bucket
 * @next: the table that the nodes of this one are being moved to, or NULL. Set
 *	once, when a resize begins
 * @buckets: the chains. A node is in the bucket given by the upper bits of its
 *	hash, protected by the lock of the stripe
 */
struct nf_ct_htable {
	u32				size;
	u32				nulls;
	struct nf_ct_htable __rcu	*next;
	struct hlist_nulls_head		buckets[];
};

/**
 * struct nf_ct_stripe - what belongs to a 1/CONNTRACK_LOCKS of all hashes
 * @lock: protects the chains of these hashes, in all tables. Taken in softirq.
 *	Who needs two takes that of the lower hash first
 * @nodes: number of nodes in these chains. Written with @lock held
 */
struct nf_ct_stripe {
	spinlock_t	lock;	/* of the chains of 1/CONNTRACK_LOCKS hashes */
	u32		nodes;
};

/**
 * struct nf_ct_hash_params - what the tables of one kind have in common
 * @name: for tracing
 * @hash: hash of a node in a chain, called with the lock of its stripe held
 * @max_size: number of buckets above which the table does not grow by itself,
 *	0 if it does not resize itself at all; may be called at any time
 * @load: nodes per bucket above which it grows
 */
struct nf_ct_hash_params {
	const char	*name;
	u32		(*hash)(const struct hlist_nulls_node *n);
	u32		(*max_size)(void);
	u32		load;
};

/**
 * struct nf_ct_hash - a hash table that can be resized
 * @table: current table, replaced under @resize_lock when all nodes were moved
 * @params: set by nf_ct_hash_init()
 * @grow_at: number of nodes in a stripe above which it is time to look at the
 *	number of all nodes. Written under @resize_lock
 * @check_at: do not look earlier than that, in jiffies. Read and written
 *	without a lock, to no harm
 * @resize_lock: held during a resize, protects what follows but @stripes
 * @min_size: number of buckets below which it does not shrink by itself
 * @sparse: has fewer nodes than it should have, since @sparse_since (jiffies)
 * @sparse_since: see @sparse
 * @work: resizes the table when it should be larger or smaller
 * @grown: how often the table was made larger
 * @shrunk: how often it was made smaller
 * @failed: how often there was no memory for that
 * @stripes: locks, by the upper bits of the hash
 */
struct nf_ct_hash {
	struct nf_ct_htable __rcu	*table;
	const struct nf_ct_hash_params	*params;
	u32				grow_at;
	unsigned long			check_at;

	struct mutex			resize_lock;	/* one at a time */
	u32				min_size;
	bool				sparse;
	unsigned long			sparse_since;
	struct delayed_work		work;
	u32				grown;
	u32				shrunk;
	u32				failed;

	struct nf_ct_stripe		stripes[CONNTRACK_LOCKS]
					____cacheline_aligned_in_smp;
};

int __nf_ct_hash_init(struct nf_ct_hash *ht, u32 size,
		      const struct nf_ct_hash_params *params,
		      struct lock_class_key *key);

/* Each caller has its own lock class: with the lock of a stripe of one table
 * held, that of another table may be taken.
 */
#define nf_ct_hash_init(ht, size, params)				\
({									\
	static struct lock_class_key __key;				\
									\
	__nf_ct_hash_init(ht, size, params, &__key);			\
})

void nf_ct_hash_destroy(struct nf_ct_hash *ht);
int nf_ct_hash_resize(struct nf_ct_hash *ht, u32 size);
int __nf_ct_hash_resize(struct nf_ct_hash *ht, u32 size, gfp_t gfp);

void nf_ct_hash_auto_init(struct nf_ct_hash *ht);
void nf_ct_hash_auto_start(struct nf_ct_hash *ht);
u32 nf_ct_hash_auto_fit(const struct nf_ct_hash *ht, u32 size);
void nf_ct_hash_auto_stop(struct nf_ct_hash *ht);
void nf_ct_hash_auto_check(struct nf_ct_hash *ht);
u64 nf_ct_hash_nodes(const struct nf_ct_hash *ht);
#if IS_ENABLED(CONFIG_KUNIT)
u32 nf_ct_hash_auto_size(u32 size, u32 entries, u32 min_size, u32 max_size);
#endif

/* Chains of 0, 1, 2, 3 to 4, 5 to 8, 9 to 16, 17 to 32, and more nodes */
#define NF_CT_CHAINS		8

/**
 * struct nf_ct_hash_stats - what a table looks like
 * @size: number of buckets
 * @min_size: number of buckets below which it does not shrink by itself
 * @max_size: number of buckets above which it does not grow by itself, or 0
 * @nodes: number of nodes
 * @grown: how often it was made larger
 * @shrunk: how often it was made smaller
 * @failed: how often there was no memory for that
 * @longest: number of nodes in the longest of the chains looked at
 * @chains: number of chains of those looked at, by their length
 */
struct nf_ct_hash_stats {
	u32	size;
	u32	min_size;
	u32	max_size;
	u64	nodes;
	u32	grown;
	u32	shrunk;
	u32	failed;
	u32	longest;
	u32	chains[NF_CT_CHAINS];
};

void nf_ct_hash_get_stats(const struct nf_ct_hash *ht,
			  struct nf_ct_hash_stats *stats);

static inline u32 nf_ct_hash_size(const struct nf_ct_hash *ht)
{
	u32 size;

	rcu_read_lock();
	size = rcu_dereference(ht->table)->size;
	rcu_read_unlock();

	return size;
}

static inline u32 nf_ct_htable_bucket(const struct nf_ct_htable *t, u32 hash)
{
	return reciprocal_scale(hash, t->size);
}

static inline struct hlist_nulls_head *
nf_ct_htable_chain(struct nf_ct_htable *t, u32 hash)
{
	return &t->buckets[nf_ct_htable_bucket(t, hash)];
}

/* The first of the hashes that are in @bucket; 0 if that is the number of
 * buckets, for one past the last hash.
 */
static inline u32 nf_ct_htable_bucket_first(const struct nf_ct_htable *t,
					    u32 bucket)
{
	return div_u64(((u64)bucket << 32) + t->size - 1, t->size);
}

/* The last of the hashes that are in the same bucket as @hash */
static inline u32 nf_ct_htable_bucket_last(const struct nf_ct_htable *t,
					   u32 hash)
{
	u32 bucket = nf_ct_htable_bucket(t, hash);

	return nf_ct_htable_bucket_first(t, bucket + 1) - 1;
}

/* Did a walk that ended at @n see all of the chain, or was it led to another
 * one by a node that was moved or recycled?
 */
static inline bool nf_ct_htable_is_end(const struct nf_ct_htable *t, u32 bucket,
				       const struct hlist_nulls_node *n)
{
	return get_nulls_value(n) == (t->nulls | bucket);
}

/* See nf_ct_hash_for_each_table_rcu() */
static inline struct nf_ct_htable *
nf_ct_htable_first_rcu(const struct nf_ct_hash *ht)
{
	return rcu_dereference_all(ht->table);
}

static inline struct nf_ct_htable *
nf_ct_htable_next_rcu(const struct nf_ct_htable *t)
{
	/* Who has missed a node because it was moved sees the table that it
	 * was moved to. Pairs with smp_store_release() in nf_ct_node_move().
	 */
	smp_rmb();

	return rcu_dereference_all(t->next);
}

/**
 * nf_ct_hash_for_each_table_rcu - look for a node without a lock
 * @t: current &struct nf_ct_htable
 * @ht: the &struct nf_ct_hash
 *
 * A node is found, if it is there, when the chain of its hash is walked in each
 * of the tables, and nf_ct_htable_is_end() holds after each walk. If it does
 * not, and the node was not found in the next table, either, start again.
 *
 * Context: RCU read-side critical section of any flavour
 */
#define nf_ct_hash_for_each_table_rcu(t, ht)				\
	for ((t) = nf_ct_htable_first_rcu(ht); (t);			\
	     (t) = nf_ct_htable_next_rcu(t))

/* Did a walk that ended at @n see all there is to see, in the only table? */
static inline bool nf_ct_htable_is_last_end(const struct nf_ct_htable *t,
					    u32 hash,
					    const struct hlist_nulls_node *n)
{
	return nf_ct_htable_is_end(t, nf_ct_htable_bucket(t, hash), n) &&
	       !nf_ct_htable_next_rcu(t);
}

/**
 * nf_ct_hash_for_each_table - visit the tables with the lock of a stripe held
 * @t: current &struct nf_ct_htable
 * @ht: the &struct nf_ct_hash
 *
 * The nodes of the stripe stay where they are. The table that is visited last
 * is the one to add a node to.
 *
 * Context: softirqs disabled, which keeps the tables as well
 */
#define nf_ct_hash_for_each_table(t, ht)				\
	for ((t) = rcu_dereference_bh((ht)->table); (t);		\
	     (t) = rcu_dereference_bh((t)->next))

static inline struct nf_ct_stripe *nf_ct_hash_stripe(struct nf_ct_hash *ht,
						     u32 hash)
{
	return &ht->stripes[reciprocal_scale(hash, CONNTRACK_LOCKS)];
}

static inline void nf_ct_hash_assert_held(struct nf_ct_hash *ht, u32 hash)
{
	lockdep_assert_held(&nf_ct_hash_stripe(ht, hash)->lock);
}

static inline void nf_ct_hash_double_lock(struct nf_ct_hash *ht, u32 h1, u32 h2)
{
	struct nf_ct_stripe *s1 = nf_ct_hash_stripe(ht, min(h1, h2));
	struct nf_ct_stripe *s2 = nf_ct_hash_stripe(ht, max(h1, h2));

	spin_lock(&s1->lock);
	if (s1 != s2)
		spin_lock_nested(&s2->lock, SINGLE_DEPTH_NESTING);
}

static inline void nf_ct_hash_double_unlock(struct nf_ct_hash *ht,
					    u32 h1, u32 h2)
{
	struct nf_ct_stripe *s1 = nf_ct_hash_stripe(ht, h1);
	struct nf_ct_stripe *s2 = nf_ct_hash_stripe(ht, h2);

	spin_unlock(&s1->lock);
	if (s1 != s2)
		spin_unlock(&s2->lock);
}

/**
 * nf_ct_hash_add - add a node
 * @ht: the table
 * @n: the node
 * @hash: its hash
 *
 * Context: lock of the stripe held
 */
static inline void nf_ct_hash_add(struct nf_ct_hash *ht,
				  struct hlist_nulls_node *n, u32 hash)
{
	struct nf_ct_stripe *stripe = nf_ct_hash_stripe(ht, hash);
	struct nf_ct_htable *t, *newest = NULL;

	nf_ct_hash_assert_held(ht, hash);

	nf_ct_hash_for_each_table(t, ht)
		newest = t;

	hlist_nulls_add_head_rcu(n, nf_ct_htable_chain(newest, hash));

	WRITE_ONCE(stripe->nodes, stripe->nodes + 1);
	if (unlikely(stripe->nodes > READ_ONCE(ht->grow_at)))
		nf_ct_hash_auto_check(ht);
}

/**
 * nf_ct_hash_del - remove a node
 * @ht: the table
 * @n: the node
 * @hash: its hash
 *
 * Context: lock of the stripe held
 */
static inline void nf_ct_hash_del(struct nf_ct_hash *ht,
				  struct hlist_nulls_node *n, u32 hash)
{
	struct nf_ct_stripe *stripe = nf_ct_hash_stripe(ht, hash);

	nf_ct_hash_assert_held(ht, hash);

	hlist_nulls_del_rcu(n);
	WRITE_ONCE(stripe->nodes, stripe->nodes - 1);
}

#endif /* _NF_CONNTRACK_HTABLE_H */

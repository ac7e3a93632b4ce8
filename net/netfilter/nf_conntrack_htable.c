// SPDX-License-Identifier: GPL-2.0-only
/* Hash tables of conntrack, resized while they are in use */

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <kunit/visibility.h>
#include <net/netfilter/nf_conntrack_htable.h>

#define CREATE_TRACE_POINTS
#include <trace/events/nf_conntrack.h>

/**
 * DOC: Theory of Operation
 *
 * Problem
 * -------
 *
 * A table with millions of nodes is resized. Nobody may wait for that: not the
 * packets that look for a node, without a lock, nor those that add or remove
 * one. A lookup must never miss a node that is in the table, and there is no
 * way to hold a node back until a lookup that has seen it is over: the nodes
 * are moved, not copied, and those of conntrack are SLAB_TYPESAFE_BY_RCU, that
 * is, may be freed and added to another chain while a lookup is at them.
 *
 * Stripes
 * -------
 *
 * The bucket of a node is given by the *upper* bits of its hash, so the order
 * of buckets is the order of hashes, for any number of buckets::
 *
 *   hash      0                                                     2^32 - 1
 *             |-------------------------------------------------------|
 *   stripe    |      0      |      1      |      2      |   ...       |
 *   old table | 0 | 1 | 2   |  3  | 4 | 5 |  6  | 7 | 8 |   ...       |
 *   new table |0|1|2|3|4|5|6|7|8|9| ...   |             |   ...       |
 *
 * A stripe is 1/1024 of the hashes. As the number of buckets is a multiple of
 * 1024, a stripe is made of whole buckets, and the lock of a stripe protects
 * the same nodes before, during and after a resize. Adding and removing a node
 * does not depend on the size of the table.
 *
 * Resize
 * ------
 *
 * nf_ct_hash_resize() publishes the new table as ->next of the old one, then
 * goes through the stripes. With the lock of a stripe held it moves a few nodes
 * from the old table to the new one, the last of a chain first. Moving E, the
 * last node of old chain, behind P, to the new chain, which begins with N::
 *
 *       before              (1) E->next = N          (2) new = E
 *
 *   old: ->P->E->(old)     old: ->P->E              old: ->P->E
 *                                     \                        \
 *   new: ->N->(new)        new: ------>N->(new)     new: --->E->N->(new)
 *
 *                          (3) P->next = (old)
 *
 *                          old: ->P->(old)
 *
 *                          new: ->E->N->(new)
 *
 * (old) and (new) are the nulls values that end the chains. They name the table
 * and the bucket. E is at no time in neither chain: it is in both between (2)
 * and (3). The last node is moved first: were E the first one, (1) would lead
 * lookups of the nodes behind it to the other chain, and they had to start
 * again until (3). That is what happens with a chain of more than 128 nodes,
 * where looking for the last one would take too long.
 *
 * Who adds a node adds it to ->next, if there is one, in the section protected
 * by the lock of the stripe. If it does not see ->next yet, the node goes to
 * the old table, and the resize has not come to this stripe and will find it.
 * When all is moved the new table replaces the old one. Lookups may still be in
 * the old one, so it is freed after a grace period, and only then can the next
 * resize begin. A lookup therefore deals with two tables at most, and one bit
 * tells their generations apart.
 *
 * Lookup
 * ------
 *
 * A lookup walks the chain in the old table. It ends at
 *
 * - the nulls value of that chain. The lookup has seen all nodes of the chain
 *   but those that were moved before it came to them. It orders its reads and
 *   looks at ->next. To miss E, it must have read something that was stored
 *   where E had been linked, by (3) or later. (2) and ->next were stored before
 *   that, so it sees ->next, and E in the new chain.
 * - another value. The lookup was at a node when that was moved, or freed and
 *   recycled, and went on in another chain. The rest of the old chain was not
 *   seen. The other chain says nothing, but if there is a ->next the node
 *   looked for is likely to be found there, without starting again. If it is
 *   not, the lookup starts again.
 *
 * A recycled node may also be in a list that is no chain of a table. Such lists
 * end with a value that is none of a table.
 *
 * A node is moved once per resize, so a resize alone makes a lookup start again
 * no more often than the chain has nodes. But the CPU that moves nodes may be
 * stopped between (1) and (3) (a virtual CPU, or a preempted task with
 * PREEMPT_RT), and lookups come to (new) until it goes on. After a few attempts
 * a lookup should take the lock of the stripe. That concerns lookups that find
 * nothing: those who add a node next, and need the lock anyway.
 *
 * Barriers
 * --------
 *
 * ============================================ ===============================
 * resize                                       lookup
 * ============================================ ===============================
 * ->next = new      rcu_assign_pointer()       walk of the old chain
 * E->next = N       smp_store_release()        smp_rmb()
 * new chain = E     smp_store_release()        ->next
 * P->next = (old)   smp_store_release()        walk of the new chain
 * ============================================ ===============================
 *
 * All that the resize stores to the old chain, it stores with release, (1) too:
 * it overwrites what (3) of the move before has stored, if that node was behind
 * E. What the lookup reads may also come from a CPU that has removed P after
 * the move and stored (old) in the node before P. That CPU took the lock after
 * the resize had released it, which orders what both have stored for everybody,
 * see LOCKING in tools/memory-model/Documentation/explanation.txt.
 *
 * The litmus tests in tools/testing/selftests/net/netfilter/conntrack_litmus
 * state these cases.
 */

/* How much is done with the lock of a stripe held: 32 nodes that are not in the
 * cache take some 10 us. Empty buckets are eight to a cache line. Looking for
 * the last node of a chain goes over this many.
 */
#define NF_CT_MOVE_NODES	32u
#define NF_CT_MOVE_WALK		128u
#define NF_CT_MOVE_BUCKETS	256u

static struct nf_ct_htable *nf_ct_htable_alloc(u32 size, u32 gen, gfp_t gfp)
{
	struct nf_ct_htable *t;
	u32 i;

	if (!size || size > NF_CT_HTABLE_SIZE_MAX)
		return NULL;

	size = roundup(size, CONNTRACK_LOCKS);
	t = kvmalloc_flex(*t, buckets, size, gfp | __GFP_NOWARN);
	if (!t)
		return NULL;

	t->size = size;
	t->nulls = NF_CT_NULLS_TABLE | gen;
	RCU_INIT_POINTER(t->next, NULL);
	for (i = 0; i < size; i++) {
		INIT_HLIST_NULLS_HEAD(&t->buckets[i], t->nulls | i);
		if (i % CONNTRACK_LOCKS == 0)
			cond_resched();
	}

	return t;
}

/* The steps are those of the DOC section */
static void nf_ct_node_move(const struct nf_ct_hash *ht,
			    struct hlist_nulls_node *n, struct nf_ct_htable *to)
{
	u32 bucket = nf_ct_htable_bucket(to, ht->params->hash(n));
	struct hlist_nulls_head *head = &to->buckets[bucket];
	struct hlist_nulls_node *first = head->first;
	struct hlist_nulls_node **pprev = n->pprev;
	struct hlist_nulls_node *next = n->next;

	/* (1): @n may be at the end of the old chain, where (3) of the move
	 * before has stored something that orders that move, and has to go on
	 * doing so. Pairs with smp_rmb() in nf_ct_htable_next_rcu().
	 */
	smp_store_release(&n->next, first);

	WRITE_ONCE(n->pprev, &head->first);
	/* (2): pairs with the dependency in hlist_nulls_for_each_entry_rcu() */
	smp_store_release(&head->first, n);
	if (!is_a_nulls(first))
		WRITE_ONCE(first->pprev, &n->next);

	/* (3): who does not find @n here any more finds it there. Pairs with
	 * smp_rmb() in nf_ct_htable_next_rcu().
	 */
	smp_store_release(pprev, next);
	if (!is_a_nulls(next))
		WRITE_ONCE(next->pprev, pprev);
}

/* The last node of a chain, or the first one if the last one is far away */
static struct hlist_nulls_node *
nf_ct_chain_last(const struct hlist_nulls_head *head)
{
	struct hlist_nulls_node *n, *last = NULL;
	unsigned int len = 0;

	for (n = head->first; !is_a_nulls(n); n = n->next) {
		if (len++ == NF_CT_MOVE_WALK)
			return head->first;
		last = n;
	}

	return last;
}

/* Move up to @max nodes, return how many were */
static unsigned int nf_ct_bucket_move(const struct nf_ct_hash *ht,
				      struct hlist_nulls_head *from,
				      struct nf_ct_htable *to, unsigned int max)
{
	struct hlist_nulls_node *n = nf_ct_chain_last(from);
	unsigned int moved = 0;

	while (n && moved < max) {
		struct hlist_nulls_node **pprev = n->pprev;

		nf_ct_node_move(ht, n, to);
		moved++;

		if (pprev != &from->first)
			n = container_of(pprev, struct hlist_nulls_node, next);
		else
			n = is_a_nulls(from->first) ? NULL : from->first;
	}

	return moved;
}

/* Move some nodes of a stripe, return the bucket to go on with */
static u32 nf_ct_stripe_move(struct nf_ct_stripe *stripe,
			     const struct nf_ct_hash *ht,
			     struct nf_ct_htable *from, struct nf_ct_htable *to,
			     u32 bucket, u32 end)
{
	unsigned int max = NF_CT_MOVE_NODES;

	end = min(end, bucket + NF_CT_MOVE_BUCKETS);

	spin_lock_bh(&stripe->lock);
	while (bucket < end) {
		struct hlist_nulls_head *head = &from->buckets[bucket];

		max -= nf_ct_bucket_move(ht, head, to, max);
		if (!hlist_nulls_empty(head))
			break;
		bucket++;
	}
	spin_unlock_bh(&stripe->lock);

	return bucket;
}

/* Each stripe is locked once at least: who takes the lock after that sees
 * from->next, and adds no node to @from any more.
 */
static void nf_ct_htable_move(struct nf_ct_hash *ht, struct nf_ct_htable *from,
			      struct nf_ct_htable *to)
{
	u32 buckets = from->size / CONNTRACK_LOCKS;
	u32 bucket = 0, end = 0;
	unsigned int i;

	for (i = 0; i < CONNTRACK_LOCKS; i++) {
		end += buckets;
		while (bucket < end) {
			bucket = nf_ct_stripe_move(&ht->stripes[i], ht, from,
						   to, bucket, end);
			cond_resched();
		}
	}
}

/* More nodes than that in a stripe may be too many for the table */
static void nf_ct_hash_set_grow_at(struct nf_ct_hash *ht, u32 size)
{
	u64 nodes = (u64)size / CONNTRACK_LOCKS * ht->params->load;

	WRITE_ONCE(ht->grow_at, min(nodes, U32_MAX));
}

/**
 * __nf_ct_hash_resize - change the number of buckets, lock held
 * @ht: the table
 * @size: wanted number of buckets, rounded up to a multiple of CONNTRACK_LOCKS
 * @gfp: allocation flags
 *
 * Lookups go on; who adds or removes a node waits for the move of some other
 * nodes of its stripe at most.
 *
 * Context: process, may sleep. @ht->resize_lock held
 * Return: 0 when all nodes are in a table of that size, -ENOMEM if that could
 *	not be allocated, -ENODEV if the table was destroyed
 */
int __nf_ct_hash_resize(struct nf_ct_hash *ht, u32 size, gfp_t gfp)
{
	struct nf_ct_htable *old, *new;
	u64 start;

	old = rcu_dereference_protected(ht->table,
					lockdep_is_held(&ht->resize_lock));
	if (!old)
		return -ENODEV;
	if (old->size == round_up(size, CONNTRACK_LOCKS))
		return 0;

	start = ktime_get_ns();
	new = nf_ct_htable_alloc(size, ~old->nulls & NF_CT_NULLS_GEN, gfp);
	if (!new) {
		WRITE_ONCE(ht->failed, ht->failed + 1);
		trace_nf_ct_resize(ht->params->name, old->size, size,
				   nf_ct_hash_nodes(ht), 0, -ENOMEM);
		return -ENOMEM;
	}

	nf_ct_hash_set_grow_at(ht, new->size);
	rcu_assign_pointer(old->next, new);
	nf_ct_htable_move(ht, old, new);
	rcu_assign_pointer(ht->table, new);
	if (new->size > old->size)
		WRITE_ONCE(ht->grown, ht->grown + 1);
	else
		WRITE_ONCE(ht->shrunk, ht->shrunk + 1);
	trace_nf_ct_resize(ht->params->name, old->size, new->size,
			   nf_ct_hash_nodes(ht), ktime_get_ns() - start, 0);

	/* Lookups that are at @old go on to @new. They know no third table. */
	synchronize_rcu();
	kvfree(old);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(__nf_ct_hash_resize);

/**
 * nf_ct_hash_resize - set the number of buckets
 * @ht: the table
 * @size: wanted number of buckets, rounded up to a multiple of CONNTRACK_LOCKS
 *
 * The table does not shrink below that by itself later. It gets more buckets if
 * it resizes itself and would grow at once.
 *
 * Context: process, may sleep
 * Return: 0 when all nodes are in a table of that size, -ENOMEM if that could
 *	not be allocated, -ENODEV if the table was destroyed
 */
int nf_ct_hash_resize(struct nf_ct_hash *ht, u32 size)
{
	int err;

	mutex_lock(&ht->resize_lock);
	err = __nf_ct_hash_resize(ht, nf_ct_hash_auto_fit(ht, size),
				  GFP_KERNEL);
	if (!err) {
		WRITE_ONCE(ht->min_size, round_up(size, CONNTRACK_LOCKS));
		nf_ct_hash_auto_start(ht);
	}
	mutex_unlock(&ht->resize_lock);

	return err;
}
EXPORT_SYMBOL_IF_KUNIT(nf_ct_hash_resize);

/* Count the nodes of a chain. Returns false if it changed meanwhile. */
static bool nf_ct_chain_length(const struct nf_ct_htable *t, u32 bucket,
			       u32 *length)
{
	const struct hlist_nulls_head *head = &t->buckets[bucket];
	const struct hlist_nulls_node *n;

	*length = 0;
	for (n = rcu_dereference(hlist_nulls_first_rcu(head));
	     !is_a_nulls(n);
	     n = rcu_dereference(hlist_nulls_next_rcu(n)))
		(*length)++;

	return nf_ct_htable_is_end(t, bucket, n);
}

/**
 * nf_ct_hash_get_stats - describe a table
 * @ht: the table
 * @stats: is filled in. Looks at the chain of one bucket per stripe, of another
 *	one each time; during a resize at those that are still to be moved
 *
 * Context: any but hard interrupt
 */
void nf_ct_hash_get_stats(const struct nf_ct_hash *ht,
			  struct nf_ct_hash_stats *stats)
{
	const struct nf_ct_htable *t;
	u32 i, stripe_size, bucket;

	memset(stats, 0, sizeof(*stats));
	stats->min_size = READ_ONCE(ht->min_size);
	stats->max_size = ht->params->max_size();
	stats->nodes = nf_ct_hash_nodes(ht);
	stats->grown = READ_ONCE(ht->grown);
	stats->shrunk = READ_ONCE(ht->shrunk);
	stats->failed = READ_ONCE(ht->failed);

	rcu_read_lock();
	t = rcu_dereference(ht->table);
	stats->size = t->size;
	stripe_size = t->size / CONNTRACK_LOCKS;
	for (i = 0; i < CONNTRACK_LOCKS; i++) {
		u32 length;

		bucket = i * stripe_size + get_random_u32_below(stripe_size);
		if (!nf_ct_chain_length(t, bucket, &length))
			continue;

		stats->longest = max(stats->longest, length);
		if (length > 1)
			length = min(fls(length - 1) + 1, NF_CT_CHAINS - 1);
		stats->chains[length]++;
	}
	rcu_read_unlock();
}

/**
 * __nf_ct_hash_init - make an empty table, see nf_ct_hash_init()
 * @ht: the table, zeroed
 * @size: wanted number of buckets, rounded up to a multiple of CONNTRACK_LOCKS
 * @params: what is special about it, has to stay
 * @key: class of the locks
 *
 * Return: 0 or -ENOMEM
 */
int __nf_ct_hash_init(struct nf_ct_hash *ht, u32 size,
		      const struct nf_ct_hash_params *params,
		      struct lock_class_key *key)
{
	struct nf_ct_htable *t;
	unsigned int i;

	t = nf_ct_htable_alloc(size, 0, GFP_KERNEL);
	if (!t)
		return -ENOMEM;

	for (i = 0; i < CONNTRACK_LOCKS; i++) {
		spin_lock_init(&ht->stripes[i].lock);
		lockdep_set_class(&ht->stripes[i].lock, key);
	}

	mutex_init(&ht->resize_lock);
	ht->params = params;
	ht->min_size = t->size;
	nf_ct_hash_set_grow_at(ht, t->size);
	nf_ct_hash_auto_init(ht);
	rcu_assign_pointer(ht->table, t);
	return 0;
}
EXPORT_SYMBOL_GPL(__nf_ct_hash_init);

/**
 * nf_ct_hash_destroy - free the buckets
 * @ht: the table. Nobody adds a node to it, or looks for one, any more
 *
 * Context: process, may sleep
 */
void nf_ct_hash_destroy(struct nf_ct_hash *ht)
{
	struct nf_ct_htable *t;

	nf_ct_hash_auto_stop(ht);

	mutex_lock(&ht->resize_lock);
	t = rcu_replace_pointer(ht->table, NULL,
				lockdep_is_held(&ht->resize_lock));
	mutex_unlock(&ht->resize_lock);
	kvfree(t);
}
EXPORT_SYMBOL_GPL(nf_ct_hash_destroy);

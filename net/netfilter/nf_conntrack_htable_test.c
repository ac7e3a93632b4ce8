// SPDX-License-Identifier: GPL-2.0-only
/* KUnit tests of the hash tables of conntrack */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/random.h>

#include <net/netfilter/nf_conntrack_htable.h>

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");

#define TEST_NODES	20000
#define TEST_RESTARTS	8

struct test_node {
	struct hlist_nulls_node	node;
	u32			hash;
	u32			key;
};

struct test_table {
	struct nf_ct_hash	ht;
	struct test_node	nodes[TEST_NODES];
};

static u32 test_max_size;

static u32 test_get_max_size(void)
{
	return test_max_size;
}

static u32 test_hash(const struct hlist_nulls_node *n)
{
	return hlist_nulls_entry(n, struct test_node, node)->hash;
}

static const struct nf_ct_hash_params test_params = {
	.name		= "kunit",
	.hash		= test_hash,
	.max_size	= test_get_max_size,
	.load		= 1,
};

static void test_add(struct nf_ct_hash *ht, struct test_node *n, u32 hash)
{
	struct nf_ct_stripe *stripe = nf_ct_hash_stripe(ht, hash);

	spin_lock_bh(&stripe->lock);
	WRITE_ONCE(n->hash, hash);
	nf_ct_hash_add(ht, &n->node, hash);
	spin_unlock_bh(&stripe->lock);
}

static void test_del(struct nf_ct_hash *ht, struct test_node *n)
{
	struct nf_ct_stripe *stripe = nf_ct_hash_stripe(ht, n->hash);

	spin_lock_bh(&stripe->lock);
	nf_ct_hash_del(ht, &n->node, n->hash);
	spin_unlock_bh(&stripe->lock);
}

/* Look at each bucket: are nodes where they belong, and chains in order? */
static u32 test_count(struct kunit *test, struct nf_ct_hash *ht)
{
	const struct nf_ct_htable *t = rcu_dereference_protected(ht->table, 1);
	const struct hlist_nulls_node *n;
	u32 b, count = 0;

	KUNIT_ASSERT_NULL(test, rcu_access_pointer(t->next));

	for (b = 0; b < t->size; b++) {
		struct hlist_nulls_node * const *pprev = &t->buckets[b].first;

		for (n = *pprev; !is_a_nulls(n); n = n->next) {
			KUNIT_ASSERT_PTR_EQ(test, n->pprev, pprev);
			KUNIT_ASSERT_EQ(test, b,
					nf_ct_htable_bucket(t, test_hash(n)));
			pprev = &n->next;
			count++;
		}
		KUNIT_ASSERT_TRUE(test, nf_ct_htable_is_end(t, b, n));
	}

	KUNIT_EXPECT_EQ(test, count, nf_ct_hash_nodes(ht));
	return count;
}

static struct test_table *test_init(struct kunit *test, u32 size)
{
	struct test_table *table;

	test_max_size = 0;
	table = kvzalloc_obj(*table);
	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_EQ(test, nf_ct_hash_init(&table->ht, size, &test_params),
			0);
	return table;
}

static void test_exit(struct test_table *table)
{
	nf_ct_hash_destroy(&table->ht);
	kvfree(table);
}

/* With @hashes different values of the hash, or any if it is 0 */
static void test_fill(struct test_table *table, u32 nodes, u32 hashes)
{
	u32 i;

	for (i = 0; i < nodes; i++) {
		u32 hash = get_random_u32();

		if (hashes)
			hash = hash % hashes * (U32_MAX / hashes);
		table->nodes[i].key = i;
		test_add(&table->ht, &table->nodes[i], hash);
	}
}

/* The ranges of hashes of all buckets follow each other without a gap */
static void ranges(struct kunit *test)
{
	static const u32 sizes[] = {
		CONNTRACK_LOCKS, 3 * CONNTRACK_LOCKS, 1000 * CONNTRACK_LOCKS,
		NF_CT_HTABLE_SIZE_MAX,
	};
	struct nf_ct_htable t = {};
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		t.size = sizes[i];
		KUNIT_EXPECT_EQ(test, nf_ct_htable_bucket_first(&t, 0), 0);
		KUNIT_EXPECT_EQ(test, nf_ct_htable_bucket_first(&t, t.size), 0);
		KUNIT_EXPECT_EQ(test, nf_ct_htable_bucket_last(&t, U32_MAX),
				U32_MAX);

		for (n = 0; n < 1000; n++) {
			u32 hash = get_random_u32();
			u32 b = nf_ct_htable_bucket(&t, hash);
			u32 last = nf_ct_htable_bucket_last(&t, hash);

			KUNIT_EXPECT_LE(test, nf_ct_htable_bucket_first(&t, b),
					hash);
			KUNIT_EXPECT_GE(test, last, hash);
			KUNIT_EXPECT_EQ(test, nf_ct_htable_bucket(&t, last), b);
			if (last == U32_MAX)
				continue;
			KUNIT_EXPECT_EQ(test, b + 1,
					nf_ct_htable_bucket(&t, last + 1));
		}
	}
}

struct size_case {
	const char *name;
	u32 size, entries, min_size, max_size, wanted;
};

static const struct size_case size_cases[] = {
	{ "one entry per bucket",	1024, 1024, 1024, 65536, 1024 },
	{ "one more",			1024, 1025, 1024, 65536, 2048 },
	{ "many more",			1024, 50000, 1024, 1 << 20, 65536 },
	{ "more than the limit",	1024, 50000, 1024, 4096, 4096 },
	{ "at the limit",		4096, 50000, 1024, 4096, 4096 },
	{ "above the limit",		8192, 50000, 1024, 4096, 8192 },
	{ "no power of two",		3072, 3073, 1024, 65536, 6144 },
	{ "an eighth",			65536, 8192, 1024, 65536, 65536 },
	{ "less than an eighth",	65536, 8191, 1024, 65536, 32768 },
	{ "not below the least",	65536, 10, 16384, 65536, 16384 },
	{ "at the least",		16384, 10, 16384, 65536, 16384 },
	{ "empty",			65536, 0, 1024, 65536, 1024 },
	{ "largest", NF_CT_HTABLE_SIZE_MAX, NF_CT_HTABLE_SIZE_MAX, 1024,
	  NF_CT_HTABLE_SIZE_MAX, NF_CT_HTABLE_SIZE_MAX },
	{ "to the largest", NF_CT_HTABLE_SIZE_MAX / 2, NF_CT_HTABLE_SIZE_MAX,
	  1024, NF_CT_HTABLE_SIZE_MAX, NF_CT_HTABLE_SIZE_MAX },
};

KUNIT_ARRAY_PARAM_DESC(size, size_cases, name);

static void size(struct kunit *test)
{
	const struct size_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, c->wanted,
			nf_ct_hash_auto_size(c->size, c->entries, c->min_size,
					     c->max_size));
}

/* No node is lost, whatever the sizes */
static void resize(struct kunit *test)
{
	static const u32 sizes[] = {
		1, 8192, 1025, 65536, 3000, 1024, 1 << 20, 5000, 2048,
	};
	struct test_table *table = test_init(test, 1024);
	unsigned int i;

	test_fill(table, TEST_NODES, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ(test, nf_ct_hash_resize(&table->ht, sizes[i]),
				0);
		KUNIT_EXPECT_EQ(test, nf_ct_hash_size(&table->ht),
				round_up(sizes[i], CONNTRACK_LOCKS));
		KUNIT_EXPECT_EQ(test, test_count(test, &table->ht), TEST_NODES);
	}

	/* a table that cannot be had changes nothing */
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			nf_ct_hash_resize(&table->ht,
					  NF_CT_HTABLE_SIZE_MAX + 1));
	KUNIT_EXPECT_EQ(test, nf_ct_hash_size(&table->ht), 2048);
	KUNIT_EXPECT_EQ(test, test_count(test, &table->ht), TEST_NODES);

	for (i = 0; i < TEST_NODES; i++)
		test_del(&table->ht, &table->nodes[i]);
	KUNIT_EXPECT_EQ(test, test_count(test, &table->ht), 0);

	test_exit(table);
}

/* A chain is moved in several steps, from its end or from its beginning */
static void long_chain(struct kunit *test)
{
	static const u32 lengths[] = { 1, 31, 33, 100, 200, TEST_NODES };
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct test_table *table = test_init(test, 1024);

		for (n = 0; n < lengths[i]; n++)
			test_add(&table->ht, &table->nodes[n], U32_MAX);

		KUNIT_EXPECT_EQ(test, nf_ct_hash_resize(&table->ht, 4096), 0);
		KUNIT_EXPECT_EQ(test, test_count(test, &table->ht), n);
		KUNIT_EXPECT_EQ(test, nf_ct_hash_resize(&table->ht, 1024), 0);
		KUNIT_EXPECT_EQ(test, test_count(test, &table->ht), n);

		test_exit(table);
	}
}

/* Lookups, with nodes removed and added elsewhere at once, during resizes */

struct test_lookups {
	struct test_table	*table;
	u64			lookups;
	u64			missed;
	u64			restarts;
	u64			locked;
};

static bool test_find_locked(struct nf_ct_hash *ht, u32 key, u32 hash)
{
	struct nf_ct_stripe *stripe = nf_ct_hash_stripe(ht, hash);
	const struct nf_ct_htable *t;
	struct hlist_nulls_node *n;
	struct test_node *node;
	bool found = false;

	spin_lock_bh(&stripe->lock);
	nf_ct_hash_for_each_table(t, ht) {
		u32 b = nf_ct_htable_bucket(t, hash);

		hlist_nulls_for_each_entry(node, n, &t->buckets[b], node)
			found |= node->key == key;
	}
	spin_unlock_bh(&stripe->lock);

	return found;
}

static bool test_find(struct test_lookups *l, u32 key, u32 hash)
{
	struct nf_ct_hash *ht = &l->table->ht;
	const struct nf_ct_htable *t;
	struct hlist_nulls_node *n;
	struct test_node *node;
	unsigned int restarts = 0;
	bool missed = false;

begin:
	nf_ct_hash_for_each_table_rcu(t, ht) {
		u32 b = nf_ct_htable_bucket(t, hash);

		hlist_nulls_for_each_entry_rcu(node, n, &t->buckets[b], node)
			if (READ_ONCE(node->key) == key)
				return true;

		if (!nf_ct_htable_is_end(t, b, n))
			missed = true;
	}

	if (!missed)
		return false;

	l->restarts++;
	missed = false;
	if (restarts++ < TEST_RESTARTS)
		goto begin;

	l->locked++;
	return test_find_locked(ht, key, hash);
}

/* The first half of the nodes stays */
static int test_lookup_thread(void *data)
{
	struct test_lookups *l = data;

	while (!kthread_should_stop()) {
		unsigned int i;

		for (i = 0; i < TEST_NODES / 2; i++) {
			struct test_node *node = &l->table->nodes[i];

			rcu_read_lock();
			if (!test_find(l, i, node->hash))
				l->missed++;
			rcu_read_unlock();
			l->lookups++;
		}
		cond_resched();
	}

	return 0;
}

/* The second half comes and goes, in the chains of the first */
static int test_churn_thread(void *data)
{
	struct test_table *table = data;

	while (!kthread_should_stop()) {
		unsigned int i, peer;

		for (i = TEST_NODES / 2; i < TEST_NODES; i++) {
			peer = get_random_u32_below(TEST_NODES / 2);
			test_del(&table->ht, &table->nodes[i]);
			test_add(&table->ht, &table->nodes[i],
				 table->nodes[peer].hash);
		}
		cond_resched();
	}

	return 0;
}

struct lookup_case {
	const char *name;
	u32 hashes;	/* the hashes of nodes are so many values, 0: any */
	unsigned int resizes;
};

static const struct lookup_case lookup_cases[] = {
	{ "moved from the end",		0,	500 },
	{ "moved from the beginning",	50,	50 },
};

KUNIT_ARRAY_PARAM_DESC(lookup, lookup_cases, name);

static void lookup(struct kunit *test)
{
	const struct lookup_case *c = test->param_value;
	struct test_table *table = test_init(test, 1024);
	struct test_lookups lookups[2] = {
		{ .table = table }, { .table = table },
	};
	struct task_struct *threads[3];
	unsigned int i;

	test_fill(table, TEST_NODES, c->hashes);
	threads[0] = kthread_run(test_lookup_thread, &lookups[0], "find0");
	threads[1] = kthread_run(test_lookup_thread, &lookups[1], "find1");
	threads[2] = kthread_run(test_churn_thread, table, "churn");
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[i]));

	for (i = 0; i < c->resizes; i++)
		nf_ct_hash_resize(&table->ht, 1 + get_random_u32_below(8192));

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		kthread_stop(threads[i]);

	for (i = 0; i < ARRAY_SIZE(lookups); i++) {
		KUNIT_EXPECT_GT(test, lookups[i].lookups, 0);
		KUNIT_EXPECT_EQ(test, lookups[i].missed, 0);
		kunit_info(test, "%llu lookups, %llu restarts, %llu with the lock\n",
			   lookups[i].lookups, lookups[i].restarts,
			   lookups[i].locked);
	}
	KUNIT_EXPECT_EQ(test, test_count(test, &table->ht), TEST_NODES);

	test_exit(table);
}

/* A table grows with its nodes, up to the limit */
static void grow(struct kunit *test)
{
	struct test_table *table = test_init(test, 1024);
	struct nf_ct_hash *ht = &table->ht;

	test_fill(table, TEST_NODES / 2, 0);
	flush_delayed_work(&ht->work);
	KUNIT_EXPECT_EQ(test, nf_ct_hash_size(ht), 1024);

	test_max_size = 8192;
	WRITE_ONCE(ht->check_at, jiffies);
	nf_ct_hash_auto_check(ht);
	flush_delayed_work(&ht->work);
	KUNIT_EXPECT_EQ(test, nf_ct_hash_size(ht), 8192);

	test_max_size = 1 << 20;
	WRITE_ONCE(ht->check_at, jiffies);
	nf_ct_hash_auto_check(ht);
	flush_delayed_work(&ht->work);
	KUNIT_EXPECT_EQ(test, nf_ct_hash_size(ht), 16384);
	KUNIT_EXPECT_EQ(test, test_count(test, ht), TEST_NODES / 2);

	test_exit(table);
}

/* It shrinks when it was sparse for long enough, but not below what was set */
static void shrink(struct kunit *test)
{
	struct test_table *table = test_init(test, 2048);
	struct nf_ct_hash *ht = &table->ht;

	test_max_size = 1 << 20;
	mutex_lock(&ht->resize_lock);
	KUNIT_EXPECT_EQ(test, __nf_ct_hash_resize(ht, 65536, GFP_KERNEL), 0);
	mutex_unlock(&ht->resize_lock);

	mod_delayed_work(system_dfl_wq, &ht->work, 0);
	flush_delayed_work(&ht->work);
	KUNIT_EXPECT_TRUE(test, ht->sparse);
	KUNIT_EXPECT_EQ(test, nf_ct_hash_size(ht), 65536);

	mutex_lock(&ht->resize_lock);
	ht->sparse_since = jiffies - 11 * 60 * HZ;
	mutex_unlock(&ht->resize_lock);
	mod_delayed_work(system_dfl_wq, &ht->work, 0);
	flush_delayed_work(&ht->work);
	KUNIT_EXPECT_FALSE(test, ht->sparse);
	KUNIT_EXPECT_EQ(test, nf_ct_hash_size(ht), 2048);

	test_exit(table);
}

static struct kunit_case nf_ct_htable_cases[] = {
	KUNIT_CASE(ranges),
	KUNIT_CASE_PARAM(size, size_gen_params),
	KUNIT_CASE(resize),
	KUNIT_CASE(long_chain),
	KUNIT_CASE_PARAM_ATTR(lookup, lookup_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE(grow),
	KUNIT_CASE(shrink),
	{}
};

static struct kunit_suite nf_ct_htable_suite = {
	.name		= "nf_conntrack_htable",
	.test_cases	= nf_ct_htable_cases,
};

kunit_test_suite(nf_ct_htable_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests of the hash tables of conntrack");

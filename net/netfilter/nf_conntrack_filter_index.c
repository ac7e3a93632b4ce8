// SPDX-License-Identifier: GPL-2.0-only
/* Which of many filters is worth to be applied to a conntrack entry */

#include <linux/bitops.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_filter.h>
#include <net/netfilter/nf_conntrack_filter_index.h>

/**
 * DOC: Index of filters
 *
 * Of many filters that are given at once, most differ in a value, such as an
 * address of a host. A byte of an entry then tells for almost all of them that
 * they do not match:
 *
 *	filters           byte, of the source address     entry
 *	0: 10.0.0.1/32    1: { 0, 2 }
 *	1: 10.0.0.2/32    2: { 1, 2 }                <--  10.0.0.2
 *	2: 10.0.0.0/24    others: { 2 }                   applied: 1 and 2
 *
 * There are some bytes like that, those that most pairs of filters differ in.
 * As in a bit vector scheme for packet classification, sets of filters are
 * masks, and one has to be in the sets of all bytes. The index says nothing of
 * what is not compared with a value, and never that a filter does match.
 */

static void nf_ct_filter_bits_addr(union nf_inet_addr *value,
				   union nf_inet_addr *mask,
				   const struct nf_ct_filter_addr *range)
{
	const struct in6_addr ones = {
		.s6_addr32 = { ~0U, ~0U, ~0U, ~0U },
	};

	ipv6_addr_prefix(&mask->in6, &ones, range->len);
	ipv6_addr_prefix(&value->in6, &range->addr.in6, range->len);
}

/* Upper bits that are the same for all ports of the range */
static void nf_ct_filter_bits_ports(__be16 *value, __be16 *mask,
				    const struct nf_ct_filter_ports *ports)
{
	u16 same = (u32)U16_MAX << fls(ports->min ^ ports->max);

	*value = htons(ports->min & same);
	*mask = htons(same);
}

static void nf_ct_filter_bits_dir(struct nf_conntrack_tuple *value,
				  struct nf_conntrack_tuple *mask,
				  const struct nf_ct_filter_dir *dir)
{
	nf_ct_filter_bits_addr(&value->src.u3, &mask->src.u3, &dir->src);
	nf_ct_filter_bits_addr(&value->dst.u3, &mask->dst.u3, &dir->dst);
	nf_ct_filter_bits_ports(&value->src.u.all, &mask->src.u.all,
				&dir->sport);
	nf_ct_filter_bits_ports(&value->dst.u.all, &mask->dst.u.all,
				&dir->dport);
}

/**
 * nf_ct_filter_bits - what no entry lacks that a filter matches
 * @bits: result
 * @filter: the filter
 */
void nf_ct_filter_bits(struct nf_ct_filter_bits *bits,
		       const struct nf_ct_filter *filter)
{
	struct nf_conntrack_tuple *value = bits->value.tuple;
	struct nf_conntrack_tuple *mask = bits->mask.tuple;

	memset(bits, 0, sizeof(*bits));
	if (filter->set & BIT(CTA_FILTER_ORIG))
		nf_ct_filter_bits_dir(&value[IP_CT_DIR_ORIGINAL],
				      &mask[IP_CT_DIR_ORIGINAL],
				      &filter->dir[IP_CT_DIR_ORIGINAL]);
	if (filter->set & BIT(CTA_FILTER_REPLY))
		nf_ct_filter_bits_dir(&value[IP_CT_DIR_REPLY],
				      &mask[IP_CT_DIR_REPLY],
				      &filter->dir[IP_CT_DIR_REPLY]);
	if (filter->set & BIT(CTA_FILTER_L4PROTO)) {
		value[IP_CT_DIR_ORIGINAL].dst.protonum = filter->l4proto;
		mask[IP_CT_DIR_ORIGINAL].dst.protonum = U8_MAX;
	}
}
EXPORT_SYMBOL_GPL(nf_ct_filter_bits);

/* Offset in struct nf_conn of a byte of struct nf_ct_filter_key */
static unsigned int nf_ct_filter_key_where(unsigned int nr)
{
	const unsigned int reply = offsetof(struct nf_ct_filter_key,
					    tuple[IP_CT_DIR_REPLY]);
#ifdef CONFIG_NF_CONNTRACK_MARK
	const unsigned int mark = offsetof(struct nf_ct_filter_key, mark);

	if (nr >= mark)
		return offsetof(struct nf_conn, mark) + nr - mark;
#endif
	if (nr >= reply)
		return offsetof(struct nf_conn,
				tuplehash[IP_CT_DIR_REPLY].tuple) + nr - reply;

	return offsetof(struct nf_conn,
			tuplehash[IP_CT_DIR_ORIGINAL].tuple) + nr;
}

/**
 * struct nf_ct_filter_byte - values of a byte that a filter takes
 * @value: the least of them
 * @others: bits that may be set as well
 */
struct nf_ct_filter_byte {
	u8	value;
	u8	others;
};

static struct nf_ct_filter_byte
nf_ct_filter_get_byte(const struct nf_ct_filter_bits *bits, unsigned int nr)
{
	return (struct nf_ct_filter_byte) {
		.value	= ((const u8 *)&bits->value)[nr],
		.others	= ~((const u8 *)&bits->mask)[nr],
	};
}

/* The other bits take all values, from 0 up. Returns false after the last. */
static bool nf_ct_filter_next(const struct nf_ct_filter_byte *byte, u8 *part)
{
	*part = (*part - byte->others) & byte->others;
	return *part;
}

/* Sort filters by byte @nr. Returns false if none of them compares it. */
static bool nf_ct_filter_index_sort(u64 *filters,
				    const struct nf_ct_filter_bits *bits,
				    unsigned int count, unsigned int nr)
{
	bool used = false;
	unsigned int i;

	for (i = 0; i < count && !used; i++)
		used = nf_ct_filter_get_byte(&bits[i], nr).others != U8_MAX;
	if (!used)
		return false;

	memset(filters, 0, 256 * sizeof(*filters));
	for (i = 0; i < count; i++) {
		struct nf_ct_filter_byte byte;
		u8 part = 0;

		byte = nf_ct_filter_get_byte(&bits[i], nr);
		do {
			filters[byte.value | part] |= BIT_ULL(i);
		} while (nf_ct_filter_next(&byte, &part));
	}

	return true;
}

/* Of @others, which a filter is not told apart from, those that are left if
 * byte @nr is looked at as well
 */
static u64 nf_ct_filter_index_left(u64 others, const u64 *filters,
				   const struct nf_ct_filter_bits *bits,
				   unsigned int nr)
{
	struct nf_ct_filter_byte byte = nf_ct_filter_get_byte(bits, nr);
	u64 left = 0;
	u8 part = 0;

	if (byte.others == U8_MAX)
		return others;

	do {
		left |= filters[byte.value | part];
	} while (nf_ct_filter_next(&byte, &part));

	return left & others;
}

static unsigned int
nf_ct_filter_index_rate(const u64 *others, const u64 *filters,
			const struct nf_ct_filter_bits *bits,
			unsigned int count, unsigned int nr)
{
	unsigned int left = 0, i;

	for (i = 0; i < count; i++)
		left += hweight64(nf_ct_filter_index_left(others[i], filters,
							  &bits[i], nr));

	return left;
}

/* Add the byte that tells most filters apart. Returns false if none does. */
static bool nf_ct_filter_index_add(struct nf_ct_filter_index *index,
				   u64 *others,
				   const struct nf_ct_filter_bits *bits,
				   unsigned int count)
{
	u64 *filters = index->byte[index->count].filters;
	unsigned int left, best, least = 0, nr, i;

	for (i = 0; i < count; i++)
		least += hweight64(others[i]);

	best = sizeof(struct nf_ct_filter_key);
	for (nr = 0; nr < sizeof(struct nf_ct_filter_key); nr++) {
		if (!nf_ct_filter_index_sort(filters, bits, count, nr))
			continue;
		left = nf_ct_filter_index_rate(others, filters, bits, count,
					       nr);
		if (left < least) {
			least = left;
			best = nr;
		}
	}

	if (best == sizeof(struct nf_ct_filter_key))
		return false;

	nf_ct_filter_index_sort(filters, bits, count, best);
	for (i = 0; i < count; i++)
		others[i] = nf_ct_filter_index_left(others[i], filters,
						    &bits[i], best);
	index->byte[index->count++].where = nf_ct_filter_key_where(best);
	return true;
}

/**
 * nf_ct_filter_index_init - make an index of filters
 * @index: result
 * @bits: of each filter
 * @count: number of filters, up to NF_CT_FILTER_INDEX_FILTERS and not 0
 */
void nf_ct_filter_index_init(struct nf_ct_filter_index *index,
			     const struct nf_ct_filter_bits *bits,
			     unsigned int count)
{
	/* of each filter, those that it is not told apart from, and itself */
	u64 others[NF_CT_FILTER_INDEX_FILTERS];
	unsigned int i;

	index->all = GENMASK_ULL(count - 1, 0);
	index->count = 0;
	for (i = 0; i < count; i++)
		others[i] = index->all;

	while (index->count < NF_CT_FILTER_INDEX_BYTES &&
	       nf_ct_filter_index_add(index, others, bits, count))
		;
}
EXPORT_SYMBOL_GPL(nf_ct_filter_index_init);

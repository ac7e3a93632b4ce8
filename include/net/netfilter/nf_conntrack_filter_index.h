/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of many filters is worth to be applied to a conntrack entry */
#ifndef _NF_CONNTRACK_FILTER_INDEX_H
#define _NF_CONNTRACK_FILTER_INDEX_H

#include <linux/compiler.h>
#include <net/netfilter/nf_conntrack_tuple.h>

struct nf_conn;
struct nf_ct_filter;

/* Each is a bit of a u64 */
#define NF_CT_FILTER_INDEX_FILTERS	64

/* Two do where half of the filters has a source and half a destination */
#define NF_CT_FILTER_INDEX_BYTES	2

/**
 * struct nf_ct_filter_key - parts of an entry that filters compare with a value
 * @tuple: tuples of both directions
 * @mark: the mark
 */
struct nf_ct_filter_key {
	struct nf_conntrack_tuple	tuple[IP_CT_DIR_MAX];
	u32				mark;
};

/**
 * struct nf_ct_filter_bits - what no entry lacks that a filter matches
 * @value: bits under @mask
 * @mask: bits that are compared, no more than those the filter compares
 */
struct nf_ct_filter_bits {
	struct nf_ct_filter_key		value;
	struct nf_ct_filter_key		mask;
};

/**
 * struct nf_ct_filter_index - filters, by the values of some bytes of an entry
 * @all: all filters
 * @count: bytes that are looked at, 0 if none tells filters apart
 * @byte: those bytes
 * @byte.where: offset in struct nf_conn
 * @byte.filters: for each value, filters that may match an entry that has it
 */
struct nf_ct_filter_index {
	u64			all;
	unsigned int		count;
	struct {
		unsigned int	where;
		u64		filters[256];
	} byte[NF_CT_FILTER_INDEX_BYTES];
};

void nf_ct_filter_bits(struct nf_ct_filter_bits *bits,
		       const struct nf_ct_filter *filter);
void nf_ct_filter_index_init(struct nf_ct_filter_index *index,
			     const struct nf_ct_filter_bits *bits,
			     unsigned int count);

/**
 * nf_ct_filter_index_find - find the filters that may match an entry
 * @index: the filters
 * @ct: a confirmed entry
 *
 * Return: a mask of filters; the others do not match
 */
static inline u64
nf_ct_filter_index_find(const struct nf_ct_filter_index *index,
			const struct nf_conn *ct)
{
	u64 filters = index->all;
	unsigned int i;

	for (i = 0; i < index->count; i++) {
		const u8 *byte = (const u8 *)ct + index->byte[i].where;

		filters &= index->byte[i].filters[READ_ONCE(*byte)];
	}

	return filters;
}

#endif /* _NF_CONNTRACK_FILTER_INDEX_H */

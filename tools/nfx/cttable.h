/* SPDX-License-Identifier: GPL-2.0-only */
/* State of the conntrack hash table. */
#ifndef NFX_CTTABLE_H
#define NFX_CTTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "nl.h"

/* Lengths of a chain that the kernel tells apart. */
#define CTTABLE_CHAINS 8

/**
 * struct cttable - the table that all network namespaces share
 * @entries:     of this network namespace
 * @max_entries: limit of @entries, 0 for none
 * @buckets:     0 if not known
 * @sysctl_auto: net.netfilter.nf_conntrack_buckets_auto, -1 without
 * @sysctl_max:  net.netfilter.nf_conntrack_buckets_max, -1 without
 * @reported:    the kernel reports what follows; else it is 0
 * @buckets_min: does not shrink below by itself
 * @buckets_max: does not grow above by itself, 0 for a fixed size
 * @nodes:       two per entry, some have one
 * @grown:       times it was made larger
 * @shrunk:      times it was made smaller
 * @failed:      times there was no memory for that
 * @longest:     nodes in the longest chain of the sample
 * @chains:      sampled buckets, by the number of nodes in them, see
 *               cttable_chain_min()
 */
struct cttable {
	uint32_t entries;
	uint32_t max_entries;
	uint32_t buckets;
	int64_t sysctl_auto;
	int64_t sysctl_max;
	bool reported;
	uint32_t buckets_min;
	uint32_t buckets_max;
	uint32_t nodes;
	uint32_t grown;
	uint32_t shrunk;
	uint32_t failed;
	uint32_t longest;
	uint32_t chains[CTTABLE_CHAINS];
};

/**
 * cttable_chain_min() - number of nodes from which on a chain is in a class
 * @class: index of cttable.chains
 *
 * A chain with less nodes than the next class is in this one: 0, 1, 2, 3 to 4,
 * 5 to 8, 9 to 16, 17 to 32, 33 and more.
 */
unsigned int cttable_chain_min(unsigned int class);

/** cttable_parse() - read a reply, all but sysctls. Return: 0 or -EBADMSG. */
int cttable_parse(const struct nlmsghdr *nlh, struct cttable *table);

/**
 * cttable_ask() - ask the kernel, not for sysctls
 *
 * Return: 0 or -errno: -EINVAL or -EOPNOTSUPP without ctnetlink, -EPERM.
 */
int cttable_ask(struct nl *nl, struct cttable *table);

/** cttable_read() - cttable_ask(), and sysctls. Return: as cttable_ask(). */
int cttable_read(struct nl *nl, struct cttable *table);

/** cttable_is_auto() - does the table change its size by itself? */
bool cttable_is_auto(const struct cttable *table);

/** cttable_total() - entries of all network namespaces, 0 if not reported */
uint32_t cttable_total(const struct cttable *table);

/** cttable_load() - so many of them per bucket, 0 if not reported */
double cttable_load(const struct cttable *table);

/** cttable_is_initial() - is this the initial network namespace? */
bool cttable_is_initial(void);

/**
 * struct cttable_cpus - counters of this network namespace, of all CPUs
 * @restarts: searches that started over: the entry moved, or the table
 * @toolong:  entries that were refused for the length of their chain
 */
struct cttable_cpus {
	uint64_t restarts;
	uint64_t toolong;
};

/** cttable_ask_cpus() - ask the kernel. Return: 0 or -errno. */
int cttable_ask_cpus(struct nl *nl, struct cttable_cpus *cpus);

/** cttable_add_cpu() - add the counters of a reply */
void cttable_add_cpu(const struct nlmsghdr *nlh, struct cttable_cpus *cpus);

#endif /* NFX_CTTABLE_H */

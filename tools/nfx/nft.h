/* SPDX-License-Identifier: GPL-2.0-only */
/* nf_tables transactions, as far as the probes need them. */
#ifndef NFX_NFT_H
#define NFX_NFT_H

#include <stdbool.h>
#include <stdint.h>

#include "nl.h"

/* Every object lives in this table; the namespace is a throw-away one. */
#define NFT_TABLE "nfx"

struct nft;

/**
 * nft_begin() - start a transaction
 * @nl:     NETLINK_NETFILTER socket, must outlive the transaction
 * @family: NFPROTO_* of everything in it
 *
 * Return: a transaction to be given to nft_commit(), NULL without memory.
 */
struct nft *nft_begin(struct nl *nl, uint8_t family);

/**
 * nft_commit() - send the transaction, wait for the result, free it
 *
 * Only its last message asks for an ack; errors come back for any of them.
 * Return: 0, or -errno of the first error, in which case the kernel has
 * undone everything. NULL gives -ENOMEM.
 */
int nft_commit(struct nft *nft);

/** nft_send() - nft_commit() that leaves the answer to the caller. */
int nft_send(struct nft *nft);

void nft_table(struct nft *nft);

/**
 * nft_chain() - a base chain
 * @type: "filter", "nat", "route"
 * @hook: NF_INET_*
 * @prio: hook priority, host byte order
 */
void nft_chain(struct nft *nft, const char *name, const char *type,
	       uint32_t hook, int32_t prio);

/** nft_rule() - start a rule in @chain; expressions follow, then nft_end(). */
void nft_rule(struct nft *nft, const char *chain);
void nft_end(struct nft *nft);

/** nft_match() - load @len bytes at @offset of the network header, compare. */
void nft_match(struct nft *nft, uint32_t offset, const void *value,
	       uint32_t len);

/**
 * nft_fib_load() - look up the packet in the routing tables
 * @result: enum nft_fib_result
 * @flags:  mask of NFTA_FIB_F_*
 */
void nft_fib_load(struct nft *nft, uint32_t result, uint32_t flags);

/** nft_fib() - match when "fib saddr . iif oif exists" holds (nft(8)). */
void nft_fib(struct nft *nft);
void nft_counter(struct nft *nft);
void nft_masq(struct nft *nft);

void nft_drop(struct nft *nft);

/**
 * nft_queue() - hand the packet to a queue of nfnetlink_queue
 * @xt: by the x_tables target, for kernels without the expression
 */
void nft_queue(struct nft *nft, uint16_t num, bool xt);

/** nft_xt_target() - an x_tables target; @info has the target's own layout. */
void nft_xt_target(struct nft *nft, const char *name, uint32_t rev,
		   const void *info, uint16_t len);

/** nft_set() - a set of 4-byte keys. */
void nft_set(struct nft *nft, const char *name);

/**
 * nft_elems() - add or remove the elements @first .. @first + @count - 1
 * @msg:   NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM
 * @first: host byte order
 * @count: at most 2000, so that the nest stays below 64 KiB
 */
void nft_elems(struct nft *nft, uint8_t msg, const char *set, uint32_t first,
	       uint32_t count);

/** nft_ack() - ask for an ack for the message put last as well. */
void nft_ack(struct nft *nft);

/**
 * nft_packets() - read the packet counters of all rules, in rule order
 * @packets: @max values, those without a rule stay 0
 *
 * Return: 0 or -errno.
 */
int nft_packets(struct nl *nl, uint8_t family, uint64_t *packets,
		unsigned int max);

#endif /* NFX_NFT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the reverse path filters of a kernel without blocks 04xx would say:
 * the sysctl rp_filter, the rpfilter match of revision 0, nft fib. Made from
 * tables alone, after the code of Linux 7.3: fib_validate_source(),
 * rpfilter_mt(), nft_fib4_eval(), nft_fib6_eval().
 */
#ifndef NFX_RPFSTOCK_H
#define NFX_RPFSTOCK_H

#include "rpfeval.h"

/**
 * struct rpf_sysctls - of net.ipv4.conf, as they take effect on an interface
 * @known:          they could be read
 * @rp_filter:      the larger of "all" and the interface: 0, 1 strict, 2 loose
 * @src_valid_mark: either of both, as the following
 * @accept_local:   sources that are addresses of this host are let in
 * @route_localnet: so are addresses of 127.0.0.0/8
 */
struct rpf_sysctls {
	bool known;
	uint8_t rp_filter;
	bool src_valid_mark;
	bool accept_local;
	bool route_localnet;
};

/**
 * struct rpf_fixes - what the running kernel has of blocks 00xx and 04xx
 * @fib4_bcast:    nft fib refuses a broadcast source
 * @fib6_suppress: nft fib honours rules that suppress
 * @fib6_throw: nft fib goes on after a throw route
 */
struct rpf_fixes {
	bool fib4_bcast;
	bool fib6_suppress;
	bool fib6_throw;
};

/*
 * Why an answer is another one than that of nf_rpf: bits 1 << D. The numbers
 * are those of the gap list that the patches come from.
 */
enum rpf_gap {
	RPF_GAP_OTHER	= 0,	/* none of the list */
	RPF_GAP_L4	= 2,	/* rules for protocols and ports */
	RPF_GAP_LINK	= 3,	/* routes by links without carrier */
	RPF_GAP_TYPE	= 4,	/* sources that are no unicast address */
	RPF_GAP_OUT	= 6,	/* the output device in rules */
	RPF_GAP_METRIC	= 8,	/* another route to the same prefix */
	RPF_GAP_MARK	= 12,	/* the mark */
	RPF_GAP_SUPPRESS = 14,	/* rules that suppress */
	RPF_GAPS
};

/** rpf_gap_text() - half a sentence, NULL for a number without meaning */
const char *rpf_gap_text(unsigned int gap);

enum rpf_stock_id {
	RPF_STOCK_SYSCTL,	/* of the value in effect */
	RPF_STOCK_RP1,		/* if rp_filter were 1 */
	RPF_STOCK_RP2,
	RPF_STOCK_XT,
	RPF_STOCK_XT_LOOSE,
	RPF_STOCK_NFT,
	RPF_STOCK_NFT_LOOSE,
	RPF_STOCKS
};

/**
 * struct rpf_stock - one answer
 * @known: there is one: IPv6 has no sysctl
 * @pass:  the packet is let in
 * @mode:  that it compares to, RPF_MODES for none
 * @gaps:  mask of 1 << enum rpf_gap if it differs from that, else 0
 * @why:   a reason of its own, half a sentence, or NULL
 */
struct rpf_stock {
	bool known;
	bool pass;
	enum rpf_mode mode;
	unsigned int gaps;
	const char *why;
};

const char *rpf_stock_name(enum rpf_stock_id id);

/**
 * rpf_stock() - all answers
 * @flags: RPF_F_* of the lookup of nf_rpf to compare with
 * @mark:  of the packet; the sysctl takes it if src_valid_mark is set, the
 *         others do if query->mark is it
 * @stock: RPF_STOCKS of them
 */
void rpf_stock(const struct rpf_tables *tables, const struct rpf_query *query,
	       unsigned int flags, uint32_t mark,
	       const struct rpf_sysctls *sysctls,
	       const struct rpf_fixes *fixes, struct rpf_stock *stock);

#endif /* NFX_RPFSTOCK_H */

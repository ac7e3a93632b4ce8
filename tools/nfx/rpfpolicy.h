/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sysctls of all interfaces ask for, and rules that do the same. */
#ifndef NFX_RPFPOLICY_H
#define NFX_RPFPOLICY_H

#include <stdio.h>

#include "rpfstock.h"

/**
 * struct rpf_want - of an interface
 * @on:    its packets are checked
 * @mode:  then, how
 * @mark:  the mark counts (src_valid_mark)
 * @local: addresses of this host may be the source (accept_local)
 */
struct rpf_want {
	bool on;
	enum rpf_mode mode;
	bool mark;
	bool local;
};

/**
 * struct rpf_iface - one interface
 * @want:    what is asked for
 * @sysctls: where that comes from
 * @bare:    it has no IPv4 address
 */
struct rpf_iface {
	char name[IF_NAMESIZE];
	struct rpf_want want;
	struct rpf_sysctls sysctls;
	bool bare;
};

/**
 * struct rpf_policy - of a network namespace
 * @ifaces: @count interfaces that packets come by; owned
 * @later:  of interfaces that come later, or have a name that cannot be
 *          written
 * @l4_rules: so many rules look at protocols or ports
 * @iif_rules: so many rules look at the interface a packet leaves by
 * @bridge_nf: bridged frames pass the chains of IP
 * @linkdown:  routes by links without carrier do not count for the sysctl
 */
struct rpf_policy {
	struct rpf_iface *ifaces;
	unsigned int count;
	struct rpf_iface later;
	unsigned int l4_rules;
	unsigned int iif_rules;
	bool bridge_nf;
	bool linkdown;
};

/**
 * rpf_policy_read() - read it
 * @rt:   a NETLINK_ROUTE socket
 * @mode: instead of strict and loose, or RPF_MODES
 *
 * Return: 0 or -errno; rpf_policy_free() is needed in both cases.
 */
int rpf_policy_read(struct nl *rt, enum rpf_mode mode,
		    struct rpf_policy *policy);
void rpf_policy_free(struct rpf_policy *policy);

/** rpf_want_of() - what sysctls ask for, with @mode or RPF_MODES */
struct rpf_want rpf_want_of(const struct rpf_sysctls *sysctls,
			    enum rpf_mode mode);

bool rpf_want_same(const struct rpf_want *a, const struct rpf_want *b);

/** rpf_policy_on() - does any interface, now or later, want a check? */
bool rpf_policy_on(const struct rpf_policy *policy);

/**
 * struct rpf_output - how to write rules
 * @iptables: for iptables-restore or ip6tables-restore, else for nft -f
 * @v4, @v6:  families; only one of them with @iptables
 * @new:      with what blocks 04xx bring
 * @bcast:    the kernel's fib refuses a broadcast source (without @new)
 */
struct rpf_output {
	bool iptables;
	bool v4;
	bool v6;
	bool new;
	bool bcast;
};

/* What is not as the sysctl has it; the numbers are those of the gap list. */
struct rpf_note {
	unsigned int gap;	/* 0 for none of the list */
	const char *text;
};

/* Most that rpf_notes() gives. */
#define RPF_NOTES 12

/**
 * rpf_notes() - what differs from the sysctl
 * @notes: RPF_NOTES of them
 *
 * Return: number of notes.
 */
unsigned int rpf_notes(const struct rpf_policy *policy,
		       const struct rpf_output *output,
		       struct rpf_note *notes);

/** rpf_name_written() - can an interface be named in rules? */
bool rpf_name_written(const struct rpf_output *output, const char *name);

/** rpf_write() - write the rules, with comments */
void rpf_write(FILE *to, const struct rpf_policy *policy,
	       const struct rpf_output *output);

/* rpfnft.c, rpfipt.c: without the comments */
void rpf_write_nft(FILE *to, const struct rpf_policy *policy,
		   const struct rpf_output *output);
void rpf_write_ipt(FILE *to, const struct rpf_policy *policy,
		   const struct rpf_output *output);

#endif /* NFX_RPFPOLICY_H */

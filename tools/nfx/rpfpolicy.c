// SPDX-License-Identifier: GPL-2.0-only
/* What the sysctls of all interfaces ask for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "main.h"
#include "procfile.h"
#include "rpfpolicy.h"
#include "rpfsysctl.h"

#define BRIDGE_NF "/proc/sys/net/bridge/bridge-nf-call-iptables"
#define LINKDOWN "/proc/sys/net/ipv4/conf/%s/ignore_routes_with_linkdown"

struct rpf_want rpf_want_of(const struct rpf_sysctls *sysctls,
			    enum rpf_mode mode)
{
	struct rpf_want want = {
		.on = sysctls->rp_filter,
		.mark = sysctls->src_valid_mark,
		.local = sysctls->accept_local,
	};

	if (mode < RPF_MODES)
		want.mode = mode;
	else
		want.mode = sysctls->rp_filter == 1 ? RPF_MODE_STRICT :
						      RPF_MODE_LOOSE;
	return want;
}

bool rpf_want_same(const struct rpf_want *a, const struct rpf_want *b)
{
	if (!a->on || !b->on)
		return a->on == b->on;
	return a->mode == b->mode && a->mark == b->mark &&
	       a->local == b->local;
}

bool rpf_policy_on(const struct rpf_policy *policy)
{
	unsigned int i;

	for (i = 0; i < policy->count; i++)
		if (policy->ifaces[i].want.on)
			return true;
	return policy->later.want.on;
}

static int read_iface(const char *name, enum rpf_mode mode,
		      struct rpf_iface *iface)
{
	int err = rpf_sysctl_read(name, &iface->sysctls);

	if (!err)
		iface->want = rpf_want_of(&iface->sysctls, mode);
	return err;
}

static bool linkdown(const char *name)
{
	uint64_t value = 0;
	char path[128];

	snprintf(path, sizeof(path), LINKDOWN, name);
	return !procfile_number(path, &value) && value;
}

/* Frames of bridge ports come by the bridge. A loopback is not checked. */
static bool counts(const struct rpf_link *link)
{
	return !(link->flags & IFF_LOOPBACK) && !link->bridge_port;
}

static int take_link(const struct rpf_link *link, enum rpf_mode mode,
		     struct rpf_policy *policy)
{
	struct rpf_iface *iface = &policy->ifaces[policy->count];
	int err = read_iface(link->name, mode, iface);

	/* A link may have no IPv4, or be gone. */
	if (err)
		return err == -ENOENT ? 0 : err;
	memcpy(iface->name, link->name, sizeof(iface->name));
	iface->bare = !link->has_ipv4;
	/* The sysctl knows the port only: ip_rcv_finish() in net/ipv4/ip_input.c */
	if (link->vrf)
		iface->want.on = false;
	policy->linkdown |= linkdown(link->name);
	policy->count++;
	return 0;
}

static int take_links(const struct rpf_tables *tables, enum rpf_mode mode,
		      struct rpf_policy *policy)
{
	unsigned int i;
	int err = 0;

	policy->ifaces = calloc(tables->link_count + 1UL,
				sizeof(*policy->ifaces));
	if (!policy->ifaces)
		return -ENOMEM;
	for (i = 0; i < tables->link_count && !err; i++)
		if (counts(&tables->links[i]))
			err = take_link(&tables->links[i], mode, policy);
	return err;
}

static bool has_ports(const struct rpf_ports *ports)
{
	return ports->start || ports->mask;
}

static void count_rules(const struct rpf_tables *tables,
			struct rpf_policy *policy)
{
	unsigned int i;

	for (i = 0; i < tables->rule_count; i++) {
		const struct rpf_rule *rule = &tables->rules[i];

		policy->l4_rules += rule->proto || has_ports(&rule->sport) ||
				    has_ports(&rule->dport);
		policy->iif_rules += rule->iifindex &&
				     rule->iifindex != RPF_LOOPBACK;
	}
}

static int read_tables(const struct rpf_tables *tables, enum rpf_mode mode,
		       struct rpf_policy *policy)
{
	uint64_t bridge_nf = 0;
	int err = take_links(tables, mode, policy);

	if (err)
		return err;
	count_rules(tables, policy);
	policy->bridge_nf = !procfile_number(BRIDGE_NF, &bridge_nf) &&
			    bridge_nf;
	policy->linkdown |= linkdown(RPF_SYSCTL_ALL);
	return read_iface(RPF_SYSCTL_DEFAULT, mode, &policy->later);
}

int rpf_policy_read(struct nl *rt, enum rpf_mode mode,
		    struct rpf_policy *policy)
{
	struct rpf_tables tables;
	int err = rpf_load(rt, &tables, AF_INET, NULL, NULL);

	memset(policy, 0, sizeof(*policy));
	if (!err)
		err = read_tables(&tables, mode, policy);
	rpf_free(&tables);
	return err;
}

void rpf_policy_free(struct rpf_policy *policy)
{
	free(policy->ifaces);
	policy->ifaces = NULL;
}

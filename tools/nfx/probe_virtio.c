// SPDX-License-Identifier: GPL-2.0-only
/* virtio_net: does netdev netlink know the interrupt of a NAPI instance? */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"
#include "main.h"
#include "probes.h"

/* linux/netdev.h, which C libraries older than the kernel do not carry. */
#define NETDEV_FAMILY		"netdev"
#define NETDEV_CMD_NAPI_GET	11
#define NETDEV_A_NAPI_IFINDEX	1
#define NETDEV_A_NAPI_IRQ	3

/* Returns the index of the first virtio_net link, 0 without one. */
static unsigned int virtio_link(void)
{
	struct if_nameindex *links = if_nameindex(), *link;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int index = 0;

	for (link = links; link && link->if_index && !index; link++) {
		struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
		struct ifreq ifr = { .ifr_data = (void *)&info };

		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s",
			 link->if_name);
		if (!ioctl(fd, SIOCETHTOOL, &ifr) &&
		    !strcmp(info.driver, "virtio_net"))
			index = link->if_index;
	}
	if_freenameindex(links);
	close(fd);
	return index;
}

static struct nlmsghdr *genl_msg(struct nl *nl, void *buf, uint16_t family,
				 uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = nl_msg(nl, buf, family, flags);
	struct genlmsghdr *genl;

	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static int take_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[CTRL_ATTR_FAMILY_ID + 1];
	uint16_t *id = data;

	nl_attrs(nlh, sizeof(struct genlmsghdr), tb, CTRL_ATTR_FAMILY_ID);
	if (tb[CTRL_ATTR_FAMILY_ID])
		*id = mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return MNL_CB_OK;
}

static int find_family(struct nl *nl, uint16_t *id)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = genl_msg(nl, buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	return nl_talk(nl, nlh, take_family, id);
}

struct napis {
	unsigned int total;
	unsigned int with_irq;
};

static int count_napi(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[NETDEV_A_NAPI_IRQ + 1];
	struct napis *napis = data;

	nl_attrs(nlh, sizeof(struct genlmsghdr), tb, NETDEV_A_NAPI_IRQ);
	napis->total++;
	napis->with_irq += tb[NETDEV_A_NAPI_IRQ] != NULL;
	return MNL_CB_OK;
}

static int dump_napis(struct nl *nl, uint16_t family, unsigned int ifindex,
		      struct napis *napis)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = genl_msg(nl, buf, family, NETDEV_CMD_NAPI_GET, NLM_F_DUMP);
	mnl_attr_put_u32(nlh, NETDEV_A_NAPI_IFINDEX, ifindex);
	return nl_talk(nl, nlh, count_napi, napis);
}

void probe_virtio_napi_irq(struct finding *f)
{
	NL_AUTO nl = lab_open(f, NETLINK_GENERIC);
	unsigned int ifindex = virtio_link();
	struct napis napis = { 0 };
	uint16_t family = 0;

	if (!nl)
		return;
	if (!ifindex) {
		finding_unknown(f, ENODEV, "there is no virtio_net link here");
		return;
	}
	if (setup_failed(f, find_family(nl, &family), "netdev netlink") ||
	    setup_failed(f, dump_napis(nl, family, ifindex, &napis),
			 "a NAPI dump"))
		return;
	if (!napis.total)
		finding_unknown(f, 0, "the link is down: no NAPI instance");
	else if (napis.with_irq)
		finding_yes(f, "%u of %u NAPI instances have one",
			    napis.with_irq, napis.total);
	else
		finding_no(f, 0, "none of %u NAPI instances has one",
			   napis.total);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ct_storm first COUNT	insert the COUNT flows, of many candidates, that come
 *			first in the table: a resize moves them at once, and a
 *			lookup that runs when it begins may meet it. Prints
 *			their source ports
 * ct_storm resize COUNT PACKETS
 *			give the table a random small size, never the one it
 *			has, at least COUNT times, and until as many packets
 *			were received by all CPUs. Prints how often
 */

#define _GNU_SOURCE

#include "ct_table.h"

#define CANDIDATES	64000
#define FIRST_MAX	256
/* As many entries come first in the smallest table as are in one bucket */
#define UNIT		1024
#define SIZES		4

static unsigned int first_count, first_wanted;
static uint32_t first[FIRST_MAX];

static struct flow first_flow(uint32_t nr)
{
	return packet_flow(first[nr]);
}

static int source_port(const struct nlattr *attr, void *data)
{
	uint16_t *port = data;

	if (mnl_attr_get_type(attr) == CTA_PROTO_SRC_PORT)
		*port = ntohs(mnl_attr_get_u16(attr));

	return MNL_CB_OK;
}

static int tuple_part(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO)
		return mnl_attr_parse_nested(attr, source_port, data);

	return MNL_CB_OK;
}

static int entry_part(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
		return mnl_attr_parse_nested(attr, tuple_part, data);

	return MNL_CB_OK;
}

static int add_first(const struct nlmsghdr *nlh, void *data)
{
	uint16_t port = 0;

	(void)data;
	mnl_attr_parse(nlh, sizeof(struct nfgenmsg), entry_part, &port);
	first[first_count++] = port - packet_flow(0).sport;

	return first_count < first_wanted ? MNL_CB_OK : MNL_CB_STOP;
}

/* A dump is in the order of the buckets, whatever their number. */
static void dump_first(void)
{
	static char buf[1 << 16];
	struct mnl_socket *nl = queue_socket();
	struct nlmsghdr *nlh = put_ct_msg(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	ssize_t len;

	send_buf(nl, buf, nlh->nlmsg_len);
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			die("dump");
	} while (mnl_cb_run(buf, len, 0, 0, add_first, NULL) > 0);
	if (first_count != first_wanted)
		die("dump");
	/* In the middle of the dump */
	mnl_socket_close(nl);
}

static void insert_first(void)
{
	struct mnl_socket *nl = ct_socket();
	unsigned int i;

	insert_flows(nl, packet_flow, 0, CANDIDATES, 0);
	dump_first();
	flush_flows(nl);
	insert_flows(nl, first_flow, 0, first_count, 0);
	for (i = 0; i < first_count; i++)
		printf("%u\n", first_flow(i).sport);
}

static unsigned long packets(void)
{
	FILE *file = fopen("/proc/net/softnet_stat", "r");
	unsigned int cpu;
	unsigned long sum = 0;

	if (!file)
		die("softnet_stat");
	while (fscanf(file, "%x%*[^\n]", &cpu) == 1)
		sum += cpu;
	fclose(file);

	return sum;
}

static void resize(unsigned int count, unsigned long wanted)
{
	unsigned long start = packets();
	unsigned int size = 0, done;

	srand(now_ns());
	for (done = 0; done < count || packets() - start < wanted; done++) {
		size = (size + 1 + rand() % (SIZES - 1)) % SIZES;
		set_buckets((1 + size) * UNIT);
	}
	printf("%u\n", done);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "first")) {
		first_wanted = atoi(argv[2]);
		if (!first_wanted || first_wanted > FIRST_MAX)
			return 2;
		insert_first();
	} else if (argc == 4 && !strcmp(argv[1], "resize")) {
		resize(atoi(argv[2]), atol(argv[3]));
	} else {
		return 2;
	}

	return 0;
}

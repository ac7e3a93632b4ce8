// SPDX-License-Identifier: GPL-2.0
/* Reverse path lookups while all that they look at changes: routes, nexthops,
 * rules, addresses, devices and VRFs.
 *
 * Each packet is of some class, and one whose route stays is of class STRICT
 * all the time.
 *
 * Usage: rpfilter_stress [OPERATIONS [SEED [SECONDS]]], whatever ends first
 */

#define _GNU_SOURCE

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "kselftest.h"
#include "rpfilter_lib.h"

#define OPERATIONS	300
#define SECONDS		300
#define PIPE_BYTES	4096
#define PACKETS_PER_DEV	128
#define MAX_WORD	64

/* Packets from @stays enter by a, those from @src by the other devices. b and
 * c change, d goes away and comes back.
 */
struct proto {
	int family;
	const char *ip;		/* command */
	const char *stays;
	const char *src;
	const char *net;	/* of src */
	const char *subnet;	/* of src, in net */
	const char *any;	/* default route */
	const char *gateway[2];
	const char *id[3];	/* of nexthops, the third is a group */
	const char *group;
};

static const struct proto ips[] = {
	{
		.family	 = NFPROTO_IPV4,
		.ip	 = "ip -4",
		.stays	 = "198.51.100.1",
		.src	 = "192.0.2.1",
		.net	 = "192.0.2.0/24",
		.subnet	 = "192.0.2.0/28",
		.any	 = "0.0.0.0/0",
		.gateway = { "203.0.113.1", "203.0.113.2" },
		.id	 = { "1", "2", "3" },
		.group	 = "1/2",
	}, {
		.family	 = NFPROTO_IPV6,
		.ip	 = "ip -6",
		.stays	 = "2001:db8:2::1",
		.src	 = "2001:db8:1::1",
		.net	 = "2001:db8:1::/48",
		.subnet	 = "2001:db8:1::/64",
		.any	 = "::/0",
		.gateway = { "fe80::a", "fe80::b" },
		.id	 = { "4", "5", "6" },
		.group	 = "4/5",
	},
};

/* Commands of ip(8), for words in capitals see word(). Many fail, for what they
 * change is not there, or is there already. None is about addresses of a, as
 * without the last of them it has no routes.
 */
static const char * const changes[] = {
	"addr add SRC dev PORT",
	"addr del SRC dev PORT",
	"link add vrf0 type vrf table 10",
	"link del vrf0",
	"link set dev PORT down",
	"link set dev PORT master vrf0",
	"link set dev PORT nomaster",
	"link set dev PORT up",
	"link set dev vrf0 up",
	"nexthop del id ID0",
	"nexthop del id ID2",
	"nexthop replace id ID0 via VIA0 dev a",
	"nexthop replace id ID1 via VIA1 dev PORT",
	"nexthop replace id ID2 group GROUP",
	"route append NET dev DEV metric METRIC",
	"route del ANY",
	"route del NET table 10",
	"route del NET",
	"route del SUBNET",
	"route replace ANY dev DEV",
	"route replace NET dev DEV",
	"route replace NET dev PORT table 10",
	"route replace NET nexthop via VIA0 dev a nexthop via VIA1 dev PORT",
	"route replace NET nhid ID2",
	"route replace TYPE SUBNET",
	"route replace VIA0 dev a",
	"route replace VIA1 dev PORT",
	"rule add pref 10 table 10",
	"rule add pref 11 ipproto udp sport 2222 table 10",
	"rule add pref 9 table main suppress_prefixlength 0",
	"rule del pref 10",
	"rule del pref 11",
	"rule del pref 9",
};

#define FILES		3

static int files[FILES];	/* the devices a, b and c */
static bool stop;

static const char *pick(const char * const *from, unsigned int n)
{
	return from[random() % n];
}

/* What @name, in capitals, stands for */
static const char *word(const struct proto *ip, const char *name)
{
	static const char * const devs[] = { "a", "b", "c", "d" };
	static const char * const metrics[] = { "1", "2", "3" };
	static const char * const types[] = {
		"blackhole", "prohibit", "throw", "unreachable",
	};
	const struct {
		const char *name, *value;
	} words[] = {
		{ "ANY",	ip->any },
		{ "DEV",	pick(devs, ARRAY_SIZE(devs)) },
		{ "GROUP",	ip->group },
		{ "ID0",	ip->id[0] },
		{ "ID1",	ip->id[1] },
		{ "ID2",	ip->id[2] },
		{ "METRIC",	pick(metrics, ARRAY_SIZE(metrics)) },
		{ "NET",	ip->net },
		{ "PORT",	pick(devs + 1, ARRAY_SIZE(devs) - 1) },
		{ "SRC",	ip->src },
		{ "SUBNET",	ip->subnet },
		{ "TYPE",	pick(types, ARRAY_SIZE(types)) },
		{ "VIA0",	ip->gateway[0] },
		{ "VIA1",	ip->gateway[1] },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(name, words[i].name))
			return words[i].value;

	return name;
}

static void put_change(FILE *to, const struct proto *ip)
{
	char line[256], *save = NULL, *name;

	snprintf(line, sizeof(line), "%s", pick(changes, ARRAY_SIZE(changes)));
	for (name = strtok_r(line, " ", &save); name;
	     name = strtok_r(NULL, " ", &save))
		fprintf(to, "%s ", word(ip, name));
	fputc('\n', to);
}

static bool send_packet(int fd, const struct proto *ip, const char *src,
			const char *dst)
{
	char buf[256];
	size_t len = make_packet(buf, ip->family, src, dst);

	return write(fd, buf, len) == (ssize_t)len;
}

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/* For the changes, which would have no part in it */
static void leave_time(void)
{
	setpriority(PRIO_PROCESS, gettid(), 19);
}

static void *send_packets(void *unused)
{
	unsigned int i, dev;

	leave_time();
	while (!stopped()) {
		for (i = 0; i < ARRAY_SIZE(ips); i++) {
			send_packet(files[0], &ips[i], ips[i].stays,
				    ips[i].src);
			for (dev = 1; dev < FILES; dev++)
				send_packet(files[dev], &ips[i], ips[i].src,
					    ips[i].stays);
		}
	}

	return NULL;
}

static int set_up(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), ret;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);

	return ret;
}

/* A device that is there for a few packets only */
static void *come_and_go(void *unused)
{
	unsigned int i;
	int fd;

	leave_time();
	while (!stopped()) {
		fd = tun_open("d", IFF_TUN);
		if (fd < 0)
			continue;
		set_up("d");
		for (i = 0; i < PACKETS_PER_DEV; i++) {
			const struct proto *ip = &ips[i % ARRAY_SIZE(ips)];

			send_packet(fd, ip, ip->src, ip->stays);
		}
		close(fd);
	}

	return NULL;
}

/* The rules of a family */
enum {
	ALL,
	SOME_CLASS,
	NO_CLASS,
	STAYS,
	STAYS_XT,
	STAYS_FIB,
	STAYS_PRESENT,
	CLASS_1,		/* and so on */
	RULES = CLASS_1 + NF_RPF_MAX,
};

static void put_xt(struct batch *batch, uint32_t classes, uint32_t flags)
{
	struct xt_rpfilter_info_v1 info = {
		.classes = classes,
		.flags = flags,
	};
	struct nlmsghdr *nlh;
	struct nlattr *exprs = udp_rule_begin(batch, &nlh);

	put_match(nlh, 1, &info, sizeof(info));
	rule_end(batch, nlh, exprs);
}

static struct nlattr *stays_begin(struct batch *batch, struct nlmsghdr **nlh)
{
	struct nlattr *exprs = udp_rule_begin(batch, nlh);
	char name[IFNAMSIZ] = "a";

	put_meta(*nlh, NFT_META_IIFNAME);
	put_cmp(*nlh, name, sizeof(name));

	return exprs;
}

static void put_stays(struct batch *batch)
{
	const uint32_t flags = NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF;
	struct xt_rpfilter_info_v1 info = { .classes = CLASS(STRICT) };
	uint32_t strict = NF_RPF_STRICT;
	struct nlmsghdr *nlh;
	struct nlattr *exprs;
	uint8_t present = 1;

	exprs = stays_begin(batch, &nlh);
	rule_end(batch, nlh, exprs);

	exprs = stays_begin(batch, &nlh);
	put_match(nlh, 1, &info, sizeof(info));
	rule_end(batch, nlh, exprs);

	exprs = stays_begin(batch, &nlh);
	put_fib(nlh, NFT_FIB_RESULT_RPF, flags);
	put_cmp(nlh, &strict, sizeof(strict));
	rule_end(batch, nlh, exprs);

	exprs = stays_begin(batch, &nlh);
	put_fib(nlh, NFT_FIB_RESULT_OIF,
		flags | NFTA_FIB_F_FEASIBLE | NFTA_FIB_F_PRESENT);
	put_cmp(nlh, &present, sizeof(present));
	rule_end(batch, nlh, exprs);
}

static int put_rules(struct mnl_socket *nl, int family)
{
	const uint32_t all = (2u << NF_RPF_MAX) - 2;
	static struct batch batch;
	struct nlmsghdr *nlh;
	struct nlattr *exprs;
	uint32_t class;

	batch_begin(&batch, family);
	put_chain(&batch, NF_INET_PRE_ROUTING);
	exprs = udp_rule_begin(&batch, &nlh);
	rule_end(&batch, nlh, exprs);
	put_xt(&batch, all, 0);
	put_xt(&batch, all, XT_RPFILTER_INVERT);
	put_stays(&batch);
	for (class = 1; class <= NF_RPF_MAX; class++)
		put_xt(&batch, 1u << class, 0);

	return batch_commit(&batch, nl);
}

static bool check_family(struct mnl_socket *nl, const struct proto *ip)
{
	unsigned int class, seen = 0;
	struct counters counters;
	const uint64_t *packets = counters.packets;
	bool good;

	if (counters_read(nl, ip->family, &counters) || counters.count != RULES)
		return false;
	good = packets[SOME_CLASS] == packets[ALL] && !packets[NO_CLASS] &&
	       packets[STAYS] && packets[STAYS_XT] == packets[STAYS] &&
	       packets[STAYS_FIB] == packets[STAYS] &&
	       packets[STAYS_PRESENT] == packets[STAYS];
	ksft_print_msg("%s: %llu packets, %llu of a class, %llu of none\n",
		       ip->ip, (unsigned long long)packets[ALL],
		       (unsigned long long)packets[SOME_CLASS],
		       (unsigned long long)packets[NO_CLASS]);
	ksft_print_msg("%s: %llu stay, %llu strict, %llu and %llu by fib\n",
		       ip->ip, (unsigned long long)packets[STAYS],
		       (unsigned long long)packets[STAYS_XT],
		       (unsigned long long)packets[STAYS_FIB],
		       (unsigned long long)packets[STAYS_PRESENT]);
	packets += CLASS_1;
	for (class = 1; class <= NF_RPF_MAX; class++, packets++) {
		ksft_print_msg("%s: class %u: %llu\n", ip->ip, class,
			       (unsigned long long)*packets);
		seen += *packets > 0;
	}

	/* else nothing has changed */
	return good && seen > 2;
}

/* Returns a reason to skip, or NULL. */
static const char *setup(struct mnl_socket *nl)
{
	char name[2] = "";
	unsigned int i;

	if (system("ip link set lo up") ||
	    system("sysctl -qw net.ipv4.conf.all.rp_filter=0") ||
	    system("sysctl -qw net.ipv4.conf.default.rp_filter=0") ||
	    system("sysctl -qw net.ipv6.conf.default.accept_dad=0"))
		return "needs ip(8) and sysctl(8)";
	for (i = 0; i < ARRAY_SIZE(ips); i++)
		if (put_rules(nl, ips[i].family))
			return "no rpfilter revision 1, or no such fib result";
	for (i = 0; i < FILES; i++) {
		name[0] = 'a' + i;
		files[i] = tun_open(name, IFF_TUN);
		if (files[i] < 0 || set_up(name))
			return "no tun devices";
	}
	for (i = 0; i < ARRAY_SIZE(ips); i++) {
		char route[128];

		snprintf(route, sizeof(route), "%s route add %s dev a",
			 ips[i].ip, ips[i].stays);
		if (system(route))
			return "no route";
	}

	return NULL;
}

/* ip -batch ends with some errors, and remembers devices that are gone. */
static FILE *ip_open(const struct proto *ip)
{
	char command[128];
	FILE *to;

	snprintf(command, sizeof(command),
		 "while read line; do %s $line; done >/dev/null 2>&1", ip->ip);
	to = popen(command, "w");
	if (!to)
		ksft_exit_fail_perror("popen");
	setlinebuf(to);
	/* all that is in it has to be done at the end */
	fcntl(fileno(to), F_SETPIPE_SZ, PIPE_BYTES);

	return to;
}

/* Returns the number of changes. */
static unsigned long change(unsigned long operations, unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	FILE *to[ARRAY_SIZE(ips)];
	unsigned long n;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ips); i++)
		to[i] = ip_open(&ips[i]);
	for (n = 0; n < operations && time(NULL) < end; n++) {
		i = random() % ARRAY_SIZE(ips);
		put_change(to[i], &ips[i]);
		if (ferror(to[i]))
			break;
	}
	for (i = 0; i < ARRAY_SIZE(ips); i++)
		pclose(to[i]);

	return n;
}

int main(int argc, char **argv)
{
	unsigned long operations = argc > 1 ? strtoul(argv[1], NULL, 0) :
					      OPERATIONS;
	unsigned int seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	unsigned int seconds = argc > 3 ? strtoul(argv[3], NULL, 0) : SECONDS;
	pthread_t senders[2];
	struct mnl_socket *nl;
	const char *reason;
	unsigned int i;
	bool good = true;

	ksft_print_header();
	ksft_set_plan(1);
	if (geteuid() || unshare(CLONE_NEWNET))
		ksft_exit_skip("needs root\n");
	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		ksft_exit_fail_perror("netlink");
	reason = setup(nl);
	if (reason)
		ksft_exit_skip("%s\n", reason);

	signal(SIGPIPE, SIG_IGN);
	srandom(seed);
	if (pthread_create(&senders[0], NULL, send_packets, NULL) ||
	    pthread_create(&senders[1], NULL, come_and_go, NULL))
		ksft_exit_fail_perror("pthread_create");
	operations = change(operations, seconds);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(senders); i++)
		pthread_join(senders[i], NULL);

	for (i = 0; i < ARRAY_SIZE(ips); i++)
		good &= check_family(nl, &ips[i]);
	mnl_socket_close(nl);
	ksft_test_result(good, "%lu operations\n", operations);
	ksft_finished();
}

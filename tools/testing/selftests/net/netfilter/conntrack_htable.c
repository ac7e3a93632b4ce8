// SPDX-License-Identifier: GPL-2.0
/*
 * The conntrack hash table while its size changes:
 *
 *   dump     every entry is dumped once, by ctnetlink and by /proc
 *   chains   the same with more entries in a bucket than fit in a message
 *   counters none is lost when they are dumped and reset
 *   lookup   packets of known connections are not taken for new ones
 *   clash    entries that are in the table in one direction only
 *   exit     namespaces end, their entries go away
 *   refused  a table that cannot be had leaves all as it is
 *
 * and the size that it chooses itself:
 *
 *   grow     with the number of entries, none is refused
 *   limit    no further than allowed
 *   fixed    not at all when it shall not
 *   nat      the table of NAT by source address does so, too
 *
 * A child in the initial namespace writes random sizes all the time: the storm.
 */

#define _GNU_SOURCE

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "conntrack_htable.h"

#define ENTRIES		4000
#define MANY		40000
#define FLOWS		64
#define RESIZES		30
#define NAMESPACES	20
#define CONNECTIONS	1000
#define PACKETS		3
#define SENDERS		2
#define CLASH_PORT	"22111"

#define WAIT_MS		60000

static const char ruleset[] =
	"nft 'table ip t { counter new { };"
	" chain c { type filter hook output priority 0;"
	" ct state new counter name new; }; }'";

static const char clash_ruleset[] =
	"nft 'table ip n {"
	" chain o { type nat hook output priority dstnat;"
	" udp dport " CLASH_PORT " dnat to :numgen random mod 3 map {"
	" 0 : 9000, 1 : 9001, 2 : 9002 }; }; }'";

static const char nat_ruleset[] =
	"nft 'table ip n {"
	" chain c { type nat hook postrouting priority srcnat; }; }'";

static const char * const sysctls[] = {
	"max", "buckets", "buckets_auto", "buckets_max",
};

#define SELF		FIXTURE_DATA(table)

#define TRACEFS		"/sys/kernel/tracing"
#define TRACE_INSTANCE	TRACEFS "/instances/conntrack_htable"
#define TRACE_EVENT	TRACE_INSTANCE "/events/nf_conntrack/nf_ct_resize"

/* Returns the number of packets that nft counted as of a new connection. */
static long new_packets(void)
{
	FILE *f = popen("nft list counter ip t new", "r");
	long packets = -1;
	char line[256];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		sscanf(line, " packets %ld", &packets);
	pclose(f);

	return packets;
}

FIXTURE(table) {
	struct mnl_socket *nl;
	struct seen seen;
	unsigned int *resizes;
	long saved[ARRAY_SIZE(sysctls)];
	int init_net;
	pid_t storm;
};

/* Write a sysctl of the initial namespace */
static int init_sysctl(SELF *self, const char *name, unsigned long value)
{
	int ns = open("/proc/self/ns/net", O_RDONLY);
	int ret;

	if (ns < 0 || setns(self->init_net, CLONE_NEWNET))
		return -errno;
	ret = sysctl_write(name, value);
	if (setns(ns, CLONE_NEWNET))
		ret = -errno;
	close(ns);

	return ret;
}

FIXTURE_SETUP(table)
{
	unsigned int i;

	if (geteuid())
		SKIP(return, "needs root");

	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		self->saved[i] = sysctl_read(sysctls[i]);
	if (self->saved[1] < 0)
		SKIP(return, "no conntrack");

	self->init_net = open("/proc/self/ns/net", O_RDONLY);
	ASSERT_LE(0, self->init_net);
	self->resizes = mmap(NULL, sizeof(*self->resizes),
			     PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->resizes);
	self->seen.times = calloc(ENTRIES, sizeof(*self->seen.times));
	self->seen.count = ENTRIES;
	ASSERT_NE(NULL, self->seen.times);

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("ip link set lo up"));
	if (system(ruleset))
		SKIP(return, "nft has no ct");
	self->nl = ct_open();
	ASSERT_NE(NULL, self->nl);

	/* sizes are those that the test writes */
	init_sysctl(self, "buckets_auto", 0);
	ASSERT_EQ(0, init_sysctl(self, "max", 1 << 20));
}

static void storm_stop(SELF *self)
{
	if (self->storm <= 0)
		return;
	kill(self->storm, SIGKILL);
	waitpid(self->storm, NULL, 0);
	self->storm = 0;
}

FIXTURE_TEARDOWN(table)
{
	unsigned int i;

	storm_stop(self);
	if (self->nl) {
		/* the next test has the same table */
		ct_flush(self->nl);
		mnl_socket_close(self->nl);
	}
	free(self->seen.times);
	rmdir(TRACE_INSTANCE);
	if (self->init_net <= 0 || setns(self->init_net, CLONE_NEWNET))
		return;
	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		if (self->saved[i] >= 0)
			sysctl_write(sysctls[i], self->saved[i]);
}

/* Have a child resize the table without a break. */
static int storm_start(SELF *self)
{
	*self->resizes = 0;
	self->storm = fork();
	if (self->storm < 0)
		return -errno;
	if (self->storm)
		return 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* keeps its namespace */
	mnl_socket_close(self->nl);
	if (setns(self->init_net, CLONE_NEWNET))
		_exit(1);
	srandom(getpid());
	while (!sysctl_write("buckets", 1024 << random() % 6))
		__atomic_add_fetch(self->resizes, 1, __ATOMIC_RELAXED);
	_exit(1);
}

static unsigned int storm_resizes(SELF *self)
{
	return __atomic_load_n(self->resizes, __ATOMIC_RELAXED);
}

static bool storm_is_over(SELF *self)
{
	return storm_resizes(self) >= (slow_machine() ? RESIZES / 4 : RESIZES);
}

#define ASSERT_STORM(self) \
	ASSERT_EQ(0, waitpid((self)->storm, NULL, WNOHANG))

TEST_F_TIMEOUT(table, dump, 300)
{
	unsigned int dumps = 0, wrong = 0, proc_wrong = 0, ret;
	bool proc = !access(PROC, R_OK);

	ASSERT_EQ(0, ct_insert(self->nl, 0, ENTRIES));
	ASSERT_EQ(0, storm_start(self));

	for (; !storm_is_over(self) || dumps < 3; dumps++) {
		ASSERT_STORM(self);
		ASSERT_EQ(0, ct_dump(self->nl, IPCTNL_MSG_CT_GET,
				     &self->seen));
		ret = seen_wrong(&self->seen);
		wrong += !!ret;
		if (!proc)
			continue;
		ASSERT_EQ(0, proc_dump(&self->seen));
		ret = seen_wrong(&self->seen);
		proc_wrong += !!ret;
	}

	TH_LOG("%u dumps in %u resizes, wrong: %u of ctnetlink, %u of /proc",
	       dumps, storm_resizes(self), wrong, proc_wrong);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, proc_wrong);
}

/* One connection, of @packets packets. Returns 0 or -errno. */
static int send_packets(const struct sockaddr_in *src, unsigned int packets)
{
	struct sockaddr_in dst = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err = 0;

	if (fd < 0)
		return -errno;
	if (src && bind(fd, (void *)src, sizeof(*src)))
		err = -errno;
	/* connected, it would get the error that nobody listens */
	while (!err && packets--)
		if (sendto(fd, "x", 1, 0, (void *)&dst, sizeof(dst)) != 1)
			err = -errno;
	close(fd);

	return err;
}

/* Buckets with more entries than fit in one message */
TEST_F_TIMEOUT(table, chains, 300)
{
	unsigned int *times = calloc(MANY, sizeof(*times));

	ASSERT_NE(NULL, times);
	free(self->seen.times);
	self->seen.times = times;
	self->seen.count = MANY;

	ASSERT_EQ(0, init_sysctl(self, "buckets", 65536));
	ASSERT_EQ(0, ct_insert(self->nl, 0, MANY));
	ASSERT_EQ(0, init_sysctl(self, "buckets", 1024));

	ASSERT_EQ(0, ct_dump(self->nl, IPCTNL_MSG_CT_GET, &self->seen));
	EXPECT_EQ(0, seen_wrong(&self->seen));
	ASSERT_EQ(0, ct_dump(self->nl, IPCTNL_MSG_CT_GET_CTRZERO,
			     &self->seen));
	EXPECT_EQ(0, seen_wrong(&self->seen));
}

TEST_F_TIMEOUT(table, counters, 300)
{
	unsigned int dumps, i;

	if (sysctl_write("acct", 1))
		SKIP(return, "no counters");
	for (i = 0; i < CONNECTIONS; i++)
		ASSERT_EQ(0, send_packets(NULL, PACKETS));
	ASSERT_EQ(0, storm_start(self));

	for (dumps = 0; !storm_is_over(self) || dumps < 3; dumps++) {
		ASSERT_STORM(self);
		ASSERT_EQ(0, send_packets(NULL, PACKETS));
		ASSERT_EQ(0, ct_dump(self->nl, IPCTNL_MSG_CT_GET_CTRZERO,
				     &self->seen));
	}

	EXPECT_EQ((CONNECTIONS + dumps) * PACKETS, self->seen.packets);
}

TEST_F_TIMEOUT(table, lookup, 300)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	}, from;
	socklen_t len = sizeof(from);
	unsigned long packets = 0;
	int fds[FLOWS], server;
	unsigned int i;
	char buf[16];

	server = socket(AF_INET, SOCK_DGRAM, 0);
	ASSERT_EQ(0, bind(server, (void *)&addr, sizeof(addr)));
	for (i = 0; i < FLOWS; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		ASSERT_LE(0, fds[i]);
		ASSERT_EQ(0, connect(fds[i], (void *)&addr, sizeof(addr)));
		/* with an answer, the connection is not new any more */
		ASSERT_EQ(1, send(fds[i], "x", 1, 0));
		ASSERT_EQ(1, recvfrom(server, buf, sizeof(buf), 0,
				      (void *)&from, &len));
		ASSERT_EQ(1, sendto(server, "y", 1, 0, (void *)&from,
				    sizeof(from)));
		ASSERT_EQ(1, recv(fds[i], buf, sizeof(buf), 0));
	}
	/* chains that are to be moved */
	ASSERT_EQ(0, ct_insert(self->nl, 0, ENTRIES));
	ASSERT_EQ(FLOWS, new_packets());
	ASSERT_EQ(0, storm_start(self));

	while (!storm_is_over(self) || packets < 1000) {
		ASSERT_STORM(self);
		for (i = 0; i < FLOWS; i++, packets++) {
			ASSERT_EQ(1, send(fds[i], "x", 1, 0));
			ASSERT_EQ(1, recv(server, buf, sizeof(buf), 0));
		}
	}

	EXPECT_EQ(FLOWS, new_packets());
	TH_LOG("%lu packets during %u resizes", packets, storm_resizes(self));
}

/* Wait until the table has no more than @nodes nodes */
static long wait_nodes(SELF *self, long nodes)
{
	uint64_t end = now_ms() + WAIT_MS;
	long now;

	do {
		now = ct_stat(self->init_net, CTA_STATS_GLOBAL_NODES);
		usleep(1000);
	} while (now > nodes && now_ms() < end);

	return now;
}

/* Threads that send from the same sockets, each at the same time */
struct clash {
	int fds[FLOWS];
	atomic_uint ready;
	atomic_bool failed;
};

static void *clash_sender(void *arg)
{
	struct sockaddr_in dst = {
		.sin_family = AF_INET,
		.sin_port = htons(atoi(CLASH_PORT)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct clash *clash = arg;
	unsigned int i;

	for (i = 0; i < FLOWS; i++) {
		clash->ready++;
		while (clash->ready < (i + 1) * SENDERS)
			;
		/* nobody replies, the entries are what matters */
		if (sendto(clash->fds[i], "x", 1, 0, (void *)&dst,
			   sizeof(dst)) != 1)
			clash->failed = true;
	}

	return NULL;
}

/* Let new entries of FLOWS connections clash. Returns 0 or -1. */
static int clash_once(void)
{
	struct sockaddr_in src = { .sin_family = AF_INET };
	pthread_t threads[SENDERS];
	struct clash clash = {};
	unsigned int i;

	for (i = 0; i < FLOWS; i++) {
		clash.fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (clash.fds[i] < 0 ||
		    bind(clash.fds[i], (void *)&src, sizeof(src)))
			return -1;
	}
	for (i = 0; i < SENDERS; i++)
		if (pthread_create(&threads[i], NULL, clash_sender, &clash))
			return -1;
	for (i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < FLOWS; i++)
		close(clash.fds[i]);

	return clash.failed ? -1 : 0;
}

TEST_F_TIMEOUT(table, clash, 300)
{
	long nodes = ct_stat(self->init_net, CTA_STATS_GLOBAL_NODES);
	long clashes;

	if (nodes < 0)
		SKIP(return, "the kernel does not tell the number of nodes");
	if (sysconf(_SC_NPROCESSORS_ONLN) < SENDERS)
		SKIP(return, "needs %u processors", SENDERS);

	ASSERT_EQ(0, system(clash_ruleset));
	ASSERT_EQ(0, storm_start(self));
	while (!storm_is_over(self)) {
		ASSERT_STORM(self);
		ASSERT_EQ(0, clash_once());
	}
	clashes = ct_clashes(self->nl);
	TH_LOG("%ld clashes during %u resizes", clashes, storm_resizes(self));
	storm_stop(self);
	if (!clashes)
		SKIP(return, "no entries have clashed");

	ASSERT_EQ(0, ct_flush(self->nl));
	EXPECT_GE(nodes, wait_nodes(self, nodes));
}

TEST_F_TIMEOUT(table, exit, 300)
{
	long nodes = ct_stat(self->init_net, CTA_STATS_GLOBAL_NODES);
	unsigned int i;

	if (nodes < 0)
		SKIP(return, "the kernel does not tell the number of nodes");

	ASSERT_EQ(0, storm_start(self));
	for (i = 0; i < NAMESPACES; i++) {
		ASSERT_STORM(self);
		ASSERT_EQ(0, ct_insert(self->nl, 0, ENTRIES / 4));
		mnl_socket_close(self->nl);
		self->nl = NULL;
		ASSERT_EQ(0, unshare(CLONE_NEWNET));
		self->nl = ct_open();
		ASSERT_NE(NULL, self->nl);
	}

	EXPECT_GE(nodes, wait_nodes(self, nodes));
}

TEST_F_TIMEOUT(table, refused, 120)
{
	ASSERT_EQ(0, init_sysctl(self, "buckets", 8192));
	ASSERT_EQ(0, ct_insert(self->nl, 0, ENTRIES));
	EXPECT_NE(0, init_sysctl(self, "buckets", 0));
	EXPECT_NE(0, init_sysctl(self, "buckets", 1u << 30));
	EXPECT_NE(0, init_sysctl(self, "buckets", INT32_MAX));
	EXPECT_NE(0, sysctl_write("buckets", 4096));
	EXPECT_EQ(8192, sysctl_read("buckets"));

	ASSERT_EQ(0, ct_dump(self->nl, IPCTNL_MSG_CT_GET, &self->seen));
	EXPECT_EQ(0, seen_wrong(&self->seen));
}

TEST_F_TIMEOUT(table, grow, 300)
{
	unsigned int many = slow_machine() ? MANY / 4 : MANY;
	uint64_t end = now_ms() + WAIT_MS;

	if (self->saved[2] < 0)
		SKIP(return, "the kernel does not choose the size");

	ASSERT_EQ(0, init_sysctl(self, "buckets_max", 1 << 20));
	ASSERT_EQ(0, init_sysctl(self, "buckets", 1024));
	ASSERT_EQ(0, init_sysctl(self, "buckets_auto", 1));
	EXPECT_EQ(0, ct_insert(self->nl, 0, many));
	while (sysctl_read("buckets") < many && now_ms() < end)
		usleep(1000);
	EXPECT_LE(many, sysctl_read("buckets"));
	EXPECT_GE(4 * many, sysctl_read("buckets"));
}

TEST_F_TIMEOUT(table, limit, 300)
{
	uint64_t end = now_ms() + WAIT_MS;

	if (self->saved[2] < 0)
		SKIP(return, "the kernel does not choose the size");

	/* no multiple of what sizes are rounded to */
	ASSERT_EQ(0, init_sysctl(self, "buckets_max", 4096 + 1000));
	ASSERT_EQ(0, init_sysctl(self, "buckets", 1024));
	ASSERT_EQ(0, init_sysctl(self, "buckets_auto", 1));
	/* any namespace can do this */
	EXPECT_EQ(0, ct_insert(self->nl, 0, MANY));
	while (sysctl_read("buckets") < 4096 && now_ms() < end)
		usleep(1000);
	EXPECT_EQ(4096, sysctl_read("buckets"));
	EXPECT_NE(0, sysctl_write("buckets_max", 0));
	EXPECT_EQ(4096, sysctl_read("buckets"));
}

TEST_F_TIMEOUT(table, fixed, 300)
{
	uint64_t end = now_ms() + 1000;

	if (self->saved[2] < 0)
		SKIP(return, "the kernel does not choose the size");

	ASSERT_EQ(0, init_sysctl(self, "buckets", 1024));
	EXPECT_EQ(0, ct_insert(self->nl, 0, 3 * ENTRIES));
	/* if it grows, then within some milliseconds */
	while (sysctl_read("buckets") == 1024 && now_ms() < end)
		usleep(1000);
	EXPECT_EQ(1024, sysctl_read("buckets"));
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);

	return err;
}

/* Look for a traced resize of a table to more buckets. */
static bool traced_growth(const char *table)
{
	FILE *f = fopen(TRACE_INSTANCE "/trace", "r");
	unsigned long from, to;
	char line[512], *p;
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		p = strstr(line, "table=");
		if (p && !strncmp(p + strlen("table="), table, strlen(table)) &&
		    sscanf(strstr(p, "from="), "from=%lu to=%lu", &from,
			   &to) == 2)
			found |= to > from;
	}
	if (f)
		fclose(f);

	return found;
}

/* The table has the size that the other one had at boot: more sources than
 * that, each with a mapping, if only to itself.
 */
TEST_F_TIMEOUT(table, nat, 600)
{
	uint64_t end = now_ms() + WAIT_MS;
	struct sockaddr_in src = { .sin_family = AF_INET };
	unsigned int i, addrs;
	bool found;

	if (self->saved[2] < 0)
		SKIP(return, "the kernel does not choose the size");
	if (self->saved[1] > 65536 || slow_machine())
		SKIP(return, "takes too many sources here");
	if (mkdir(TRACE_INSTANCE, 0700) ||
	    write_file(TRACE_EVENT "/enable", "1"))
		SKIP(return, "no trace of resizes");

	ASSERT_EQ(0, system(nat_ruleset));
	ASSERT_EQ(0, init_sysctl(self, "buckets_max", 1 << 20));
	ASSERT_EQ(0, init_sysctl(self, "buckets_auto", 1));
	ASSERT_EQ(0, sysctl_write("udp_timeout", 600));

	addrs = self->saved[1] / 50000 + 1;
	for (i = 0; i < addrs * 50000; i++) {
		src.sin_addr.s_addr = htonl(0x7f010000 + i / 50000);
		src.sin_port = htons(10000 + i % 50000);
		ASSERT_EQ(0, send_packets(&src, 1));
	}

	do {
		found = traced_growth("nat_bysource");
		usleep(1000);
	} while (!found && now_ms() < end);
	EXPECT_TRUE(found);
}

TEST_HARNESS_MAIN

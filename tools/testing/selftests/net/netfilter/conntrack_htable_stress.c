// SPDX-License-Identifier: GPL-2.0
/*
 * All that can be done to the conntrack hash table, at once, for kernels that
 * look for bugs: resizes, packets, entries added and removed by ctnetlink,
 * dumps, namespaces that come and go. When all is over the table must be empty
 * again.
 *
 * Usage: conntrack_htable_stress [OPERATIONS [SEED [SECONDS]]]
 */

#define _GNU_SOURCE

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kselftest.h"
#include "conntrack_htable.h"

#define OPERATIONS	2000
#define SECONDS		300
#define ENTRIES		20000
#define PORTS		64
#define WAIT_MS		60000

static const char ruleset[] =
	"nft 'table ip t {"
	" chain c { type filter hook output priority 0; ct state new accept; };"
	" chain n { type nat hook postrouting priority srcnat; }; }'";

struct stress {
	struct mnl_socket *nl;
	unsigned long *operations;
	int init_net;
};

/* Each of these does one thing, returns 0 or -errno. */

static int do_resize(struct stress *s)
{
	int ret = setns(s->init_net, CLONE_NEWNET);

	return ret ? -errno : sysctl_write("buckets", 1024 << random() % 7);
}

static int do_insert(struct stress *s)
{
	int ret = ct_insert(s->nl, random() % ENTRIES, BATCH);

	return ret < 0 ? ret : 0;
}

static int do_flush(struct stress *s)
{
	/* not so often that there is nothing to flush */
	usleep(random() % 200000);
	return ct_flush(s->nl) < 0 ? -EIO : 0;
}

static int do_dump(struct stress *s)
{
	struct seen seen = { .count = 0 };

	return ct_dump(s->nl, random() % 2 ? IPCTNL_MSG_CT_GET :
		       IPCTNL_MSG_CT_GET_CTRZERO, &seen);
}

static int do_proc(struct stress *s)
{
	struct seen seen = { .count = 0 };
	int ret = proc_dump(&seen);

	return ret == -ENOENT ? 0 : ret;
}

/* A packet, and for every second one an answer */
static int do_packet(struct stress *s)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(1024 + random() % PORTS),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int a = socket(AF_INET, SOCK_DGRAM, 0);
	int b = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(addr);
	char buf[2];

	/* taken ports and lost packets are no error */
	if (a >= 0 && b >= 0 && !bind(b, (void *)&addr, len) &&
	    sendto(a, "x", 1, 0, (void *)&addr, len) == 1 && random() % 2 &&
	    recvfrom(b, buf, sizeof(buf), MSG_DONTWAIT, (void *)&addr,
		     &len) == 1)
		sendto(b, "y", 1, 0, (void *)&addr, len);
	close(a);
	close(b);

	return 0;
}

static int do_namespace(struct stress *s)
{
	struct mnl_socket *nl;
	int ret;

	if (unshare(CLONE_NEWNET))
		return -errno;
	nl = ct_open();
	if (!nl)
		return -errno;
	ret = ct_insert(nl, 0, 4 * BATCH);
	mnl_socket_close(nl);

	return ret < 0 ? ret : 0;
}

static int (* const workers[])(struct stress *s) = {
	do_resize, do_insert, do_flush, do_dump, do_proc, do_packet, do_packet,
	do_namespace,
};

static void work(struct stress *s, unsigned int number, unsigned int seed)
{
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	srandom(seed * ARRAY_SIZE(workers) + number);
	s->nl = ct_open();
	if (!s->nl)
		_exit(1);
	/* sockets keep their namespace */
	if (workers[number] == do_resize || workers[number] == do_namespace)
		mnl_socket_close(s->nl);

	do {
		ret = workers[number](s);
		__atomic_add_fetch(s->operations, 1, __ATOMIC_RELAXED);
	} while (!ret);

	fprintf(stderr, "worker %u: %s\n", number, strerror(-ret));
	_exit(1);
}

/* Returns false if a worker gave up. */
static bool run(struct stress *s, unsigned long operations, unsigned int seed,
		unsigned int seconds)
{
	uint64_t end = now_ms() + 1000ull * seconds;
	pid_t pids[ARRAY_SIZE(workers)];
	siginfo_t ended = {};
	bool good = true;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		pids[i] = fork();
		if (!pids[i])
			work(s, i, seed);
		if (pids[i] < 0)
			ksft_exit_fail_msg("fork: %s\n", strerror(errno));
	}

	while (good && now_ms() < end &&
	       __atomic_load_n(s->operations, __ATOMIC_RELAXED) < operations) {
		/* leaves it a zombie, so that its pid stays its own */
		good = !waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) &&
		       !ended.si_pid;
		usleep(10000);
	}

	for (i = 0; i < ARRAY_SIZE(workers); i++)
		kill(pids[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;

	return good;
}

static long wait_nodes(int init_net, long nodes)
{
	uint64_t end = now_ms() + WAIT_MS;
	long now;

	do {
		now = ct_stat(init_net, CTA_STATS_GLOBAL_NODES);
		usleep(1000);
	} while (now > nodes && now_ms() < end);

	return now;
}

static void setup(struct stress *s)
{
	s->init_net = open("/proc/self/ns/net", O_RDONLY);
	s->operations = mmap(NULL, sizeof(*s->operations),
			     PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->init_net < 0 || s->operations == MAP_FAILED ||
	    unshare(CLONE_NEWNET))
		ksft_exit_skip("needs root\n");
	if (system("ip link set lo up") || system(ruleset))
		ksft_exit_skip("needs ip and nft\n");
	s->nl = ct_open();
	if (!s->nl || ct_flush(s->nl))
		ksft_exit_skip("needs ctnetlink\n");
}

int main(int argc, char **argv)
{
	unsigned long operations = argc > 1 ? strtoul(argv[1], NULL, 0) :
					      OPERATIONS;
	unsigned int seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	unsigned int seconds = argc > 3 ? strtoul(argv[3], NULL, 0) : SECONDS;
	long buckets, nodes, left;
	struct stress s;
	bool good;

	ksft_print_header();
	ksft_set_plan(1);
	buckets = sysctl_read("buckets");
	setup(&s);

	nodes = ct_stat(s.init_net, CTA_STATS_GLOBAL_NODES);
	if (nodes < 0)
		ksft_exit_skip("the kernel does not tell what is left\n");
	good = run(&s, operations, seed, seconds);
	ct_flush(s.nl);
	left = wait_nodes(s.init_net, nodes);
	if (left > nodes)
		ksft_print_msg("%ld nodes before, %ld left\n", nodes, left);

	ksft_test_result(good && left <= nodes, "%lu operations\n",
			 *s.operations);
	if (!setns(s.init_net, CLONE_NEWNET))
		sysctl_write("buckets", buckets);
	ksft_finished();
}

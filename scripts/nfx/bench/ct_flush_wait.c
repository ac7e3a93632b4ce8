// SPDX-License-Identifier: GPL-2.0
/*
 * ct_flush_wait ROUND-TRIP-ROW REQUEST-ROW
 *
 *	CPU 0	looks for an address that no flow has, again and again
 *	CPU 1	round trips of packets between two sockets over lo, and then
 *		requests for the entry of these
 *
 * The host stops a virtual CPU now and then, for longer than a round trip
 * takes, but at random. Each is timed in several windows. Of round trips, what
 * counts is the window in which 99 of 100 took the least time, less the same
 * without walks: that is never the same twice, so it is rounded to a STEP. Of
 * requests, some of which come when no walk runs, it is the middle window.
 */

#define _GNU_SOURCE

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ct_flush.h"

#define PEER_PORT	4003
#define WINDOW		(NSEC / 2)
#define WINDOWS		10
#define BEST		0
#define MIDDLE		(WINDOWS / 2)
#define SAMPLES		1024
/* Between two, so that few come when a walk has just ended */
#define PAUSE_US	1000
#define STEP		100000ull

static volatile unsigned int *walks;
static uint64_t samples[SAMPLES];

static void use_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void walk(void)
{
	struct mnl_socket *nl = ct_socket();
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = has_flush(nl) ? put_flush(buf, 0, NOWHERE, 1) :
					       put_delete(buf, NOWHERE);

	use_cpu(0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int err = ask(nl, nlh);

		if (err) {
			errno = err;
			die("flush");
		}
		++*walks;
	}
}

static pid_t start_walks(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid)
		walk();

	return pid;
}

static int connected(uint16_t port, uint16_t peer)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(peer),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = udp_socket(port);

	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("connect");

	return fd;
}

static void pass(int from, int to)
{
	char byte = 0;

	if (send(from, &byte, 1, 0) != 1 || recv(to, &byte, 1, 0) != 1)
		die("round trip");
}

static void round_trip(void)
{
	static int fd = -1, peer;

	if (fd < 0) {
		fd = connected(PORT, PEER_PORT);
		peer = connected(PEER_PORT, PORT);
	}
	pass(fd, peer);
	pass(peer, fd);
}

static void request(void)
{
	static struct mnl_socket *nl;
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh;

	if (!nl)
		nl = ct_socket();
	nlh = put_ct_msg(buf, IPCTNL_MSG_CT_GET, 0);
	put_tuple(nlh, CTA_TUPLE_ORIG, INADDR_LOOPBACK, INADDR_LOOPBACK, PORT,
		  PEER_PORT);
	send_buf(nl, nlh, nlh->nlmsg_len);
	if (mnl_socket_recvfrom(nl, buf, sizeof(buf)) < 0)
		die("request");
	if (nlh->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 |
				IPCTNL_MSG_CT_NEW)) {
		errno = ENOENT;
		die("request");
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Time @fn for as long as a window, return what 99 of 100 did not exceed. */
static uint64_t window(const char *name, void (*fn)(void))
{
	uint64_t begin = now_ns(), start, p99;
	unsigned int count = 0;

	do {
		usleep(PAUSE_US);
		start = now_ns();
		fn();
		samples[count++] = now_ns() - start;
	} while (now_ns() - begin < WINDOW && count < SAMPLES);
	qsort(samples, count, sizeof(*samples), compare);
	p99 = samples[(count * 99 + 99) / 100 - 1];
	fprintf(stderr, "%s: %u samples, %.1f us, 99 %% %.1f, worst %.1f\n",
		name, count, samples[count / 2] / 1e3, p99 / 1e3,
		samples[count - 1] / 1e3);

	return p99;
}

/* Return the result of the window with @rank among all, 0 being the best. */
static uint64_t windows(const char *name, void (*fn)(void), int rank)
{
	uint64_t results[WINDOWS];
	int i;

	for (i = 0; i < WINDOWS; i++)
		results[i] = window(name, fn);
	qsort(results, WINDOWS, sizeof(*results), compare);

	return results[rank];
}

int main(int argc, char **argv)
{
	uint64_t quiet, trip, reply;
	int status;
	pid_t pid;

	if (argc != 3)
		return 2;
	walks = mmap(NULL, sizeof(*walks), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (walks == MAP_FAILED)
		die("mmap");
	use_cpu(1);
	round_trip();
	quiet = windows("quiet round trip", round_trip, BEST);
	windows("quiet request", request, MIDDLE);

	pid = start_walks();
	while (!*walks) {
		usleep(PAUSE_US);
		if (waitpid(pid, NULL, WNOHANG))
			die("walks");
	}
	trip = windows("round trip", round_trip, BEST);
	reply = windows("request", request, MIDDLE);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		die("walks");
	fprintf(stderr, "%u walks\n", *walks);

	trip = trip > quiet ? (trip - quiet + STEP / 2) / STEP : 0;
	printf("ROW %s %llu\n", argv[1], trip * STEP / 1000);
	printf("ROW %s %.1f\n", argv[2], reply / 1e3);

	return 0;
}

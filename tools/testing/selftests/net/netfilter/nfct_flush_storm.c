// SPDX-License-Identifier: GPL-2.0
/*
 * A listener for DESTROY events, as conntrackd is one, that is too slow for
 * what is flushed or evicted.
 *
 * Reliable (NETLINK_BROADCAST_ERROR), the kernel keeps what it could not
 * deliver: each entry has to be reported once, and then nothing is left. If
 * not, what was received and what the socket has lost adds up.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>

#include "kselftest.h"
#include "conntrack_htable.h"

#define ENTRIES		100000
#define ENTRIES_SLOW	10000
#define TABLE		4096		/* entries, where they are evicted */
#define RCVBUF		(64 * 1024)
#define STALLED_MS	60000

struct storm {
	const char		*name;
	bool			reliable;
	bool			evict;	/* by new entries, not a flush */
	bool			leave;	/* nobody reads, the socket is closed */
};

static const struct storm storms[] = {
	{
		.name		= "evictions",
		.evict		= true,
	},
	{
		.name		= "evictions, reliable listener",
		.evict		= true,
		.reliable	= true,
	},
	{
		.name		= "flush",
	},
	{
		.name		= "flush, reliable listener",
		.reliable	= true,
	},
	{
		.name		= "flush, reliable listener leaves",
		.reliable	= true,
		.leave		= true,
	},
};

static struct mnl_socket *nl;
static unsigned int entries = ENTRIES;

struct listener {
	struct mnl_socket	*nl;
	struct seen		seen;
	unsigned long		received;
	unsigned long		overruns;	/* ENOBUFS */
	bool			hurry;
};

static bool listener_open(struct listener *l, bool reliable)
{
	int size = RCVBUF, on = 1, fd;

	memset(l, 0, sizeof(*l));
	l->seen.times = calloc(entries, sizeof(*l->seen.times));
	l->seen.count = entries;
	l->nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!l->seen.times || !l->nl ||
	    mnl_socket_bind(l->nl, NF_NETLINK_CONNTRACK_DESTROY,
			    MNL_SOCKET_AUTOPID))
		return false;

	fd = mnl_socket_get_fd(l->nl);
	return !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) &&
	       (!reliable || !mnl_socket_setsockopt(l->nl,
						    NETLINK_BROADCAST_ERROR,
						    &on, sizeof(on)));
}

static void listener_leave(struct listener *l)
{
	if (l->nl)
		mnl_socket_close(l->nl);
	l->nl = NULL;
}

static void listener_close(struct listener *l)
{
	listener_leave(l);
	free(l->seen.times);
}

/* How many messages there was no room for, -1 if unknown */
static long lost(const struct listener *l)
{
	unsigned int protocol, portid;
	FILE *f = fopen("/proc/net/netlink", "r");
	long drops = -1, n;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %u %u %*s %*s %*s %*s %*s %ld",
			   &protocol, &portid, &n) == 3 &&
		    protocol == NETLINK_NETFILTER &&
		    portid == mnl_socket_get_portid(l->nl))
			drops = n;
	}
	if (f)
		fclose(f);

	return drops;
}

static int count_event(const struct nlmsghdr *nlh, void *data)
{
	struct listener *l = data;

	l->received++;
	return dump_msg(nlh, &l->seen);
}

/* Reads what is there, returns false if there is nothing */
static bool listener_read(struct listener *l)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	int len;

	if (!l->nl)
		return false;
	len = recv(mnl_socket_get_fd(l->nl), buf, sizeof(buf), MSG_DONTWAIT);
	if (len < 0 && errno == ENOBUFS) {
		l->overruns++;
		return true;
	}
	if (len <= 0)
		return false;
	mnl_cb_run(buf, len, 0, 0, count_event, l);

	return true;
}

/* Begins when it is too late; then, a few events and something that takes time
 */
static void *listen_slowly(void *arg)
{
	struct listener *l = arg;
	unsigned int i;

	while (!__atomic_load_n(&l->hurry, __ATOMIC_RELAXED)) {
		for (i = 0; i < 8 && lost(l) > 0; i++)
			listener_read(l);
		usleep(2000);
	}

	return NULL;
}

static long read_count(const struct nlmsghdr *nlh, unsigned int wanted)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == wanted &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint64_t))
			return be64toh(mnl_attr_get_u64(attr));

	return -1;
}

/* Flush all, returns how many entries that were or -1 */
static long flush(void)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlattr *list, *filter;
	struct nlmsghdr *nlh;

	nlh = ct_put_msg(buf, IPCTNL_MSG_CT_FLUSH, 0, 1);
	list = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTERS);
	filter = mnl_attr_nest_start(nlh, CTA_FLUSH_FILTER);
	mnl_attr_nest_end(nlh, filter);
	mnl_attr_nest_end(nlh, list);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(nl, buf, sizeof(buf)) < 0 ||
	    nlh->nlmsg_type == NLMSG_ERROR)
		return -1;

	return read_count(nlh, CTA_FLUSH_DELETED);
}

static int count_dying(const struct nlmsghdr *nlh, void *data)
{
	(*(unsigned int *)data)++;
	return MNL_CB_OK;
}

/* Entries that wait for their event to be delivered, -1 if unknown */
static int dying(void)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	unsigned int count = 0;
	struct nlmsghdr *nlh;
	int len, ret;

	nlh = ct_put_msg(buf, IPCTNL_MSG_CT_GET_DYING, NLM_F_DUMP, 1);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		ret = len < 0 ? -1 : mnl_cb_run(buf, len, 0, 0, count_dying,
						&count);
	} while (ret > MNL_CB_STOP);

	return ret < 0 ? -1 : (int)count;
}

/* Read until all entries are freed, or nothing happens any more. */
static bool drained(struct listener *l)
{
	uint64_t end = now_ms() + STALLED_MS;
	long count, last = -1;

	do {
		while (listener_read(l))
			;
		count = sysctl_read("count");
		if (count != last)
			end = now_ms() + STALLED_MS;
		last = count;
		usleep(1000);
	} while (count && now_ms() < end);

	while (listener_read(l))
		;
	if (count || dying())
		ksft_print_msg("%ld entries left, %d dying\n", count, dying());

	return !count && !dying();
}

/* Returns how many entries there were, all of which have to be destroyed */
static long storm(const struct storm *s)
{
	long refused = ct_insert(nl, 0, entries), flushed;

	if (refused < 0)
		return -1;
	flushed = flush();
	ksft_print_msg("%ld refused, %ld flushed\n", refused, flushed);
	if (flushed < 0 || (!s->evict && flushed != entries))
		return -1;

	return entries - refused;
}

static unsigned int seen_twice(const struct seen *seen)
{
	unsigned int i, twice = seen->other;

	for (i = 0; i < seen->count; i++)
		twice += seen->times[i] > 1;

	return twice;
}

static bool check(struct listener *l, const struct storm *s, long destroyed,
		  long waiting)
{
	long drops = lost(l);

	ksft_print_msg("%ld destroyed, %ld waited, %lu received, %ld lost\n",
		       destroyed, waiting, l->received, drops);
	if (seen_twice(&l->seen) || !l->overruns || drops <= 0)
		return false;

	return (long)l->received + (s->reliable ? 0 : drops) == destroyed;
}

/* Entries that have not been freed when all are destroyed wait for events */
static bool run(const struct storm *s)
{
	long destroyed, waiting;
	struct listener l;
	pthread_t thread;
	bool good;

	if (!listener_open(&l, s->reliable) ||
	    (!s->leave && pthread_create(&thread, NULL, listen_slowly, &l)))
		ksft_exit_fail_perror("listener");

	destroyed = storm(s);
	waiting = sysctl_read("count");
	__atomic_store_n(&l.hurry, true, __ATOMIC_RELAXED);
	if (s->leave)
		listener_leave(&l);
	else
		pthread_join(thread, NULL);

	good = drained(&l) && destroyed >= 0 &&
	       (s->leave ? waiting > 0 : check(&l, s, destroyed, waiting));
	listener_close(&l);

	return good;
}

/* It is set in the initial namespace for all of them */
static void set_max(int init_net, long max)
{
	int self = open("/proc/self/ns/net", O_RDONLY);

	if (self < 0 || setns(init_net, CLONE_NEWNET) ||
	    sysctl_write("max", max) || setns(self, CLONE_NEWNET))
		ksft_exit_fail_perror("nf_conntrack_max");
	close(self);
}

int main(void)
{
	int init_net = open("/proc/self/ns/net", O_RDONLY);
	unsigned int i;
	long max;

	ksft_print_header();
	if (slow_machine())
		entries = ENTRIES_SLOW;

	/* has modules loaded, too */
	if (ct_stat(init_net, CTA_STATS_GLOBAL_ENTRIES) < 0)
		ksft_exit_skip("needs ctnetlink\n");
	max = sysctl_read("max");
	if (init_net < 0 || sysctl_write("max", max) || unshare(CLONE_NEWNET))
		ksft_exit_skip("needs root\n");
	nl = ct_open();
	if (!nl || flush())
		ksft_exit_skip("kernel has no IPCTNL_MSG_CT_FLUSH\n");
	sysctl_write("events", 1);
	ksft_set_plan(ARRAY_SIZE(storms));

	for (i = 0; i < ARRAY_SIZE(storms); i++) {
		set_max(init_net, storms[i].evict ? TABLE : entries);
		ksft_test_result(run(&storms[i]), "%s\n", storms[i].name);
	}
	set_max(init_net, max);
	ksft_finished();
}

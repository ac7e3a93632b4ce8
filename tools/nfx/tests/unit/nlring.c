// SPDX-License-Identifier: GPL-2.0-only
/* Reader of a ring: records of a made-up producer, and a real socket. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/nlring-int.h"
#include "main.h"
#include "netns.h"
#include "nl.h"
#include "rtnl.h"
#include "unit.h"

#define RING_SIZE	4096U
#define REC_LEN		100U	/* not a multiple of the alignment */
#define REC_SPACE	112U	/* with header and padding */

/* What the kernel would have mapped. */
static struct nl_ring_cons cons;
static struct nl_ring_prod prod;
static unsigned char data[RING_SIZE] __attribute__((aligned(8)));

static struct nl *nl;
static struct nlring *ring;

/* A reader of an empty ring whose positions are @pos. */
static void start(uint32_t pos)
{
	nlring_close(ring);
	ring = nlring_open(nl->sock, 0, 0);
	if (!ring)
		exit(1);
	memset(data, 0, sizeof(data));
	cons = (struct nl_ring_cons){ .pos = pos };
	prod = (struct nl_ring_prod){ .pos = pos };
	ring->cons = &cons;
	ring->prod = &prod;
	ring->data = data;
	ring->size = RING_SIZE;
	ring->seen = pos;
	ring->head = pos;
	ring->done = pos;
	ring->told = pos;
}

/* The memory is not mapped, nlring_close() must not see it. */
static void stop(void)
{
	ring->cons = NULL;
	ring->prod = NULL;
}

static struct nlmsghdr *write_rec(uint32_t len, uint16_t flags)
{
	struct nl_ring_rec *rec = (void *)(data + prod.pos % RING_SIZE);

	*rec = (struct nl_ring_rec){ .len = len, .flags = flags };
	return (void *)(rec + 1);
}

static void put(uint32_t len)
{
	struct nlmsghdr *nlh = write_rec(len, 0);

	memset(nlh, 0, len);
	nlh->nlmsg_len = len;
	nlh->nlmsg_seq = prod.pos;
	prod.pos += (sizeof(struct nl_ring_rec) + len + 7) & ~7U;
}

/* A record that goes to the start of the ring, after a pad. */
static void put_wrapped(uint32_t len)
{
	uint32_t room = RING_SIZE - prod.pos % RING_SIZE;

	write_rec(room - sizeof(struct nl_ring_rec), NL_RING_REC_PAD);
	prod.pos += room;
	put(len);
}

static bool got(uint32_t len, uint32_t seq)
{
	const struct nlmsghdr *nlh;
	const void *msgs;

	if (nlring_next(ring, &msgs) != (ssize_t)len)
		return false;
	nlh = msgs;
	return nlh->nlmsg_len == len && nlh->nlmsg_seq == seq;
}

static bool empty(void)
{
	const void *msgs;

	return !nlring_next(ring, &msgs);
}

static bool bad(void)
{
	const void *msgs;

	errno = 0;
	return nlring_next(ring, &msgs) == -1 && errno == EBADMSG;
}

static void test_records(void)
{
	start(0);
	ok(empty(), "an empty ring has nothing");
	put(REC_LEN);
	put(sizeof(struct nlmsghdr));
	ok(got(REC_LEN, 0), "the first record");
	ok(got(sizeof(struct nlmsghdr), REC_SPACE), "the second one");
	ok(empty(), "no third one");
	ok(!cons.pos, "nothing is given back before it is released");
	nlring_release(ring);
	ok(!cons.pos, "a release of little waits");
	ok(empty() && cons.pos == prod.pos, "until the ring is empty");
	stop();
}

static void test_release(void)
{
	unsigned int n = 0;

	start(0);
	while (prod.pos < RING_SIZE / 2)
		put(REC_LEN);
	while (!cons.pos && got(REC_LEN, n * REC_SPACE)) {
		nlring_release(ring);
		n++;
	}
	ok(cons.pos == n * REC_SPACE, "what is given back was released");
	ok(cons.pos >= RING_SIZE / 8 && cons.pos < RING_SIZE / 4,
	   "an eighth of the ring is given back at once");
	stop();
}

static void test_wrap(void)
{
	bool good = true;
	int round;

	start(0U - 2 * RING_SIZE);
	for (round = 0; round < 4; round++) {
		while (RING_SIZE - prod.pos % RING_SIZE >= REC_SPACE) {
			put(REC_LEN);
			good &= got(REC_LEN, prod.pos - REC_SPACE);
			nlring_release(ring);
		}
		put_wrapped(REC_LEN);
		good &= got(REC_LEN, prod.pos - REC_SPACE);
	}
	ok(good, "records after a pad, and beyond 2^32");
	nlring_release(ring);
	ok(empty() && cons.pos == prod.pos, "pads are given back");
	stop();
}

/* A bad record, where the producer is @ahead of it, then a good one. */
static bool rejects(uint32_t len, uint16_t flags, uint32_t ahead)
{
	bool good;

	start(RING_SIZE / 2);
	write_rec(len, flags);
	prod.pos += ahead;
	good = bad() && cons.pos == prod.pos;
	put(REC_LEN);
	good &= got(REC_LEN, RING_SIZE / 2 + ahead) && empty();
	stop();
	return good;
}

static void test_nonsense(void)
{
	ok(rejects(REC_LEN + 8, 0, REC_SPACE), "a record beyond the producer");
	ok(rejects(RING_SIZE / 2, 0, RING_SIZE - REC_SPACE),
	   "a record beyond the ring");
	ok(rejects(UINT32_MAX, 0, REC_SPACE), "a length that overflows");
	ok(rejects(sizeof(struct nlmsghdr) - 1, 0, REC_SPACE),
	   "less than a header");
	ok(rejects(8, NL_RING_REC_PAD, REC_SPACE), "a pad that ends early");

	start(0);
	prod.pos = RING_SIZE + 8;
	ok(bad() && cons.pos == prod.pos, "a producer too far ahead");
	stop();
	start(8);
	prod.pos = 0;
	ok(bad() && cons.pos == prod.pos, "a producer that went back");
	stop();
	start(0);
	prod.pos = 4;
	ok(bad() && cons.pos == prod.pos, "a record that is not aligned");
	stop();
}

static void test_sleep(void)
{
	start(0);
	ok(nlring_arm(ring) && cons.need_wakeup, "an empty ring may sleep");
	nlring_disarm(ring);
	ok(!cons.need_wakeup, "no wake-up is asked for afterwards");
	ok(!nlring_wait(ring, 1), "a wait ends after the timeout");
	put(REC_LEN);
	ok(!nlring_arm(ring), "a ring with records does not sleep");
	nlring_disarm(ring);
	ok(nlring_wait(ring, -1) == 1, "nor does it wait");
	ok(got(REC_LEN, 0) && !nlring_wait(ring, 0) &&
	   cons.pos == prod.pos && !cons.need_wakeup,
	   "a wait gives back what was taken");
	stop();
}

static void test_lost(void)
{
	struct nlring_stats stats;

	start(0);
	prod.lost = 3;
	prod.lost_bytes = 300;
	nlring_stats(ring, &stats);
	ok(stats.lost == 3 && stats.lost_bytes == 300 && !stats.overruns,
	   "losses of the ring are counted");
	stop();
}

static int ask_links(struct nl *to)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = nl_msg(to, buf, RTM_GETLINK, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	return nl_send(to, nlh, nlh->nlmsg_len);
}

static int count(const struct nlmsghdr *nlh, void *arg)
{
	(void)nlh;
	++*(unsigned int *)arg;
	return MNL_CB_OK;
}

/* Reads a dump to its end; returns the number of its messages, -1 if none. */
static int read_dump(struct nlring *from)
{
	unsigned int n = 0;
	const void *msgs;
	ssize_t len;
	int rc = MNL_CB_OK;

	while (rc == MNL_CB_OK) {
		len = nlring_next(from, &msgs);
		if (len < 0 || (!len && nlring_wait(from, 5000) <= 0))
			return -1;
		if (len)
			rc = mnl_cb_run(msgs, (size_t)len, 0, 0, count, &n);
	}
	return rc == MNL_CB_STOP ? (int)n : -1;
}

static void test_socket(void)
{
	ok(!nlring_open(nl->sock, NLRING_SIZE_MAX + 1, 0) && errno == EINVAL,
	   "a ring can be too large");
	ring = nlring_open(nl->sock, 0, 0);
	ok(ring && nlring_error(ring) == ENOENT && !nlring_size(ring),
	   "no ring was asked for");
	ok(ring && !ask_links(nl) && read_dump(ring) > 0, "a dump by recv()");
	ok(ring && empty() && !nlring_wait(ring, 0), "and no more");
	nlring_close(ring);
	ring = NULL;
	nlring_close(NULL);
}

/* Whatever the kernel has. */
static void test_kernel(unsigned int flags, const char *name)
{
	struct nl *own = nl_open(NETLINK_ROUTE);
	struct nlring *any = nlring_open(own->sock, 1, flags);
	bool good;

	good = any && (nlring_error(any) ? !nlring_size(any) :
		       nlring_size(any) == NLRING_SIZE_MIN);
	ok(good && !ask_links(own) && read_dump(any) > 0, name);
	if (good && !nlring_error(any))
		ok(!nlring_open(own->sock, 1, flags) && errno == EBUSY,
		   "a second ring is refused");
	nlring_close(any);
	nl_close(own);
}

/* More rules than a small receive buffer has room for. */
static void overrun(void *arg)
{
	struct nl *own = nl_open(NETLINK_ROUTE), *rt = nl_open(NETLINK_ROUTE);
	struct nlring *any = own ? nlring_open(own->sock, 0, 0) : NULL;
	int group = RTNLGRP_IPV4_RULE, small = 1;
	struct nlring_stats *stats = arg;
	const void *msgs;
	uint32_t pref;

	if (!any || !rt)
		return;
	setsockopt(mnl_socket_get_fd(own->sock), SOL_SOCKET, SO_RCVBUF, &small,
		   sizeof(small));
	mnl_socket_setsockopt(own->sock, NETLINK_ADD_MEMBERSHIP, &group,
			      sizeof(group));
	for (pref = 1; pref <= 50; pref++)
		rtnl_rule_add(rt, AF_INET, pref, RT_TABLE_MAIN, -1);
	while (nlring_next(any, &msgs) > 0)
		nlring_release(any);
	nlring_stats(any, stats);
}

static void test_overrun(void)
{
	struct nlring_stats stats = { .lost = 0 };
	struct netns_job job = {
		.func = overrun, .data = &stats, .size = sizeof(stats),
		.timeout_ms = 20000, .private_ns = true,
	};

	if (netns_run(&job)) {
		printf("ok %u - overruns # SKIP no network namespace\n",
		       ++unit_tests);
		return;
	}
	ok(stats.overruns && stats.dropped && !stats.lost,
	   "an overrun of the socket is counted, and does not end it");
}

int main(void)
{
	nl = nl_open(NETLINK_ROUTE);
	if (!nl)
		return 1;
	test_socket();
	test_records();
	test_release();
	test_wrap();
	test_nonsense();
	test_sleep();
	test_lost();
	nlring_close(ring);
	test_kernel(0, "a dump, with a ring if there is one");
	test_kernel(NL_RING_F_ALL, "a dump, through the ring if it can be");
	test_overrun();
	nl_close(nl);
	return unit_finish();
}

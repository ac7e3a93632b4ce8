// SPDX-License-Identifier: GPL-2.0
/*
 * NL_RING_F_ALL: replies, dumps and multicast of the kernel are in the ring, in
 * order, and what cannot be there is not lost.
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "kselftest_harness.h"
#include "netlink_ring.h"

#define RING_SIZE	(256 * 1024)
#define DUMP_ROUTES	16384
#define DUMP_TIMEOUT	600	/* seconds; a debug kernel is slow */
#define NLMON_INDEX	1000

struct request {
	struct nlmsghdr nlh;
	union {
		struct ifinfomsg link;
		struct {
			struct ifinfomsg nlmon;
			struct rtattr info_attr;
			struct rtattr kind_attr;
			char kind[8];
		};
		struct {
			struct rtmsg route;
			struct rtattr dst_attr;
			struct in_addr dst;
			struct rtattr oif_attr;
			uint32_t oif;
		};
	};
};

static int request_send(int fd, struct request *req, size_t len, uint32_t seq)
{
	req->nlh.nlmsg_len = len;
	req->nlh.nlmsg_seq = seq;
	req->nlh.nlmsg_flags |= NLM_F_REQUEST;

	return send(fd, req, len, 0) == (ssize_t)len ? 0 : -errno;
}

#define LINK_LEN	NLMSG_LENGTH(sizeof(struct ifinfomsg))

/* To ask for lo is the cheapest request that has a reply. */
static int link_get(int fd, uint32_t seq)
{
	struct request req = {
		.nlh.nlmsg_type = RTM_GETLINK,
		.link.ifi_index = 1,
	};

	return request_send(fd, &req, LINK_LEN, seq);
}

static int link_up(int fd)
{
	struct request req = {
		.nlh.nlmsg_type = RTM_NEWLINK,
		.link = { .ifi_index = 1, .ifi_flags = IFF_UP,
			  .ifi_change = IFF_UP },
	};

	return request_send(fd, &req, LINK_LEN, 0);
}

/* Adds a device whose listeners see all of the messages. */
static int nlmon_add(int fd)
{
	struct request req = {
		.nlh = { .nlmsg_type = RTM_NEWLINK,
			 .nlmsg_flags = NLM_F_CREATE | NLM_F_ACK },
		.nlmon = { .ifi_index = NLMON_INDEX, .ifi_flags = IFF_UP,
			   .ifi_change = IFF_UP },
		.info_attr = { .rta_len = RTA_LENGTH(RTA_LENGTH(8)),
			       .rta_type = IFLA_LINKINFO },
		.kind_attr = { .rta_len = RTA_LENGTH(sizeof("nlmon")),
			       .rta_type = IFLA_INFO_KIND },
		.kind = "nlmon",
	};
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
	} reply;
	int err = request_send(fd, &req, offsetof(struct request, kind) +
			       sizeof(req.kind), 0);

	if (err)
		return err;
	if (recv(fd, &reply, sizeof(reply), MSG_DONTWAIT) <
	    (ssize_t)sizeof(reply))
		return -EPROTO;

	return reply.err.error;
}

static int nlmon_open(void)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = NLMON_INDEX,
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}

	return fd;
}

/* Adds 10.0.0.0/8's host number @host: members of the group are told. */
static int route_add(int fd, uint32_t host)
{
	struct request req = {
		.nlh = { .nlmsg_type = RTM_NEWROUTE,
			 .nlmsg_flags = NLM_F_CREATE },
		.route = { .rtm_family = AF_INET, .rtm_dst_len = 32,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTPROT_STATIC,
			   .rtm_scope = RT_SCOPE_LINK,
			   .rtm_type = RTN_UNICAST },
		.dst_attr = { .rta_len = RTA_LENGTH(sizeof(struct in_addr)),
			      .rta_type = RTA_DST },
		.dst = { htonl((10U << 24) + host) },
		.oif_attr = { .rta_len = RTA_LENGTH(sizeof(uint32_t)),
			      .rta_type = RTA_OIF },
		.oif = 1,
	};

	return request_send(fd, &req, sizeof(req), 0);
}

static int route_dump(int fd, uint32_t seq)
{
	struct request req = {
		.nlh = { .nlmsg_type = RTM_GETROUTE,
			 .nlmsg_flags = NLM_F_DUMP },
		.route = { .rtm_family = AF_INET },
	};

	return request_send(fd, &req, NLMSG_LENGTH(sizeof(struct rtmsg)), seq);
}

static int join(int fd, int group)
{
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			  sizeof(group)) ? -errno : 0;
}

/* The messages of one datagram, which is a record or what recv() returned */
struct datagram {
	const struct nlmsghdr *nlh;
	size_t len;
	bool from_ring;
	uint16_t group;
	uint32_t sender;
};

struct reader {
	char buf[32 * 1024];
	const struct nl_ring_rec *rec;
	struct ring ring;
	int fd;
};

/* The ring comes first. Returns false when there is nothing, errno says why. */
static bool next(struct reader *reader, struct datagram *dgram)
{
	struct sockaddr_nl from = {};
	socklen_t fromlen = sizeof(from);
	ssize_t len;

	if (reader->rec)
		ring_release(&reader->ring, reader->rec);
	reader->rec = ring_next(&reader->ring);
	if (reader->rec) {
		*dgram = (struct datagram){
			.nlh = ring_msg(reader->rec), .len = reader->rec->len,
			.from_ring = true, .group = reader->rec->group,
		};
		return true;
	}

	len = recvfrom(reader->fd, reader->buf, sizeof(reader->buf),
		       MSG_DONTWAIT, (struct sockaddr *)&from, &fromlen);
	*dgram = (struct datagram){
		.nlh = (void *)reader->buf, .len = len > 0 ? len : 0,
		.sender = from.nl_pid,
	};

	return len > 0;
}

FIXTURE(all)
{
	struct reader reader;
	int fd;
	int ctl;
};

FIXTURE_SETUP(all)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, bind(self->fd, (struct sockaddr *)&addr, sizeof(addr)));
	self->ctl = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ASSERT_LE(0, self->ctl);
	ASSERT_EQ(0, ring_map(&self->reader.ring, self->fd, RING_SIZE,
			      NL_RING_F_ALL));
	ASSERT_EQ(0, link_up(self->ctl));
	self->reader.fd = self->fd;
	self->reader.rec = NULL;
}

FIXTURE_TEARDOWN(all)
{
	ring_unmap(&self->reader.ring);
	close(self->ctl);
	close(self->fd);
}

static bool readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1 && pfd.revents & POLLIN;
}

static bool queue_filled(int fd)
{
	char c;

	return recv(fd, &c, sizeof(c), MSG_DONTWAIT | MSG_PEEK) > 0;
}

/* A reply, an error and an acknowledgment come through the ring. */
TEST_F(all, unicast)
{
	struct request bad = { .nlh.nlmsg_type = RTM_GETLINK,
			       .link.ifi_index = 12345 };
	struct request ack = { .nlh = { .nlmsg_type = RTM_NEWLINK,
					.nlmsg_flags = NLM_F_ACK },
			       .link.ifi_index = 1 };
	struct datagram dgram;

	EXPECT_FALSE(readable(self->fd));
	ASSERT_EQ(0, link_get(self->fd, 1));
	ASSERT_EQ(0, request_send(self->fd, &bad, LINK_LEN, 2));
	ASSERT_EQ(0, request_send(self->fd, &ack, LINK_LEN, 3));
	EXPECT_TRUE(readable(self->fd));

	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_TRUE(dgram.from_ring);
	EXPECT_EQ(0, dgram.group);
	EXPECT_EQ(RTM_NEWLINK, dgram.nlh->nlmsg_type);
	EXPECT_EQ(1, dgram.nlh->nlmsg_seq);
	EXPECT_EQ(dgram.len, dgram.nlh->nlmsg_len);

	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_TRUE(dgram.from_ring);
	EXPECT_EQ(NLMSG_ERROR, dgram.nlh->nlmsg_type);
	EXPECT_EQ(2, dgram.nlh->nlmsg_seq);

	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_TRUE(dgram.from_ring);
	EXPECT_EQ(NLMSG_ERROR, dgram.nlh->nlmsg_type);
	EXPECT_EQ(3, dgram.nlh->nlmsg_seq);

	EXPECT_FALSE(next(&self->reader, &dgram));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_FALSE(readable(self->fd));
}

/* Replies and multicast are in the order in which things happened. */
TEST_F(all, order)
{
	static const int type[] = { RTM_NEWROUTE, RTM_NEWLINK, RTM_NEWROUTE };
	struct datagram dgram;
	int i;

	ASSERT_EQ(0, join(self->fd, RTNLGRP_IPV4_ROUTE));
	ASSERT_EQ(0, route_add(self->ctl, 1));
	ASSERT_EQ(0, link_get(self->fd, 1));
	ASSERT_EQ(0, route_add(self->ctl, 2));

	for (i = 0; i < ARRAY_SIZE(type); i++) {
		ASSERT_TRUE(next(&self->reader, &dgram));
		EXPECT_TRUE(dgram.from_ring);
		EXPECT_EQ(type[i], dgram.nlh->nlmsg_type);
		EXPECT_EQ(i == 1 ? 0 : RTNLGRP_IPV4_ROUTE, dgram.group);
	}
	EXPECT_FALSE(next(&self->reader, &dgram));
}

static bool is_main_route(const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = NLMSG_DATA(nlh);

	return nlh->nlmsg_type == RTM_NEWROUTE &&
	       rtm->rtm_table == RT_TABLE_MAIN;
}

/* Reads to the end of a dump. Returns how many routes of the main table it had,
 * or an error. @queued: of its parts, not in the ring
 */
static int read_dump(struct reader *reader, uint32_t seq, unsigned int *bytes,
		     unsigned int *queued)
{
	struct datagram dgram;
	int routes = 0;

	for (;;) {
		const struct nlmsghdr *nlh;
		int len;

		if (!readable(reader->fd))
			return -ENODATA;
		if (!next(reader, &dgram)) {
			if (errno != EAGAIN)
				return -errno;
			continue;
		}
		*bytes += dgram.len;
		*queued += !dgram.from_ring;
		len = dgram.len;
		for (nlh = dgram.nlh; NLMSG_OK(nlh, len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_seq != seq)
				return -EPROTO;
			if (nlh->nlmsg_type == NLMSG_DONE)
				return routes;
			routes += is_main_route(nlh);
		}
	}
}

/* A dump of several times the ring is complete, and waits for the reader. */
TEST_F_TIMEOUT(all, dump, DUMP_TIMEOUT)
{
	unsigned int i, bytes = 0, queued = 0;
	struct datagram dgram;

	for (i = 0; i < DUMP_ROUTES; i++)
		ASSERT_EQ(0, route_add(self->ctl, i));
	ASSERT_EQ(0, route_dump(self->fd, 7));

	EXPECT_EQ(DUMP_ROUTES, read_dump(&self->reader, 7, &bytes, &queued));
	EXPECT_EQ(0, queued);
	EXPECT_LT(2 * RING_SIZE, bytes);
	EXPECT_FALSE(next(&self->reader, &dgram));
	EXPECT_FALSE(readable(self->fd));
}

/* What is queued comes first: a reader that only looks does not have the dump
 * fill the queue.
 */
TEST_F_TIMEOUT(all, dump_behind_queue, DUMP_TIMEOUT)
{
	struct nlmsghdr nlh = { .nlmsg_len = sizeof(nlh) };
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	unsigned int i, bytes = 0, queued = 0;
	socklen_t len = sizeof(to);
	struct datagram dgram;
	char c;

	for (i = 0; i < DUMP_ROUTES; i++)
		ASSERT_EQ(0, route_add(self->ctl, i));
	ASSERT_EQ(0, getsockname(self->fd, (struct sockaddr *)&to, &len));
	ASSERT_EQ(0, route_dump(self->fd, 7));
	ASSERT_EQ(sizeof(nlh), sendto(self->ctl, &nlh, sizeof(nlh), 0,
				      (struct sockaddr *)&to, sizeof(to)));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(1, recv(self->fd, &c, sizeof(c),
				  MSG_DONTWAIT | MSG_PEEK));

	/* The first part, then the message, then the rest */
	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_TRUE(dgram.from_ring);
	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_FALSE(dgram.from_ring);
	EXPECT_NE(0, dgram.sender);
	EXPECT_LT(DUMP_ROUTES / 2,
		  read_dump(&self->reader, 7, &bytes, &queued));
}

/* What finds no room is queued: no reply is lost, none overtakes another. */
TEST_F(all, full)
{
	uint32_t seq, sent = 0, queued = 0;
	struct datagram dgram;

	/* The ring, then a part of the receive buffer */
	do {
		ASSERT_EQ(0, link_get(self->fd, ++sent));
	} while (!queue_filled(self->fd));
	for (seq = 0; seq < 10; seq++)
		ASSERT_EQ(0, link_get(self->fd, ++sent));

	for (seq = 1; seq <= sent; seq++) {
		ASSERT_TRUE(next(&self->reader, &dgram));
		queued += !dgram.from_ring;
		ASSERT_EQ(seq, dgram.nlh->nlmsg_seq);
	}
	EXPECT_EQ(11, queued);
	EXPECT_EQ(0, self->reader.ring.prod->lost);

	/* and then the ring is in use again. */
	EXPECT_FALSE(next(&self->reader, &dgram));
	ASSERT_EQ(0, link_get(self->fd, 0));
	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_TRUE(dgram.from_ring);
}

/* Multicast that finds no room is lost, and counted to the last message. */
TEST_F(all, lost)
{
	uint32_t host = 0, events = 0;
	struct datagram dgram;
	int no_enobufs;
	uint64_t lost;

	ASSERT_EQ(0, join(self->fd, RTNLGRP_IPV4_ROUTE));
	for (no_enobufs = 0; no_enobufs < 2; no_enobufs++) {
		ASSERT_EQ(0, setsockopt(self->fd, SOL_NETLINK,
					NETLINK_NO_ENOBUFS, &no_enobufs,
					sizeof(no_enobufs)));
		lost = self->reader.ring.prod->lost;
		do {
			ASSERT_EQ(0, route_add(self->ctl, ++host));
		} while (self->reader.ring.prod->lost < lost + 10);

		while (next(&self->reader, &dgram)) {
			EXPECT_TRUE(dgram.from_ring);
			events++;
		}
		EXPECT_EQ(no_enobufs ? EAGAIN : ENOBUFS, errno);
		EXPECT_EQ(host, events + self->reader.ring.prod->lost);
	}
	EXPECT_LE(20 * NLMSG_LENGTH(sizeof(struct rtmsg)),
		  self->reader.ring.prod->lost_bytes);
}

/* A record names no sender: what a process sends is not in the ring. */
TEST_F(all, process)
{
	struct nlmsghdr nlh = { .nlmsg_len = sizeof(nlh),
				.nlmsg_type = RTM_NEWLINK };
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(to);
	struct datagram dgram;
	uint32_t sender;

	ASSERT_EQ(0, link_get(self->fd, 1));
	ASSERT_TRUE(next(&self->reader, &dgram));
	ASSERT_EQ(0, getsockname(self->ctl, (struct sockaddr *)&to, &len));
	sender = to.nl_pid;
	ASSERT_NE(0, sender);
	ASSERT_EQ(0, getsockname(self->fd, (struct sockaddr *)&to, &len));
	ASSERT_EQ(sizeof(nlh), sendto(self->ctl, &nlh, sizeof(nlh), 0,
				      (struct sockaddr *)&to, sizeof(to)));

	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_FALSE(dgram.from_ring);
	EXPECT_EQ(sender, dgram.sender);
}

/* Copies pass the socket's filter first, as what is queued does. */
TEST_F(all, filter)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_filter head = BPF_STMT(BPF_RET | BPF_K, 24);
	struct sock_fprog prog = { .len = 1, .filter = &none };
	struct datagram dgram;

	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				sizeof(prog)));
	ASSERT_EQ(0, link_get(self->fd, 1));
	EXPECT_FALSE(next(&self->reader, &dgram));

	prog.filter = &head;
	ASSERT_EQ(0, setsockopt(self->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				sizeof(prog)));
	ASSERT_EQ(0, link_get(self->fd, 2));
	ASSERT_TRUE(next(&self->reader, &dgram));
	EXPECT_TRUE(dgram.from_ring);
	EXPECT_EQ(24, dgram.len);
	EXPECT_EQ(2, dgram.nlh->nlmsg_seq);
}

/* Was the message seen on the device, among others? */
static bool monitored(int fd, const struct datagram *dgram)
{
	char buf[4096];
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) >= 0)
		if (len == (ssize_t)dgram->len &&
		    !memcmp(buf, dgram->nlh, len))
			return true;

	return false;
}

/* Copies are seen by nlmon, as what is queued is: multicast and unicast. */
TEST_F(all, nlmon)
{
	struct datagram dgram;
	int fd, err, i;

	err = nlmon_add(self->ctl);
	if (err == -EOPNOTSUPP)
		SKIP(return, "no nlmon");
	ASSERT_EQ(0, err);
	fd = nlmon_open();
	ASSERT_LE(0, fd);

	ASSERT_EQ(0, join(self->fd, RTNLGRP_IPV4_ROUTE));
	ASSERT_EQ(0, route_add(self->ctl, 1));
	ASSERT_EQ(0, link_get(self->fd, 1));
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(next(&self->reader, &dgram));
		EXPECT_TRUE(dgram.from_ring);
		EXPECT_TRUE(monitored(fd, &dgram));
	}
	close(fd);
}

static bool supported(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct ring ring;
	int err = ring_map(&ring, fd, RING_SIZE, NL_RING_F_ALL);

	close(fd);

	return !err;
}

int main(int argc, char **argv)
{
	if (!supported())
		ksft_exit_skip("the kernel has no NL_RING_F_ALL\n");

	return test_harness_run(argc, argv);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink on top of libmnl: request, ack, dump, batch, extack text. */
#ifndef NFX_NL_H
#define NFX_NL_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest datagram the kernel builds for a dump (af_netlink.c, 32 KiB). */
#define NL_RECV_SIZE (32UL * 1024)

/* A wait for the kernel's answer ends after this time, in seconds. */
#define NL_TIMEOUT_S 5

/* Room for a request that is not a batch. */
#define NL_MSG_SIZE 2048

/**
 * struct nl - one netlink socket
 * @sock:     owned; closed by nl_close()
 * @seq:      sequence number of the last request
 * @overruns: times the kernel reported ENOBUFS: messages were lost
 * @intr:     the last dump carried NLM_F_DUMP_INTR: it is not consistent
 * @ext:      text of the kernel's last extended ack, "" without one
 * @buf:      last datagram received
 */
struct nl {
	struct mnl_socket *sock;
	uint32_t seq;
	unsigned int overruns;
	bool intr;
	char ext[128];
	char buf[NL_RECV_SIZE] __attribute__((aligned(8)));
};

/**
 * nl_open() - open and bind a socket
 * @bus: NETLINK_NETFILTER, NETLINK_ROUTE, ...
 *
 * Return: a socket to be given to nl_close(), or NULL with errno set.
 */
struct nl *nl_open(int bus);
void nl_close(struct nl *nl);

/* A socket that is closed at the end of the block, NULL included. */
#define NL_AUTO __attribute__((cleanup(nl_auto_close))) struct nl *
void nl_auto_close(struct nl **nl);

/** nl_join() - listen to a multicast group. Return: 0 or -errno. */
int nl_join(struct nl *nl, int group);

/**
 * nl_msg() - start a request
 * @buf:   at least NL_MSG_SIZE bytes, aligned for struct nlmsghdr; zeroed,
 *         so that no padding is left undefined
 * @type:  nlmsg_type
 * @flags: beyond NLM_F_REQUEST
 */
struct nlmsghdr *nl_msg(struct nl *nl, void *buf, uint16_t type,
			uint16_t flags);

/**
 * nl_nfmsg() - start an nfnetlink request
 * @type:   subsystem << 8 | message (linux/netfilter/nfnetlink.h)
 * @family: NFPROTO_*
 * @res_id: host byte order
 */
struct nlmsghdr *nl_nfmsg(struct nl *nl, void *buf, uint16_t type,
			  uint16_t flags, uint8_t family, uint16_t res_id);

/**
 * nl_talk() - send a request or dump and take in all of the answer
 * @nlh:  request; NLM_F_ACK is added unless it is a dump
 * @cb:   called for each message but acks and errors, may be NULL
 * @data: passed to @cb
 *
 * Return: 0 or -errno as the kernel gave it (ipset has its own numbers from
 * 4096 on); -ENOBUFS after an overrun; -ETIMEDOUT.
 */
int nl_talk(struct nl *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data);

/** nl_send() - send bytes as they are. Return: 0 or -errno. */
int nl_send(struct nl *nl, const void *data, size_t len);

/**
 * nl_recv() - receive one datagram into nl->buf
 *
 * Return: its length, -ENOBUFS after an overrun (counted), -ETIMEDOUT or
 * another -errno.
 */
int nl_recv(struct nl *nl);

/**
 * nl_collect() - receive until the answer to request @seq is complete
 * @seq: sequence number of the message whose ack or end of dump is awaited
 *
 * An error for an earlier message of the same send does not end it; the first
 * error is what is returned. Return: as nl_talk().
 */
int nl_collect(struct nl *nl, uint32_t seq, mnl_cb_t cb, void *data);

/** nl_strerror() - text for a positive errno, ipset's numbers included. */
const char *nl_strerror(int err);

/**
 * nl_attrs() - index the attributes of a message or nest by type
 * @tb:  array of @max + 1 pointers, filled; larger types are skipped
 */
void nl_attrs(const struct nlmsghdr *nlh, unsigned int offset,
	      const struct nlattr **tb, unsigned int max);
void nl_nested(const struct nlattr *nest, const struct nlattr **tb,
	       unsigned int max);

/** nl_payload() - what @attr holds, NULL if absent or less than @size bytes */
const void *nl_payload(const struct nlattr *attr, size_t size);

/** nl_be32() - a number in network byte order, 0 if @attr holds none */
uint32_t nl_be32(const struct nlattr *attr);

#endif /* NFX_NL_H */

// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue watch: bind a queue, print its packets, give them a verdict. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "ipview.h"
#include "main.h"
#include "nlcmd.h"
#include "nfqueue.h"
#include "out.h"
#include "queue.h"
#include "stream.h"

/* Enough for the headers that are printed, with options and extensions. */
#define RANGE_DEFAULT 128

/* The kernel's own limit, nfnetlink_queue.c. */
#define RANGE_MAX (0xffff - NLA_HDRLEN)

/**
 * struct watch - a queue being watched
 * @args:     options of all streams
 * @conf:     the queue
 * @verdict:  for every packet
 * @set_mark: give every packet @mark
 * @mark:     host byte order
 * @nl:       owned
 * @stream:   reads the queue
 * @verdicts: answers
 * @last_id:  id of the last packet
 * @refused:  verdicts that the kernel did not take
 */
struct watch {
	struct stream_args args;
	struct nfq_conf conf;
	uint32_t verdict;
	bool set_mark;
	uint32_t mark;
	struct nl *nl;
	struct stream stream;
	struct nfq_verdicts verdicts;
	uint32_t last_id;
	uint64_t refused;
};

static const char *hook_name(const struct nfq_packet *packet, char *buf,
			     size_t size)
{
	static const char * const names[] = {
		[NF_INET_PRE_ROUTING]	= "prerouting",
		[NF_INET_LOCAL_IN]	= "input",
		[NF_INET_FORWARD]	= "forward",
		[NF_INET_LOCAL_OUT]	= "output",
		[NF_INET_POST_ROUTING]	= "postrouting",
	};

	if (packet->hook < ARRAY_SIZE(names))
		return names[packet->hook];
	snprintf(buf, size, "%u", packet->hook);
	return buf;
}

/* NULL for no interface. */
static const char *dev_name(uint32_t index, char *buf)
{
	if (!index)
		return NULL;
	if (opts.given & OPT_NUMERIC || !if_indextoname(index, buf))
		snprintf(buf, IF_NAMESIZE, "%u", index);
	return buf;
}

static void print_dev(const char *what, uint32_t index)
{
	char buf[IF_NAMESIZE];
	const char *name = dev_name(index, buf);

	if (name)
		printf(" %s %s", what, name);
}

static void print_text(const struct nfq_packet *packet)
{
	char hook[8], proto[8], src[IPVIEW_LEN], dst[IPVIEW_LEN];
	struct ipview view;

	printf("id %u len %u %s", packet->id, packet->len,
	       hook_name(packet, hook, sizeof(hook)));
	print_dev("in", packet->indev);
	print_dev("physin", packet->physin);
	print_dev("out", packet->outdev);
	print_dev("physout", packet->physout);
	if (packet->mark)
		printf(" mark 0x%x", packet->mark);
	if (ipview_read(packet->payload, packet->copied, &view))
		printf(" %s %s > %s\n",
		       ipview_proto(view.proto, proto, sizeof(proto)),
		       ipview_addr(&view, false, src, sizeof(src)),
		       ipview_addr(&view, true, dst, sizeof(dst)));
	else
		printf(" ethertype 0x%04x\n", packet->hw_proto);
}

static void add_dev(json_t *doc, const char *key, uint32_t index)
{
	char buf[IF_NAMESIZE];
	const char *name = dev_name(index, buf);

	if (name)
		json_object_set_new(doc, key, json_string(name));
}

static void add_addresses(json_t *doc, const struct nfq_packet *packet)
{
	struct ipview view;
	char proto[8];

	if (!ipview_read(packet->payload, packet->copied, &view))
		return;
	json_object_set_new(doc, "protocol",
			    json_string(ipview_proto(view.proto, proto,
						     sizeof(proto))));
	json_object_set_new(doc, "src", json_string(view.src));
	json_object_set_new(doc, "dst", json_string(view.dst));
	if (!view.ports)
		return;
	json_object_set_new(doc, "sport", json_integer(view.sport));
	json_object_set_new(doc, "dport", json_integer(view.dport));
}

static int print_json(const struct nfq_packet *packet)
{
	char hook[8];
	json_t *doc = json_pack("{s:I, s:I, s:s, s:I, s:i}",
				"id", (json_int_t)packet->id,
				"length", (json_int_t)packet->len,
				"hook", hook_name(packet, hook, sizeof(hook)),
				"mark", (json_int_t)packet->mark,
				"hw-protocol", packet->hw_proto);

	if (doc) {
		add_dev(doc, "indev", packet->indev);
		add_dev(doc, "physindev", packet->physin);
		add_dev(doc, "outdev", packet->outdev);
		add_dev(doc, "physoutdev", packet->physout);
		add_addresses(doc, packet);
	}
	return out_doc(doc);
}

static int take_packet(const struct nlmsghdr *nlh, void *data)
{
	struct watch *watch = data;
	struct nfq_packet packet;
	int err;

	if (nfq_parse(nlh, &packet))
		return MNL_CB_OK;
	watch->last_id = packet.id;
	/* Packets beyond --count go the way of those that still wait. */
	if (watch->stream.stop)
		return MNL_CB_OK;
	if (out_is_json())
		print_json(&packet);
	else
		print_text(&packet);
	stream_seen(&watch->stream);
	err = nfq_verdict(&watch->verdicts, packet.id, watch->verdict,
			  watch->set_mark ? &watch->mark : NULL);
	if (!err)
		return MNL_CB_OK;
	errno = -err;
	return MNL_CB_ERROR;
}

static int send_verdicts(void *data)
{
	struct watch *watch = data;

	return nfq_verdicts_send(&watch->verdicts);
}

/* A packet is gone with its device, or by hand: no reason to end. */
static int refused(int err, void *data)
{
	struct watch *watch = data;

	if (err != ENOENT)
		return -err;
	watch->refused++;
	return 0;
}

/*
 * The kernel drops what is in a queue when its reader goes. Let it pass before,
 * as if it had come later; ids in the future are for what arrives meanwhile.
 */
static void pass_waiting(struct watch *watch)
{
	if (watch->verdict == NF_ACCEPT)
		nfq_verdict_upto(watch->nl, watch->conf.num,
				 watch->last_id + INT32_MAX, NF_ACCEPT,
				 watch->set_mark ? &watch->mark : NULL);
}

static void note_drops(const struct nfq_stat *stat, void *data)
{
	const struct watch *watch = data;

	if (stat->num != watch->conf.num || opts.quiet)
		return;
	fprintf(stderr, "%u dropped by the full queue, %u by the full %s",
		stat->dropped, stat->user_dropped,
		nlring_error(watch->stream.nlring) ? "socket" : "ring");
	if (watch->refused)
		fprintf(stderr, ", %llu verdicts too late",
			(unsigned long long)watch->refused);
	fputc('\n', stderr);
}

/* The reader of the queue, if there is one. */
struct owner {
	uint32_t num;
	uint32_t portid;
};

static void find_owner(const struct nfq_stat *stat, void *data)
{
	struct owner *owner = data;

	if (stat->num == owner->num)
		owner->portid = stat->portid;
}

static int bind_failed(const struct watch *watch, int err)
{
	const char *why = watch->nl->ext[0] ? watch->nl->ext : strerror(-err);
	struct owner owner = { .num = watch->conf.num };

	/* The same answer for a queue of another as for no privileges. */
	if (err == -EPERM || err == -EBUSY)
		nfq_stats(find_owner, &owner);
	if (owner.portid) {
		out_error(-err, "queue %u: netlink port %u has it", owner.num,
			  owner.portid);
		return NFX_KERNEL;
	}
	/* nfnetlink's answer for a subsystem that is not there. */
	if (err == -EINVAL) {
		out_error(EINVAL, "this kernel has no nfnetlink_queue");
		return NFX_MISSING;
	}
	out_error(-err, "queue %u: %s", watch->conf.num, why);
	return NFX_KERNEL;
}

/* Rings of the socket are older than those of queues: ask, and do without. */
static int bind_queue(struct watch *watch)
{
	bool ring = !nlring_error(watch->stream.nlring);
	uint32_t flags = watch->conf.flags;
	int err;

	if (ring)
		watch->conf.flags |= NFQA_CFG_F_RING;
	err = nfq_bind(watch->nl, &watch->conf, take_packet, watch);
	if (!ring || (err != -EINVAL && err != -EOPNOTSUPP) ||
	    watch->args.ring)
		return err;
	watch->conf.flags = flags;
	return nfq_bind(watch->nl, &watch->conf, take_packet, watch);
}

static int run_bound(struct watch *watch)
{
	int err = nfq_has_vector(watch->nl, watch->conf.num, take_packet,
				 watch);

	if (err >= 0) {
		/* Verdicts may be there already, each with its message. */
		nfq_verdicts_send(&watch->verdicts);
		watch->verdicts.vector = err;
		err = stream_run(&watch->stream, watch->nl);
	}
	pass_waiting(watch);
	stream_counts(&watch->stream, "packets");
	nfq_stats(note_drops, watch);
	if (!err)
		return NFX_OK;
	out_error(-err, "queue %u: %s", watch->conf.num, strerror(-err));
	return NFX_KERNEL;
}

static int run_stream(struct watch *watch)
{
	struct stream *stream = &watch->stream;
	int rc = NFX_KERNEL, err;

	stream->nlring = stream_open(watch->nl, &watch->args, 0, &rc);
	if (!stream->nlring)
		return rc;
	nfq_verdicts_init(&watch->verdicts, watch->nl, watch->conf.num, false);
	err = bind_queue(watch);
	rc = err ? bind_failed(watch, err) : run_bound(watch);
	nlring_close(stream->nlring);
	return rc;
}

static int parse_verdict(struct watch *watch, const char *verdict,
			 const char *mark)
{
	uint64_t value = 0;

	if (!strcmp(verdict, "accept")) {
		watch->verdict = NF_ACCEPT;
	} else if (!strcmp(verdict, "drop")) {
		watch->verdict = NF_DROP;
	} else {
		out_error(0, "verdict \"%s\" is unknown: accept or drop",
			  verdict);
		return -1;
	}
	if (mark && args_number("--mark", mark, false, 0, UINT32_MAX, &value))
		return -1;
	watch->set_mark = mark;
	watch->mark = (uint32_t)value;
	return 0;
}

static int parse(struct watch *watch, int argc, char **argv)
{
	uint64_t range = RANGE_DEFAULT, maxlen = 0, num;
	const char *verdict = "accept", *mark = NULL, *word;
	bool fail_open = false;
	struct arg table[STREAM_OPTIONS + 6] = {
		{ "--verdict",	 ARG_WORD, &verdict,   0, 0 },
		{ "--mark",	 ARG_WORD, &mark,      0, 0 },
		{ "--range",	 ARG_SIZE, &range,     0, RANGE_MAX },
		{ "--maxlen",	 ARG_NUM,  &maxlen,    1, UINT32_MAX },
		{ "--fail-open", ARG_FLAG, &fail_open, 0, 0 },
	};
	int n;

	stream_options(table, &watch->args);
	n = args_parse(table, argc, argv, &word, 1);
	if (n < 0 || !stream_args_ok(&watch->args))
		return -1;
	if (!n) {
		out_error(0, "\"watch\" needs the NUM of a queue");
		return -1;
	}
	if (args_number("NUM", word, false, 0, UINT16_MAX, &num) ||
	    parse_verdict(watch, verdict, mark))
		return -1;
	watch->conf.num = (uint16_t)num;
	watch->conf.range = (uint32_t)range;
	watch->conf.maxlen = (uint32_t)maxlen;
	watch->conf.flags = fail_open ? NFQA_CFG_F_FAIL_OPEN : 0;
	return 0;
}

int queue_watch(int argc, char **argv)
{
	struct watch watch = {
		.stream = {
			.args	= &watch.args,
			.cb	= take_packet,
			.error	= refused,
			.pause	= send_verdicts,
			.data	= &watch,
		},
	};
	int rc;

	if (parse(&watch, argc, argv))
		return NFX_USAGE;
	watch.nl = nlcmd_open();
	if (!watch.nl)
		return NFX_KERNEL;
	rc = run_stream(&watch);
	nl_close(watch.nl);
	return rc;
}

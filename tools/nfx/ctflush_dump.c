// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush conntrack entries by a dump: match here, delete one by one.
 *
 * What is deleted is named by the tuple of the dump and its number, CTA_ID. A
 * tuple alone could be that of a new connection meanwhile. The dump goes on
 * while entries are deleted: the kernel has the place where it goes on in the
 * block after the one that is read here.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <poll.h>
#include <string.h>

#include "cttable.h"
#include "ctflush.h"
#include "main.h"
#include "progress.h"
#include "signals.h"

/* Requests that are sent at once; their errors fit into a receive buffer. */
#define BATCH		64

/* Room for each: two IPv6 addresses, ports, zones, number. */
#define REQUEST_SIZE	256

/**
 * struct dump - a flush while it runs
 * @job:      what to flush
 * @counts:   filled
 * @del:      socket for deletions, as the other one is busy with the dump
 * @buf:      requests that are not sent yet
 * @len:      bytes of them
 * @pending:  their number
 * @last:     the last of them
 * @progress: for those who wait
 * @signals:  what ends it early
 */
struct dump {
	const struct ctflush *job;
	struct ctflush_counts *counts;
	struct nl *del;
	char buf[(BATCH + 1) * REQUEST_SIZE] __attribute__((aligned(8)));
	size_t len;
	unsigned int pending;
	struct nlmsghdr *last;
	struct progress progress;
	struct signals signals;
};

static void add_failed(struct dump *dump, uint64_t count, int err)
{
	dump->counts->failed += count;
	if (!dump->counts->error)
		dump->counts->error = err;
}

/* Each request that failed has a message, the last one always has. */
static bool take_error(struct dump *dump, const struct nlmsghdr *nlh,
		       unsigned int *failed)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != NLMSG_ERROR)
		return false;
	if (e->error)
		(*failed)++;
	if (e->error == -ENOENT)
		dump->counts->gone++;
	else if (e->error)
		add_failed(dump, 1, e->error);
	return nlh->nlmsg_seq == dump->last->nlmsg_seq;
}

static int take_errors(struct dump *dump, unsigned int *failed)
{
	const struct nlmsghdr *nlh;
	bool done = false;
	int len;

	while (!done) {
		len = nl_recv(dump->del);
		if (len < 0)
			return len;
		nlh = (const struct nlmsghdr *)dump->del->buf;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			done |= take_error(dump, nlh, failed);
	}
	return 0;
}

static void send_requests(struct dump *dump)
{
	unsigned int failed = 0;
	int err;

	if (!dump->pending)
		return;
	dump->last->nlmsg_flags |= NLM_F_ACK;
	err = nl_send(dump->del, dump->buf, dump->len);
	if (!err)
		err = take_errors(dump, &failed);
	/* Some of them may be gone, which is not known then. */
	if (err)
		add_failed(dump, dump->pending - failed, err);
	else
		dump->counts->deleted += dump->pending - failed;
	dump->len = 0;
	dump->pending = 0;
}

static void copy_attr(struct nlmsghdr *nlh, const struct nlattr *attr)
{
	void *tail = mnl_nlmsg_get_payload_tail(nlh);

	if (!attr)
		return;
	memcpy(tail, attr, attr->nla_len);
	nlh->nlmsg_len += MNL_ALIGN(attr->nla_len);
}

/* As the kernel has told them. The buffer is zero where nothing is copied. */
static void add_request(struct dump *dump, const struct ctentry *entry)
{
	size_t len = entry->tuple_attr->nla_len + entry->id_attr->nla_len;
	struct nlmsghdr *nlh;

	if (entry->zone_attr)
		len += entry->zone_attr->nla_len;
	/* Never as of today. */
	if (len > REQUEST_SIZE - 64) {
		add_failed(dump, 1, -EMSGSIZE);
		return;
	}
	nlh = (struct nlmsghdr *)(dump->buf + dump->len);
	memset(nlh, 0, REQUEST_SIZE);
	mnl_nlmsg_put_header(nlh);
	nlh->nlmsg_type = ctflush_type(IPCTNL_MSG_CT_DELETE);
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++dump->del->seq;
	((struct nfgenmsg *)mnl_nlmsg_put_extra_header(nlh,
		sizeof(struct nfgenmsg)))->nfgen_family = entry->family;
	copy_attr(nlh, entry->tuple_attr);
	copy_attr(nlh, entry->id_attr);
	copy_attr(nlh, entry->zone_attr);
	dump->last = nlh;
	dump->len += nlh->nlmsg_len;
	if (++dump->pending == BATCH)
		send_requests(dump);
}

static bool is_stopped(struct dump *dump)
{
	struct pollfd pfd = { .fd = dump->signals.fd, .events = POLLIN };

	/* Not for each entry. */
	if (!dump->counts->stopped && !(dump->counts->scanned % BATCH) &&
	    poll(&pfd, 1, 0) > 0)
		dump->counts->stopped = true;
	return dump->counts->stopped;
}

static int take_entry(const struct nlmsghdr *nlh, void *data)
{
	struct dump *dump = data;
	const struct ctflush *job = dump->job;
	struct ctentry entry;

	/* The rest of the dump has to be read nevertheless. */
	if (is_stopped(dump) || ctentry_parse(nlh, &entry))
		return MNL_CB_OK;
	progress_update(&dump->progress, ++dump->counts->scanned);
	if (ctfilter_first(job->filters, job->count, &entry) == job->count)
		return MNL_CB_OK;
	dump->counts->matched++;
	if (!job->dry_run)
		add_request(dump, &entry);
	return MNL_CB_OK;
}

/* If all filters are of one family, the others need not be dumped. */
static uint8_t only_family(const struct ctflush *job)
{
	unsigned int i;

	for (i = 1; i < job->count; i++)
		if (job->filters[i].family != job->filters[0].family)
			return AF_UNSPEC;
	return (uint8_t)job->filters[0].family;
}

static int run(struct nl *nl, struct dump *dump)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	struct cttable table;
	int err;

	err = cttable_ask(nl, &table);
	progress_begin(&dump->progress, err ? 0 : table.entries);
	nlh = nl_nfmsg(nl, buf, ctflush_type(IPCTNL_MSG_CT_GET), NLM_F_DUMP,
		       only_family(dump->job), 0);
	err = nl_talk(nl, nlh, take_entry, dump);
	send_requests(dump);
	progress_end(&dump->progress);
	return err;
}

int ctflush_dump(struct nl *nl, const struct ctflush *job,
		 struct ctflush_counts *counts)
{
	struct dump dump = { .job = job, .counts = counts };
	int err;

	counts->counted = true;
	dump.del = nl_open(NETLINK_NETFILTER);
	if (!dump.del)
		return -errno;
	err = signals_hold(&dump.signals);
	if (!err) {
		err = run(nl, &dump);
		signals_release(&dump.signals);
	}
	nl_close(dump.del);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Conntrack: what a full table does, how it is sized, flushed, revalidated. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctflush.h"
#include "ctlog.h"
#include "ctpressure.h"
#include "cttable.h"
#include "lab.h"
#include "main.h"
#include "probes.h"

#define CT_SYSCTL	"/proc/sys/net/netfilter/nf_conntrack_"

void probe_ct_gc_wake(struct finding *f)
{
	finding_unknown(f, 0, "only a full table shows it, and filling one "
			"needs net.netfilter.nf_conntrack_max lowered");
}

void probe_ct_full_log(struct finding *f)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	enum ctlog last = CTLOG_NONE, now;
	char record[8192];
	ssize_t n;

	if (fd < 0) {
		finding_unknown(f, errno, "/dev/kmsg: %s", strerror(errno));
		return;
	}
	/* EPIPE: the record was overwritten meanwhile, the next one follows. */
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = '\0';
		now = ctlog_judge(record);
		last = now == CTLOG_NONE ? last : now;
	}
	close(fd);
	if (last == CTLOG_NEW)
		finding_yes(f, "a message with figures is in the kernel log");
	else if (last == CTLOG_OLD)
		finding_no(f, 0, "a message without figures is in the log");
	else
		finding_unknown(f, 0, "the kernel log holds no such message, "
				"and causing one would write to it");
}

/* A sysctl that all network namespaces have, once conntrack is active there. */
static void probe_sysctl(struct finding *f, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), CT_SYSCTL "%s", name);
	if (!access(path, F_OK))
		finding_yes(f, "the sysctl exists");
	else if (access(CT_SYSCTL "buckets", F_OK))
		finding_unknown(f, errno, "conntrack is not active in this "
				"network namespace");
	else
		finding_no(f, ENOENT, "the sysctl does not exist");
}

void probe_ct_buckets_auto(struct finding *f)
{
	probe_sysctl(f, "buckets_auto");
}

void probe_ct_evict(struct finding *f)
{
	probe_sysctl(f, "early_drop_source");
}

void probe_ct_adaptive(struct finding *f)
{
	probe_sysctl(f, "timeout_adaptive_start");
}

void probe_ct_revalidate(struct finding *f)
{
	probe_sysctl(f, "revalidate");
}

void probe_ct_table_stats(struct finding *f)
{
	NL_AUTO nl = lab_open(f, NETLINK_NETFILTER);
	struct cttable table;

	if (!nl || setup_failed(f, cttable_ask(nl, &table),
				"the counters of conntrack"))
		return;
	if (table.reported)
		finding_yes(f, "the table has %u buckets", table.buckets);
	else if (cttable_is_initial())
		finding_no(f, 0, "the counters do not describe the table");
	else
		finding_unknown(f, 0, "only the initial network namespace "
				"shows the table");
}

static int ask_ct(struct nl *nl, uint8_t msg, uint16_t flags)
{
	char buf[NL_MSG_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;

	nlh = nl_nfmsg(nl, buf, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | msg),
		       flags, AF_UNSPEC, 0);
	return nl_talk(nl, nlh, NULL, NULL);
}

/* Nothing is deleted, and the namespace has just been made. */
void probe_ct_flush(struct finding *f)
{
	const struct ctfilter everything = { .family = AF_UNSPEC };
	const struct ctflush job = {
		.filters = &everything, .count = 1, .dry_run = true,
	};
	NL_AUTO nl = lab_open(f, NETLINK_NETFILTER);
	struct ctflush_counts counts = {};
	int err;

	if (!nl || setup_failed(f, ask_ct(nl, IPCTNL_MSG_CT_GET, NLM_F_DUMP),
				"a conntrack dump"))
		return;
	err = ctflush_message(nl, &job, &counts);
	if (!err)
		finding_yes(f, "the message was accepted and answered");
	else if (err == -ENOSYS)
		finding_no(f, -EINVAL, "the message is unknown");
	else
		finding_unknown(f, err, "%s",
				nl->ext[0] ? nl->ext : strerror(-err));
}

void probe_ct_pressure(struct finding *f)
{
	NL_AUTO nl = lab_open(f, NETLINK_NETFILTER);
	struct ctpressure pressure;
	bool events;

	if (!nl || setup_failed(f, ctpressure_ask(nl, NULL, &pressure, &events),
				"the counters of conntrack"))
		return;
	if (events)
		finding_yes(f, "evictions are counted by reason");
	else
		finding_no(f, 0, "evictions are not counted by reason");
}

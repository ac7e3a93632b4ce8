// SPDX-License-Identifier: GPL-2.0-only
/* Flushing conntrack entries: which of the methods. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clocks.h"
#include "ctflush.h"
#include "main.h"

static const char * const method_names[] = {
	[CTFLUSH_AUTO]		= "auto",
	[CTFLUSH_MESSAGE]	= "message",
	[CTFLUSH_FILTER]	= "filter",
	[CTFLUSH_DUMP]		= "dump",
};

_Static_assert(ARRAY_SIZE(method_names) == CTFLUSH_METHODS,
	       "each has a name");

const char *ctflush_method_name(enum ctflush_method method)
{
	return method_names[method];
}

const char *ctflush_lacks(const struct ctflush *job)
{
	const char *lacks = NULL;
	unsigned int i;

	for (i = 0; i < job->count && !lacks; i++)
		lacks = ctflush_filter_lacks(&job->filters[i]);
	return lacks;
}

static int run_method(struct nl *nl, const struct ctflush *job,
		      enum ctflush_method method, struct ctflush_done *done)
{
	done->used = method;
	memset(&done->counts, 0, sizeof(done->counts));
	nl->ext[0] = '\0';
	switch (method) {
	case CTFLUSH_MESSAGE:
		return job->lazy ? ctflush_lazy(nl, &done->counts) :
				   ctflush_message(nl, job, &done->counts);
	case CTFLUSH_FILTER:
		return ctflush_filter(nl, job, &done->counts);
	default:
		return ctflush_dump(nl, job, &done->counts);
	}
}

/* Each of these is no more than a refusal, before anything was deleted. */
static int run_auto(struct nl *nl, const struct ctflush *job,
		    struct ctflush_done *done)
{
	int err = run_method(nl, job, CTFLUSH_MESSAGE, done);

	if (job->lazy ||
	    (err != -ENOSYS && err != -EINVAL && err != -EOPNOTSUPP))
		return err;
	snprintf(done->why, sizeof(done->why), "%s", err == -ENOSYS ?
		 "this kernel has no flush message, patches/03* bring it" :
		 nl->ext);
	if (!ctflush_lacks(job)) {
		err = run_method(nl, job, CTFLUSH_FILTER, done);
		if (err != -ENOSYS && err != -EBADMSG && err != -EOPNOTSUPP)
			return err;
	}
	return run_method(nl, job, CTFLUSH_DUMP, done);
}

int ctflush_run(struct nl *nl, const struct ctflush *job,
		enum ctflush_method method, struct ctflush_done *done)
{
	int64_t start = clocks_ns();
	int err;

	done->why[0] = '\0';
	err = method == CTFLUSH_AUTO ? run_auto(nl, job, done) :
				       run_method(nl, job, method, done);
	done->seconds = (double)(clocks_ns() - start) / 1e9;
	return err;
}

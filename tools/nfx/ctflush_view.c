// SPDX-License-Identifier: GPL-2.0-only
/* What came of a flush, as JSON and as text. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctflush_view.h"

static json_t *count_json(bool known, uint64_t count)
{
	return known ? json_integer((json_int_t)count) : json_null();
}

json_t *ctflush_json(const struct ctflush *job,
		     const struct ctflush_done *done)
{
	const struct ctflush_counts *counts = &done->counts;
	bool known = counts->counted;
	json_t *doc;

	doc = json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:I, s:I, s:b, s:f}",
			"method", ctflush_method_name(done->used),
			"dry-run", job->dry_run, "lazy", job->lazy,
			"matched", count_json(!job->lazy || known,
					      counts->matched),
			"deleted", count_json(known || job->dry_run,
					      counts->deleted),
			"scanned", count_json(known, counts->scanned),
			"gone", (json_int_t)counts->gone,
			"failed", (json_int_t)counts->failed,
			"interrupted", counts->stopped,
			"seconds", done->seconds);
	if (doc)
		json_object_set_new(doc, "why", done->why[0] ?
				    json_string(done->why) : json_null());
	return doc;
}

/* The kernel does not count what it deletes by CTA_FILTER. */
void ctflush_text(const struct ctflush *job, const struct ctflush_done *done,
		  char *text)
{
	const struct ctflush_counts *counts = &done->counts;
	bool matched = job->dry_run || !counts->counted;

	if (job->lazy) {
		snprintf(text, CTFLUSH_TEXT, "unreplied entries are judged "
			 "anew at their next packet");
		return;
	}
	snprintf(text, CTFLUSH_TEXT, "%" PRIu64 " entries %s in %.1f ms by "
		 "%s%s%s", matched ? counts->matched : counts->deleted,
		 job->dry_run ? "match, found" : "flushed",
		 done->seconds * 1e3, ctflush_method_name(done->used),
		 done->why[0] ? ": " : "", done->why);
}

static const char *missing(const struct ctflush *job,
			   const struct ctflush_done *done)
{
	if (job->lazy)
		return "this kernel has no lazy flush, patches/03* bring it";
	if (done->used == CTFLUSH_MESSAGE)
		return "this kernel has no flush message, patches/03* bring it";
	return "it is not certain that this kernel filters what CT_DELETE "
	       "deletes: nothing was flushed";
}

bool ctflush_explain(const struct nl *nl, const struct ctflush *job,
		     const struct ctflush_done *done, int err, char *text)
{
	const char *said = nl->ext[0] ? nl->ext : strerror(-err);

	/* Of a lazy flush there is nothing to be wrong but its flag. */
	if (err == -ENOSYS || (err == -EINVAL && job->lazy)) {
		snprintf(text, CTFLUSH_TEXT, "%s", missing(job, done));
		return true;
	}
	if (err == -EOPNOTSUPP && job->lazy)
		snprintf(text, CTFLUSH_TEXT, "%s (bit 4 of "
			 "net.netfilter.nf_conntrack_revalidate turns it on)",
			 said);
	else if (err == -EBADMSG)
		snprintf(text, CTFLUSH_TEXT, "the kernel's filter takes others than "
			 "asked for: nothing was flushed");
	else
		snprintf(text, CTFLUSH_TEXT, "conntrack: %s", said);
	return false;
}

// SPDX-License-Identifier: GPL-2.0-only
/* Records of the kernel log: which table-full message is it? */
#include "ctlog.h"
#include "unit.h"

#define HEAD "4,1234,5678,-;"

int main(void)
{
	ok(ctlog_judge(HEAD "nf_conntrack: nf_conntrack: table full, dropping "
		       "packet\n") == CTLOG_OLD, "doubled prefix");
	ok(ctlog_judge(HEAD "nf_conntrack: nf_conntrack: table full in netns "
		       "4026532281, dropping packet\n") == CTLOG_OLD,
	   "doubled prefix with a namespace number");
	ok(ctlog_judge(HEAD "nf_conntrack: table full, dropping packet\n") ==
	   CTLOG_OLD, "no figures");
	ok(ctlog_judge(HEAD "nf_conntrack: table full, dropping packet "
		       "(4096 of 4096 entries, netns 4026531840)\n") ==
	   CTLOG_NEW, "figures");
	ok(ctlog_judge(HEAD "eth0: renamed\n") == CTLOG_NONE, "other text");
	ok(ctlog_judge("12,1,2,-;nf_conntrack: table full 1\n") == CTLOG_NONE,
	   "written by a user");
	ok(ctlog_judge("nf_conntrack: table full 1") == CTLOG_NONE,
	   "not a record");
	ok(ctlog_judge("") == CTLOG_NONE, "empty");
	return unit_finish();
}

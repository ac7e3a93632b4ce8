// SPDX-License-Identifier: GPL-2.0-only
/* Lines of the trace. */
#include <errno.h>
#include <string.h>

#include "ctresize.h"
#include "unit.h"

#define HEAD "   kworker/u8:1-57      [001] ...1.   321.123456: nf_ct_resize: "

int main(void)
{
	struct ctresize resize;

	ok(!ctresize_parse(HEAD "table=conntrack from=16384 to=32768 "
			   "nodes=32801 nsecs=1234567 err=0", &resize) &&
	   !strcmp(resize.table, "conntrack") && resize.from == 16384 &&
	   resize.to == 32768 && resize.nodes == 32801 &&
	   resize.nsecs == 1234567 && !resize.err, "a resize");
	ok(!ctresize_parse(HEAD "table=nat_bysource from=4294967295 to=0 "
			   "nodes=18446744073709551615 nsecs=0 err=-12",
			   &resize) &&
	   !strcmp(resize.table, "nat_bysource") &&
	   resize.from == UINT32_MAX && resize.nodes == UINT64_MAX &&
	   resize.err == -ENOMEM, "one that failed");
	ok(ctresize_parse(HEAD "table=conntrack from=16384 to=32768",
			  &resize) == -EINVAL, "half of one");
	ok(ctresize_parse("CPU:1 [LOST 3 EVENTS]", &resize) == -EINVAL &&
	   ctresize_parse("", &resize) == -EINVAL, "other lines");
	ok(ctresize_parse(HEAD "table=a234567890123456789012345678901234567 "
			  "from=1 to=2 nodes=3 nsecs=4 err=0", &resize) ==
	   -EINVAL, "a name that is too long");
	return unit_finish();
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Guest half of `nfx-tree bench`: sourced by the job that bench.py writes.
# Everything between a BENCH-START and its BENCH-END line is one scenario's.

export PATH="/job/bench:$PATH" LC_ALL=C
cd /job/bench || exit 1
echo "BENCH-KERNEL $(uname -r)"

# scenario NAME TIMEOUT COMMAND [ARGUMENT...]
scenario()
{
	local name=$1 limit=$2 rc

	shift 2
	# The console log then tells whose a splat is.
	echo "nfx-bench: $name" >/dev/kmsg
	echo "BENCH-START $name"
	timeout -k 5 "$limit" "$@" </dev/null 2>&1
	rc=$?
	# A scenario may end in the middle of a line.
	echo
	echo "BENCH-END $name $rc"
	ip -all netns delete 2>/dev/null
}

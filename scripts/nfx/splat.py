# SPDX-License-Identifier: GPL-2.0
"""Find what a kernel complained about in its console log."""

import re

# What fails a run, whoever printed it.  WARN_ON, lockdep, suspicious RCU
# usage and unbalanced locks all start with "WARNING:", KASAN, KCSAN, soft
# lockups and sleeping in atomic context with "BUG:".
SPLAT = re.compile(r"""
    \bWARNING:\s
  | \bBUG:\s
  | \bkernel\ BUG\ at\s
  | \bUBSAN:\s
  | \bODEBUG:\s
  | \brefcount_t:\s
  | \bref_tracker:\s
  | \bOops\b
  | \bgeneral\ protection\ fault\b
  | \bUnable\ to\ handle\ kernel\b
  | \bKernel\ panic\b
  | \bpage\ allocation\ failure\b
  | \bkmemleak:\ \d+\ new\ suspected\b
  | \brcu.*\bdetected.*\bstalls?\b
  | \bblocked\ for\ more\ than\ \d+\ seconds
  | \bunregister_netdevice:\ waiting\ for\b
  | \bDEBUG_LOCKS_WARN_ON\b
  | \bINFO:\ (?:trying\ to\ register\ non-static\ key|lockdep\ is\ turned\ off)
    """, re.X)

TRACE = re.compile(r"\bCall Trace:")

# Traces that are asked for: fault injection tells where it struck.
ASKED_FOR = re.compile(r"\bFAULT_INJECTION: forcing a failure\b")

# A trace this many lines behind a splat belongs to it.
TRACE_REACH = 40

STAMP = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")


def text(line):
    """Return a console line without its time stamp."""
    return STAMP.sub("", line.rstrip())


def scan(lines, allow=()):
    """Return the splats in console @lines, one line of text each.

    @allow: regular expressions; a splat that one of them matches is left
            out, for faults that a run provokes on purpose
    """
    return [text(lines[i]) for i in positions(lines, allow)]


def positions(lines, allow=()):
    """Return the index of each splat in console @lines; see scan()."""
    allowed = [re.compile(pattern) for pattern in allow]
    found = []
    explained = -TRACE_REACH - 1
    for i, line in enumerate(lines):
        if ASKED_FOR.search(line):
            explained = i
            continue
        is_splat = SPLAT.search(line)
        is_trace = TRACE.search(line) and i - explained > TRACE_REACH
        if not is_splat and not is_trace:
            continue
        explained = i
        if not any(pattern.search(line) for pattern in allowed):
            found.append(i)
    return found

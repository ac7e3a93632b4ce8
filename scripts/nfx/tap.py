# SPDX-License-Identifier: GPL-2.0
"""Read the test results in the output of run_kselftest.sh."""

import re
from typing import NamedTuple

PASS = "pass"
FAIL = "fail"
SKIP = "skip"
XFAIL = "xfail"

# ok 1 selftests: net/netfilter: nft_nat.sh # SKIP
RESULT = re.compile(r"^(not )?ok (\d+) selftests: ([^:]+): (\S+)(?: # (.*))?$")


class Tap(NamedTuple):
    """What the TAP output says about one program."""
    outcome: str
    reason: str


def outcome(failed, directive):
    """Return the outcome of an "ok"/"not ok" with its directive."""
    word = directive.split()[0].upper() if directive.strip() else ""
    if word == "SKIP":
        return SKIP
    if word == "XFAIL":
        return XFAIL
    return FAIL if failed else PASS


def parse(lines):
    """Return {"target:program": Tap} for each result line."""
    found = {}
    for line in lines:
        match = RESULT.match(line)
        if not match:
            continue
        directive = match[5] or ""
        found[f"{match[3]}:{match[4]}"] = Tap(outcome(match[1], directive),
                                              directive.strip())
    return found


def skip_reason(lines):
    """Return the last line a skipped program printed about why."""
    for line in reversed(lines):
        text = line.lstrip("# ").strip()
        if line.startswith("#") and "skip" in text.lower():
            return re.sub(r"^SKIP:? *", "", text, flags=re.I)
    return ""

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""kunit.py: the cases in a KTAP report."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import kunit  # noqa: E402

REPORT = """\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: suite
    1..4
    ok 1 ranges
        KTAP version 1
        # Subtest: size
        not ok 1 one entry
    not ok 2 size
    ok 3 lookup # SKIP no second CPU
    # size: pass:1 fail:1 skip:1 total:3
not ok 1 suite
KTAP version 1
1..1
    KTAP version 1
    # Subtest: other
    1..1
    ok 1 case
ok 1 other
"""


class Parse(unittest.TestCase):
    def test_cases(self):
        self.assertEqual(list(kunit.parse(REPORT.splitlines())), [
            ("suite", "ranges", True, ""),
            ("suite", "size", False, ""),
            ("suite", "lookup", True, "SKIP no second CPU"),
            ("other", "case", True, ""),
        ])

    def test_nothing(self):
        self.assertEqual(list(kunit.parse(["", "KTAP version 1"])), [])


if __name__ == "__main__":
    unittest.main()

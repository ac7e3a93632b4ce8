#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Reading what the kselftest runner prints."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tap  # noqa: E402


def only(line):
    return tap.parse([line])["net/netfilter:a.sh"]


class Parse(unittest.TestCase):
    def test_outcomes(self):
        for line, outcome in (
                ("ok 1 selftests: net/netfilter: a.sh", tap.PASS),
                ("ok 1 selftests: net/netfilter: a.sh # SKIP", tap.SKIP),
                ("ok 1 selftests: net/netfilter: a.sh # XFAIL", tap.XFAIL),
                ("not ok 2 selftests: net/netfilter: a.sh # exit=1",
                 tap.FAIL),
                ("not ok 1 selftests: net/netfilter: a.sh # TIMEOUT 45 "
                 "seconds", tap.FAIL)):
            with self.subTest(line):
                self.assertEqual(only(line).outcome, outcome)

    def test_reason_is_the_directive(self):
        line = "not ok 1 selftests: net/netfilter: a.sh # TIMEOUT 45 seconds"
        self.assertEqual(only(line).reason, "TIMEOUT 45 seconds")

    def test_lines_of_the_program_are_not_results(self):
        self.assertEqual(tap.parse(["# ok 1 selftests: net: a.sh",
                                    "ok 1 sub-test", "TAP version 13",
                                    "1..1"]), {})

    def test_skip_reason(self):
        self.assertEqual(tap.skip_reason(["# TAP", "# SKIP: no nft tool"]),
                         "no nft tool")
        self.assertEqual(tap.skip_reason(["# all good"]), "")


if __name__ == "__main__":
    unittest.main()

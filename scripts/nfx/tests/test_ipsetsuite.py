#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ipsetsuite.py: what a run of the suite says, and what is lost."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ipsetsuite  # noqa: E402


class Suite(unittest.TestCase):
    def test_groups(self):
        with tempfile.TemporaryDirectory() as temp:
            (Path(temp) / "runtest.sh").write_text(
                'tests="init"\ntests="$tests ipmap bitmap:ip"\n'
                '# tests="$tests iptree"\ntests="$tests hash:mac.t"\n',
                encoding="utf-8")
            names = ipsetsuite.groups(Path(temp))
        self.assertEqual(names[:3], ["ipmap", "bitmap:ip", "hash:mac"])
        self.assertNotIn("iptree", names)
        self.assertEqual(names[-1], "match_target6")

    def test_same_name_twice(self):
        found = ipsetsuite.parse([
            "init: Check the kernel: passed", "hash:ip: Add: passed",
            "hash:ip: Add: output of the test", "more: of it", "passed",
            "hash:ip: Del: FAILED", "Failed test: ipset del", "noise"])
        self.assertEqual(found.passed, {("hash:ip", 1, "Add"),
                                        ("hash:ip", 2, "Add")})
        self.assertEqual(found.failed, {("hash:ip", 3, "Del")})

    def compare(self, *runs):
        with mock.patch("ipsetsuite.make_job"), \
                mock.patch("ipsetsuite.deps.ensure"), \
                mock.patch("ipsetsuite.ui.info"), \
                mock.patch("ipsetsuite.run", side_effect=[
                    ipsetsuite.parse(lines) for lines in runs]):
            return ipsetsuite.compare()

    def test_lost(self):
        same, text = self.compare(["a: x: passed", "a: y: passed"],
                                  ["a: x: passed", "a: y: FAILED"])
        self.assertFalse(same)
        self.assertIn("a: y", text)

    def test_nothing(self):
        same, _ = self.compare([], [])
        self.assertFalse(same)

    def test_gained(self):
        same, _ = self.compare(["a: x: FAILED"], ["a: x: passed"])
        self.assertTrue(same)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What `make check` counts, and what it does when a part fails."""

import contextlib
import io
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import makecheck  # noqa: E402


def count(text, code=0):
    found = makecheck.Count()
    for line in text.splitlines():
        found.feed(line)
    found.end(code)
    return found.passed, found.failed, found.skipped


class Counting(unittest.TestCase):
    def test_result_lines(self):
        self.assertEqual(count("OKAY  a  x\nWARN  b  y\nFAIL  c\nSKIP  d\n"
                               "OKAYED or not\nFAIL  test  1 fail\n",
                               1), (2, 1, 1))

    def test_closing_line(self):
        self.assertEqual(count("cli.t   9 passed, 1 failed, 0 skipped\n"
                               "    not ok 3 - x\nnot ok 1 y\n"
                               "57 passed, 1 failed, 2 skipped\n"
                               "OKAY  later  line\n", 1), (57, 1, 2))
        self.assertEqual(count("5 passed, 0 failed\n"), (5, 0, 0))

    def test_unittest(self):
        self.assertEqual(count("Ran 23 tests in 0.1s\n\nOK\n"), (23, 0, 0))
        self.assertEqual(count("Ran 1 test in 0.1s\n\nOK (skipped=1)\n"),
                         (0, 0, 1))
        self.assertEqual(count("Ran 9 tests in 1s\n\nFAILED (failures=1, "
                               "errors=2, skipped=1)\n", 1), (5, 3, 1))

    def test_exit_code_counts_when_no_line_does(self):
        self.assertEqual(count("", 0), (1, 0, 0))
        self.assertEqual(count("", 1), (0, 1, 0))
        self.assertEqual(count("", 4), (0, 0, 1))
        self.assertEqual(count("OKAY  a  x\n", 1), (1, 1, 0))


class Driver(unittest.TestCase):
    def run_parts(self, *parts):
        out = io.StringIO()
        with mock.patch.object(makecheck, "PARTS", parts), \
                mock.patch.object(makecheck.deps, "ensure"), \
                contextlib.redirect_stdout(out):
            code = makecheck.main()
        return code, out.getvalue()

    def test_sum_is_the_last_line(self):
        code, out = self.run_parts(
            makecheck.Part("a", ["echo", "OKAY  x  y"]),
            makecheck.Part("b", ["echo", "SKIP  x  y"], "a"))
        self.assertEqual(code, 0)
        self.assertTrue(out.endswith("\n1 passed, 0 failed, 1 skipped\n"))

    def test_part_whose_need_failed_is_not_run(self):
        code, out = self.run_parts(
            makecheck.Part("a", ["false"]),
            makecheck.Part("b", ["echo", "never"], "a"),
            makecheck.Part("c", ["echo", "never"], "b"))
        self.assertEqual(code, 1)
        self.assertNotIn("never", out)
        self.assertIn("not passed: a, b, c", out)
        self.assertTrue(out.endswith("\n0 passed, 1 failed, 2 skipped\n"))

    def test_missing_program(self):
        code, out = self.run_parts(makecheck.Part("a", ["/no/such/file"]))
        self.assertEqual(code, 1)
        self.assertIn("FAIL", out)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""fuzz.py: guests until all operations are done, and where it goes on."""

import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fuzz  # noqa: E402


def guest_result(operations, splats=(), seconds=100):
    return SimpleNamespace(out=["TAP version 13",
                                f"ok 1 {operations} operations"],
                           splats=list(splats), seconds=seconds,
                           console="console")


class Run(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        record = Path(temp.name) / "record.json"
        store = SimpleNamespace(path=lambda program: record)
        for target, value in (("build.build", SimpleNamespace()),
                              ("selftests.install", Path(temp.name)),
                              ("ksft.Store", store), ("ui.info", None)):
            patch = mock.patch(f"fuzz.{target}", return_value=value)
            patch.start()
            self.addCleanup(patch.stop)
        patch = mock.patch("fuzz.boot")
        self.boot = patch.start()
        self.addCleanup(patch.stop)

    def run_fuzzer(self, *results, operations=1000, **options):
        self.boot.reset_mock()
        self.boot.side_effect = results
        return fuzz.run("debug", "net:fuzz", operations, **options)

    def seeds(self):
        return [call.args[3] for call in self.boot.call_args_list]

    def test_guests_until_done(self):
        outcome = self.run_fuzzer(guest_result(600), guest_result(400))
        self.assertEqual(outcome, (1000, ""))
        self.assertEqual([call.args[2] for call in
                          self.boot.call_args_list], [1000, 400])
        self.assertEqual(self.seeds(), [1, 2])

    def test_interrupted_run_goes_on(self):
        with self.assertRaises(KeyboardInterrupt):
            self.run_fuzzer(guest_result(600), KeyboardInterrupt)
        outcome = self.run_fuzzer(guest_result(400))
        self.assertEqual(outcome, (1000, ""))
        self.assertEqual(self.seeds(), [2])
        self.assertEqual(self.run_fuzzer(), (1000, ""))

    def test_splat_is_not_progress(self):
        outcome = self.run_fuzzer(guest_result(600, ["BUG: x"]))
        self.assertIn("BUG: x", outcome.problem)
        self.assertEqual(self.run_fuzzer(guest_result(1000)), (1000, ""))
        self.assertEqual(self.seeds(), [1])

    def test_no_result_is_a_problem(self):
        self.assertIn("did not end", self.run_fuzzer(
            guest_result(0)).problem)

    def test_seconds_end_it(self):
        outcome = self.run_fuzzer(guest_result(10), guest_result(10),
                                  seconds=150)
        self.assertEqual(outcome, (20, ""))
        self.assertEqual([call.args[4] for call in
                          self.boot.call_args_list], [150, 50])


if __name__ == "__main__":
    unittest.main()

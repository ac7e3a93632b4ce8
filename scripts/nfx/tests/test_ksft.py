#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Results of selftests, with a guest that is made up here."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import build      # noqa: E402
import guest      # noqa: E402
import ksft       # noqa: E402
import patchfile  # noqa: E402
import tap        # noqa: E402

A, B, C = (f"net/netfilter:{name}.sh" for name in "abc")


def output(program, text="", end=True):
    target, name = program.split(":")
    lines = [f"NFX-TEST start {program}", "# noise",
             f"ok 1 selftests: {target}: {name}{text}"]
    return lines + ["", f"NFX-TEST end {program} 1500"] if end else lines[:2]


class Guests:
    """Stands in for guest.boot(): one prepared answer per boot."""

    def __init__(self, folder, *answers):
        self.folder = folder
        self.answers = list(answers)

    def __call__(self, _image, job, **_options):
        programs = (job / "programs").read_text(encoding="ascii").split()
        lines, log, code = self.answers.pop(0)(programs)
        console = self.folder / "console"
        console.write_text("\n".join(log), encoding="ascii")
        return guest.Result(code, lines, console, [], {}, 1.0, None)


class Batches(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = Path(temp.name)
        (self.folder / "installed").mkdir()
        self.image = build.Image(Path("kernel"), "d", "nfx", Path())

    def run_batch(self, programs, *answers):
        batch = ksft.Batch(self.image, self.folder / "installed", (), False,
                           False)
        guests = Guests(self.folder, *answers)
        with mock.patch.object(guest, "boot", guests):
            results = dict(batch.run(programs))
        self.assertEqual(guests.answers, [])
        return results

    def test_pass_and_skip_in_one_boot(self):
        results = self.run_batch([A, B], lambda names: (
            output(A) + output(B, " # SKIP"), [], 0))
        self.assertEqual(results[A].outcome, tap.PASS)
        self.assertEqual(results[A].seconds, 1.5)
        self.assertEqual(results[B].outcome, tap.SKIP)

    def test_failure_is_tried_again_and_then_flaky(self):
        bad = ["NFX-TEST start " + A,
               "not ok 1 selftests: net/netfilter: a.sh # exit=1",
               f"NFX-TEST end {A} 1"]
        results = self.run_batch([A], lambda names: (bad, [], 0),
                                 lambda names: (output(A), [], 0))
        self.assertTrue(results[A].ok)
        self.assertTrue(results[A].flaky)
        self.assertIn("exit=1", results[A].reason)

    def test_two_failures_are_a_failure(self):
        bad = ["NFX-TEST start " + A,
               "not ok 1 selftests: net/netfilter: a.sh # exit=1",
               f"NFX-TEST end {A} 1"]
        results = self.run_batch([A], *[lambda names: (bad, [], 0)] * 2)
        self.assertFalse(results[A].ok)
        self.assertFalse(results[A].flaky)

    def test_dead_guest_fails_its_program_only(self):
        def dies(_names):
            return output(A) + output(B, end=False), [], 1

        def rest(names):
            self.assertEqual(names, [C])
            return output(C), [], 0

        results = self.run_batch([A, B, C], dies, rest, dies_again)
        self.assertTrue(results[A].ok and results[C].ok)
        self.assertFalse(results[B].ok)
        self.assertIn("died", results[B].reason)

    def test_boot_out_of_time_is_not_the_programs_fault(self):
        results = self.run_batch(
            [A, B],
            lambda _: (output(A) + output(B, end=False), [],
                       guest.RC_TIMEOUT),
            lambda _: (output(B), [], 0))
        self.assertTrue(results[B].ok)
        self.assertFalse(results[B].flaky)

    def test_splat_fails_the_program_it_happened_in(self):
        log = ["[ 1.0] nfx-test: start " + A, "[ 1.1] BUG: KASAN: x in f",
               "[ 1.2] nfx-test: end " + A, "[ 1.3] nfx-test: start " + B,
               "[ 1.4] nfx-test: end " + B]
        answer = (output(A) + output(B), log, 0)
        results = self.run_batch([A, B], lambda _: answer)
        self.assertEqual(results[A].outcome, tap.FAIL)
        self.assertEqual(results[A].splats, ["BUG: KASAN: x in f"])
        self.assertTrue(results[B].ok)

    def test_stall_is_tried_again(self):
        log = ["[ 1.0] nfx-test: start " + A,
               "[ 1.1] rcu: INFO: rcu_preempt self-detected stall on CPU",
               "[ 1.2] nfx-test: end " + A]
        results = self.run_batch([A], lambda _: (output(A), log, 0),
                                 lambda _: (output(A), [], 0))
        self.assertTrue(results[A].ok)


def dies_again(_names):
    return output(B, end=False), [], 1


class Blame(unittest.TestCase):
    def test_outside_any_program(self):
        blamed, others = ksft.blame(["[ 1.0] BUG: early",
                                     "[ 2.0] nfx-test: start x:y"], ())
        self.assertEqual((blamed, others), ({}, ["BUG: early"]))


class Own(unittest.TestCase):
    def test_programs_that_patches_touch(self):
        touched = ["net/netfilter/a.c",
                   "tools/testing/selftests/net/netfilter/a.sh",
                   "tools/testing/selftests/net/netfilter/b.c",
                   "tools/testing/selftests/net/netfilter/Makefile",
                   "tools/testing/selftests/net/d.c", None]
        known = [A, B, C, "net:d"]
        with mock.patch.object(patchfile, "touched", lambda _: touched):
            self.assertEqual(ksft.own(known), sorted([A, B, "net:d"]))


if __name__ == "__main__":
    unittest.main()

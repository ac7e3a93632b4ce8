#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What in a console log fails a run, and what does not."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import splat  # noqa: E402

SPLATS = (
    "[    1.000000] WARNING: net/core/dev.c:1 at f+0x1/0x2, CPU#0: ip/77",
    "[    1.0] WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 f+0x1/0x2",
    "[    1.0] WARNING: possible circular locking dependency detected",
    "[    1.0] WARNING: inconsistent lock state",
    "[    1.0] WARNING: suspicious RCU usage",
    "[    1.0] BUG: KASAN: slab-use-after-free in nf_ct_get+0x1/0x2",
    "[    1.0] BUG: KCSAN: data-race in f / g",
    "[    1.0] BUG: sleeping function called from invalid context at a.c:1",
    "[    1.0] BUG: kernel NULL pointer dereference, address: 0",
    "[    1.0] kernel BUG at mm/slub.c:1!",
    "[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]",
    "[    1.0] Oops: general protection fault, probably for non-canonical",
    "[    1.0] kmemleak: 3 new suspected memory leaks (see /sys/...)",
    "[    1.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
    "[    1.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
    "[    1.0] INFO: task ip:1 blocked for more than 120 seconds.",
    "[    1.0] Kernel panic - not syncing: Attempted to kill init!",
    "[    1.0] UBSAN: array-index-out-of-bounds in net/a.c:1:2",
    "[    1.0] unregister_netdevice: waiting for lo to become free.",
)

CLEAN = (
    "[    0.0] Linux version 7.3.4-nfx (nfx@nfx) #1 SMP",
    "[    0.0] rcu: Hierarchical RCU implementation.",
    "[    0.0] rcu: RCU calculated value of scheduler-enlistment delay",
    "[    0.0] debug: ignoring loglevel setting.",
    "[    0.0] x86/mm: Checked W+X mappings: passed, no W+X pages found.",
    "[    0.0] nf_conntrack: nf_conntrack: table full, dropping packet",
    "[    0.0] kmemleak: Kernel memory leak detector initialized",
    "[    0.0] DEBUG_LOCKS: on",
)


class Scan(unittest.TestCase):
    def test_each_splat_is_found(self):
        for line in SPLATS:
            with self.subTest(line):
                self.assertEqual(splat.scan([line]), [splat.text(line)])

    def test_ordinary_lines_are_not(self):
        self.assertEqual(splat.scan(CLEAN), [])

    def test_stamp_is_cut_off(self):
        self.assertEqual(splat.text("[   12.345678] BUG: x\n"), "BUG: x")
        self.assertEqual(splat.text("[ 1.2][  T77] BUG: x"), "BUG: x")

    def test_trace_belongs_to_its_splat(self):
        log = ["[ 1.0] BUG: KASAN: use-after-free in f",
               "[ 1.0] Call Trace:", "[ 1.0]  f+0x1/0x2"]
        self.assertEqual(splat.scan(log),
                         ["BUG: KASAN: use-after-free in f"])

    def test_bare_trace_counts(self):
        self.assertEqual(splat.scan(["[ 1.0] Call Trace:"]), ["Call Trace:"])

    def test_provoked_fault_does_not(self):
        log = ["[ 1.0] FAULT_INJECTION: forcing a failure.",
               "[ 1.0] name failslab, interval 1",
               "[ 1.0] Call Trace:"]
        self.assertEqual(splat.scan(log), [])

    def test_trace_far_behind_a_fault_counts(self):
        log = (["[ 1.0] FAULT_INJECTION: forcing a failure."]
               + ["[ 1.0] x"] * splat.TRACE_REACH + ["[ 2.0] Call Trace:"])
        self.assertEqual(splat.scan(log), ["Call Trace:"])

    def test_allowed_splats_and_their_trace_are_left_out(self):
        log = ["[ 1.0] WARNING: expected thing at f", "[ 1.0] Call Trace:",
               "[ 1.0] BUG: other"]
        self.assertEqual(splat.scan(log, [r"expected thing"]),
                         ["BUG: other"])


if __name__ == "__main__":
    unittest.main()

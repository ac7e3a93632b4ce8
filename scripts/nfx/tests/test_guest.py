#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Telling the emulator's faults from the kernel's."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import guest  # noqa: E402

OOPS = ["[    0.618896] Oops: int3: 0000 [#1] SMP",
        "[    0.619529] RIP: 0010:get_random_u32+0x19/0xb0"]
CODE = "[    0.619750] Code: 08 c7 45 e4 00 00 00 00 {} <90> 9c 41 5d fa"


class StaleBreakpoint(unittest.TestCase):
    """An int3 that memory does not hold is the emulator's."""

    def test_code_without_breakpoint(self):
        self.assertTrue(guest.stale_breakpoint(OOPS + [CODE.format("66")]))

    def test_breakpoint_of_the_kernel(self):
        self.assertFalse(guest.stale_breakpoint(OOPS + [CODE.format("cc")]))

    def test_code_unknown(self):
        self.assertFalse(guest.stale_breakpoint(OOPS))

    def test_other_oops(self):
        self.assertFalse(guest.stale_breakpoint(
            ["Oops: general protection fault: 0000 [#1] SMP",
             CODE.format("66")]))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""Tests of insn_profile.py."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# pylint: disable=wrong-import-position
import insn_profile

SYSTEM_MAP = """\
ffffffff81000000 T first
ffffffff81000100 t second
ffffffff81000180 d data
ffffffff81000200 T third
"""
COUNTS = """\
7 ffffffff81000000 100
7 ffffffff81000104 50
7 ffffffff810001f0 50
8 ffffffff81000100 20
"""


class Profile(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        system_map = Path(temp.name) / "System.map"
        system_map.write_text(SYSTEM_MAP, encoding="ascii")
        counts = Path(temp.name) / "profile"
        counts.write_text(COUNTS, encoding="ascii")
        symbols = insn_profile.Symbols(system_map)
        self.found = insn_profile.read(counts, symbols)

    def test_blocks_add_up_to_functions(self):
        self.assertEqual(self.found, {7: {"first": 100, "second": 100},
                                      8: {"second": 20}})

    def test_baseline_is_subtracted_per_operation(self):
        functions = insn_profile.of_row(self.found, [7, 10, 8, 5])
        self.assertEqual(functions, {"first": 10, "second": 6})

    def test_less_leaves_functions_out(self):
        found = insn_profile.less(self.found, [7, 10], ["second"])
        self.assertEqual(found, 10)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Configurations, digests of trees, and what a guest prints."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import build   # noqa: E402
import git     # noqa: E402
import guest   # noqa: E402


class Config(unittest.TestCase):
    def test_parse(self):
        text = ('CONFIG_A=y\n# CONFIG_B is not set\n'
                'CONFIG_C="x"\n# words\nCONFIG_D=0x10\n')
        self.assertEqual(build.parse_config(text),
                         {"CONFIG_A": "y", "CONFIG_B": "n",
                          "CONFIG_C": '"x"', "CONFIG_D": "0x10"})

    def test_unset_options(self):
        asked = ["CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n",
                 "CONFIG_B=n\nCONFIG_D=y\n"]
        result = "CONFIG_A=y\nCONFIG_C=y\n# CONFIG_D is not set\n"
        self.assertEqual(build.unset_options(asked, result),
                         ["CONFIG_C=n", "CONFIG_D=y"])

    def test_every_fragment_exists(self):
        for names in build.CONFIGS.values():
            for name in names:
                if "/" not in name:
                    self.assertTrue((build.CONFIG_DIR / name).is_file(), name)

    def test_no_option_twice_in_a_fragment(self):
        for path in build.CONFIG_DIR.glob("*.config"):
            lines = [line for line in path.read_text("utf-8").splitlines()
                     if build.CONFIG_LINE.match(line)]
            names = [line.split("=")[0].strip("# ").split()[0]
                     for line in lines]
            twice = {name for name in names if names.count(name) > 1}
            self.assertFalse(twice, path.name)


class TreeId(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.tree = Path(temp.name)
        git.git(self.tree, "init", "-q")
        (self.tree / "a.c").write_text("a\n", encoding="ascii")
        (self.tree / build.SELFTESTS).mkdir(parents=True)
        self.test = self.tree / build.SELFTESTS / "t.sh"
        self.test.write_text("t\n", encoding="ascii")
        git.git(self.tree, "add", "-A")
        git.git(self.tree, "commit", "-q", "-m", "base")
        self.before = self.image_id()

    def image_id(self):
        return build.tree_id(self.tree, ignored=build.IGNORED)

    def test_repeats_and_leaves_the_index_alone(self):
        (self.tree / "new.c").write_text("n\n", encoding="ascii")
        first = self.image_id()
        self.assertEqual(first, self.image_id())
        self.assertEqual(git.out(self.tree, "status", "--short"), "?? new.c")

    def test_uncommitted_change_counts(self):
        (self.tree / "a.c").write_text("b\n", encoding="ascii")
        self.assertNotEqual(self.before, self.image_id())

    def test_new_file_counts(self):
        (self.tree / "new.c").write_text("n\n", encoding="ascii")
        self.assertNotEqual(self.before, self.image_id())

    def test_build_directory_does_not(self):
        folder = self.tree / "build-nfx"
        folder.mkdir()
        (folder / "vmlinux").write_text("v\n", encoding="ascii")
        self.assertEqual(self.before, self.image_id())

    def test_selftests_do_not(self):
        self.test.write_text("other\n", encoding="ascii")
        self.assertEqual(self.before, self.image_id())
        self.assertNotEqual(build.tree_id(self.tree), self.before)


class Output(unittest.TestCase):
    def test_exit_code(self):
        self.assertEqual(
            guest.split_output(["NFX-START", "a", "NFX-EXIT 3", "junk"]),
            (["a"], 3))

    def test_last_line_without_its_end(self):
        self.assertEqual(guest.split_output(["aNFX-EXIT 0"]), (["a"], 0))

    def test_no_exit_code(self):
        self.assertEqual(guest.split_output(["a"]), (["a"], None))

    def test_marks(self):
        with tempfile.TemporaryDirectory() as temp:
            path = Path(temp) / "marks"
            path.write_text("7 100\n7 120\n9 5\n", encoding="ascii")
            self.assertEqual(guest.read_marks(path),
                             {7: [100, 120], 9: [5]})
            self.assertEqual(guest.read_marks(path.with_name("no")), {})


if __name__ == "__main__":
    unittest.main()

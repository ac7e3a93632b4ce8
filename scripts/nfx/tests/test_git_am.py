#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the literal `git am patches/*` makes of a folder: the reason why
patches/ is flat and holds nothing but patches."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import git    # noqa: E402
import model  # noqa: E402


class GitAm(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.top = Path(temp.name)
        self.repo = self.top / "repo"
        git.init(self.repo)
        model.commit(self.repo, "base", {"f": "0\n"})
        git.git(self.repo, "branch", "base")
        for count in range(1, 4):
            model.commit(self.repo, f"net: change {count}",
                         {"f": "".join(f"{n}\n" for n in range(count + 1)),
                          f"new{count}": "x\n"})
        self.patches = self.top / "patches"
        self.export(self.patches)
        git.git(self.repo, "checkout", "-q", "-B", "work", "base")

    def export(self, target, *options):
        git.git(self.repo, "format-patch", "-q", "-N", "--start-number",
                "101", *options, "-o", target, "base..nfx")

    def am(self, pattern="patches/*"):
        """Run git am through a shell; returns code, commits, open session."""
        done = subprocess.run(f"git -C repo am -q $(printf '../%s ' "
                              f"{pattern})", shell=True, cwd=self.top,
                              capture_output=True, check=False,
                              env={**model.kernel.os.environ, **git.ISOLATION,
                                   **git.IDENTITY})
        count = int(git.out(self.repo, "rev-list", "--count", "base..work"))
        return done.returncode, count, git.busy(self.repo) == "am"

    def test_only_patches(self):
        self.assertEqual(self.am(), (0, 3, False))

    def test_gaps_in_the_numbers(self):
        (self.patches / "0103-net-change-3.patch").rename(
            self.patches / "0207-net-change-3.patch")
        self.assertEqual(self.am(), (0, 3, False))

    def test_cover_letter_stops_everything(self):
        self.export(self.patches, "--cover-letter")
        self.assertTrue(list(self.patches.glob("*-cover-letter.patch")))
        code, count, _ = self.am()
        self.assertEqual((code, count), (128, 0))

    def test_readme_leaves_a_session_open(self):
        (self.patches / "README.md").write_text("About.\n")
        self.assertEqual(self.am(), (128, 3, True))

    def test_series_file_leaves_a_session_open(self):
        (self.patches / "series").write_text("0101-net-change-1.patch\n")
        self.assertEqual(self.am(), (128, 3, True))

    def test_nested_is_a_silent_no_op(self):
        inner = self.top / "inner"
        self.patches.rename(inner)
        self.patches.mkdir()
        inner.rename(self.patches / "one")
        self.assertEqual(self.am(), (0, 0, False))

    def test_dotfile_is_not_seen(self):
        (self.patches / ".keep").write_text("")
        self.assertEqual(self.am(), (0, 3, False))

    def test_one_block_of_several(self):
        self.assertEqual(self.am("patches/01*"), (0, 3, False))


if __name__ == "__main__":
    unittest.main()

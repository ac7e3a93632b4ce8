#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The verb format: mails of a block, and its refusal without a sign-off."""

import contextlib
import io
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import format as verb  # noqa: E402
import model           # noqa: E402
import ui              # noqa: E402


class Format(model.Clone):
    def run_format(self, **args):
        values = {"block": "0", "version": 1, "tree": None,
                  "signoff": "A B <a@example.org>", **args}
        with contextlib.redirect_stdout(io.StringIO()):
            return verb.main(mock.Mock(**values))

    def mails(self, folder):
        where = self.root / "outgoing" / folder
        return {path.name: path.read_text() for path in where.iterdir()}

    def test_needs_a_signoff(self):
        self.make_stack()
        for text in ("", "Nobody", "<a@b.org>"):
            with self.assertRaises(ui.Error) as caught:
                self.run_format(signoff=text)
            self.assertEqual(caught.exception.code, ui.EXIT_USAGE)
        self.assertFalse((self.root / "outgoing").exists())

    def test_mails(self):
        self.make_stack()
        self.run_format()
        mails = self.mails("0-fixes/v1")
        self.assertEqual(sorted(mails), [
            "0000-cover-letter.patch", "0001-net-change-a.patch",
            "0002-net-add-c.patch"])
        cover = mails["0000-cover-letter.patch"]
        self.assertIn("Subject: [PATCH nf 0/2] net: x", cover)
        self.assertIn("no base-commit", cover)
        self.assertNotIn("***", cover)
        mail = mails["0002-net-add-c.patch"]
        self.assertIn("Subject: [PATCH nf 2/2] net: add c", mail)
        self.assertIn("Signed-off-by: A B <a@example.org>", mail)
        self.assertIn("From: Author <author@example.org>", mail)

    def test_next_version_has_range_diff_and_changes(self):
        self.make_stack()
        self.run_format()
        model.put(self.root, {"net/core/c.c": "int c0;\nint c;\nint c2;\n"})
        self.verb("refresh")
        self.run_format(version=2)
        mails = self.mails("0-fixes/v2")
        self.assertIn("v2-0001-net-change-a.patch", mails)
        cover = mails["v2-0000-cover-letter.patch"]
        self.assertIn("[PATCH nf v2 0/2]", cover)
        self.assertIn("Changes since v1:", cover)
        self.assertRegex(cover, r"1:  \w+ = 1:  \w+ net: change a")
        self.assertRegex(cover, r"2:  \w+ ! 2:  \w+ net: add c")
        self.assertNotIn("Signed-off-by", cover)

    def test_one_posting_per_target_tree(self):
        self.make_stack()
        model.commit(self.tree, "net: next", {"net/core/n.c": "int n;\n"})
        self.verb("refresh", tree="net-next")
        self.run_format()
        self.assertEqual(len(self.mails("0-fixes-nf/v1")), 3)
        self.assertEqual(list(self.mails("0-fixes-net-next/v1")),
                         ["0001-net-next.patch"])

    def test_base_commit_of_an_official_tree(self):
        self.make_stack()
        # preparing has made the base a git tree
        commit = model.git.commit_id(self.source, "HEAD")
        self.base = self.base._replace(commit=commit, pinned=False)
        self.run_format()
        self.assertIn(f"base-commit: {commit}",
                      self.mails("0-fixes/v1")["0000-cover-letter.patch"])

    def test_empty_block(self):
        self.make_stack()
        with self.assertRaisesRegex(ui.Error, "has no patches"):
            self.run_format(block="ring")


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""prepare, refresh and status on a model: patches, tree and overlay."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import git    # noqa: E402
import model  # noqa: E402
import notes  # noqa: E402
import ui     # noqa: E402


class Stack(model.Clone):
    def test_round_trip_is_byte_identical(self):
        self.make_stack()
        self.assertEqual(self.names(), ["0001-net-change-a.patch",
                                        "0002-net-add-c.patch"])
        head = git.commit_id(self.tree, "HEAD")
        before = {path.name: path.read_bytes()
                  for path in (self.root / "patches").iterdir()}
        self.verb("prepare")
        code, text = self.verb("refresh")
        self.assertEqual(code, 0)
        self.assertIn("nothing changed", text)
        self.assertEqual(before, {
            path.name: path.read_bytes()
            for path in (self.root / "patches").iterdir()})
        self.assertTrue(git.is_clean(self.root))
        # Applying makes the same commits every time.
        first = git.commit_id(self.tree, "HEAD")
        git.git(self.tree, "checkout", "-q", "--detach", head)
        self.verb("prepare", force=True)
        self.assertEqual(git.commit_id(self.tree, "HEAD"), first)

    def test_overlay_has_new_files_uapi_copies_and_maintainers(self):
        self.make_stack()
        self.assertEqual((self.root / "net/core/c.c").read_text(),
                         "int c0;\nint c1;\nint c2;\n")
        self.assertIn("V 2", (self.root / "include/uapi/linux/u.h")
                      .read_text())
        self.assertFalse((self.root / "net/core/a.c").exists())
        self.assertEqual((self.root / "MAINTAINERS").read_text(),
                         "NEW\nM:\tX <x@example.org>\nF:\tnet/core/c.c\n")

    def test_stale_overlay_file_goes(self):
        self.make_stack()
        git.git(self.tree, "mv", "net/core/c.c", "net/core/d.c")
        git.git(self.tree, "commit", "-q", "--amend", "--no-edit")
        self.verb("refresh")
        self.assertFalse((self.root / "net/core/c.c").exists())
        self.assertTrue((self.root / "net/core/d.c").exists())

    def test_target_tree_survives_amend_and_rebase(self):
        self.make_stack()
        model.put(self.tree, {"net/core/b.c": "int b;\n"})
        git.git(self.tree, "commit", "-q", "-a", "--fixup", "HEAD~1")
        git.git(self.tree, "rebase", "-q", "-i", "--autosquash", "base")
        git.git(self.tree, "commit", "-q", "--amend", "-m", "net: renamed")
        self.verb("refresh")
        self.assertEqual(self.names(), ["0001-net-change-a.patch",
                                        "0002-net-renamed.patch"])
        for name in self.names():
            self.assertIn("Subject: [PATCH nf] net:",
                          (self.root / "patches" / name).read_text())

    def test_blocks_are_numbered_by_hundreds(self):
        self.make_stack()
        model.commit(self.tree, "net: ring", {"net/core/r.c": "int r;\n"})
        self.verb("refresh", block="ring")
        self.assertEqual(self.names()[2], "0101-net-ring.patch")
        self.assertIn("[PATCH net-next]", (
            self.root / "patches/0101-net-ring.patch").read_text())
        self.assertEqual(git.commit_id(self.tree, "series/1-ring"),
                         git.commit_id(self.tree, "HEAD"))
        self.assertEqual(git.commit_id(self.tree, "series/0-fixes"),
                         git.commit_id(self.tree, "HEAD~1"))
        # A commit put between the two blocks belongs to the lower one.
        git.git(self.tree, "checkout", "-q", "--detach", "HEAD~1")
        model.commit(self.tree, "net: more", {"net/core/m.c": "int m;\n"})
        git.git(self.tree, "cherry-pick", "nfx")
        git.git(self.tree, "notes", "--ref", notes.REF, "copy", "nfx", "HEAD")
        git.git(self.tree, "checkout", "-q", "-B", "nfx")
        self.verb("refresh")
        self.assertEqual(self.names()[2:], ["0003-net-more.patch",
                                            "0101-net-ring.patch"])

    def test_too_many_patches_in_a_block(self):
        self.make_stack()
        for count in range(3):
            model.commit(self.tree, f"net: {count}", {f"net/{count}.c": "\n"})
        names = self.names()
        self.fails("refresh", "more than 2 patches", block="1")
        self.assertEqual(self.names(), names)

    def test_new_file_is_not_hidden_by_gitignore(self):
        self.make_stack()
        model.put(self.tree, {"net/core/n.c": "int n;\n"})
        self.assertIn("net/core/n.c", git.out(self.tree, "status",
                                              "--porcelain"))

    def test_edit_of_the_overlay_is_folded(self):
        self.make_stack()
        model.put(self.root, {"net/core/c.c": "int c0;\nint c;\nint c2;\n",
                              "include/uapi/linux/u.h":
                              "#define U 1\n#define V 3\n"})
        _, text = self.verb("refresh")
        self.assertIn("net/core/c.c into 0002", text)
        mail = (self.root / "patches/0002-net-add-c.patch").read_text()
        self.assertIn("+int c;", mail)
        self.assertIn("V 3", mail)
        self.assertIn("[PATCH nf]", mail)
        self.assertIn("nothing changed", self.verb("refresh")[1])

    def test_edit_of_lines_of_two_patches_needs_to(self):
        self.make_stack()
        model.commit(self.tree, "net: c again",
                     {"net/core/c.c": "int c0;\nint c1;\nint c2;\nint c3;\n"})
        self.verb("refresh")
        model.put(self.root, {"net/core/c.c":
                              "int d0;\nint c1;\nint c2;\nint d3;\n"})
        self.fails("refresh", "0002, 0003")
        self.verb("refresh", to="0003")
        self.assertIn("+int d0;", (self.root / "patches" / self.names()[2])
                      .read_text())

    def test_edit_on_both_sides_stops(self):
        self.make_stack()
        model.put(self.root, {"net/core/c.c": "int here;\n"})
        model.commit(self.tree, "net: c again", {"net/core/c.c": "int t;\n"})
        names = self.names()
        self.fails("refresh", "changed both here and in the prepared tree")
        self.assertIn("+int here;", sys.stderr.getvalue())
        self.assertIn("+int t;", sys.stderr.getvalue())
        self.assertEqual(self.names(), names)

    def test_dirty_tree_is_refused(self):
        self.make_stack()
        model.put(self.tree, {"net/core/a.c": "int dirty;\n"})
        self.fails("refresh", "uncommitted changes")
        self.fails("prepare", "uncommitted changes")

    def test_prepare_keeps_unsaved_commits(self):
        self.make_stack()
        model.commit(self.tree, "net: unsaved", {"net/core/u.c": "int u;\n"})
        self.fails("prepare", "commits that are not in patches/")

    def test_refresh_keeps_changed_patches(self):
        self.make_stack()
        path = self.root / "patches/0001-net-change-a.patch"
        path.write_text(path.read_text().replace("Why it is", "Why it was"))
        self.fails("refresh", "patches/ changed")

    def test_patch_that_does_not_apply(self):
        self.make_stack()
        head = git.commit_id(self.tree, "HEAD")
        path = self.root / "patches/0001-net-change-a.patch"
        path.write_text(path.read_text().replace(" int a19;", " int z19;"))
        self.fails("prepare", "0001-net-change-a.patch does not apply")
        self.assertEqual(git.commit_id(self.tree, "HEAD"), head)
        self.assertTrue(git.is_clean(self.tree))

    def test_foreign_file_in_patches(self):
        self.make_stack()
        (self.root / "patches/README.md").write_text("About.\n")
        self.fails("prepare", "README.md is no patch")

    def test_status(self):
        self.make_stack()
        self.assertEqual(self.verb("status")[0], ui.EXIT_OK)
        model.put(self.root, {"net/core/c.c": "int here;\n"})
        code, text = self.verb("status")
        self.assertEqual(code, ui.EXIT_FAIL)
        self.assertIn("net/core/c.c differs", text)

    def test_builds_survive_a_prepare(self):
        self.make_stack()
        model.put(self.tree, {"build-nfx/x.o": "object\n"})
        self.verb("prepare")
        self.assertTrue((self.tree / "build-nfx/x.o").exists())


if __name__ == "__main__":
    unittest.main()

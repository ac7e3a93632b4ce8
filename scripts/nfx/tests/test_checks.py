#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The checks: each finds what it is there for, and nothing in a good stack."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import model      # noqa: E402
import patchfile  # noqa: E402
import paths      # noqa: E402
import scratch    # noqa: E402
import ui         # noqa: E402
from checks import (alone, check_selftest, checkpatch,  # noqa: E402
                    deprecated_api, fixes, inline, maintainers,
                    makefile_format, series_format, stack)
from checks.context import Context  # noqa: E402

GOOD_LIST = "TEST_PROGS := \\\n\ta.sh \\\n\tb.sh \\\n# end of TEST_PROGS\n"


class Makefile(unittest.TestCase):
    def errors(self, text):
        return makefile_format.errors(text)

    def test_good(self):
        self.assertEqual(self.errors(GOOD_LIST), [])

    def test_unsorted(self):
        text = GOOD_LIST.replace("a.sh", "z.sh")
        self.assertIn("b.sh should be before z.sh", self.errors(text)[0])

    def test_files_of_directories_come_last(self):
        self.assertEqual(self.errors(GOOD_LIST.replace("b.sh", "a/a.sh")), [])
        self.assertTrue(self.errors(GOOD_LIST.replace("a.sh", "z/a.sh")))

    def test_two_items_on_a_line(self):
        text = GOOD_LIST.replace("\ta.sh", "\ta.sh aa.sh")
        self.assertIn("more than one item", self.errors(text)[0])

    def test_no_closing_comment(self):
        text = GOOD_LIST.replace("b.sh \\\n# end of TEST_PROGS", "b.sh")
        self.assertIn("should be '# end of TEST_PROGS'", self.errors(text)[0])

    def test_assigned_again(self):
        text = GOOD_LIST + "\nTEST_PROGS += c.sh\n"
        self.assertTrue(any("assigned again" in error
                            for error in self.errors(text)))

    def test_flags_are_free(self):
        self.assertEqual(self.errors("CFLAGS += -Wall -O2 \\\n\t-g\n"), [])


class Config(unittest.TestCase):
    def test_order_ignores_underscores(self):
        self.assertEqual(list(check_selftest.unsorted(
            "CONFIG_NF_A=m\nCONFIG_NFB=m\n# CONFIG_A=y\n")), [])
        self.assertEqual(len(list(check_selftest.unsorted(
            "CONFIG_B=m\nCONFIG_A=m\n"))), 1)


class Maintainers(unittest.TestCase):
    def test_patterns(self):
        for pattern, path, wanted in (
                ("net/netfilter/", "net/netfilter/ipset/a.c", True),
                ("net/*", "net/a.c", True),
                ("net/*", "net/core/a.c", False),
                ("net/core/a.c", "net/core/a.c", True),
                ("*/", "net/core/a.c", True)):
            self.assertEqual(maintainers.matches(pattern, path), wanted,
                             (pattern, path))


class Checkpatch(unittest.TestCase):
    def test_outputs_of_several_commits(self):
        one, two = "1" * 40, "2" * 40
        output = "".join(
            f"{'-' * 30}\nCommit {commit[:12]} (\"net: (a) b\")\n{'-' * 30}\n"
            f"ERROR:X: {commit[0]}\n\ntotal: {commit[0]} errors\n\n"
            f"Commit {commit[:12]} (\"net: (a) b\") has style problems.\n"
            for commit in (two, one))
        found = checkpatch.split(output, [one, two])
        self.assertEqual(sorted(found), [one[:12], two[:12]])
        for commit in one, two:
            self.assertEqual(checkpatch.MESSAGE.findall(found[commit[:12]]),
                             [("ERROR", "X", commit[0])])
            self.assertTrue(checkpatch.TOTAL.search(found[commit[:12]]))

    def test_one_commit_has_no_header(self):
        self.assertEqual(checkpatch.split("total: 0", ["1" * 40]),
                         {"1" * 12: "total: 0"})

    def test_it_died_before_the_end(self):
        self.assertEqual(checkpatch.split("", ["1" * 40, "2" * 40]), {})


class Stack(model.Clone):
    """Checks on the model; what needs the scripts of a kernel is not here."""

    def context(self):
        paths.CACHE.mkdir(exist_ok=True)
        temp = self.stack.enter_context(scratch.directory("check"))
        return Context(self.base, patchfile.load(), temp / "linux",
                       set(patchfile.blocks()))

    def with_patch(self, files, subject="net: new", body="Why.", tree="nf"):
        self.make_stack()
        model.commit(self.tree, subject, files, body)
        self.verb("refresh", tree=tree)
        self.save()
        return self.context()

    def assert_status(self, result, status, text=""):
        self.assertEqual(result.status, status, result)
        self.assertIn(text, "\n".join([result.summary, *result.details]))

    def test_good_stack(self):
        self.make_stack()
        context = self.context()
        for check in (stack.names_and_blocks, stack.apply, stack.reexport,
                      stack.overlay_identity, stack.tracked_files,
                      stack.signoff, inline.source_inline,
                      inline.header_inline, deprecated_api.run,
                      check_selftest.run, maintainers.run,
                      series_format.run, fixes.verify_fixes):
            self.assert_status(check(context), ui.OKAY)
        for result in alone.run(context):
            self.assert_status(result, ui.OKAY)

    def test_edited_patch_is_no_re_export(self):
        self.make_stack()
        path = self.root / "patches/0001-net-change-a.patch"
        path.write_text(path.read_text().replace("1 file changed",
                                                 "2 files changed"))
        self.assert_status(stack.reexport(self.context()), ui.FAIL, "0001-")

    def test_patch_that_does_not_apply(self):
        self.make_stack()
        path = self.root / "patches/0001-net-change-a.patch"
        path.write_text(path.read_text().replace(" int a19;", " int z19;"))
        context = self.context()
        self.assert_status(stack.apply(context), ui.FAIL, "0001-")
        self.assert_status(stack.reexport(context), ui.SKIP)

    def test_overlay_in_both_directions(self):
        self.make_stack()
        (self.root / "net/core/c.c").unlink()
        model.put(self.root, {"net/core/own.c": "int x;\n"})
        result = stack.overlay_identity(self.context())
        self.assert_status(result, ui.FAIL, "net/core/c.c is missing")
        self.assert_status(result, ui.FAIL,
                           "net/core/own.c is not in the stack")

    def test_base_file_is_tracked(self):
        self.make_stack()
        model.put(self.root, {"net/core/a.c": "int x;\n"})
        self.assert_status(stack.tracked_files(self.context()), ui.FAIL,
                           "net/core/a.c is a file of the base")

    def test_names(self):
        self.make_stack()
        model.put(self.root, {"patches/README": "x", "patches/.keep": ""})
        (self.root / "patches/sub").mkdir()
        result = stack.names_and_blocks(self.context())
        for name in ("README", ".keep", "sub"):
            self.assert_status(result, ui.FAIL, f"{name} is no file")

    def test_number_outside_its_block(self):
        self.make_stack()
        folder = self.root / "patches"
        (folder / "0002-net-add-c.patch").rename(
            folder / "0017-net-add-c.patch")
        self.assert_status(stack.names_and_blocks(self.context()), ui.FAIL,
                           "0017 is outside 1..15")

    def test_signed_off(self):
        context = self.with_patch({"net/core/n.c": "int n;\n"},
                                  body="Why.\n\nSigned-off-by: A <a@b.org>")
        self.assert_status(stack.signoff(context), ui.FAIL, "0003")

    def test_inline(self):
        context = self.with_patch({
            "net/core/n.c": "static inline int n(void)\n{\n}\n",
            "net/core/n.h": "static int m(void);\n"})
        self.assert_status(inline.source_inline(context), ui.FAIL, "n.c")
        self.assert_status(inline.header_inline(context), ui.FAIL, "n.h")

    def test_deprecated_api(self):
        context = self.with_patch({"net/core/n.c": "\tdev_put(dev);\n"})
        self.assert_status(deprecated_api.run(context), ui.WARN, "dev_put")

    def test_module_parameter(self):
        context = self.with_patch(
            {"net/core/n.c": "module_param(a, int, 0);\n"})
        self.assert_status(deprecated_api.run(context), ui.FAIL,
                           "module_param")

    def test_new_selftest_is_listed(self):
        where = "tools/testing/selftests/net/"
        context = self.with_patch({
            where + "n.sh": "#!/bin/sh\n", where + "p.c": "int x;\n",
            where + "Makefile": "TEST_PROGS := \\\n\tz.sh \\\n\ta.sh \\\n"
            "# end of TEST_PROGS\n"})
        result = check_selftest.run(context)
        for text in ("n.sh is not in", "p is not in", "p.c is not in",
                     "a.sh should be before z.sh"):
            self.assert_status(result, ui.FAIL, text)

    def test_fixes(self):
        context = self.with_patch({"net/core/n.c": "int n;\n"},
                                  body="Why.\n\nFixes: 123456 net: x")
        self.assert_status(fixes.verify_fixes(context), ui.FAIL, "12+ hex")
        self.assert_status(fixes.fixes_present(context), ui.WARN,
                           "is for nf and has no Fixes tag")

    def test_block_depends_on_another(self):
        self.make_stack()
        model.commit(self.tree, "net: r", {"net/core/r.c": "int r;\n"})
        self.verb("refresh", block="1")
        mail = self.root / "patches/0101-net-r.patch"
        mail.rename(self.root / "patches/0201-net-r.patch")
        series = self.root / "scripts/nfx/series"
        series.write_text(series.read_text() +
                          "2 other nf-next - cover/2.txt 15\n")
        patchfile.blocks.cache_clear()
        model.put(self.root, {"patches/0101-net-x.patch": (
            self.root / "patches/0001-net-change-a.patch").read_text()})
        results = {result.name: result.status
                   for result in alone.run(self.context())}
        self.assertEqual(results, {"alone-00xx": ui.OKAY,
                                   "alone-01xx": ui.FAIL,
                                   "alone-02xx": ui.OKAY})

    def test_subject_and_cover(self):
        context = self.with_patch({"net/core/n.c": "int n;\n"},
                                  "net: " + "long " * 16)
        self.assert_status(series_format.run(context), ui.FAIL,
                           "subject longer than 75")
        (self.root / "scripts/nfx/cover/0-fixes.txt").unlink()
        self.assert_status(series_format.run(context), ui.FAIL,
                           "no cover letter")


if __name__ == "__main__":
    unittest.main()

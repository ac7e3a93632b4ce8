#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What apt and depmod say about a kernel of Debian, and how it is booted."""

import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import build         # noqa: E402
import debiankernel  # noqa: E402
import guest         # noqa: E402
import ui            # noqa: E402
import userland      # noqa: E402

SHOWN = """\
Package: linux-image-cloud-amd64
Version: 6.12.9-1
Depends: linux-base (>= 4), linux-image-6.12.9+deb13-cloud-amd64 (= 6.12.9-1)
Description: linux-image-0 is not what it depends on
"""

DEPENDENCIES = """\
kernel/a/top.ko.xz: kernel/b/mid-dle.ko.xz kernel/c/low.ko.xz
kernel/b/mid-dle.ko.xz: kernel/c/low.ko.xz
kernel/c/low.ko.xz:
kernel/c/lower.ko.xz:
"""
BUILTIN = "kernel/d/built-in.ko\n"


class Package(unittest.TestCase):
    def test_of_metapackage(self):
        self.assertEqual(debiankernel.kernel_package(SHOWN),
                         "linux-image-6.12.9+deb13-cloud-amd64")

    def test_none(self):
        self.assertFalse(debiankernel.kernel_package("Package: x\n"))


class LoadOrder(unittest.TestCase):
    def order(self, *names):
        return [debiankernel.module_name(path) for path in
                debiankernel.load_order(DEPENDENCIES, BUILTIN, names)]

    def test_needed_first(self):
        self.assertEqual(self.order("top"), ["low", "mid_dle", "top"])

    def test_each_once(self):
        self.assertEqual(self.order("mid_dle", "top", "low"),
                         ["low", "mid_dle", "top"])

    def test_only_what_is_needed(self):
        self.assertEqual(self.order("lower"), ["lower"])

    def test_built_in(self):
        self.assertEqual(self.order("built_in", "low"), ["low"])

    def test_missing(self):
        with self.assertRaisesRegex(ui.Error, "no module nosuch"):
            self.order("low", "nosuch")


class Initrd(unittest.TestCase):
    def command(self, *extra):
        image = build.Image(Path("k"), "d", "nfx", Path(), *extra)
        with mock.patch.object(userland, "image", lambda: Path("u")):
            return guest.command(image, Path("run"), "tcg", 1, 512, "")

    def test_with(self):
        cmd = self.command(Path("i"))
        self.assertEqual(cmd[cmd.index("-initrd") + 1], "i")

    def test_without(self):
        self.assertNotIn("-initrd", self.command())


if __name__ == "__main__":
    unittest.main()

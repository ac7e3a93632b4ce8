# SPDX-License-Identifier: GPL-2.0
"""A small kernel and clone for the tests, made in a second."""

import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import base as kernel  # noqa: E402
import git             # noqa: E402
import paths           # noqa: E402
import stack           # noqa: E402
import ui              # noqa: E402

MAINTAINERS = """Maintainers List
----------------

NETFILTER
M:\tSomeone <s@example.org>
F:\tnet/netfilter/

THE REST
F:\t*
F:\t*/
"""

FILES = {
    "net/core/a.c": "".join(f"int a{count};\n" for count in range(40)),
    "net/core/b.c": "".join(f"int b{count};\n" for count in range(40)),
    "include/uapi/linux/u.h": "#define U 1\n",
    "MAINTAINERS": MAINTAINERS,
    ".gitattributes": "*.c diff=cpp\n",
    ".gitignore": "*.o\n" + kernel.HIDE_ALL + "\n#\n/*\n!/debian/\n",
    "Kbuild": "",
}

SERIES = """0 fixes nf-next - cover/0-fixes.txt 15
1 ring net-next - cover/1-ring.txt 2
"""


def put(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def commit(repo, subject, files, body="Why it is so."):
    """Commit {name: text} in @repo."""
    put(Path(repo), files)
    git.git(repo, "add", "-A")
    git.git(repo, "commit", "-q", "-m", f"{subject}\n\n{body}",
            env={"GIT_AUTHOR_NAME": "Author",
                 "GIT_AUTHOR_EMAIL": "author@example.org"})
    return git.commit_id(repo, "HEAD")


class Clone(unittest.TestCase):
    """A test with a clone, a cache and a base of its own."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        top = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.root = top / "clone"
        self.root.mkdir()
        git.init(self.root)
        put(self.root, {".gitignore": "build/\noutgoing/\n",
                        "scripts/nfx/series": SERIES,
                        "scripts/nfx/cover/0-fixes.txt": "net: x\n\nText.\n"})
        places = {"ROOT": self.root, "CACHE": top / "cache",
                  "NFX": self.root / "scripts/nfx",
                  "PATCHES": self.root / "patches",
                  "OUTGOING": self.root / "outgoing",
                  "MAINTAINERS": self.root / "MAINTAINERS",
                  "BUILD": self.root / "build",
                  "LOGS": self.root / "build/log",
                  "TREE": self.root / "build/linux",
                  "BASES": top / "cache/base",
                  "DOWNLOADS": top / "cache/downloads"}
        for name, value in places.items():
            self.patch(paths, name, value)
        self.source = top / "base"
        put(self.source, FILES)
        self.base = kernel.Base("model 1", self.source, "", True)
        self.patch(kernel, "current", lambda: self.base)
        self.patch(kernel, "need_space", lambda *_: None)
        self.patch(stack.deps, "ensure", lambda *_: None)
        self.patch(sys, "stderr", io.StringIO())
        stack.patchfile.blocks.cache_clear()
        self.addCleanup(stack.patchfile.blocks.cache_clear)
        self.tree = paths.TREE

    def patch(self, where, name, value):
        self.stack.enter_context(mock.patch.object(where, name, value))

    def verb(self, name, **args):
        """Run a verb of stack.py; returns exit code and output."""
        values = {"force": False, "to": None, "block": None, "tree": None,
                  **args}
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            code = getattr(stack, name)(mock.Mock(**values))
        return code, text.getvalue()

    def make_stack(self):
        """Prepare, add two commits, refresh."""
        (self.root / "patches").mkdir(exist_ok=True)
        self.verb("prepare")
        commit(self.tree, "net: change a",
               {"net/core/a.c": FILES["net/core/a.c"].replace(
                   "int a20;", "int a20 = 1;")})
        commit(self.tree, "net: add c", {
            "net/core/c.c": "int c0;\nint c1;\nint c2;\n",
            "include/uapi/linux/u.h": "#define U 1\n#define V 2\n",
            "MAINTAINERS": MAINTAINERS.replace(
                "THE REST", "NEW\nM:\tX <x@example.org>\nF:\tnet/core/c.c\n"
                "\nTHE REST")})
        self.verb("refresh", tree="nf")
        self.save()

    def save(self):
        git.git(self.root, "add", "-A")
        git.git(self.root, "commit", "-q", "--allow-empty", "-m", "save")

    def names(self):
        return sorted(path.name for path in (self.root / "patches").iterdir())

    def fails(self, name, pattern, **args):
        with self.assertRaisesRegex(ui.Error, pattern) as caught:
            self.verb(name, **args)
        self.assertTrue(caught.exception.next_step)
        self.assertNotIn("\n", str(caught.exception))

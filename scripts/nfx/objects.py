# SPDX-License-Identifier: GPL-2.0
"""Builds along the stack, patch by patch, in a tree of their own.

One work tree in the cache is moved from commit to commit, so that only what
a patch changes is compiled again.
"""

import collections
import contextlib
import os
import re
import shlex
import shutil

import base as kernel
import build
import git
import patchfile
import paths
import scratch
import stack
import ui

JOBS = 2
NOISE = re.compile(r"bad constant expression|arch/x86/boot.*should it be "
                   r"static|not remade because of errors", re.I)
PROBLEM = re.compile(r"warn|error", re.I)
MAX_USERS = 8
# Debian's sparse 0.6.4 does not know the C23 keyword, and the kernel leaves
# out the check (scripts/checker-valid.sh) when sparse cannot read it.
SPARSE = "CHECK=sparse -D__typeof_unqual__=__typeof__"


@contextlib.contextmanager
def walk(patches, arch=None):
    """Give a Walk with @patches applied to the base in force.

    @arch: another one than that of this machine, as make's ARCH
    """
    lender = kernel.lender()
    path = paths.BASES / "walk" / "linux"
    with paths.lock("walk"):
        with scratch.directory("walk") as work:
            stack.apply_stack(work, lender, patches,
                              not kernel.current().pinned)
            base = git.commit_id(work, "base")
            tree = stack.Tree(path)
            if not tree.exists():
                kernel.need_space(kernel.UNPACK_BYTES, "the build tree")
            with ui.progress("writing the tree for the builds"):
                stack.install(tree, work, lender)
        yield Walk(path, base, patches, arch)


class Walk:
    """A work tree and its build directory, both moved along the stack."""

    def __init__(self, path, base, patches, arch=None):
        self.path = path
        self.base = base
        self.arch = [f"ARCH={arch}"] if arch else []
        ids = git.lines(path, "rev-list", "--reverse", f"{base}..nfx")
        self.commits = {patch.number: commit
                        for patch, commit in zip(patches, ids)}
        self.output = path / f"{paths.BUILD_PREFIX}walk{arch or ''}"
        self.log = paths.log_file("walk")
        self.checkout(base)
        self.configure()
        self.configured = base

    def checkout(self, commit):
        kernel.restore_ignore(self.path)
        git.git(self.path, "checkout", "-q", "--detach", commit)

    def make(self, *args, check=True):
        compiler = "ccache gcc" if shutil.which("ccache") else "gcc"
        jobs = os.environ.get("NFX_JOBS", str(JOBS))
        return ui.run(["nice", "make", f"O={self.output.name}",
                       f"CC={compiler}", f"-j{jobs}", *self.arch, *args],
                      cwd=self.path,
                      env={**build.environment(), **build.KBUILD,
                           "LC_ALL": "C"},
                      check=check, next_step=f"see {self.log}")

    def configure(self):
        """Configure as netdev's check does; keep what is there already."""
        with ui.progress("configuring allmodconfig"):
            if not (self.output / ".config").exists():
                self.make("-s", "allmodconfig")
                config = self.path / "scripts/config"
                for name in ("WERROR", "DRM_WERROR", "KVM_WERROR", "RUST",
                             "DEBUG_INFO_BTF", "GCC_PLUGINS"):
                    ui.run([config, "--file", self.output / ".config", "-d",
                            name])
            self.make("-s", "olddefconfig")
            self.make("-s", "prepare")

    def objects(self, patch):
        """Return the objects to compile for the files @patch touches."""
        self.checkout(self.commits[patch.number])
        names = set()
        for change in patch.files:
            if change.status == "D" or change.path.startswith(
                    ("tools/", "Documentation/", "samples/")):
                continue
            if change.path.endswith(".c"):
                names.add(change.path[:-2] + ".o")
            elif change.path.endswith(".h"):
                names |= self.users(change.path)
        return sorted(names)

    def users(self, header):
        """Return objects of some files that include @header."""
        name = re.sub(r"^include/(uapi/)?", "", header)
        done = git.git(self.path, "grep", "-lE",
                       f'#include [<"]({re.escape(name)}|'
                       f'{re.escape(os.path.basename(name))})[>"]',
                       "--", "net/*.c", check=False)
        return {path[:-2] + ".o"
                for path in done.stdout.split()[:MAX_USERS]}

    def new_warnings(self, patch, names):
        """Return the warnings @patch adds to the objects @names."""
        commit = self.commits[patch.number]
        with ui.progress(f"{patch.label}: W=1 C=1 of {len(names)} objects"):
            return self.added(f"{commit}~", commit, names)

    def added(self, old, new, names):
        """Return the warnings of the objects @names at @new, not at @old.

        One that the configuration leaves out may not compile, as before.
        """
        before = self.warnings(old, names)
        after = self.warnings(new, names)
        return list((after - before).elements())

    def answer(self, commit):
        """Let the configuration know the options of @commit.

        A new one would be asked for, and nobody is there to answer.
        """
        if git.git(self.path, "diff", "--quiet", self.configured, commit,
                   "--", "*Kconfig*", check=False).returncode:
            self.make("-s", "olddefconfig")
        self.configured = commit

    def warnings(self, commit, names):
        """Return a Counter of the complaints about @names at @commit."""
        self.checkout(commit)
        there = [name for name in names
                 if (self.path / name).with_suffix(".c").exists()]
        for name in there:
            (self.output / name).unlink(missing_ok=True)
        if not there:
            return collections.Counter()
        self.answer(commit)
        done = self.make("W=1", "C=1", SPARSE, "-k", *there, check=False)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(f"--- {commit} {shlex.join(there)}\n{done.stderr}\n")
        rows = [re.sub(r":\d+(:\d+)?:", ":", text.strip())
                for text in done.stderr.splitlines()
                if PROBLEM.search(text) and not NOISE.search(text)]
        return collections.Counter(rows)


def directories(patches):
    """Return the directories of the code the patches touch."""
    found = set()
    for name in patchfile.touched(patches):
        if name.endswith((".c", ".h")) and name.startswith(
                ("net/", "lib/", "kernel/", "drivers/net/")):
            found.add(name.rpartition("/")[0] + "/")
    # A directory contains its sub-directories.
    return sorted(one for one in found
                  if not any(one != other and one.startswith(other)
                             for other in found))

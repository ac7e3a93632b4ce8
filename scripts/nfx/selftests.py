# SPDX-License-Identifier: GPL-2.0
"""Build and install the kernel selftests of a tree, for the guest.

Some selftest Makefiles write beside their sources (libynl does), so the parts
of the tree they need are exported to the cache first and built there: the
source tree stays as it is.
"""

import hashlib
import os
import re
from pathlib import Path

import build
import deps
import git
import patchfile
import paths
import ui

CACHE = paths.CACHE / "selftests"
LIST = "kselftest-list.txt"
TARGETS = ("net/netfilter", "net")

# What building net and net/netfilter reads; ynl looks for MAINTAINERS, or for
# ever, to find the top of the tree.
PARTS = ("MAINTAINERS", "Makefile", "scripts", "include/uapi", "tools/arch",
         "tools/bpf", "tools/build", "tools/include", "tools/lib",
         "tools/net", "tools/scripts", build.SELFTESTS,
         "Documentation/netlink")
# What the exported headers are made of, beside include/uapi.
HEADERS = ("arch/x86/include/uapi", "arch/x86/entry/syscalls",
           "include/asm-generic", "arch/x86/include/asm")


def digest(tree_id, srcdir):
    """Return the digest of what the selftests are built from, and how."""
    names = git.out(srcdir, "ls-tree", tree_id, *PARTS, *HEADERS)
    recipe = Path(__file__).read_text(encoding="utf-8")
    text = "\n".join([names, build.compiler(), recipe])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def install(tree):
    """Return the directory with the installed selftests of @tree."""
    deps.ensure("build", "selftests")
    srcdir = build.source(tree)
    tree_id = build.tree_id(srcdir)
    target = CACHE / digest(tree_id, srcdir)
    if (target / LIST).exists():
        return target
    with paths.lock("selftests"):
        if not (target / LIST).exists():
            with paths.new_dir(target) as temp:
                build_all(tree, srcdir, tree_id, temp)
    return target


def build_all(tree, srcdir, tree_id, target):
    log = paths.log_file(f"selftests-{tree}")
    CACHE.mkdir(parents=True, exist_ok=True)
    # The path is part of debug information: constant, so that equal sources
    # make equal programs and their recorded results stay valid.
    work = CACHE / "work"
    ui.run(["rm", "-rf", work])
    with ui.progress(f"building the selftests ({tree} tree)"):
        export(srcdir, tree_id, work / "src")
        drop_bpf(work / "src")
        env = build.environment()
        obj = work / "obj"
        obj.mkdir()
        ui.run(["nice", "make", "-C", srcdir, f"O={obj}", "ARCH=x86",
                "headers"], log=log, env=env)
        ui.run(["nice", "make", "-k", "-C", work / "src" / build.SELFTESTS,
                f"O={obj}", "ARCH=x86", f"-j{os.cpu_count() or 1}",
                f"TARGETS={' '.join(TARGETS)}",
                f"KSFT_INSTALL_PATH={target}", "install"], log=log, env=env)
    # make -k goes on after errors, and then installs nothing of a target, or
    # only a part of what it lists.
    listed = (target / LIST).read_text(encoding="utf-8") \
        if (target / LIST).exists() else ""
    for name in TARGETS:
        if not re.search(rf"^{name}:", listed, re.M):
            ui.die(f"the selftests of {name} did not install", f"see {log}")
    for name in listed.split():
        if not (target / name.replace(":", "/")).exists():
            ui.die(f"the selftest {name} did not install: "
                   f"{first_error(log) or 'no error'}", f"see {log}")
    ui.run(["rm", "-rf", work])


def first_error(log):
    """Return the compiler's first error in @log, None if there is none."""
    with open(log, encoding="utf-8", errors="replace") as lines:
        return next((line.strip() for line in lines if ": error: " in line),
                    None)


def export(srcdir, tree_id, target):
    """Unpack the PARTS of the tree @tree_id below @target."""
    target.mkdir(parents=True)
    tar = target.parent / "src.tar"
    git.git(srcdir, "archive", "-o", tar, tree_id, *PARTS)
    ui.run(["tar", "-C", target, "-xf", tar])
    tar.unlink()


def drop_bpf(src):
    """Remove the BPF programs, except the stack's own, from an export.

    They need clang and a build of libbpf, minutes for a handful of tests
    that have nothing to do with the stack.
    """
    own = {src / name for name in patchfile.touched(patchfile.load())
           if name}
    for path in (src / build.SELFTESTS / "net").rglob("*.bpf.c"):
        if path not in own:
            path.unlink()

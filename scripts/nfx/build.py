# SPDX-License-Identifier: GPL-2.0
"""Kernel builds: configurations, ccache, a cache of finished images.

An image is cached under the digest of everything it is made of: the files of
the tree that reach a kernel, the configuration fragments, the compiler.  A
selftest or a documentation change therefore keeps the image, and with it
every result that check-full has recorded for it.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import base
import deps
import git
import paths
import ui

CONFIG_DIR = paths.NFX / "config"
SELFTESTS = "tools/testing/selftests"

# Fragments of each configuration, later ones win; a path with a slash is
# taken from the tree that is built.
X86 = ("guest.config", "net.config", f"{SELFTESTS}/net/netfilter/config")
CONFIGS = {
    "stock": X86,
    "nfx": X86,
    "debug": (*X86, "debug.config"),
    "kcsan": (*X86, "kcsan.config"),
    "um": ("um.config",),
    "kunit": ("um.config", "kunit.config"),
}
CONFIG_NAMES = tuple(CONFIGS)

# Top-level directories and files that never reach a kernel image.
IGNORED = ("Documentation", "LICENSES", "CREDITS", "MAINTAINERS", "README",
           "samples", SELFTESTS)

# Recorded in the image: constant, so that equal input gives equal output.
KBUILD = {
    "KBUILD_BUILD_TIMESTAMP": "2026-01-01",
    "KBUILD_BUILD_USER": "nfx",
    "KBUILD_BUILD_HOST": "nfx",
    # Or a tree with commits of its own gets a "+" in its release.
    "LOCALVERSION": "",
}

CONFIG_LINE = re.compile(r"^(?:(CONFIG_\w+)=(.*)|# (CONFIG_\w+) is not set)$")


class Image(NamedTuple):
    """A built kernel."""
    kernel: Path
    digest: str
    config: str
    srcdir: Path
    # Of a kernel with modules: what loads the first ones, and /lib/modules.
    initrd: Path | None = None
    modules: Path | None = None


def add_arguments(parser):
    parser.add_argument("--config", choices=CONFIG_NAMES, default="nfx",
                        help="what to build (default: nfx)")
    parser.add_argument("--tree", choices=("stock", "nfx"),
                        help="source: the bare base or the whole stack "
                             "(default: stock for --config stock, else nfx)")


def main(args):
    tree = args.tree or ("stock" if args.config == "stock" else "nfx")
    image = build(args.config, tree)
    ui.line(ui.OKAY, "build", f"{args.config} kernel of the {tree} tree: "
                              f"{image.kernel}")
    return ui.EXIT_OK


def arch(config):
    return "um" if config in ("um", "kunit") else "x86"


def source(tree):
    """Return the directory of source tree "stock" or "nfx"."""
    if tree == "stock":
        return base.pristine()
    if not (paths.TREE / "Makefile").exists():
        ui.die("there is no prepared tree",
               "run 'scripts/nfx-tree prepare' first")
    return paths.TREE


def tree_id(srcdir, *, ignored=()):
    """Return a digest of the files in @srcdir as they are, but @ignored.

    Uncommitted changes and new files count; files git ignores and build
    directories do not.
    """
    with tempfile.TemporaryDirectory(prefix="nfx-index-") as temp:
        env = {"GIT_INDEX_FILE": str(Path(temp) / "index")}
        index = git.out(srcdir, "rev-parse", "--git-path", "index")
        shutil.copyfile(srcdir / index, env["GIT_INDEX_FILE"])
        git.git(srcdir, "add", "-A", "--", ".", f":!{paths.BUILD_PREFIX}*",
                env=env)
        if ignored:
            git.git(srcdir, "rm", "-r", "-q", "--cached",
                    "--ignore-unmatch", "--", *ignored, env=env)
        return git.out(srcdir, "write-tree", env=env)


def compiler():
    return ui.run(["gcc", "--version"]).stdout.splitlines()[0]


def fragments(config, srcdir):
    """Return the text of each configuration fragment, modules built in."""
    texts = []
    for name in CONFIGS[config]:
        path = srcdir / name if "/" in name else CONFIG_DIR / name
        text = path.read_text(encoding="utf-8")
        if "/" in name:
            text = re.sub(r"=m$", "=y", text, flags=re.M)
        texts.append(text)
    return texts


def image_digest(config, srcdir):
    # The names "stock" and "nfx" stand for one configuration.
    sha = hashlib.sha256(arch(config).encode())
    sha.update(tree_id(srcdir, ignored=IGNORED).encode())
    sha.update(compiler().encode())
    sha.update(repr(sorted(KBUILD.items())).encode())
    for text in fragments(config, srcdir):
        sha.update(text.encode())
    return sha.hexdigest()[:16]


def build(config, tree):
    """Return the Image of @config ("stock", "nfx", "debug", ...), built from
    @tree ("stock" or "nfx") unless it is cached."""
    if config not in CONFIGS:
        ui.die(f"unknown configuration '{config}'",
               f"use one of {', '.join(CONFIG_NAMES)}", ui.EXIT_USAGE)
    deps.ensure("build")
    srcdir = source(tree)
    digest = image_digest(config, srcdir)
    target = paths.IMAGES / digest
    image = Image(target / "kernel", digest, config, srcdir)
    if image.kernel.exists():
        return image
    with paths.lock(f"build-{tree}-{config}"):
        if not image.kernel.exists():
            build_image(image, tree, target)
    return image


def build_image(image, tree, target):
    objdir = image.srcdir / f"{paths.BUILD_PREFIX}{image.config}"
    log = paths.log_file(f"build-{tree}-{image.config}")
    what = f"building the {image.config} kernel ({tree} tree)"
    with ui.progress(what) as bar:
        configure(image.config, image.srcdir, objdir, log)
        goal = "linux" if arch(image.config) == "um" else "bzImage"
        make(image.srcdir, objdir, log, goal, bar=bar, config=image.config)
    kernel = objdir / ("linux" if arch(image.config) == "um"
                       else "arch/x86/boot/bzImage")
    with paths.new_dir(target) as temp:
        shutil.copy2(kernel, temp / "kernel")
        shutil.copy2(objdir / ".config", temp / "config")
        shutil.copy2(objdir / "System.map", temp / "System.map")


def make_command(srcdir, objdir, *goals, config):
    """Return a make command for the build directory @objdir of @srcdir.

    A relative O= keeps the compiler's command lines free of the location of
    the tree, so that ccache hits in every tree.
    """
    inside = objdir.parent == srcdir
    where = objdir.name if inside else str(objdir)
    return ["nice", "make", "-C", str(srcdir), f"O={where}",
            f"ARCH={arch(config)}", "CC=ccache gcc",
            "HOSTCC=ccache gcc", f"-j{os.cpu_count() or 1}",
            *(f"{key}={value}" for key, value in KBUILD.items()), *goals]


def environment():
    """Depend mode: the compiler lists the headers, nothing runs twice."""
    return {**os.environ, "CCACHE_DIR": str(paths.CCACHE),
            "CCACHE_MAXSIZE": "20G", "CCACHE_DEPEND": "1"}


def make(srcdir, objdir, log, *goals, config, bar=None):
    """Run make, output to @log, the object at hand shown in @bar."""
    cmd = make_command(srcdir, objdir, *goals, config=config)
    last = ""
    count = 0
    with open(log, "a", encoding="utf-8") as out:
        proc = subprocess.Popen(cmd, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                stdin=subprocess.DEVNULL,
                                errors="replace", env=environment())
        with proc:
            for line in proc.stdout:
                out.write(line)
                words = line.split()
                if words and words[0] in ("CC", "AR", "LD"):
                    count += 1
                    if bar:
                        bar.update(f"{count} objects")
                elif "error:" in line or "***" in line:
                    last = last or line.strip()
    if proc.returncode:
        if "No space left on device" in log.read_text(encoding="utf-8"):
            ui.die("the disk is full", "free some space and run this again")
        ui.die(f"the {config} build failed: {last}", f"see {log}")


def configure(config, srcdir, objdir, log):
    """Write @objdir/.config from the fragments and prove it holds them."""
    objdir.mkdir(exist_ok=True)
    texts = fragments(config, srcdir)
    sha = hashlib.sha256("".join(texts).encode()).hexdigest()
    stamp = objdir / ".nfx-config"
    if (objdir / ".config").exists() and stamp.exists() and \
            stamp.read_text(encoding="ascii") == sha:
        make(srcdir, objdir, log, "olddefconfig", config=config)
        return
    stamp.unlink(missing_ok=True)
    make(srcdir, objdir, log, "tinyconfig", config=config)
    with tempfile.TemporaryDirectory(prefix="nfx-config-") as temp:
        files = []
        for i, text in enumerate(texts):
            files.append(Path(temp) / f"{i}.config")
            files[-1].write_text(text, encoding="utf-8")
        ui.run([srcdir / "scripts/kconfig/merge_config.sh", "-m", "-Q",
                "-O", objdir, objdir / ".config", *files],
               cwd=temp, log=log)
    make(srcdir, objdir, log, "olddefconfig", config=config)
    left = unset_options(texts, (objdir / ".config").read_text(
        encoding="utf-8"))
    if left:
        ui.die(f"{config} configuration: not set as asked: "
               f"{', '.join(left)}",
               f"fix the dependencies in {CONFIG_DIR.relative_to(paths.ROOT)}")
    paths.write_file(stamp, sha)


def parse_config(text):
    """Return {option: value} of a .config or a fragment, "n" for unset."""
    options = {}
    for line in text.splitlines():
        match = CONFIG_LINE.match(line.strip())
        if match and match[1]:
            options[match[1]] = match[2]
        elif match:
            options[match[3]] = "n"
    return options


def unset_options(texts, result):
    """Return what fragments @texts ask for and .config @result lacks."""
    asked = {}
    for text in texts:
        asked.update(parse_config(text))
    got = parse_config(result)
    return [f"{name}={value}" for name, value in asked.items()
            if got.get(name, "n") != value]


if __name__ == "__main__":
    top = argparse.ArgumentParser(description=__doc__)
    add_arguments(top)
    raise SystemExit(main(top.parse_args()))

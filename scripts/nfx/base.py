# SPDX-License-Identifier: GPL-2.0
"""The base kernel: fetch, verify, unpack, import into git.

Everything lives in the cache, one directory per version:

    downloads/*.deb            the package, verified against the pin
    base/<version>/linux/      unpacked; a git work tree once imported
    base/kdir-<commit>/linux/  the same for a tree given by KDIR=

Unpacking is enough for `check`; the import is only done for a verb that
needs the whole tree in git.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import deps
import git
import paths
import ui

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FETCH_BYTES = 400 << 20
UNPACK_BYTES = 2 << 30
IMPORT_BYTES = 1 << 30


class Base(NamedTuple):
    """A kernel tree the stack is applied to."""
    name: str           # for people: "linux-source-7.3 7.3.4-1", "KDIR abc"
    source: Path        # directory with the unpatched files
    commit: str         # id in the user's repository, "" for the package
    pinned: bool        # the very version of scripts/nfx/base

    @property
    def official(self):
        """True when the commit id means something to other people."""
        return bool(self.commit)


@functools.cache
def config():
    """Return scripts/nfx/base as a dictionary."""
    values = {}
    for text in (paths.NFX / "base").read_text(encoding="utf-8").splitlines():
        if text and not text.startswith("#"):
            key, _, value = text.partition("=")
            values[key] = value
    return values


@functools.cache
def current():
    """Return the Base in force: KDIR= when set, else the package."""
    kdir = os.environ.get("KDIR")
    return from_kdir(kdir) if kdir else from_package()


def unpacked():
    """Return the directory with the unpatched files, fetching it if needed."""
    return current().source


def pristine():
    """Return a checkout of the unpatched base in the cache.

    For builds of the stock kernel in sub-directories named build-*, which
    git ignores there.
    """
    return imported()


def imported():
    """Return a git work tree in the cache whose HEAD is the base."""
    base = current()
    return checkout_kdir(base) if base.commit else import_package(base)


def lender():
    """Return a repository that has the base as HEAD and may be borrowed from.

    KDIR itself when set, which saves a checkout.
    """
    base = current()
    return base.source if base.commit else imported()


def need_space(size, what):
    paths.CACHE.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(paths.CACHE).free
    if free < size:
        ui.die(f"the disk is full: {what} needs {size >> 20} MB in "
               f"{paths.CACHE}, {free >> 20} MB are free",
               "free some space or set NFX_CACHE to another disk")


# --- KDIR ----------------------------------------------------------------


def from_kdir(kdir):
    top = Path(kdir).expanduser().absolute()
    usage = "give the top directory of a git checkout of the kernel"
    if not top.is_dir():
        ui.die(f"KDIR={kdir} does not exist", usage, ui.EXIT_USAGE)
    if not (top / "Kbuild").exists() or not (top / "net").is_dir():
        ui.die(f"KDIR={kdir} is not a kernel tree", usage, ui.EXIT_USAGE)
    if git.out(top, "rev-parse", "--show-prefix", check=False) or \
            not git.commit_id(top, "HEAD"):
        ui.die(f"KDIR={kdir} is not a git tree", usage, ui.EXIT_USAGE)
    commit = git.commit_id(top, "HEAD")
    return Base(f"KDIR {commit[:12]}", top, commit, False)


def checkout_kdir(base):
    target = paths.BASES / f"kdir-{base.commit[:12]}" / "linux"
    if target.exists():
        return target
    with paths.lock("base"):
        if target.exists():
            return target
        need_space(UNPACK_BYTES, "the checkout of KDIR")
        with ui.progress(f"checking out {base.name}"), \
                paths.new_dir(target) as temp:
            git.init(temp, borrow=base.source)
            git.git(temp, "update-ref", "refs/heads/base", base.commit)
            git.git(temp, "checkout", "-q", "base")
            exclude_builds(temp)
            show_new_files(temp)
    return target


# --- the Debian package --------------------------------------------------


def from_package():
    want = config()
    version, package = want["VERSION"], want["PACKAGE"]
    substitute = paths.BASES / f"{version}.substitute"
    source = paths.BASES / version / "linux"
    if not source.exists() and substitute.exists():
        package, version = substitute.read_text(encoding="utf-8").split()
        source = paths.BASES / version / "linux"
    if not source.exists():
        with paths.lock("base"):
            package, version, deb = fetch()
            source = paths.BASES / version / "linux"
            if not source.exists():
                unpack(deb, source)
            if version != want["VERSION"]:
                paths.write_file(substitute, f"{package} {version}\n")
    pinned = version == want["VERSION"]
    if not pinned:
        ui.warn(f"{want['PACKAGE']} {want['VERSION']} is gone from the "
                f"archive, using {package} {version}: patches may not apply "
                "and figures will differ")
    return Base(f"{package} {version}", source, "", pinned)


def fetch():
    """Download the package; returns its name, version and file."""
    want = config()
    package, version = want["PACKAGE"], want["VERSION"]
    deb = deb_path(package, version)
    if deb.exists():
        verify(deb)
        return package, version, deb
    deps.ensure("base")
    need_space(FETCH_BYTES, "the download of the kernel source")
    with ui.progress("reading the package index"):
        update_index(config()["SUITE"])
    package, version = choose(package, version)
    deb = deb_path(package, version)
    if not deb.exists():
        with ui.progress(f"downloading {package} {version}"):
            download(f"{package}={version}")
    if version == want["VERSION"]:
        verify(deb)
    return package, version, deb


def deb_path(package, version):
    return paths.DOWNLOADS / f"{package}_{version}_all.deb"


def verify(deb):
    digest = hashlib.sha256()
    with open(deb, "rb") as handle:
        while chunk := handle.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() != config()["SHA256"]:
        ui.die(f"{deb} does not have the sha256 pinned in scripts/nfx/base",
               f"remove it and run this again: 'rm {deb}'")


def mirror():
    """Return the Debian mirror this machine's own apt uses."""
    if os.environ.get("NFX_MIRROR"):
        return os.environ["NFX_MIRROR"]
    codename = ""
    release = Path("/etc/os-release")
    if release.exists():
        found = re.search(r"^VERSION_CODENAME=(\w+)",
                          release.read_text(encoding="utf-8"), re.M)
        codename = found.group(1) if found else ""
    done = ui.run(["apt-get", "indextargets", "--format",
                   "$(RELEASE)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)",
                   "Created-By: Packages"], check=False)
    for text in done.stdout.splitlines():
        suite, name, component, uri = text.split("|")
        if codename in (suite, name) and suite == codename and \
                component == "main":
            return uri
    for text in done.stdout.splitlines():
        suite, name, component, uri = text.split("|")
        if name == codename and component == "main":
            return uri
    return ui.die("apt of this machine names no Debian mirror",
                  "set NFX_MIRROR to one, or KDIR to a kernel tree")


def apt_options(top=paths.APT):
    """Options that keep apt inside the cache, whoever runs it."""
    state = top / "state"
    options = {
        "Dir::Etc::SourceList": top / "nfx.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": state,
        "Dir::State::Lists": state / "lists",
        "Dir::State::Status": state / "status",
        "Dir::Cache": top / "cache",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "30",
    }
    return [f"-o{key}={value}" for key, value in options.items()]


def update_index(suite, top=paths.APT, kind="deb"):
    """Read what @suite has into @top; return the options of an apt for it.

    @kind: deb, or deb-src for sources
    """
    for name in ("state/lists/partial", "cache/archives/partial"):
        (top / name).mkdir(parents=True, exist_ok=True)
    (top / "state/status").touch()
    paths.write_file(top / "nfx.list",
                     f"{kind} [signed-by={KEYRING}] {mirror()} {suite} main\n")
    options = apt_options(top)
    ui.run(["apt-get", *options, "-qq", "--error-on=any", "update"],
           next_step="check the network and run this again",
           log=paths.log_file("apt"))
    return options


def available(package):
    """Return the versions of @package in the index, newest first."""
    done = ui.run(["apt-cache", *apt_options(), "madison", package],
                  check=False)
    return [text.split("|")[1].strip() for text in done.stdout.splitlines()]


def choose(package, version):
    """Return the pinned package, else the next best: 7.3.y, then later."""
    versions = available(package)
    if version in versions:
        return package, version
    if versions:
        return package, versions[0]
    names = ui.run(["apt-cache", *apt_options(), "pkgnames",
                    "linux-source-"], check=False).stdout.split()
    release = kernel_release(package)
    later = [name for name in names if kernel_release(name) > release]
    if not later:
        ui.die(f"the archive has neither {package} nor a later one",
               "set KDIR to a kernel tree")
    package = max(later, key=kernel_release)
    return package, available(package)[0]


def kernel_release(package):
    found = re.fullmatch(r"linux-source-(\d+)\.(\d+)", package)
    return tuple(int(part) for part in found.groups()) if found else (0, 0)


def download(package, top=paths.APT):
    """Download @package, NAME or NAME=VERSION; return its file."""
    paths.DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.DOWNLOADS) as temp:
        ui.run(["apt-get", *apt_options(top), "-qq", "download", package],
               cwd=temp, next_step="check the network and run this again")
        found = list(Path(temp).glob("*.deb"))
        if len(found) != 1:
            ui.die(f"apt did not deliver {package}",
                   "check the network and run this again")
        return found[0].rename(paths.DOWNLOADS / found[0].name)


def unpack(deb, target):
    need_space(UNPACK_BYTES, "the unpacked kernel")
    member = "./usr/src/" + deb.name.split("_", maxsplit=1)[0] + ".tar.xz"
    with ui.progress(f"unpacking {deb.name}"), paths.new_dir(target) as temp:
        pipeline([["dpkg-deb", "--fsys-tarfile", deb],
                  ["tar", "-xO", member],
                  ["xz", "-dcT0"],
                  ["tar", "-x", "--strip-components=1", "--no-same-owner",
                   "-C", temp]])


def pipeline(commands):
    """Run @commands connected by pipes; die when one of them fails."""
    running = []
    with tempfile.TemporaryFile("w+") as errors:
        feed = subprocess.DEVNULL
        for command in commands:
            process = subprocess.Popen([str(arg) for arg in command],
                                       stdin=feed, stdout=subprocess.PIPE,
                                       stderr=errors)
            if feed != subprocess.DEVNULL:
                feed.close()
            feed = process.stdout
            running.append(process)
        feed.read()
        # The last one in the pipe knows best why the others broke off.
        failed = [process for process in running if process.wait()]
        if failed:
            errors.seek(0)
            done = subprocess.CompletedProcess(failed[-1].args,
                                               failed[-1].returncode, "",
                                               errors.read())
            raise ui.failure(failed[-1].args, done, None,
                             "run this again")


def import_package(base):
    """Make the unpacked base a git work tree with one commit.

    The commit depends on nothing but the files, so its id is the same on
    every machine.
    """
    tree = base.source
    if (tree / ".git").exists():
        return tree
    with paths.lock("base"):
        if (tree / ".git").exists():
            return tree
        need_space(IMPORT_BYTES, "the import of the base into git")
        with ui.progress(f"importing {base.name} into git"), \
                tempfile.TemporaryDirectory(dir=tree.parent) as temp:
            repo = Path(temp) / "repo"
            git.init(repo)
            where = ("--git-dir", repo / ".git", "--work-tree", tree)
            git.git(tree, *where, "-c", "core.looseCompression=1",
                    "-c", "core.excludesFile=/dev/null",
                    "add", "-A", "-f", "--", ".", ":(exclude,top)build-*")
            git.git(tree, *where, "commit", "-q", "-m", f"Import {base.name}",
                    env=git.FIXED_DATES)
            git.git(tree, *where, "branch", "-q", "-M", "base")
            exclude_builds(repo)
            (repo / ".git").rename(tree / ".git")
    return tree


def exclude_builds(repo):
    exclude = repo / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text(f"/{paths.BUILD_PREFIX}*/\n", encoding="utf-8")


# Debian's copy of .gitignore ends in a rule that hides every new file.
HIDE_ALL = "#\n# Debian packaging: ignore everything"


def show_new_files(tree):
    """Take the rule that hides new files out of the work tree's .gitignore.

    The commit keeps the file as it is; git is told not to look at it.
    """
    ignore = tree / ".gitignore"
    text = ignore.read_text(encoding="utf-8") if ignore.is_file() else ""
    head, found, _ = text.partition(HIDE_ALL)
    if found:
        git.git(tree, "update-index", "--skip-worktree", ".gitignore")
        ignore.write_text(head, encoding="utf-8")


def restore_ignore(tree):
    """Undo show_new_files(), for a checkout that may change the file."""
    if git.out(tree, "ls-files", "-t", ".gitignore").startswith("S "):
        git.git(tree, "update-index", "--no-skip-worktree", ".gitignore")
        git.git(tree, "checkout", "-q", "--", ".gitignore")

# SPDX-License-Identifier: GPL-2.0
"""Where things live: the clone, the cache outside it, the prepared tree."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import ui

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("NFX_CACHE") or Path.home() / ".cache/nfx")
CACHE = CACHE.expanduser().absolute()

NFX = ROOT / "scripts/nfx"
PATCHES = ROOT / "patches"
MAINTAINERS = ROOT / "MAINTAINERS"
OUTGOING = ROOT / "outgoing"
BUILD = ROOT / "build"
LOGS = BUILD / "log"

# The prepared git tree: base plus the whole stack.  Build directories are
# direct sub-directories of a tree, named BUILD_PREFIX + configuration.
TREE = BUILD / "linux"
BUILD_PREFIX = "build-"

DOWNLOADS = CACHE / "downloads"
APT = CACHE / "apt"
BASES = CACHE / "base"
CCACHE = CACHE / "ccache"
IMAGES = CACHE / "images"
USERLAND = CACHE / "userland"


def log_file(name):
    """Return an empty log file of that name under build/log/."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{name}.log"
    path.write_text("", encoding="utf-8")
    return path


@contextlib.contextmanager
def lock(name="nfx"):
    """Hold CACHE/<name>.lock; another run that holds it is waited for."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ui.info(f"waiting for another run that holds {handle.name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def new_dir(target):
    """Fill a temporary directory, then rename it to @target.

    When the block fails, the temporary directory goes and @target is as it
    was before.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temp = Path(tempfile.mkdtemp(prefix=f".{target.name}.",
                                 dir=target.parent))
    try:
        temp.chmod(0o755)
        yield temp
        replace_dir(temp, target)
    finally:
        shutil.rmtree(temp, ignore_errors=True)


def replace_dir(source, target):
    """Move directory @source to @target, whatever @target was."""
    if not target.exists():
        source.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.",
                                dir=target.parent))
    target.rename(old / "old")
    try:
        source.rename(target)
    except OSError:
        (old / "old").rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def write_file(path, data):
    """Write bytes or text to @path so that a reader never sees a part."""
    if isinstance(data, str):
        data = data.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, temp = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as handle:
            handle.write(data)
        os.chmod(temp, 0o644)
        os.replace(temp, path)
    except BaseException:
        os.unlink(temp)
        raise

# SPDX-License-Identifier: GPL-2.0
"""The overlay: the stack's new files at their paths in this repository.

It is a projection of the applied stack: every file the stack adds, whole
copies of the uAPI headers it changes (tools/nfx is built against them), and
the MAINTAINERS entries it adds.
"""

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import git
import paths

UAPI = "include/uapi/"
MAINTAINERS = "MAINTAINERS"

# What this repository has of its own.  A file of that name in the base is
# no copy of it, so these are exempt from the rule against base files.
OWN_DIRS = ("patches/", "scripts/nfx/", "tools/nfx/", ".ci/", ".github/",
            "Documentation/tools/nfx/")
OWN_FILES = ("scripts/nfx-tree", "Makefile", "README.md", "COPYING",
             ".gitignore", ".gitattributes", "CONTRIBUTING.md")


class File(NamedTuple):
    """Content and executable bit."""
    data: bytes
    executable: bool


def is_own(name):
    return name in OWN_FILES or name.startswith(OWN_DIRS)


def project(repo, base, commit):
    """Return {path: File} of the overlay of @commit."""
    files = {}
    for text in git.lines(repo, "diff-tree", "-r", "--no-renames", base,
                          commit):
        meta, name = text.split("\t", 1)
        _, mode, _, blob, status = meta.split()
        if status == "A" or (status == "M" and name.startswith(UAPI)):
            files[name] = File(git.blob(repo, blob), mode == "100755")
    fragment = maintainers(repo, base, commit)
    if fragment:
        files[MAINTAINERS] = File(fragment, False)
    return files


def maintainers(repo, base, commit):
    """Return the MAINTAINERS entries @commit has over @base, as bytes."""
    before, after = (
        entries((git.blob(repo, f"{name}:{MAINTAINERS}") or b"").decode())
        for name in (base, commit))
    new = [after[title] for title in sorted(after) if title not in before]
    return "\n".join(new).encode()


def entries(text):
    """Split MAINTAINERS into {title: entry}, header and prose left out."""
    found = {}
    for part in text.split("\n\n"):
        rows = part.strip("\n").split("\n")
        if len(rows) > 1 and rows[1][1:3] == ":\t" and rows[0][1:2] != ":":
            found[rows[0]] = "\n".join(rows) + "\n"
    return found


def on_disk(name):
    """Return the File of that name in this repository, or None."""
    path = paths.ROOT / name
    if not path.is_file():
        return None
    return File(path.read_bytes(), os.access(path, os.X_OK))


def repository_files():
    """Return the tracked and the new files of this repository."""
    return [name for name in
            git.lines(paths.ROOT, "ls-files", "-co", "--exclude-standard")
            if not name.startswith(("build/", "outgoing/"))
            and (paths.ROOT / name).is_file()]


def differences(files):
    """Return {path: what is wrong} between @files and the disk."""
    wrong = {}
    for name, wanted in files.items():
        there = on_disk(name)
        if there is None:
            wrong[name] = "is missing"
        elif there.data != wanted.data:
            wrong[name] = "differs from the applied stack"
        elif there.executable != wanted.executable:
            wrong[name] = "has the wrong mode"
    return wrong


def write(files, old_names):
    """Make the disk show @files; of @old_names remove those not in it.

    All data is written beside the clone's files first, so that a full disk
    shows before anything is replaced.
    """
    wanted = {name: item for name, item in files.items()
              if on_disk(name) != item}
    paths.BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.BUILD) as temp:
        staged = []
        for count, (name, item) in enumerate(sorted(wanted.items())):
            part = Path(temp) / str(count)
            part.write_bytes(item.data)
            part.chmod(0o755 if item.executable else 0o644)
            staged.append((part, paths.ROOT / name))
        for part, target in staged:
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)
    stale = [name for name in old_names
             if name not in files and (paths.ROOT / name).is_file()]
    for name in stale:
        (paths.ROOT / name).unlink()
        remove_empty((paths.ROOT / name).parent)
    return sorted(wanted), stale


def remove_empty(directory):
    while directory != paths.ROOT and not any(directory.iterdir()):
        directory.rmdir()
        directory = directory.parent

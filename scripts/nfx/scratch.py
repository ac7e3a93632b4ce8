# SPDX-License-Identifier: GPL-2.0
"""Throw-away repositories that hold only the files a stack touches.

Applying fifteen patches there takes a second, in a whole kernel tree a
minute.  The file based one needs only the unpacked base, the git based one
makes commits that belong to the whole tree.
"""

import contextlib
import re
import shutil
import tempfile
from pathlib import Path

import git
import paths
import ui

# Decides about the function names in hunk headers, so it is always there.
ALWAYS = (".gitattributes",)


@contextlib.contextmanager
def directory(name="work"):
    """Give a temporary directory in the cache."""
    parent = paths.CACHE / "tmp"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=parent) as temp:
        yield Path(temp)


def from_files(target, source, names):
    """Make @target a repository with those @names that exist in @source."""
    git.init(target)
    for name in sorted({*names, *ALWAYS}):
        origin = source / name
        if not origin.is_file():
            continue
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(origin, copy)
    git.git(target, "add", "-A", "-f", ".")
    git.git(target, "commit", "-q", "--allow-empty", "-m", "Sparse base",
            env=git.FIXED_DATES)
    git.git(target, "branch", "-q", "base")


def from_git(target, repo, commit, names):
    """Make @target a sparse checkout of @commit that borrows from @repo."""
    git.init(target, borrow=repo)
    git.git(target, "update-ref", "refs/heads/base", commit)
    git.git(target, "config", "core.sparseCheckout", "true")
    patterns = "".join(f"/{escape(name)}\n"
                       for name in sorted({*names, *ALWAYS}))
    (target / ".git/info").mkdir(exist_ok=True)
    (target / ".git/info/sparse-checkout").write_text(patterns,
                                                      encoding="utf-8")
    git.git(target, "checkout", "-q", "-B", "nfx", commit)


def escape(name):
    return re.sub(r"([*?\[\]\\!# ])", r"\\\1", name)


class DoesNotApply(ui.Error):
    """A patch of the stack that `git am` refuses."""


def apply(repo, mails, three_way=False, next_step=""):
    """Run the literal `git am patches/*` in @repo.

    @mails: the files the shell would put there for the star
    """
    if not mails:
        return
    option = ["-3"] if three_way else []
    done = git.git(repo, "am", "-q", "--committer-date-is-author-date",
                   *option, *mails, check=False)
    if done.returncode == 0 and not git.busy(repo):
        return
    text = done.stdout + done.stderr
    applied = int(git.out(repo, "rev-list", "--count", "base..HEAD"))
    name = Path(mails[min(applied, len(mails) - 1)]).name
    reason = ""
    for pattern in (r"error: (patch failed: .*)", r"error: (.*)",
                    r"(CONFLICT .*)", r"fatal: (.*)", r"(Patch is empty.*)"):
        found = re.search(pattern, text)
        if found:
            reason = ": " + found.group(1)
            break
    git.git(repo, "am", "--abort", check=False)
    raise DoesNotApply(f"{name} does not apply{reason}", next_step)

# SPDX-License-Identifier: GPL-2.0
"""Git with the configuration that decides about bytes taken out of play."""

import os
import subprocess
from pathlib import Path

import ui

# A user's own configuration must not change a patch file or a commit id.
ISOLATION = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": ":",
    "GIT_SEQUENCE_EDITOR": ":",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}

# Whoever applies the stack gets the same commits; the author is in the mail.
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "nfx-tree"), ("EMAIL", "nfx-tree@localhost"))
}

FIXED_DATE = "2026-01-01T00:00:00 +0000"
FIXED_DATES = {"GIT_AUTHOR_DATE": FIXED_DATE, "GIT_COMMITTER_DATE": FIXED_DATE}

# Variables of an outer git (a hook, a rebase) that would redirect ours.
for _name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX",
              "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"):
    os.environ.pop(_name, None)


def git(cwd, *args, **options):
    """Run git in @cwd, isolated; returns the completed process."""
    env = {**ISOLATION, **IDENTITY, **options.pop("env", {})}
    return ui.run(["git", *args], cwd=cwd, env=env, **options)


def out(cwd, *args, **options):
    """Run git and return its output without the final newline."""
    return git(cwd, *args, **options).stdout.rstrip("\n")


def blob(repo, name):
    """Return the bytes of blob @name ("commit:path" or an id), or None."""
    done = subprocess.run(["git", "cat-file", "blob", name], cwd=repo,
                          env={**os.environ, **ISOLATION}, check=False,
                          capture_output=True)
    return None if done.returncode else done.stdout


def lines(cwd, *args, **options):
    text = out(cwd, *args, **options)
    return text.split("\n") if text else []


def succeeds(cwd, *args, **options):
    return git(cwd, *args, check=False, **options).returncode == 0


def commit_id(repo, name):
    """Return the id of commit @name in @repo, or "" when there is none."""
    done = git(repo, "rev-parse", "-q", "--verify", f"{name}^{{commit}}",
               check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def object_dir(repo):
    common = out(repo, "rev-parse", "--git-common-dir")
    return (Path(repo) / common / "objects").resolve()


def init(directory, borrow=None):
    """Make an empty repository, borrowing the objects of repository @borrow.

    A borrowing repository costs no copy and never writes to its lender.
    """
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "-c", "init.defaultBranch=nfx", "init", "-q", ".")
    for key, value in (("gc.auto", "0"), ("core.abbrev", "12"),
                       ("core.hooksPath", os.devnull),
                       ("core.attributesFile", os.devnull),
                       ("commit.gpgSign", "false"),
                       ("core.fsync", "none"),
                       ("advice.detachedHead", "false"),
                       ("core.autocrlf", "false")):
        git(directory, "config", key, value)
    if borrow:
        objects = object_dir(borrow)
        info = directory / ".git/objects/info"
        info.mkdir(parents=True, exist_ok=True)
        (info / "alternates").write_text(f"{objects}\n", encoding="utf-8")
        shallow = objects.parent / "shallow"
        if shallow.exists():
            (directory / ".git/shallow").write_bytes(shallow.read_bytes())


def is_clean(repo):
    """True without staged, unstaged or untracked changes."""
    return not out(repo, "status", "--porcelain")


def busy(repo):
    """Name the operation that is under way in @repo, or ""."""
    gitdir = Path(repo) / out(repo, "rev-parse", "--git-dir")
    for name, what in (("rebase-merge", "rebase"), ("rebase-apply", "am"),
                       ("MERGE_HEAD", "merge"),
                       ("CHERRY_PICK_HEAD", "cherry-pick")):
        if (gitdir / name).exists():
            return what
    return ""

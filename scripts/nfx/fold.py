# SPDX-License-Identifier: GPL-2.0
"""Edits of overlay files, folded back into the patch they belong to."""

import difflib
import re

import git
import notes
import overlay
import paths
import scratch
import ui


def edits(tree, old, to):
    """Fold what was edited in the overlay into the commits of @tree.

    @old:   the overlay as it was last written
    @to:    patch number given by the user, or None

    Returns one line of text per folded file.
    """
    current = overlay.project(tree.path, "base", "HEAD")
    edited = {}
    for name in sorted({*old, *current}):
        disk = overlay.on_disk(name)
        if disk is None or disk in (old.get(name), current.get(name)):
            continue
        if name == overlay.MAINTAINERS:
            ui.die("MAINTAINERS was edited, but it is generated",
                   "edit it in the prepared tree and run refresh again")
        if name not in current:
            ui.die(f"{name} was edited, but the prepared tree drops it",
                   f"remove it or run 'git checkout {name}'")
        if current[name] != old.get(name):
            show_both(name, old.get(name), disk, current[name])
            ui.die(f"{name} changed both here and in the prepared tree",
                   "take the change over in one of them and run refresh "
                   "again")
        edited[name] = disk
    if not edited:
        return []
    return fold(tree, edited, to)


def show_both(name, old, disk, current):
    """Print what happened to @name on both sides."""
    for side, new in (("here", disk), ("prepared tree", current)):
        before = old.data.decode(errors="replace") if old else ""
        after = new.data.decode(errors="replace")
        for text in difflib.unified_diff(before.splitlines(),
                                         after.splitlines(),
                                         f"{name} (last refresh)",
                                         f"{name} ({side})", lineterm=""):
            ui.info(text)


def fold(tree, edited, to):
    """Make a fixup per file and squash it in a scratch repository."""
    ids = tree.commits()
    numbers = patch_numbers(tree, ids)
    touched = sorted({name for commit in ids for name in
                      git.lines(tree.path, "diff-tree", "-r", "--no-renames",
                                "--name-only", "--no-commit-id", commit)})
    done = []
    with scratch.directory("fold") as work:
        scratch.from_git(work, tree.path, git.commit_id(tree.path, "HEAD"),
                         touched)
        git.git(work, "update-ref", "refs/heads/base", tree.base())
        git.git(work, "fetch", "-q", tree.path, f"+{notes.REF}:{notes.REF}",
                check=False)
        notes.setup(work)
        git.git(work, "config", "rebase.updateRefs", "false")
        for name, item in edited.items():
            (work / name).write_bytes(item.data)
            (work / name).chmod(0o755 if item.executable else 0o644)
            commit = by_number(numbers, to) if to else owner(work, name,
                                                             numbers)
            git.git(work, "commit", "-q", f"--fixup={commit}", "--", name)
            done.append(f"{name} into {numbers[commit]:04d}")
        if not git.succeeds(work, "rebase", "-q", "-i", "--autosquash",
                            "--committer-date-is-author-date", "base"):
            ui.die(f"cannot fold {', '.join(edited)}: a later patch changes "
                   "the same lines",
                   "make the change in the prepared tree with "
                   "'git rebase -i base'")
        tree.take(work)
    return done


def patch_numbers(tree, ids):
    """Return {commit: patch number} as refresh would give them."""
    count = {}
    numbers = {}
    for commit, place in zip(ids, notes.places(tree.path, ids)):
        count[place.block] = count.get(place.block, 0) + 1
        numbers[commit] = place.block * 100 + count[place.block]
    return numbers


def by_number(numbers, to):
    for commit, number in numbers.items():
        if to.isdigit() and int(to) == number:
            return commit
    return ui.die(f"there is no patch {to}",
                  f"see 'ls {paths.PATCHES}'", ui.EXIT_USAGE)


def owner(repo, name, numbers):
    """Return the one commit the edit of @name in the work tree belongs to.

    That is the only patch which touches the file, or else the one all the
    edited lines come from.
    """
    touching = [commit for commit in numbers if name in git.lines(
        repo, "diff-tree", "-r", "--no-commit-id", "--name-only", commit)]
    if len(touching) == 1:
        return touching[0]
    origins = set()
    for text in git.lines(repo, "diff", "-U0", "HEAD", "--", name):
        found = re.match(r"@@ -(\d+)(?:,(\d+))? ", text)
        if found:
            origins |= blame(repo, name, int(found.group(1)),
                             int(found.group(2) or 1))
    if len(origins) == 1 and origins <= set(touching):
        return origins.pop()
    names = ", ".join(f"{numbers[commit]:04d}" for commit in touching)
    return ui.die(f"the edit of {name} may belong to any of {names}",
                  "name the patch with 'refresh --to NNNN'")


def blame(repo, name, start, count):
    """Return the commits lines come from; neighbours for a pure insertion."""
    total = len((git.blob(repo, f"HEAD:{name}") or b"").splitlines())
    first = max(1, start)
    last = start + count - 1 if count else min(total, start + 1)
    return {text.split()[0] for text in
            git.lines(repo, "blame", "-l", "-s", "--no-abbrev", "--root",
                      f"-L{first},{max(first, last)}", "HEAD", "--", name)}

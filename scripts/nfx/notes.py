# SPDX-License-Identifier: GPL-2.0
"""Block and target tree of each commit of the prepared tree.

`git am` drops the prefix of the subject and the number of the file, and
neither belongs in a commit message.  Both are kept as a git note, which
`git commit --amend` and `git rebase` carry along:

    refs/notes/nfx    block 0 tree nf

A commit without a note, that is one just made, belongs to the block of the
commit before it (or after it, for the first one) and has that block's tree.
"""

import re
from typing import NamedTuple

import git
import patchfile
import ui

REF = "refs/notes/nfx"
FORMAT = re.compile(r"block (\d+)(?: tree ([\w-]+))?")


class Place(NamedTuple):
    """Where a commit goes: its block and target tree."""
    block: int
    tree: str


def setup(repo):
    """Make amend and rebase carry the notes in @repo."""
    git.git(repo, "config", "notes.rewriteRef", REF)
    # With "overwrite", a fixup commit, which has no note, would remove that
    # of the commit it is squashed into.
    git.git(repo, "config", "notes.rewriteMode", "ignore")
    # The branches that mark the ends of the blocks follow as well.
    git.git(repo, "config", "rebase.updateRefs", "true")
    git.git(repo, "config", "rebase.autoSquash", "true")


def write(repo, places):
    """Attach {commit: Place} to the commits."""
    for commit, place in places.items():
        git.git(repo, "notes", "--ref", REF, "add", "-f", "-m",
                f"block {place.block} tree {place.tree}", commit)


def read(repo, commit):
    done = git.git(repo, "notes", "--ref", REF, "show", commit, check=False)
    found = FORMAT.search(done.stdout)
    if done.returncode or not found:
        return None
    return Place(int(found.group(1)), found.group(2) or "")


def places(repo, commits, block=None, tree=None):
    """Return the Place of each of @commits (oldest first), in order.

    @block, @tree:  for commits that have no note
    """
    known = [read(repo, commit) for commit in commits]
    first = next((place.block for place in known if place), 0)
    result = []
    last = first
    for commit, place in zip(commits, known):
        number = place.block if place else last if block is None else block
        if number not in patchfile.blocks():
            ui.die(f"commit {commit[:12]} is in block {number}, which "
                   "scripts/nfx/series does not have",
                   "add a line for it there")
        default = tree or patchfile.blocks()[number].tree
        chosen = (place.tree if place else "") or default
        if number < last:
            subject = git.out(repo, "log", "-1", "--format=%s", commit)
            ui.die(f"'{subject}' of block {number} follows a commit of "
                   f"block {last}",
                   "reorder them with 'git rebase -i base'")
        last = number
        result.append(Place(number, chosen))
    return result


def mark_blocks(repo, commits, where):
    """Point branch series/<block> at the last commit of each block."""
    ends = {place.block: commit for commit, place in zip(commits, where)}
    wanted = {f"refs/heads/series/{patchfile.blocks()[number].label}": commit
              for number, commit in ends.items()}
    for ref in git.lines(repo, "for-each-ref", "--format=%(refname)",
                         "refs/heads/series/"):
        if ref not in wanted:
            git.git(repo, "update-ref", "-d", ref)
    for ref, commit in wanted.items():
        git.git(repo, "update-ref", ref, commit)

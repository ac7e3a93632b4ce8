# SPDX-License-Identifier: GPL-2.0
"""Commits to patch files, byte for byte the same wherever it is done."""

import git
import patchfile
import ui

CONFIG = ("-c", "core.abbrev=12", "-c", "diff.algorithm=histogram",
          "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false",
          "-c", "diff.context=3", "-c", "diff.interHunkContext=0",
          "-c", "diff.renames=true", "-c", "format.signature=",
          "-c", "i18n.logOutputEncoding=UTF-8")
OPTIONS = ("--zero-commit", "--no-signature", "--no-base", "--no-signoff",
           "--no-notes", "-N")


def commits(repo, base, head="HEAD"):
    """Return the ids of the commits of the stack, oldest first."""
    if git.lines(repo, "rev-list", "--merges", f"{base}..{head}"):
        ui.die("the prepared tree contains a merge",
               "make it linear with 'git rebase base'")
    return git.lines(repo, "rev-list", "--reverse", f"{base}..{head}")


def numbers(where):
    """Return the patch number of each Place, in order."""
    count = {}
    result = []
    for place in where:
        count[place.block] = count.get(place.block, 0) + 1
        limit = patchfile.blocks()[place.block].max
        if count[place.block] > limit:
            ui.die(f"block {place.block} has more than {limit} patches",
                   "move some to another block or squash them")
        result.append(place.block * 100 + count[place.block])
    return result


def write(repo, ids, where, target):
    """Write one patch file per commit to directory @target."""
    for commit, place, number in zip(ids, where, numbers(where)):
        git.git(repo, *CONFIG, "format-patch", "-q", *OPTIONS, "-1",
                f"--subject-prefix=PATCH {place.tree}",
                "--start-number", str(number), "-o", target, commit)

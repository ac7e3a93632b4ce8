# SPDX-License-Identifier: GPL-2.0
"""Checks of the stack as a whole: patches/, overlay and repository agree."""

import os
import re
import stat
import tempfile
from pathlib import Path

import export
import notes
import overlay
import patchfile
import paths
import ui
from checks.context import Result


def names_and_blocks(context):
    """patches/ holds nothing but NNNN-name.patch, blocks within bounds."""
    wrong = []
    count = {}
    numbers = set()
    for entry in sorted(os.scandir(paths.PATCHES), key=lambda item: item.name):
        if not entry.is_file(follow_symlinks=False) or \
                not patchfile.NAME.match(entry.name):
            wrong.append(f"{entry.name} is no file NNNN-name.patch")
        elif stat.S_IMODE(entry.stat().st_mode) & 0o111:
            wrong.append(f"{entry.name} is executable")
    for patch in context.all:
        if patch.number < 0:
            continue
        if patch.number in numbers:
            wrong.append(f"number {patch.label} is used twice")
        numbers.add(patch.number)
        block = patchfile.blocks().get(patch.block)
        if not block:
            wrong.append(f"{patch.label}: scripts/nfx/series has no block "
                         f"{patch.block}")
            continue
        count[block.label] = count.get(block.label, 0) + 1
        if not 1 <= patch.number % 100 <= block.max:
            wrong.append(f"{patch.label} is outside 1..{block.max} of block "
                         f"{block.label}")
    if wrong:
        return Result(ui.FAIL, "names_and_blocks", wrong[0], tuple(wrong))
    sizes = ", ".join(f"{label}: {size}" for label, size in count.items())
    return Result(ui.OKAY, "names_and_blocks", sizes or "no patches")


def apply(context):
    """The literal `git am patches/*`, done when the context was made."""
    where = context.base.name
    if context.error:
        return Result(ui.FAIL, "apply", f"on {where}: {context.error.what}")
    return Result(ui.OKAY, "apply",
                  f"git am patches/*: {len(context.all)} on {where}")


def reexport(context):
    """Exporting the applied stack gives the same bytes."""
    name = "reexport"
    if context.error:
        return Result(ui.SKIP, name, "the stack does not apply")
    if not context.base.pinned:
        return Result(ui.SKIP, name, "patches/ belongs to the pinned base")
    ids = list(context.commits.values())
    where = [notes.Place(patch.block, patch.tree) for patch in context.all]
    with tempfile.TemporaryDirectory(dir=context.work.parent) as temp:
        export.write(context.work, ids, where, temp)
        new = {path.name: path.read_bytes() for path in Path(temp).iterdir()}
    old = {patch.path.name: patch.raw for patch in context.all}
    wrong = [f"{item} differs from its re-export" if item in old and item
             in new else f"{item} is not what refresh would name it"
             for item in sorted({*old, *new})
             if old.get(item) != new.get(item)]
    if wrong:
        return Result(ui.FAIL, name, f"{wrong[0]}; run refresh", tuple(wrong))
    return Result(ui.OKAY, name, f"{len(old)} patches byte-identical")


def overlay_identity(context):
    """Overlay and applied stack are the same, in both directions."""
    name = "overlay"
    if context.error:
        return Result(ui.SKIP, name, "the stack does not apply")
    if not context.base.pinned:
        return Result(ui.SKIP, name, "the overlay belongs to the pinned base")
    files = overlay.project(context.work, "base", "HEAD")
    wrong = [f"{path} {what}" for path, what in
             sorted(overlay.differences(files).items())]
    wrong += [f"{path} is not in the stack"
              for path in overlay.repository_files()
              if path not in files and not overlay.is_own(path)
              and not (context.source / path).exists()]
    if wrong:
        return Result(ui.FAIL, name, f"{wrong[0]}; run refresh", tuple(wrong))
    return Result(ui.OKAY, name, f"{len(files)} files byte-identical")


def tracked_files(context):
    """No file of the base is kept here, but for the two exceptions."""
    wrong = []
    modified = {change.path for patch in context.all for change in patch.files
                if change.status == "M"}
    files = overlay.repository_files()
    for path in files:
        if overlay.is_own(path) or path == overlay.MAINTAINERS or \
                (path.startswith(overlay.UAPI) and path in modified):
            continue
        if (context.source / path).exists():
            wrong.append(f"{path} is a file of the base")
    if wrong:
        return Result(ui.FAIL, "tracked_files", wrong[0], tuple(wrong))
    return Result(ui.OKAY, "tracked_files",
                  f"{len(files)} files, none of the base")


def signoff(context):
    """The sign-off is the submitter's own word, so none is stored here."""
    wrong = [patch.label for patch in context.all
             if re.search(r"^Signed-off-by:", patch.body, re.M | re.I)]
    if wrong:
        return Result(ui.FAIL, "signoff",
                      f"Signed-off-by in {', '.join(wrong)}; remove it")
    return Result(ui.OKAY, "signoff", "no Signed-off-by; format adds it")

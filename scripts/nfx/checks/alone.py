# SPDX-License-Identifier: GPL-2.0
"""alone: every block applies to the base plus the blocks it depends on."""

import patchfile
import scratch
import ui
from checks.context import Result


def run(context):
    results = []
    for block in patchfile.blocks().values():
        own = [patch for patch in context.all if patch.block == block.number]
        if not own or (context.patches and block.number not in
                       {patch.block for patch in context.patches}):
            continue
        before = {0, *(patchfile.block(name).number
                       for name in block.depends)}
        patches = [patch for patch in context.all
                   if patch.block in before or patch in own]
        results.append(apply(context, block, patches))
    return results


def apply(context, block, patches):
    name = f"alone-{block.number:02d}xx"
    work = context.work.parent / name
    scratch.from_files(work, context.source, patchfile.touched(patches))
    try:
        scratch.apply(work, [patch.path for patch in patches])
    except scratch.DoesNotApply as exc:
        return Result(ui.FAIL, name, exc.what)
    return Result(ui.OKAY, name, f"{block.label} applies with "
                  f"{len(patches)} patches in all")

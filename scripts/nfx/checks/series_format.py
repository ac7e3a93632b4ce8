# SPDX-License-Identifier: GPL-2.0
"""series_format: size, cover letter and target tree of each block."""

import patchfile
import ui
from checks.context import Result

LIMIT = 15
COVER_FROM = 3


def run(context):
    wrong = []
    status = ui.OKAY
    for block in patchfile.blocks().values():
        patches = [patch for patch in context.patches
                   if patch.block == block.number]
        if len(patches) > LIMIT:
            status = ui.FAIL
            wrong.append(f"{block.label} has more than {LIMIT} patches")
        for letter in {block.letter(patch.tree) for patch in patches}:
            if len(patches) >= COVER_FROM and not letter.is_file():
                status = ui.FAIL
                wrong.append(f"{block.label} has no cover letter {letter}")
        for patch in patches:
            if patch.tree not in patchfile.TREES:
                status = ui.FAIL
                wrong.append(f"{patch.label} names no target tree in its "
                             "subject: [PATCH nf-next]")
            if len(patch.subject) > 75:
                status = ui.FAIL
                wrong.append(f"{patch.label}: subject longer than 75")
    if wrong:
        return Result(status, "series_format", wrong[0], tuple(wrong))
    return Result(ui.OKAY, "series_format",
                  "sizes, cover letters and target trees in order")

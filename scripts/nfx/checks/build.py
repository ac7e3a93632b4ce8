# SPDX-License-Identifier: GPL-2.0
"""build_allmodconfig_warn: no new W=1 C=1 warning in what a patch touches."""

import objects
import ui
from checks.context import Result


def run(context):
    name = "build_allmodconfig_warn"
    if context.error:
        return Result(ui.SKIP, name, "the stack does not apply")
    details, bad = [], []
    with objects.walk(context.all) as tree:
        for patch in context.patches:
            names = tree.objects(patch)
            if not names:
                details.append(f"{patch.label}: no objects")
                continue
            new = tree.new_warnings(patch, names)
            details.append(f"{patch.label}: {' '.join(names)}")
            details += [f"    {text}" for text in new]
            if new:
                bad.append(f"{patch.label}: {new[0]}")
    if bad:
        return Result(ui.FAIL, name, bad[0], tuple(details))
    return Result(ui.OKAY, name,
                  f"{len(context.patches)} patches add no warning",
                  tuple(details))

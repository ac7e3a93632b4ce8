# SPDX-License-Identifier: GPL-2.0
"""yamllint: no new complaint about the YAML files of a patch."""

import shutil

import ui
from checks.context import Result, per_patch


def run(context):
    name = "yamllint"
    touched = [patch for patch in context.patches
               if context.changes(patch, ".yaml")]
    if not touched:
        return Result(ui.OKAY, name, "no patch concerned")
    if not shutil.which("yamllint"):
        return Result(ui.SKIP, name, "yamllint is not installed")

    def lint(commit, path):
        data = context.read(commit, path) or b""
        done = ui.run(["yamllint", "-f", "parsable", "-"],
                      stdin=data.decode("utf-8", "replace"),
                      cwd=context.source / "Documentation", check=False)
        return done.stdout.splitlines()

    def judge(patch):
        commit = context.commit(patch)
        before, after = [], []
        for change in context.changes(patch, ".yaml"):
            if change.status != "A":
                before += lint(f"{commit}~", change.old)
            after += lint(commit, change.path)
        errors, warnings = (
            sum(kind in row for row in after) -
            sum(kind in row for row in before)
            for kind in ("[error]", "[warning]"))
        if errors > 0:
            return ui.FAIL, [f"{errors} new errors", *after]
        if warnings > 0:
            return ui.WARN, [f"{warnings} new warnings", *after]
        return ui.OKAY, []

    return per_patch(context, name, judge, touched)

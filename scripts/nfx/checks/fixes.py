# SPDX-License-Identifier: GPL-2.0
"""verify_fixes and fixes_present: the Fixes: tags of the stack."""

import re

import git
import ui
from checks.context import per_patch

TAG = re.compile(r"^\s*Fixes:", re.I)
GOOD = re.compile(r'^Fixes: ([0-9a-f]{12,40}) \("(.+)"\)$')
NO_CODE = ("Documentation/", "MAINTAINERS", "tools/testing/")


def verify_fixes(context):
    """The tag has its form, and names a commit where there is a history."""
    def judge(patch):
        rows = patch.body.split("\n")
        tags = [count for count, row in enumerate(rows) if TAG.match(row)]
        if not tags:
            return None
        wrong = []
        for count in tags:
            row = rows[count]
            found = GOOD.match(row)
            if not found:
                wrong.append(f"not of the form Fixes: <12+ hex> (\"subject\"):"
                             f" {row.strip()}")
            elif context.base.commit:
                wrong += look_up(context, *found.groups())
            follower = rows[count + 1] if count + 1 < len(rows) else ""
            if not rows[count - 1].strip() and not follower.strip() and \
                    any(re.match(r"^[\w-]+: ", later)
                        for later in rows[count + 1:]):
                wrong.append("empty lines surround the Fixes tag")
        return (ui.FAIL, wrong) if wrong else (ui.OKAY, [])

    return per_patch(context, "verify_fixes", judge, nothing="no Fixes tag")


def look_up(context, commit, subject):
    done = git.git(context.source, "log", "-1", "--format=%s", commit,
                   check=False)
    if done.returncode:
        return [f"commit {commit} does not exist in {context.base.name}"]
    if done.stdout.strip() != subject:
        return [f"the subject of {commit} is '{done.stdout.strip()}'"]
    return []


def fixes_present(context):
    """A code change for net or nf says what it fixes."""
    def judge(patch):
        code = [change for change in patch.files
                if not change.path.startswith(NO_CODE)]
        if "next" in patch.tree or not code:
            return None
        if any(TAG.match(row) for row in patch.body.split("\n")):
            return ui.OKAY, []
        return ui.WARN, [f"is for {patch.tree} and has no Fixes tag"]

    return per_patch(context, "fixes_present", judge,
                     nothing="no code change for net or nf")

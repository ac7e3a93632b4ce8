# SPDX-License-Identifier: GPL-2.0
"""checkpatch with netdev's flags, and the sign-off it has to miss."""

import re

import ui
from checks.context import Result, per_patch

IGNORED = ("COMMIT_LOG_LONG_LINE,MACRO_ARG_REUSE,ALLOC_SIZEOF_STRUCT,"
           "NO_AUTHOR_SIGN_OFF,GIT_COMMIT_ID,CAMELCASE,FILE_PATH_CHANGES,"
           "BAD_REPORTED_BY_LINK")
MESSAGE = re.compile(r"^(ERROR|WARNING|CHECK):(\w+): (.*)$", re.M)
TOTAL = re.compile(r"^total: .*", re.M)


def run(context):
    """Return the results of checkpatch and of verify_signedoff."""
    unsigned = []
    # The packaged base has no history to look up a commit id in.
    unknown = set() if context.base.commit else {"UNKNOWN_COMMIT_ID"}

    def judge(patch):
        done = ui.run(
            ["perl", context.source / "scripts/checkpatch.pl",
             f"--root={context.source}", "-g", context.commit(patch),
             "--strict", "--codespell", "--max-line-length=80",
             "--show-types", "--color=never", f"--ignore={IGNORED}"],
            cwd=context.work, check=False)
        if not TOTAL.search(done.stdout):
            return ui.FAIL, ["checkpatch did not finish", *done.stderr.split(
                "\n"), *done.stdout.split("\n")]
        found = MESSAGE.findall(done.stdout)
        if any(kind == "MISSING_SIGN_OFF" for _, kind, _ in found):
            unsigned.append(patch.label)
        left = [f"{level}:{kind}: {text}" for level, kind, text in found
                if kind != "MISSING_SIGN_OFF" and kind not in unknown]
        if left:
            return ui.FAIL, [*left, *done.stdout.split("\n")]
        return ui.OKAY, TOTAL.findall(done.stdout)

    result = per_patch(context, "checkpatch", judge)
    return [result, signedoff(context, unsigned)]


def signedoff(context, unsigned):
    """The one error that is expected until `format` adds the sign-off."""
    count = len(context.patches)
    if unsigned:
        return Result(ui.WARN, "verify_signedoff",
                      f"expected: {len(unsigned)} of {count} patches wait "
                      "for the submitter's sign-off (format)")
    return Result(ui.OKAY, "verify_signedoff", f"{count} patches signed off")

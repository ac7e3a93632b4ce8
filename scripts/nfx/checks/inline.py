# SPDX-License-Identifier: GPL-2.0
"""source_inline and header_inline: where `inline` must and must not be."""

import re

import ui
from checks.context import per_patch

SOURCE = re.compile(r"^(?:[^*/]*\W|)inline\W", re.I)
HEADER = (
    re.compile(r"^static (?!(?:__always_)?inline).*\(.*[^\\]$"),
    re.compile(r"^(?:static )?(?!(?:__always_)?inline )"
               r"(?:(?:unsigned|long|short) )*"
               r"(?:char|bool|void|int|u[0-9]*) [0-9A-Za-z_]*\(.*\) *\{"
               r".*[^\\]$"),
)


def source_inline(context):
    """The compiler decides about inlining in .c files."""
    def judge(patch):
        if not context.changes(patch, ".c"):
            return None
        new = [f"{name}: {text.strip()}" for name, text in
               patch.added(r"\.c$") if SOURCE.match(text)]
        old = [text for _, text in patch.added(r"\.c$", removed=True)
               if SOURCE.match(text)]
        if new:
            return (ui.WARN if len(new) == len(old) else ui.FAIL), new
        return ui.OKAY, []

    return per_patch(context, "source_inline", judge)


def header_inline(context):
    """A function in a header is static inline."""
    def judge(patch):
        if not context.changes(patch, ".h"):
            return None
        new = [f"{name}: {text.strip()}" for name, text in
               patch.added(r"\.h$")
               if any(pattern.match(text) for pattern in HEADER)]
        return (ui.FAIL, new) if new else (ui.OKAY, [])

    return per_patch(context, "header_inline", judge)

# SPDX-License-Identifier: GPL-2.0
"""maintainers: a new file needs a section of MAINTAINERS small enough.

A section that covers half of the kernel tells nobody who answers for one
file in it, so netdev wants a smaller one.
"""

import functools
import re

import git
import ui
from checks.context import Result

IGNORED = ("Documentation/", "tools/testing/")
BUILD_FILES = ("/Makefile", "/Kconfig")
TARGET = 75
TARGET_WITH_KCONFIG = 3
LIMIT = 500


def run(context):
    name = "maintainers"
    new = [change.path for patch in context.patches for change in patch.files
           if change.status == "A" and not change.path.startswith(IGNORED)]
    if not new:
        return Result(ui.OKAY, name, "no new files, skip")
    target = TARGET_WITH_KCONFIG if any(
        path.endswith("Kconfig") for path in new) else TARGET
    text = (git.blob(context.work, "HEAD:MAINTAINERS") or b"").decode()
    table = sections(text)
    status = ui.OKAY
    details, bad = [], []
    for path in new:
        if path.endswith(BUILD_FILES):
            continue
        smallest, title = best(context, table, path, new, target)
        details.append(f"{path}: {title} covers ~{smallest} files")
        if smallest >= target:
            bad.append(f"{path}: the smallest section, {title}, covers "
                       f"{smallest} files")
            if status != ui.FAIL:
                status = ui.WARN if smallest < LIMIT else ui.FAIL
    if bad:
        return Result(status, name, f"{bad[0]}; expecting a new entry",
                      tuple(details))
    return Result(ui.OKAY, name, f"{len(details)} new files covered",
                  tuple(details))


def best(context, table, path, new, target):
    """Return size and title of a section small enough, or the smallest."""
    found = (10 ** 6, "nothing")
    for title, patterns in table:
        if any(matches(pattern, path) for pattern in patterns):
            found = min(found, (size(context, patterns, new), title))
            if found[0] < target:
                break
    return found


def sections(text):
    """Return [(title, [F: patterns])] of MAINTAINERS."""
    found = []
    for part in text.split("\n\n"):
        rows = part.strip("\n").split("\n")
        patterns = [row[2:].strip() for row in rows if row.startswith("F:")]
        if patterns:
            found.append((rows[0], patterns))
    return found


@functools.cache
def expression(pattern):
    """Return the regular expression of an F: pattern: there are thousands."""
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char))
                              for char in pattern))


def matches(pattern, path):
    """True when an F: pattern covers @path, as get_maintainer.pl sees it."""
    if not expression(pattern).match(path):
        return False
    return pattern.endswith("/") or pattern.count("/") == path.count("/")


def size(context, patterns, new):
    """Count the files a section covers the way netdev's check does."""
    total = 0
    for pattern in patterns:
        total += files(context.source, pattern)
        total += sum(matches(pattern, path) for path in new)
    return total


@functools.cache
def files(source, pattern):
    """Count the files of the base that an F: pattern covers."""
    where, _, what = pattern.rpartition("/")
    done = ui.run(["find", where or ".", "-name", what or "*", "-type", "f"],
                  cwd=source, check=False)
    return 0 if done.returncode else done.stdout.count("\n")

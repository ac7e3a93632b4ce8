# SPDX-License-Identifier: GPL-2.0
"""What every check gets to see, and what it gives back."""

import concurrent.futures
from typing import NamedTuple

import git
import patchfile
import scratch
import ui

JOBS = 2
SELFTESTS = "tools/testing/selftests/"


class Result(NamedTuple):
    """One line of the report; @details go to the log."""
    status: str
    name: str
    summary: str
    details: tuple = ()


class Context:
    """The stack, applied to a sparse base."""

    def __init__(self, base, patches, work, selected):
        self.base = base
        self.all = patches
        self.work = work
        self.source = base.source
        self.error = None
        self.commits = {}
        names = {*patchfile.touched(patches), "MAINTAINERS",
                 *support_files(base.source, patchfile.touched(patches))}
        if base.pinned or not base.commit:
            scratch.from_files(work, base.source, names)
        else:
            scratch.from_git(work, base.source, base.commit, names)
        try:
            scratch.apply(work, [patch.path for patch in patches],
                          three_way=not base.pinned)
        except scratch.DoesNotApply as exc:
            self.error = exc
        ids = git.lines(work, "rev-list", "--reverse", "base..HEAD")
        self.commits = dict(zip((patch.path.name for patch in patches), ids))
        # Patches that did not get applied cannot be looked at one by one.
        self.patches = [patch for patch in patches
                        if patch.path.name in self.commits
                        and patch.block in selected]

    def commit(self, patch):
        return self.commits[patch.path.name]

    def read(self, commit, name):
        """Return the bytes of file @name at @commit, also if not touched."""
        data = git.blob(self.work, f"{commit}:{name}")
        if data is None and (self.source / name).is_file() \
                and git.blob(self.work, f"base:{name}") is None:
            data = (self.source / name).read_bytes()
        return data

    def changes(self, patch, *suffixes, status="AMR"):
        """Return the Changes of @patch to files with one of @suffixes."""
        return [change for change in patch.files
                if change.status in status
                and (not suffixes or change.path.endswith(suffixes))]


def support_files(source, touched):
    """Name the neighbours of touched selftests their checks have to read."""
    folders = {name.rpartition("/")[0] for name in touched
               if name.startswith(SELFTESTS)}
    if folders:
        folders |= {SELFTESTS + "net", SELFTESTS + "net/lib/sh",
                    SELFTESTS + "kselftest"}
    for folder in folders:
        where = source / folder
        for pattern in ("*.sh", "Makefile", "config", ".gitignore"):
            for path in where.glob(pattern):
                yield f"{folder}/{path.name}"


def per_patch(context, name, judge, patches=None,
              nothing="no patch concerned"):
    """Make one Result of judge(patch) -> (status, [detail lines]).

    @judge may return None for a patch it has nothing to say about.
    """
    patches = context.patches if patches is None else patches
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        answers = list(pool.map(judge, patches))
    details = []
    bad = []
    status = ui.OKAY
    seen = 0
    for patch, answer in zip(patches, answers):
        if answer is None:
            continue
        seen += 1
        verdict, text = answer
        details.append(f"{verdict} {patch.path.name}")
        details += [f"    {row}" for row in text]
        if verdict in (ui.WARN, ui.FAIL):
            first = text[0].strip() if text else ""
            bad.append(f"{patch.label} {first}")
            status = ui.FAIL if ui.FAIL in (status, verdict) else ui.WARN
    if not seen:
        return Result(ui.OKAY, name, nothing)
    if not bad:
        return Result(ui.OKAY, name, f"{seen} patches clean", tuple(details))
    more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    return Result(status, name, f"{bad[0]}{more}", tuple(details))

# SPDX-License-Identifier: GPL-2.0
"""shellcheck: new scripts clean, clean ones stay so, others no worse."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import git
import ui
from checks.context import SELFTESTS, Result, per_patch

FLAGS = ("-x", "-e", "SC2317", "-e", "SC2329")


def run(context):
    name = "shellcheck"
    touched = [patch for patch in context.patches
               if context.changes(patch, ".sh")]
    if not touched:
        return Result(ui.OKAY, name, "no patch concerned")
    if not shutil.which("shellcheck"):
        return Result(ui.SKIP, name, "shellcheck is not installed")

    def judge(patch):
        commit = context.commit(patch)
        changes = context.changes(patch, ".sh")
        after = lint(context, commit, [item.path for item in changes])
        # What is clean is no worse than it was.
        before = lint(context, f"{commit}~",
                      [item.old for item in changes
                       if item.status != "A" and after[item.path]])
        wrong = []
        for change in changes:
            new, old = after[change.path], before.get(change.old, [])
            # A script that was clean, or not there, has to be clean.
            levels = ("error", "warning") if old else \
                ("error", "warning", "info", "style")
            for level in levels:
                grown = count(new, level) - count(old, level)
                if grown > 0:
                    wrong += [show(change.path, item) for item in new
                              if item["level"] == level]
        return (ui.FAIL, wrong) if wrong else (ui.OKAY, [])

    return per_patch(context, name, judge, touched)


def lint(context, commit, names):
    """Return {path: [comments]}, run beside the files a script sources."""
    if not names:
        return {}
    found = {}
    with tempfile.TemporaryDirectory(dir=context.work.parent) as temp:
        extract(context.work, commit, temp)
        for name in names:
            path = Path(temp) / name
            done = ui.run(["shellcheck", *FLAGS, "-f", "json", path.name],
                          cwd=path.parent, check=False)
            found[name] = json.loads(done.stdout or "[]")
    return found


def extract(repo, commit, target):
    """Write the shell scripts and selftests of @commit to @target."""
    data = subprocess.run(["git", "archive", commit], cwd=repo, check=True,
                          env={**os.environ, **git.ISOLATION},
                          capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [item for item in archive.getmembers()
                   if item.name.endswith(".sh") or
                   item.name.startswith(SELFTESTS)]
        archive.extractall(target, members)


def count(comments, level):
    return sum(item["level"] == level for item in comments)


def show(name, item):
    return (f"{name}:{item['line']}: SC{item['code']} ({item['level']}) "
            f"{item['message']}")

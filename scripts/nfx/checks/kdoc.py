# SPDX-License-Identifier: GPL-2.0
"""kdoc: no new warning of scripts/kernel-doc in the files of a patch."""

import re
import tempfile
from pathlib import Path

import git
import ui
from checks.context import per_patch

WARNING = re.compile(r"^(?:warning|error): (.*?):\d+ (.*)$", re.I)


def run(context):
    warnings = all_warnings(context)

    def judge(patch):
        commit = context.commit(patch)
        new = []
        count = 0
        for change in context.changes(patch, ".c", ".h"):
            before = warnings.get(key(context, f"{commit}~", change.old), [])
            after = warnings.get(key(context, commit, change.path), [])
            new += [f"{change.path}: {text}" for text in after
                    if text not in before]
            count += 1
        if not count:
            return None
        return (ui.FAIL, new) if new else (ui.OKAY, [f"{count} files"])

    return per_patch(context, "kdoc", judge)


def key(context, commit, name):
    done = git.git(context.work, "rev-parse", "-q", "--verify",
                   f"{commit}:{name}", check=False)
    return done.stdout.strip(), name


def all_warnings(context):
    """Return {(blob, path): [warnings]} for each version of each file.

    One run over all versions, as starting the script is what takes time.
    """
    versions = set()
    for patch in context.patches:
        commit = context.commit(patch)
        for change in context.changes(patch, ".c", ".h"):
            versions.add(key(context, commit, change.path))
            versions.add(key(context, f"{commit}~", change.old))
    versions = {version for version in versions if version[0]}
    if not versions:
        return {}
    found = {version: [] for version in versions}
    with tempfile.TemporaryDirectory(dir=context.work.parent) as temp:
        for blob, name in versions:
            path = Path(temp) / blob / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(git.blob(context.work, blob))
        names = sorted(f"{blob}/{name}" for blob, name in versions)
        done = ui.run(["python3", context.source / "scripts/kernel-doc",
                       "-Wall", "-none", *names], cwd=temp, check=False)
    for text in done.stderr.splitlines():
        match = WARNING.match(text)
        if match:
            blob, _, name = match.group(1).partition("/")
            found.setdefault((blob, name), []).append(match.group(2))
    return found

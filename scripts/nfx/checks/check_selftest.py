# SPDX-License-Identifier: GPL-2.0
"""check_selftest: Makefile, .gitignore and config of the net selftests."""

import posixpath

import ui
from checks import makefile_format
from checks.context import per_patch


def run(context):
    def judge(patch):
        changes = [change for change in context.changes(patch)
                   if "tools/testing/selftests/" in change.path
                   and "/net/" in change.path]
        if not changes:
            return None
        commit = context.commit(patch)
        wrong = []
        for change in changes:
            wrong += format_errors(context, commit, change.path)
            if change.status == "A":
                wrong += unlisted(context, commit, change.path)
        return (ui.FAIL, wrong) if wrong else (ui.OKAY, [])

    return per_patch(context, "check_selftest", judge,
                     nothing="no changes to selftests")


def text_of(context, commit, path):
    return (context.read(commit, path) or b"").decode("utf-8", "replace")


def format_errors(context, commit, path):
    name = posixpath.basename(path)
    if name in ("config", ".gitignore"):
        errors = unsorted(text_of(context, commit, path))
    elif name == "Makefile":
        errors = makefile_format.errors(text_of(context, commit, path))
    else:
        errors = []
    return [f"{path}: {error}" for error in errors]


def unsorted(text):
    """Yield the lines of a config that are out of order, `_` ignored."""
    last = ""
    for row in text.split("\n"):
        if row.strip().startswith("#") or "=" not in row:
            continue
        key = row.split("=")[0].strip().replace("_", "")
        if last and key < last:
            yield f"{row} is out of order"
        last = key


def unlisted(context, commit, path):
    """Name the lists a new test is missing from."""
    folder, name = posixpath.split(path)
    wrong = []
    program = name.endswith(".c") and not name.endswith(".bpf.c")
    if program:
        name = name.split(".")[0]
    if program or name.endswith((".sh", ".py")):
        if name not in text_of(context, commit, f"{folder}/Makefile"):
            wrong.append(f"{path} is not in {folder}/Makefile")
    if program and name not in text_of(context, commit,
                                       f"{folder}/.gitignore"):
        wrong.append(f"{name} is not in {folder}/.gitignore")
    return wrong

# SPDX-License-Identifier: GPL-2.0
"""Lint of the scripts of this repository itself."""

import shutil

import overlay
import paths
import ui
from checks.context import Result

LINTERS = (("pyflakes3",), ("pycodestyle", "--ignore=E402,W503,W504"),
           ("ruff", "check", "--quiet"))


def python(_context):
    """Every script compiles and pleases the linters that are installed."""
    files = sources(".py", "python3")
    wrong = []
    for name in files:
        try:
            compile((paths.ROOT / name).read_bytes(), name, "exec")
        except SyntaxError as exc:
            wrong.append(f"{name}:{exc.lineno}: {exc.msg}")
    used = [linter for linter in LINTERS if shutil.which(linter[0])]
    for linter in used:
        done = ui.run([*linter, *files], cwd=paths.ROOT, check=False)
        wrong += (done.stdout + done.stderr).splitlines()
    if wrong:
        return Result(ui.FAIL, "python", wrong[0], tuple(wrong))
    names = ", ".join(linter[0] for linter in used) or "syntax only"
    return Result(ui.OKAY, "python", f"{len(files)} files clean ({names})")


def shell(_context):
    """shellcheck is quiet about every shell script."""
    files = sources(".sh", "sh", "bash")
    if not files:
        return Result(ui.OKAY, "shell", "no shell script")
    if not shutil.which("shellcheck"):
        return Result(ui.SKIP, "shell", "shellcheck is not installed")
    done = ui.run(["shellcheck", "-x", "-P", "SCRIPTDIR", "-f", "gcc",
                   *files], cwd=paths.ROOT, check=False)
    if done.returncode:
        rows = tuple((done.stdout + done.stderr).splitlines())
        return Result(ui.FAIL, "shell", rows[0] if rows else "failed", rows)
    return Result(ui.OKAY, "shell", f"{len(files)} files clean")


def sources(suffix, *interpreters):
    """Return our own files with @suffix or run by one of @interpreters."""
    found = []
    for name in overlay.repository_files():
        if not overlay.is_own(name) or name.startswith("patches/"):
            continue
        with open(paths.ROOT / name, "rb") as handle:
            first = handle.readline(80).decode("utf-8", "replace").split()
        runs = first and first[0].startswith("#!") and \
            first[-1].rpartition("/")[2] in interpreters
        if name.endswith(suffix) or runs:
            found.append(name)
    return found

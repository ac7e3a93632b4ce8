#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the matrix of reverse path filtering in a guest, patched kernel.

bench/rpf_matrix.py is the program. For `make check` it has a time box, and
another seed each time; the part rpf-matrix of check-full runs all of it.
"""

import argparse
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import build
import deps
import guest
import paths
import ui

PROGRAM = "rpf_matrix.py"
# Of the whole matrix; and for the guest to begin and end.
SECONDS = 1800
BOOT_SECONDS = 180
ROWS = ("rpf-matrix-cells", "rpf-matrix-wrong")


def make_job(job, arguments):
    for source in (paths.NFX / "bench").glob("rpf_*.py"):
        shutil.copy(source, job)
    run = job / "run"
    run.write_text(f"#!/bin/bash\ncd /job\n"
                   f"exec {shlex.join(['./' + PROGRAM, *arguments])}\n",
                   encoding="ascii")
    run.chmod(0o755)


def figures(lines):
    """Return {row: figure} of the program's ROW lines."""
    words = (line.split() for line in lines)
    return {word[1]: int(word[2]) for word in words
            if word[:1] == ["ROW"] and len(word) == 3}


def check(image, seconds=None, echo=None):
    """Run the matrix on @image for @seconds, or all of it.

    Return in words how it went; die when a cell is wrong.
    """
    deps.ensure("guest")
    arguments = ["--time", str(seconds)] if seconds else []
    with tempfile.TemporaryDirectory(prefix="nfx-rpf-") as temp:
        make_job(Path(temp), arguments)
        result = guest.boot(image, Path(temp), echo=echo,
                            timeout=BOOT_SECONDS + (seconds or SECONDS))
    for splat in result.splats:
        ui.line(ui.FAIL, "kernel log", splat)
    found = figures(result.out)
    if set(ROWS) - found.keys():
        ui.die(f"{PROGRAM} did not come to an end in the guest",
               f"read {result.console}")
    right, wrong = (found[row] for row in ROWS)
    if wrong or not result.ok:
        ui.die(f"{wrong} of {right + wrong} cells are wrong, or other "
               "means differ without a reason", f"read {result.console}")
    seed = next((line for line in result.out if line.startswith("seed")), "")
    return f"{right} cells are right{', ' * bool(seed)}{seed}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--time", type=int, metavar="SECONDS")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    try:
        text = check(build.build("nfx", "nfx"), args.time, print)
    except ui.Error as exc:
        ui.line(ui.FAIL, "rpf-matrix", str(exc))
        return exc.code
    ui.line(ui.OKAY, "rpf-matrix", text)
    return ui.EXIT_OK


if __name__ == "__main__":
    sys.exit(main())

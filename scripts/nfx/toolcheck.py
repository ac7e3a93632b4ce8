#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the tests of tools/nfx as root in a guest with the patched kernel.

On the host they run without root and skip what needs it; here nothing is
skipped for that reason.  `make -C tools/nfx check` has built what is copied.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import build
import deps
import guest
import paths
import ui

TOOL = paths.ROOT / "tools/nfx"
TIMEOUT = 900

RUN = """\
#!/bin/bash
cd /job/nfx || exit 1
export NFX=/job/nfx/nfx
exec tests/run tests/*.t {units}
"""


def make_job(job):
    """Copy the tool and its tests to @job."""
    if not (TOOL / "nfx").exists():
        ui.die("tools/nfx is not built", "run 'make -C tools/nfx check'")
    shutil.copytree(TOOL, job / "nfx",
                    ignore=shutil.ignore_patterns("*.o", "*.d"))
    units = [f"/job/nfx/{source.relative_to(TOOL).with_suffix('')}"
             for source in sorted(TOOL.glob("tests/unit/*.c"))
             if source.with_suffix("").exists()]
    run = job / "run"
    run.write_text(RUN.format(units=" ".join(units)), encoding="utf-8")
    run.chmod(0o755)


def check():
    deps.ensure("tools", "guest")
    image = build.build("nfx", "nfx")
    with tempfile.TemporaryDirectory(prefix="nfx-tool.") as temp:
        make_job(Path(temp))
        result = guest.boot(image, Path(temp), timeout=TIMEOUT, echo=print)
    for splat in result.splats:
        ui.line(ui.FAIL, "kernel log", splat)
    if not result.ok:
        ui.die("the tests of nfx failed in the guest",
               f"read {result.console}")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    try:
        check()
    except ui.Error as exc:
        print(f"toolcheck: {exc}", file=sys.stderr)
        return exc.code
    return ui.EXIT_OK


if __name__ == "__main__":
    sys.exit(main())

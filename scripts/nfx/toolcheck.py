#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the tests of tools/nfx as root in a guest, with the patched kernel.

On the host they run without root and skip what needs it; here nothing is
skipped for that reason.  check-full runs them on other kernels as well.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import build
import deps
import guest
import paths
import ui
import userland

TOOL = paths.ROOT / "tools/nfx"
TIMEOUT = 1800

RUN = """\
#!/bin/bash
{modules}
cd /job/nfx || exit 1
export NFX=/job/nfx/nfx
exec tests/run tests/*.t {units}
"""

# The kernel loads them from there. Without udev nobody makes the file whose
# opening would load tun.
MODULES = """\
mkdir -p /lib/modules && ln -s /job/modules/* /lib/modules/ || exit 1
modprobe tun || exit 1
"""


def make_tool():
    """Build nfx and its unit tests; return those, relative to tools/nfx."""
    units = [source.relative_to(TOOL).with_suffix("")
             for source in sorted(TOOL.glob("tests/unit/*.c"))]
    ui.run(["make", "-C", TOOL, f"-j{os.cpu_count() or 1}", "nfx", *units],
           log=paths.log_file("nfx"))
    return units


def make_job(job, units, modules):
    """Copy the tool, its tests and a kernel's modules to @job."""
    shutil.copytree(TOOL, job / "nfx",
                    ignore=shutil.ignore_patterns("*.o", "*.d", "*.so"))
    # A plugin needs the headers of what loads it.
    ui.run(["make", "-C", TOOL, f"O={job / 'nfx'}", "plugins",
            f"XTABLES_CFLAGS=-I{userland.headers('libxtables-dev')}"],
           log=paths.log_file("plugins"))
    if modules:
        shutil.copytree(modules, job / "modules", symlinks=True)
    run = job / "run"
    run.write_text(RUN.format(modules=MODULES if modules else "",
                              units=" ".join(f"/job/nfx/{name}"
                                             for name in units)),
                   encoding="utf-8")
    run.chmod(0o755)


def check(image, echo=print):
    """Run the tests on kernel @image; return how many did what, as text.

    Dies when one fails or the kernel complains.
    """
    deps.ensure("tools", "guest")
    units = make_tool()
    with tempfile.TemporaryDirectory(prefix="nfx-tool.") as temp:
        make_job(Path(temp), units, image.modules)
        result = guest.boot(image, Path(temp), timeout=TIMEOUT, echo=echo)
    for splat in result.splats:
        ui.line(ui.FAIL, "kernel log", splat)
    counts = result.out[-1] if result.out else "no output"
    if not result.ok:
        ui.die(f"the tests of nfx failed in the guest: {counts}",
               f"read {result.console}")
    return counts


def main():
    sys.stdout.reconfigure(line_buffering=True)
    try:
        check(build.build("nfx", "nfx"))
    except ui.Error as exc:
        print(f"toolcheck: {exc}", file=sys.stderr)
        return exc.code
    return ui.EXIT_OK


if __name__ == "__main__":
    sys.exit(main())

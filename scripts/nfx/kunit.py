# SPDX-License-Identifier: GPL-2.0
"""The `kunit` verb: the KUnit tests of the stack, in User-mode Linux.

They run while the kernel boots; the job prints what debugfs keeps of them.
"""

import re
import tempfile
from pathlib import Path

import build
import deps
import ui
import uml

RUN = """\
#!/bin/sh
cat /sys/kernel/debug/kunit/*/results
"""

SUITE = re.compile(r" *# Subtest: (\S+)$")
# Cases are indented once, their parameters twice.
CASE = re.compile(r" {4}(not )?ok \d+ (\S+)(?: # (.*))?$")
TIMEOUT = 600


def add_arguments(parser):
    parser.add_argument("-v", dest="verbose", action="store_true",
                        help="show what the kernel printed")


def parse(lines):
    """Yield (suite, case, passed, directive) of a KTAP report."""
    suite = ""
    for line in lines:
        if line.startswith("    # Subtest:"):
            suite = SUITE.match(line)[1]
        elif match := CASE.match(line):
            yield suite, match[2], not match[1], match[3] or ""


def run(image):
    """Boot @image; return the Result."""
    with tempfile.TemporaryDirectory(prefix="nfx-kunit.") as temp:
        job = Path(temp) / "run"
        job.write_text(RUN, encoding="utf-8")
        job.chmod(0o755)
        return uml.boot(image, Path(temp), timeout=TIMEOUT)


def main(args):
    deps.ensure("base", "build", "guest")
    result = run(build.build("kunit", "nfx"))
    if args.verbose:
        print("\n".join(result.out), flush=True)

    failed = 0
    cases = list(parse(result.out))
    for suite, case, passed, directive in cases:
        skipped = directive.upper().startswith("SKIP")
        failed += not passed
        ui.line(ui.SKIP if skipped else ui.OKAY if passed else ui.FAIL,
                f"{suite}.{case}", directive)
    for splat in result.splats:
        ui.line(ui.FAIL, "kernel log", splat)
    if failed or result.splats or not result.ok:
        print("\n".join(result.out), flush=True)
        ui.die("KUnit tests failed", f"read {result.console}",
               ui.EXIT_FAIL)
    if not cases:
        ui.die("no KUnit test has run", f"read {result.console}")
    return ui.EXIT_OK

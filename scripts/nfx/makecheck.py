#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Driver of `make check`: runs the parts in order and adds up their results.

A part's own closing line is taken, `N passed, N failed, N skipped` or that of
unittest.  Without one its result lines are counted, the `OKAY name ...` of
nfx-tree.  A part with neither counts as one.  The last line of output is the
sum, in the same form.
"""

import re
import subprocess
import sys
import time
from typing import NamedTuple

import deps
import paths
import ui

TREE = str(paths.ROOT / "scripts/nfx-tree")

STATUS = re.compile(r"(OKAY|WARN|FAIL|SKIP) {2}(\S+)")
# `nfx-tree test` closes with a line of this name, which is no result.
CLOSING = "test"
SUM = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
UNITTEST = re.compile(r"Ran (\d+) tests? in ")
UNITTEST_END = re.compile(r"(?:OK|FAILED)(?: \(([a-z =0-9,]+)\))?$")


# Installed first, so that no part stops half-way for a tool.
DEPS = ("base", "check", "build", "guest", "selftests", "tools")


class Part(NamedTuple):
    """One step: a command, and the part whose success it needs."""
    name: str
    command: list
    needs: str = ""


PARTS = (
    Part("static checks", [TREE, "check", "--fast"]),
    Part("tests of nfx-tree", [sys.executable, "-m", "unittest", "discover",
                               "-s", str(paths.NFX / "tests")]),
    Part("prepared tree", [sys.executable, str(paths.NFX / "prepared.py")]),
    Part("patched kernel", [TREE, "build", "--config", "nfx"],
         "prepared tree"),
    Part("boot", [TREE, "boot", "--", "uname", "-r"], "patched kernel"),
    Part("selftests of the stack", [TREE, "test"], "boot"),
    Part("KUnit tests of the stack", [TREE, "kunit"], "prepared tree"),
    Part("tests of nfx", ["make", "-C", str(paths.ROOT / "tools/nfx"),
                          "check"]),
    Part("tests of nfx in the guest",
         [sys.executable, str(paths.NFX / "toolcheck.py")], "boot"),
    Part("matrix of reverse path filtering",
         [sys.executable, str(paths.NFX / "rpfmatrix.py"), "--time", "60"],
         "boot"),
)


class Count:
    """Results counted from the lines of one part."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.sum_seen = False

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def status(self, word):
        self.passed += word in ("OKAY", "WARN")
        self.failed += word == "FAIL"
        self.skipped += word == "SKIP"

    def unittest_end(self, text):
        """Move what the closing line names out of the passed tests."""
        found = dict(re.findall(r"([a-z ]+)=(\d+)", text or ""))
        found = {name.strip(): int(n) for name, n in found.items()}
        failed = found.get("failures", 0) + found.get("errors", 0)
        skipped = found.get("skipped", 0)
        self.failed += failed
        self.skipped += skipped
        self.passed = max(self.passed - failed - skipped, 0)

    def feed(self, line):
        if match := SUM.match(line):
            self.sum_seen = True
            self.passed, self.failed, self.skipped = (
                int(number or 0) for number in match.groups())
        elif self.sum_seen:
            return
        elif match := STATUS.match(line):
            if match[2] != CLOSING:
                self.status(match[1])
        elif match := UNITTEST.match(line):
            self.passed += int(match[1])
        elif match := UNITTEST_END.match(line):
            self.unittest_end(match[1])

    def end(self, code):
        """The part ended with exit code @code."""
        if code == ui.EXIT_SKIP and not self.failed:
            self.skipped += not self.skipped
        elif code:
            self.failed += not self.failed
        elif not self.passed + self.failed + self.skipped:
            self.passed = 1

    def __str__(self):
        return (f"{self.passed} passed, {self.failed} failed, "
                f"{self.skipped} skipped")


def run_part(part):
    """Run @part with its output shown; return (Count, exit code)."""
    count = Count()
    try:
        proc = subprocess.Popen(part.command, cwd=paths.ROOT, text=True,
                                errors="replace", stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)
    except OSError as exc:
        ui.line(ui.FAIL, part.name, f"cannot run {exc.filename}")
        count.end(ui.EXIT_FAIL)
        return count, ui.EXIT_FAIL
    with proc:
        for line in proc.stdout:
            print(line, end="", flush=True)
            count.feed(line.rstrip("\n"))
    count.end(proc.returncode)
    return count, proc.returncode


def main():
    total = Count()
    broken = set()
    begin = time.monotonic()
    deps.ensure(*DEPS)
    for number, part in enumerate(PARTS, 1):
        print(f"\n== {number}/{len(PARTS)} {part.name}", flush=True)
        if part.needs in broken:
            ui.line(ui.SKIP, part.name, f"needs '{part.needs}'")
            broken.add(part.name)
            total.skipped += 1
            continue
        start = time.monotonic()
        count, code = run_part(part)
        if code not in (ui.EXIT_OK, ui.EXIT_SKIP):
            broken.add(part.name)
        total.add(count)
        print(f"== {part.name}: {count} "
              f"in {ui.seconds(time.monotonic() - start)}", flush=True)
    print(f"\nmake check took {ui.seconds(time.monotonic() - begin)}")
    if broken:
        names = [part.name for part in PARTS if part.name in broken]
        print(f"not passed: {', '.join(names)}")
    print(total, flush=True)
    return 1 if total.failed or broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ui.Error as exc:
        print(f"make check: {exc}", file=sys.stderr)
        sys.exit(exc.code)

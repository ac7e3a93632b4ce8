# SPDX-License-Identifier: GPL-2.0
"""Run a fuzzing selftest for long, on a kernel that looks for bugs.

The kselftest runner passes no arguments: a program that takes a number of
operations is run here by itself, in a guest of its own.  Each guest ends after
GUEST_SECONDS; the program starts again in the next one, with another seed,
until it has done all of its operations.
"""

import shlex
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import build
import guest
import ksft
import selftests
import ui

GUEST_SECONDS = 3000
BOOT_SECONDS = 300


class Outcome(NamedTuple):
    """What a run found: nothing wrong if @problem is empty."""
    operations: int
    problem: str


def boot(config, program, operations, seed, seconds, allow):
    """Run @program once, for @seconds at most; return its guest.Result."""
    target, _, name = program.partition(":")
    image = build.build(config, ksft.tree_of(config))
    with tempfile.TemporaryDirectory(prefix="nfx-fuzz-") as temp:
        job = Path(temp)
        shutil.copytree(selftests.install("nfx"), job / "selftests",
                        symlinks=True)
        words = shlex.join([f"./{name}", str(operations), str(seed),
                            str(seconds)])
        run = job / "run"
        run.write_text(f"#!/bin/bash\ncd /job/selftests/{target}\n{words}\n",
                       encoding="ascii")
        run.chmod(0o755)
        return guest.boot(image, job, **ksft.MACHINE, allow=allow,
                          timeout=seconds + BOOT_SECONDS,
                          leaks=config == "debug")


def operations_of(lines):
    """Read how many operations a run did, `ok 1 N operations`."""
    for line in lines:
        words = line.split()
        if words[:2] == ["ok", "1"] and words[3:] == ["operations"]:
            return int(words[2])
    return 0


def run(config, program, operations, *, seconds=None, allow=()):
    """Run @program on kernel @config; return an Outcome.

    @operations: how many it has to do
    @seconds:    end after so long, however many there were
    """
    done, seed = 0, 1
    while done < operations:
        result = boot(config, program, operations - done, seed,
                      seconds or GUEST_SECONDS, allow)
        count = operations_of(result.out)
        done += count
        ui.info(f"  seed {seed}: {count} operations, {done} of {operations}")
        if result.splats:
            return Outcome(done, f"{result.splats[0]}, see {result.console}")
        if not count:
            return Outcome(done, f"{program} did not end, "
                                 f"see {result.console}")
        if seconds:
            break
        seed += 1
    return Outcome(done, "")

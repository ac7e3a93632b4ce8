# SPDX-License-Identifier: GPL-2.0
"""Run a fuzzing selftest for long, on a kernel that looks for bugs.

The kselftest runner passes no arguments: a program that takes a number of
operations is run here by itself, in a guest of its own.  Each guest ends after
GUEST_SECONDS; the program starts again in the next one, with another seed,
until it has done all of its operations.  How far it got on a kernel image is
kept, so that a run that was interrupted goes on.
"""

import json
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import build
import guest
import ksft
import paths
import selftests
import ui

GUEST_SECONDS = 1200
BOOT_SECONDS = 300


class Outcome(NamedTuple):
    """What a run found: nothing wrong if @problem is empty."""
    operations: int
    problem: str


class Progress(NamedTuple):
    """What a program has done on one kernel image without a complaint."""
    operations: int = 0
    seconds: float = 0
    seed: int = 0           # of the last guest


def boot(image, program, operations, seed, seconds, allow):
    """Run @program once, for @seconds at most; return its guest.Result."""
    target, _, name = program.partition(":")
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
                          leaks=image.config == "debug")


def operations_of(lines):
    """Read how many operations a run did, `ok 1 N operations`."""
    for line in lines:
        words = line.split()
        if words[:2] == ["ok", "1"] and words[3:] == ["operations"]:
            return int(words[2])
    return 0


def load(record):
    try:
        return Progress(**json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Progress()


def run(config, program, operations, *, seconds=None, allow=()):
    """Run @program on kernel @config; return an Outcome.

    @operations: how many it has to do
    @seconds:    or for how long, whatever ends first
    """
    image = build.build(config, ksft.tree_of(config))
    store = ksft.Store(image, selftests.install("nfx"), allow, True)
    record = store.path(program).with_suffix(".fuzz")
    progress = load(record)
    while progress.operations < operations and \
            (not seconds or progress.seconds < seconds):
        left = seconds - progress.seconds if seconds else GUEST_SECONDS
        result = boot(image, program, operations - progress.operations,
                      progress.seed + 1, min(round(left), GUEST_SECONDS),
                      allow)
        count = operations_of(result.out)
        done = progress.operations + count
        ui.info(f"  seed {progress.seed + 1}: {count} operations, "
                f"{done} of {operations}")
        if result.splats:
            return Outcome(done, f"{result.splats[0]}, see {result.console}")
        if not count:
            return Outcome(done, f"{program} did not end, "
                                 f"see {result.console}")
        progress = Progress(done, progress.seconds + result.seconds,
                            progress.seed + 1)
        paths.write_file(record, json.dumps(progress._asdict()))
    return Outcome(progress.operations, "")

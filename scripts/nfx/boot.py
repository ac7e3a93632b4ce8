# SPDX-License-Identifier: GPL-2.0
"""The boot verb: a shell, or one command, in the guest."""

import contextlib
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import build
import deps
import guest
import uml
import userland
import ui

SELFTEST = 19999
SELFTEST_CALLS = 20000
# What two boots may differ by.
SELFTEST_MAX = 0.01

SHELL = """#!/bin/sh
stty rows {rows} cols {cols} 2>/dev/null
cd /root
export TERM={term} PS1='nfx# '
exec bash --norc -i
"""


def add_arguments(parser):
    parser.add_argument("--image", choices=build.CONFIG_NAMES, default="nfx",
                        help="kernel to boot (default: nfx)")
    parser.add_argument("--kernel", type=Path, metavar="FILE",
                        help="boot this kernel file instead")
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--mem", type=int, default=2048, metavar="MIB")
    parser.add_argument("--timeout", type=int, default=600,
                        metavar="SECONDS", help="of a command")
    parser.add_argument("--job", type=Path, metavar="DIR",
                        help="directory that becomes /job, read-only")
    parser.add_argument("--insn", action="store_true",
                        help="count kernel instructions between marks")
    parser.add_argument("--insn-selftest", action="store_true",
                        help="prove that the instruction counter repeats")
    parser.add_argument("command", nargs="*",
                        help="run it instead of a shell, after --")


def kernel(args):
    if args.kernel:
        if not args.kernel.is_file():
            ui.die(f"there is no kernel at {args.kernel}",
                   "name a bzImage", ui.EXIT_USAGE)
        return build.Image(args.kernel.resolve(), "", args.image, Path())
    return build.build(args.image,
                       "stock" if args.image == "stock" else "nfx")


def main(args):
    words = [word for word in args.command if word != "--"]
    image = kernel(args)
    if args.insn_selftest:
        return insn_selftest(image)
    with job_dir(args.job) as job:
        if not words and not (args.job and (args.job / "run").exists()):
            return shell(image, job, args)
        if words:
            write_run(job, f"#!/bin/bash\n{shlex.join(words)}\n")
        if build.arch(args.image) == "um":
            result = uml.boot(image, job, cpus=args.cpus, mem=args.mem,
                              timeout=args.timeout, echo=show)
        else:
            result = guest.boot(image, job, cpus=args.cpus, mem=args.mem,
                                timeout=args.timeout, insn=args.insn,
                                echo=show)
    return report(result)


def show(line):
    print(line, flush=True)


@contextlib.contextmanager
def job_dir(source):
    """Give a private copy of directory @source, empty when None."""
    with tempfile.TemporaryDirectory(prefix="nfx-job-") as temp:
        job = Path(temp) / "job"
        if source:
            shutil.copytree(source, job, symlinks=True)
        else:
            job.mkdir()
        yield job


def write_run(job, text):
    script = job / "run"
    script.write_text(text, encoding="utf-8")
    script.chmod(0o755)


def report(result):
    """Say what a run ended with; return the exit code."""
    for mark, counts in sorted(result.marks.items()):
        ui.info(f"mark {mark}: {' '.join(map(str, counts))} instructions")
    for text in result.splats:
        ui.line(ui.FAIL, "kernel log", text)
    if result.splats:
        ui.info(f"see {result.console}")
    return result.rc or (ui.EXIT_FAIL if result.splats else ui.EXIT_OK)


def shell(image, job, args):
    """Give the user a shell in the guest on this terminal."""
    if build.arch(args.image) == "um":
        ui.die("User-mode Linux runs commands only",
               "give one after --", ui.EXIT_USAGE)
    deps.ensure("guest")
    size = shutil.get_terminal_size()
    write_run(job, SHELL.format(rows=size.lines, cols=size.columns,
                                term="linux"))
    run = guest.new_run()
    userland.pack_dir(job, run / "job.sqfs")
    accel = "kvm" if guest.kvm_works(image) else "tcg"
    cmd = guest.command(image, run, accel, args.cpus, args.mem, "nfx.tty",
                        terminal=True)
    ui.info("a shell in the guest; 'exit' ends it, control-A X kills it")
    subprocess.run(cmd, check=False)
    (run / "job.sqfs").unlink(missing_ok=True)
    return ui.EXIT_OK


def insn_selftest(image):
    """Count a loop of getppid() in two boots and compare."""
    costs = []
    for _ in range(2):
        with job_dir(None) as job:
            ui.run(["gcc", "-O2", "-static",
                    f"-DMARK={SELFTEST}", f"-DCALLS={SELFTEST_CALLS}",
                    "-o", job / "run", guest.PLUGIN.parent / "selftest.c"])
            result = guest.boot(image, job, insn=True, timeout=300)
        counts = result.marks.get(SELFTEST, [])
        if result.rc or result.splats or not counts:
            ui.line(ui.FAIL, "insn-selftest", f"no count, see "
                                              f"{result.console}")
            return ui.EXIT_FAIL
        costs.append(min(counts) / SELFTEST_CALLS)
    first, second = costs
    apart = abs(first - second) / min(costs)
    status = ui.OKAY if apart <= SELFTEST_MAX else ui.FAIL
    ui.line(status, "insn-selftest",
            f"getppid(): {first:.1f} and {second:.1f} kernel instructions "
            f"in two boots, {apart:.2%} apart")
    return ui.EXIT_OK if status == ui.OKAY else ui.EXIT_FAIL

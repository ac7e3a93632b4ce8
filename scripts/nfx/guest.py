# SPDX-License-Identifier: GPL-2.0
"""Boot a kernel in a QEMU guest, run a job in it, say what happened.

    host                                    guest
    ----                                    -----
    CACHE/userland/<digest>.sqfs  -- vda -> /        (writable overlay)
    the job directory as squashfs -- vdb -> /job     (read-only)
    Result.out   <------------------ hvc0   output of /job/run
    Result.console <--------------- ttyS0   kernel messages
    Result.files <--- virtio port nfx.out   tar of what /out held
    Result.marks <- instruction counter     marks the job set

The guest ends by itself after /job/run; one that does not is killed.
"""

import contextlib
import hashlib
import json
import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import deps
import paths
import splat
import ui
import userland

QEMU = "qemu-system-x86_64"
PLUGIN = paths.NFX / "insn/nfx_insn.c"
PLUGIN_H = paths.NFX / "insn/insn.h"

# Where runs keep their console and disks; the last RUNS_KEPT stay.
RUNS = paths.BUILD / "run"
RUNS_KEPT = 30

# A KVM guest is up in about two seconds.  A host whose /dev/kvm exists but
# does not work hangs for ever.
KVM_TRIAL = 15

# Stall detectors wait longer than usual: the host may be busy, and TCG slow.
PATIENCE = ("rcupdate.rcu_cpu_stall_timeout=100 watchdog_thresh=60 "
            "workqueue.watchdog_thresh=120 "
            "sysctl.kernel.hung_task_timeout_secs=240")

# The job's last line may lack its end, so this can follow any text.
EXIT_LINE = re.compile(r"^(.*)NFX-EXIT (\d+)$")

RC_TIMEOUT = 124

# Boots before a fault of the emulator, as the next one, counts; on a busy host
# two in a row happen.
EMULATOR_TRIES = 3

# The kernel patches code with a breakpoint in place of the first byte, and
# takes it for its own as long as the patching lasts.  QEMU's vCPUs translate
# code ahead, and one may run a breakpoint that is no longer in memory.
BREAKPOINT_OOPS = re.compile(r"\bOops: int3\b")
# <> marks the byte that would have come next.
CODE_LINE = re.compile(r"\bCode: (.*)")
BREAKPOINT_CODE = re.compile(r"\bcc <")


class Result(NamedTuple):
    """What a run left behind."""
    rc: int                 # of /job/run; RC_TIMEOUT when killed
    out: list               # lines the job printed
    console: Path           # kernel messages
    splats: list            # see splat.py
    marks: dict             # mark -> instructions of each interval
    seconds: float
    files: Path             # tar of the job's /out, None when it was empty

    @property
    def ok(self):
        return self.rc == 0 and not self.splats


def new_run():
    """Return a fresh directory for one run."""
    RUNS.mkdir(parents=True, exist_ok=True)
    old = sorted(RUNS.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in old[:-RUNS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)
    stamp = time.strftime("%H%M%S-")
    run = Path(tempfile.mkdtemp(prefix=stamp, dir=RUNS))
    run.chmod(0o755)
    return run


def plugin():
    """Return the instruction counter, built when not cached."""
    sha = hashlib.sha256(PLUGIN.read_bytes() + PLUGIN_H.read_bytes())
    target = paths.CACHE / "insn" / f"nfx_insn-{sha.hexdigest()[:16]}.so"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        temp = target.with_suffix(f".{os.getpid()}")
        ui.run(["gcc", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared",
                "-o", temp, PLUGIN])
        temp.rename(target)
    return target


def boot_id():
    return Path("/proc/sys/kernel/random/boot_id").read_text(
        encoding="ascii").strip()


def kvm_works(image):
    """Tell whether KVM runs a guest here; tried once per boot of the host."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    record = paths.CACHE / "kvm-trial.json"
    try:
        trial = json.loads(record.read_text(encoding="utf-8"))
        if trial["boot_id"] == boot_id():
            return trial["works"]
    except (OSError, ValueError, KeyError):
        pass
    with tempfile.TemporaryDirectory(prefix="nfx-kvm-") as temp:
        script = Path(temp) / "run"
        script.write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
        script.chmod(0o755)
        try:
            result = run_qemu(image, Path(temp), accel="kvm", cpus=1,
                              mem=1024, timeout=KVM_TRIAL, trial=True)
            works = result.rc == 0
        except ui.Error:
            works = False
    if not works:
        ui.info(f"/dev/kvm is there but does not run a guest in {KVM_TRIAL} "
                "s: using TCG until this machine is restarted")
    paths.write_file(record, json.dumps({"boot_id": boot_id(),
                                         "works": works}))
    return works


def accelerator(accel):
    """Return the QEMU options of accelerator @accel."""
    if accel == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    # erms and fsrm would turn copies into one slow instruction per byte.
    cpu = ["-cpu", "Nehalem,-erms,-fsrm"]
    if accel == "insn":
        # The clock follows the instructions: how busy the host is decides
        # neither how many timer ticks a mark holds nor what they preempt.
        return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
                *cpu]
    return ["-accel", "tcg,thread=multi", *cpu]


def command(image, run, accel, cpus, mem, words, terminal=False,
            profile=False):
    """Return the QEMU command line."""
    # On a busy host the check takes the timer interrupt for lost and panics.
    append = (f"console=ttyS0 root=/dev/vda ro rootfstype=squashfs "
              f"init=/nfx-init panic=-1 loglevel=7 mitigations=off "
              f"no_timer_check {PATIENCE} {words}")
    # No lock: User-mode Linux, which may run beside, locks the same image.
    disk = "if=virtio,format=raw,readonly=on,file.locking=off,file="
    cmd = [QEMU, *accelerator(accel), "-M", "q35", "-smp", str(cpus),
           "-m", str(mem), "-nodefaults", "-no-user-config",
           "-display", "none", "-no-reboot", "-kernel", str(image.kernel),
           "-append", append.strip(),
           "-drive", disk + str(userland.image()),
           "-drive", disk + str(run / "job.sqfs"),
           "-serial", f"file:{run / 'console'}",
           "-device", "virtio-rng-pci",
           "-device", "virtio-serial-pci",
           "-chardev", "stdio,id=out,signal=off" + ",mux=on" * terminal,
           "-device", "virtconsole,chardev=out",
           "-chardev", f"file,id=files,path={run / 'out.tar'}",
           "-device", "virtserialport,chardev=files,name=nfx.out"]
    if image.initrd:
        cmd += ["-initrd", str(image.initrd)]
    if accel == "insn":
        cmd += ["-plugin", f"{plugin()},out={run / 'marks'}" +
                f",profile={run / 'profile'}" * profile]
    return cmd


def boot(image, jobdir, *, cpus=2, mem=2048, timeout=600, insn=False,
         profile=False, echo=None, allow=(), words="", leaks=False):
    """Run @jobdir/run in a guest and return a Result.

    @image:   build.Image
    @insn:    count kernel instructions between marks; forces one vCPU
    @profile: and leave where they were in `profile` of the run's directory
    @echo:    called with each line of output as it comes
    @allow:   regular expressions of splats this run provokes on purpose
    @words:   added to the kernel command line
    @leaks:   look for leaked memory at the end (kmemleak kernels)
    """
    deps.ensure("guest")
    accel = "tcg"
    if insn:
        accel, cpus = "insn", 1
    elif kvm_works(image):
        accel = "kvm"
    if leaks:
        words += " nfx.leaks"
    if profile:
        words += " nokaslr"
    options = {"accel": accel, "cpus": cpus, "mem": mem, "timeout": timeout,
               "echo": echo, "allow": allow, "words": words,
               "profile": profile}
    for left in reversed(range(EMULATOR_TRIES)):
        result = run_qemu(image, jobdir, **options)
        if accel != "tcg" or not left or \
                not stale_breakpoint(read_lines(result.console)):
            break
        ui.warn("the emulator ran a breakpoint that was already removed, see "
                f"{result.console}: booting again")
    return result


def stale_breakpoint(log):
    """Tell whether @log ends in an int3 where the code holds none."""
    for i, line in enumerate(log):
        if BREAKPOINT_OOPS.search(line):
            code = filter(None, map(CODE_LINE.search, log[i:]))
            first = next(code, None)
            return bool(first) and not BREAKPOINT_CODE.search(first[1])
    return False


def run_qemu(image, jobdir, *, accel, cpus, mem, timeout, echo=None,
             allow=(), words="", trial=False, profile=False):
    run = new_run()
    check_job(jobdir)
    userland.pack_dir(jobdir, run / "job.sqfs")
    cmd = command(image, run, accel, cpus, mem, words, profile=profile)
    return supervise(cmd, run, timeout, echo, allow, quiet=trial)


def check_job(jobdir):
    if not os.access(jobdir / "run", os.X_OK):
        ui.die(f"{jobdir}/run is not an executable file",
               "put the guest's program there")


def supervise(cmd, run, timeout, echo, allow, *, quiet=False,
              console_is_stderr=False):
    """Run the machine @cmd to its end and collect what it left in @run."""
    paths.write_file(run / "command", shlex.join(cmd) + "\n")
    begin = time.monotonic()
    errors = run / ("console" if console_is_stderr else "stderr")
    with open(errors, "wb") as err, open(run / "out", "wb") as copy:
        proc = subprocess.Popen(cmd, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=err,
                                start_new_session=True)
        try:
            lines, hung = collect(proc, begin + timeout, echo, copy)
        finally:
            stop(proc)
    return finish(run, lines, hung, proc.returncode,
                  time.monotonic() - begin, timeout, allow, quiet)


def collect(proc, deadline, echo, copy):
    """Read the output until the machine ends; return (lines, hung)."""
    lines = []
    rest = b""
    fd = proc.stdout.fileno()
    os.set_blocking(fd, False)
    with selectors.DefaultSelector() as poll:
        poll.register(fd, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return lines, True
            if not poll.select(min(left, 5)):
                continue
            data = os.read(fd, 1 << 16)
            copy.write(data)
            copy.flush()
            *new, rest = (rest + data).split(b"\n")
            if not data and rest:
                new.append(rest)
            for raw in new:
                line = raw.decode(errors="replace").rstrip("\r")
                lines.append(line)
                if echo:
                    tell(line, echo)
            if not data:
                return lines, False


def tell(line, echo):
    """Pass @line on without what the job runner added."""
    match = EXIT_LINE.match(line)
    if match and match[1]:
        echo(match[1])
    elif not match and line != "NFX-START":
        echo(line)


def stop(proc):
    """Make sure that the machine is gone."""
    try:
        proc.wait(2)
    except subprocess.TimeoutExpired:
        pass
    # User-mode Linux is a group of processes.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(proc.pid, signal.SIGKILL)
    proc.wait()
    proc.stdout.close()


def finish(run, lines, hung, status, seconds, timeout, allow, quiet):
    console = run / "console"
    log = read_lines(console)
    splats = splat.scan(log, allow)
    out, rc = split_output(lines)
    if hung:
        rc = RC_TIMEOUT
        splats.append(f"the guest did not end within {timeout} s")
        if not quiet:
            show_end(console, log, timeout)
    elif rc is None and not log:
        text = (run / "stderr").read_text(errors="replace").strip()
        last = text.splitlines()[-1] if text else f"code {status}"
        ui.die(f"the guest did not start: {last}", f"see {run}/command")
    elif rc is None:
        rc = 1
        splats = splats or ["the guest ended before its job: "
                            + splat.text(log[-1])]
    (run / "job.sqfs").unlink(missing_ok=True)
    files = run / "out.tar"
    has_files = files.exists() and files.stat().st_size
    return Result(rc, out, console, splats, read_marks(run / "marks"),
                  seconds, files if has_files else None)


def show_end(console, log, timeout):
    ui.warn(f"guest killed after {timeout} s; {console} ends:")
    for line in log[-15:]:
        ui.info("    " + line)


def split_output(lines):
    """Return the job's own lines and its exit code, None when not given."""
    rc = None
    out = []
    for line in lines:
        match = EXIT_LINE.match(line)
        if match:
            rc = int(match[2])
            if match[1]:
                out.append(match[1])
            break
        if line != "NFX-START":
            out.append(line)
    return out, rc


def read_lines(path):
    if not path.exists():
        return []
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def read_marks(path):
    """Return {mark: [instructions, ...]} from the counter's output."""
    marks = {}
    for line in read_lines(path):
        mark, count = line.split()
        marks.setdefault(int(mark), []).append(int(count))
    return marks

# SPDX-License-Identifier: GPL-2.0
"""Output and subprocess helpers shared by every verb of nfx-tree.

Data goes to stdout (the result lines), everything else to stderr.  A failure
is one line that names what failed and what to do next: raise it with die(),
the dispatcher prints it and turns it into the exit code.
"""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import threading
import time

EXIT_OK = 0
EXIT_FAIL = 1
EXIT_USAGE = 2
EXIT_SKIP = 4

OKAY = "OKAY"
WARN = "WARN"
FAIL = "FAIL"
SKIP = "SKIP"

NAME_WIDTH = 23
COLOURS = {OKAY: "32", WARN: "33", FAIL: "31", SKIP: "36"}


class Error(Exception):
    """A failure the user can act upon: what happened, and the next step."""

    def __init__(self, what, next_step="", code=EXIT_FAIL):
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.code = code

    def __str__(self):
        if not self.next_step:
            return self.what
        return f"{self.what}; {self.next_step}"


def die(what, next_step="", code=EXIT_FAIL):
    """End the verb with one line on stderr and exit code @code."""
    raise Error(what, next_step, code)


def info(msg):
    print(msg, file=sys.stderr, flush=True)


def warn(msg):
    print(f"warning: {msg}", file=sys.stderr, flush=True)


def use_colour(stream):
    return stream.isatty() and "NO_COLOR" not in os.environ


def line(status, name, summary, stream=None):
    """Print one aligned result line."""
    stream = stream or sys.stdout
    word = f"{status:<4}"
    if use_colour(stream):
        word = f"\033[{COLOURS[status]}m{word}\033[0m"
    text = f"{word}  {name:<{NAME_WIDTH}}  {summary}"
    print(text.rstrip(), file=stream, flush=True)


def dump_json(obj, stream=None):
    json.dump(obj, stream or sys.stdout, indent=2)
    print(file=stream or sys.stdout, flush=True)


def seconds(value):
    """Format a duration the way the progress lines show it."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(int(value), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d} h"


class Progress:
    """One line of progress with elapsed time; see progress()."""

    def __init__(self, what):
        self.what = what
        self.start = time.monotonic()
        self.note = ""
        self.done = threading.Event()
        self.tty = sys.stderr.isatty()
        self.thread = threading.Thread(target=self._tick, daemon=True)

    def update(self, note):
        """Replace the short text shown behind the title."""
        self.note = note

    def elapsed(self):
        return time.monotonic() - self.start

    def _text(self):
        note = f": {self.note}" if self.note else ""
        return f"{self.what}{note} ({seconds(self.elapsed())})"

    def _tick(self):
        # Without a terminal a line a minute is enough to show life in a log.
        period = 1 if self.tty else 60
        while not self.done.wait(period):
            if self.tty:
                print(f"\r\033[K{self._text()}"[:120], end="",
                      file=sys.stderr, flush=True)
            else:
                info(f"  {self._text()}")

    def close(self, failed):
        self.done.set()
        self.thread.join()
        if self.tty:
            print("\r\033[K", end="", file=sys.stderr)
        state = "failed" if failed else "done"
        info(f"{self.what}: {state} in {seconds(self.elapsed())}")


@contextlib.contextmanager
def progress(what):
    """Show @what with the elapsed time while the block runs."""
    bar = Progress(what)
    bar.thread.start()
    if not bar.tty:
        info(f"{what} ...")
    failed = True
    try:
        yield bar
        failed = False
    finally:
        bar.close(failed)


def run(cmd, *, cwd=None, env=None, log=None, stdin=None, check=True,
        timeout=None, next_step="", quiet=True):
    """Run @cmd (a list) and return its CompletedProcess with text output.

    @env:       variables added to the environment
    @log:       file the output is appended to, stdout is then empty
    @stdin:     text for the standard input
    @check:     die() when the command fails, naming it and @next_step
    @quiet:     False lets the output through to the terminal
    """
    cmd = [str(arg) for arg in cmd]
    full_env = {**os.environ, **{k: str(v) for k, v in (env or {}).items()}}
    try:
        with contextlib.ExitStack() as stack:
            out = err = subprocess.PIPE if quiet else None
            if log:
                out = stack.enter_context(open(log, "a", encoding="utf-8"))
                out.write(f"$ {shlex.join(cmd)}\n")
                out.flush()
                err = subprocess.STDOUT
            feed = {"input": stdin}
            if stdin is None:
                feed = {"stdin": subprocess.DEVNULL}
            done = subprocess.run(cmd, cwd=cwd, env=full_env, stdout=out,
                                  stderr=err, timeout=timeout, text=True,
                                  errors="replace", check=False, **feed)
    except FileNotFoundError as exc:
        if exc.filename != cmd[0]:
            raise
        die(f"{cmd[0]} is not installed", "install it and run this again")
    except subprocess.TimeoutExpired:
        die(f"{cmd[0]} did not finish within {seconds(timeout)}",
            next_step or (f"see {log}" if log else ""))
    done.stdout = done.stdout or ""
    done.stderr = done.stderr or ""
    if check and done.returncode:
        raise failure(cmd, done, log, next_step)
    return done


def failure(cmd, done, log, next_step):
    """Build the Error of a failed command from its last line of output."""
    text = done.stderr.strip() or done.stdout.strip()
    if log:
        with open(log, encoding="utf-8", errors="replace") as handle:
            text = handle.read().strip()
    if "No space left on device" in text:
        return Error("the disk is full", "free some space and run this again")
    last = text.splitlines()[-1].strip() if text else ""
    name = " ".join(arg for arg in cmd[:4] if not arg.startswith("-"))
    what = f"'{name}' failed with code {done.returncode}"
    if last:
        what += f": {last}"
    if log:
        next_step = next_step or f"see {log}"
    return Error(what, next_step)

# SPDX-License-Identifier: GPL-2.0
"""Benchmark scenarios: their description, their guest job, their output.

scripts/nfx/bench/README.md is the contract with the programs that run in the
guest; this module is the host's side of it.
"""

import json
import math
import re
import shlex
import shutil
from collections import deque
from typing import NamedTuple

import paths
import insn_profile
import ui

BENCH = paths.NFX / "bench"
ROW_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FIELDS = {"id": str, "what": str, "unit": str, "instrument": str,
          "better": str, "topic": str, "demo": bool, "run": list,
          "build": list, "insn": bool, "machine": str, "timeout": int}
# Not in every row: kernel functions whose instructions do not count; what the
# figure of the patched kernel may be at most, whatever stock's is.
OPTIONAL = {"without": list, "bound": int}
CHOICES = {"better": ("lower", "higher", "no-higher", "bounded"),
           "machine": ("qemu", "uml")}
# What is shown of a failed scenario, and how much of each line.
LAST_LINES = 20
LINE_WIDTH = 200


class Group(NamedTuple):
    """Scenarios that share one boot of one kernel."""
    machine: str
    insn: bool

    def __str__(self):
        if self.insn:
            return "instructions, 1 vCPU"
        if self.machine == "uml":
            return "User-mode Linux, 2 CPUs"
        return "counts and times, 2 vCPU"


class Scenario:
    """One command in the guest, and the rows it prints."""

    def __init__(self, row):
        self.name = row["id"]
        self.run = row["run"]
        self.group = Group(row["machine"], row["insn"])
        self.timeout = row["timeout"]
        self.build = list(row["build"])
        self.rows = [row]

    def add(self, row):
        self.rows.append(row)
        self.timeout = max(self.timeout, row["timeout"])
        self.build += [c for c in row["build"] if c not in self.build]


def check_row(row, source):
    """Refuse a row description that does not keep the contract."""
    def bad(what):
        ui.die(f"{source}: row {row.get('id', '?')}: {what}",
               "see scripts/nfx/bench/README.md")

    for field, kind in FIELDS.items():
        if field not in row:
            bad(f"'{field}' is missing")
        if not isinstance(row[field], kind):
            bad(f"'{field}' is no {kind.__name__}")
    for field, value in row.items():
        if field not in FIELDS | OPTIONAL:
            bad(f"unknown field '{field}'")
        if field in OPTIONAL and not isinstance(value, OPTIONAL[field]):
            bad(f"'{field}' is no {OPTIONAL[field].__name__}")
    if "without" in row and not row["insn"]:
        bad("'without' is for instructions")
    if ("bound" in row) != (row["better"] == "bounded"):
        bad("'bound' is for what is 'bounded'")
    for field, choices in CHOICES.items():
        if row[field] not in choices:
            bad(f"'{field}' is none of {', '.join(choices)}")
    if not ROW_ID.fullmatch(row["id"]):
        bad("the id is not lower case words joined by '-'")
    if row["insn"] and row["machine"] != "qemu":
        bad("only qemu counts instructions")
    if not row["run"]:
        bad("'run' is empty")


def load_rows(folder=BENCH / "rows.d"):
    """Return the descriptions of all rows, ordered by file and place."""
    rows = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as exc:
            ui.die(f"{path.name} is no JSON: {exc}", "correct it")
        for row in found:
            check_row(row, path.name)
            if row["id"] in rows:
                ui.die(f"{path.name}: row {row['id']} exists twice",
                       "rename one of them")
            rows[row["id"]] = row
    return list(rows.values())


def group_rows(rows):
    """Return {group: scenarios}: one scenario per command and boot."""
    scenarios = {}
    for row in rows:
        key = (row["machine"], row["insn"], *row["run"])
        if key in scenarios:
            scenarios[key].add(row)
        else:
            scenarios[key] = Scenario(row)
    groups = {}
    for item in scenarios.values():
        groups.setdefault(item.group, []).append(item)
    return groups


def compile_programs(scenarios, target):
    """Build the C files the scenarios name; return nothing, or die."""
    flags = ui.run(["pkg-config", "--cflags", "--libs", "libmnl"],
                   next_step="install libmnl-dev").stdout.split()
    # The guest need not have it.
    flags += ["-Wl,-Bstatic", "-luring", "-Wl,-Bdynamic"]
    for name in sorted({c for item in scenarios for c in item.build}):
        if not (BENCH / name).is_file():
            ui.die(f"scripts/nfx/bench/{name} does not exist",
                   "correct 'build' in rows.d")
        # Before the system's headers: those that the stack changes.
        ui.run(["gcc", "-O2", "-pthread", f"-I{paths.NFX}/insn",
                f"-I{paths.ROOT}/include/uapi",
                f"-I{paths.TREE}/tools/testing/selftests",
                "-o", target / name.removesuffix(".c"), BENCH / name,
                *flags], next_step=f"correct scripts/nfx/bench/{name}")


def make_job(scenarios, job):
    """Write the guest job @job that runs @scenarios one after another."""
    bench = job / "bench"
    shutil.copytree(BENCH, bench,
                    ignore=shutil.ignore_patterns("rows.d", "*.md"))
    compile_programs(scenarios, bench)
    calls = [shlex.join(["scenario", item.name, str(item.timeout), *item.run])
             for item in scenarios]
    run = job / "run"
    run.write_text("\n".join(["#!/bin/bash", ". /job/bench/guest.sh",
                              *calls, ""]), encoding="utf-8")
    run.chmod(0o755)


class Output:
    """Reads what a boot prints, line by line, and collects rows.

    on_row(row, value) is called once for each row that is complete.  Rows of
    the instruction counter are complete only at the end of the boot, when
    its marks are known; see finish().
    """

    def __init__(self, scenarios, on_row=None, profiled=False):
        self.todo = {item.name: item for item in scenarios}
        self.on_row = on_row or (lambda row, value: None)
        self.profile = profiled or any(
            "without" in row for item in scenarios for row in item.rows)
        self.release = ""
        self.values = {}
        self.insn = []
        self.owners = {}
        self.problems = []
        self.current = None
        self.log = deque(maxlen=LAST_LINES)

    def feed(self, line):
        line = line.rstrip("\r\n")
        words = line.split()
        head = words[0] if words else ""
        if head == "BENCH-KERNEL" and len(words) == 2:
            self.release = words[1]
        elif head == "BENCH-START" and words[1:2]:
            self.current = self.todo.get(words[1])
            self.log.clear()
        elif head == "BENCH-END" and len(words) == 3 and self.current:
            self.end(int(words[2]))
        elif head in ("ROW", "ROWINSN") and self.current:
            self.row(words)
        elif line.strip():
            self.log.append(line[:LINE_WIDTH].rstrip())

    def row(self, words):
        """Take over a ROW or ROWINSN line of the running scenario."""
        row = next((r for r in self.current.rows if r["id"] == words[1:2][0]),
                   None) if words[1:] else None
        try:
            if words[0] == "ROWINSN":
                if len(words) not in (4, 6):
                    raise ValueError
                marks = [int(word) for word in words[2:]]
                if not all(marks[1::2]):
                    raise ValueError
            elif len(words) == 3:
                value = parse_number(words[2])
            else:
                raise ValueError
        except ValueError:
            self.problem(f"prints a malformed line: {' '.join(words)}")
            return
        if row is None:
            return
        if words[0] == "ROWINSN":
            self.insn.append((self.current, row, marks))
        else:
            self.value(row, value)

    def value(self, row, value):
        self.values[row["id"]] = value
        self.on_row(row, value)

    def end(self, rc):
        """The running scenario ended with exit code @rc."""
        item, self.current = self.current, None
        del self.todo[item.name]
        printed = self.values.keys() | {row["id"] for _, row, _ in self.insn}
        missing = [row["id"] for row in item.rows
                   if row["id"] not in printed]
        if rc == 124:
            self.problem(f"did not end within {item.timeout} s", item)
        elif rc:
            self.problem(f"ended with code {rc}", item)
        elif missing:
            self.problem(f"prints no row {', '.join(missing)}", item)

    def problem(self, what, item=None):
        item = item or self.current
        self.problems.append((f"scenario {item.name} {what}",
                              list(self.log)))

    def finish(self, result, functions=None):
        """The boot is over: work out what needs its @result.

        @functions: as of insn_profile.read(), for rows without some of them
        """
        for item, row, marks in self.insn:
            value = 0
            for sign, mark, ops in zip((1, -1), marks[0::2], marks[1::2]):
                owner = self.owners.setdefault(mark, item)
                counted = result.marks.get(mark)
                if owner is not item:
                    self.problem(f"shares mark {mark} with {owner.name}",
                                 item)
                    break
                if not counted:
                    self.problem(f"never reached mark {mark}", item)
                    break
                value += sign * sum(counted) / ops
            else:
                if "without" in row:
                    value = insn_profile.less(functions, marks,
                                              row["without"])
                self.value(row, value)
        if self.todo:
            names = ", ".join(self.todo)
            self.problems.append((f"the guest did not finish {names}",
                                  list(self.log)))
        if result.splats:
            self.problems.append(("the kernel warned",
                                  result.splats[:LAST_LINES]))


def parse_number(word):
    """Read a figure: an integer where it is one, else a finite float."""
    try:
        return int(word)
    except ValueError:
        value = float(word)
    if not math.isfinite(value):
        raise ValueError
    return value

# SPDX-License-Identifier: GPL-2.0
"""The `bench` verb: the same scenarios on the stock and the patched kernel.

Each kernel is booted once per group of scenarios: counts and wall times,
instruction counts, User-mode Linux.  The rows are printed as they are
measured, stock first.  results.json and report.html are written only when
every scenario of both kernels came through.
"""

import datetime
import json
import os
import platform
import tempfile
from pathlib import Path

import base
import build
import deps
import guest
import insn_profile
import paths
import prepared
import report
import scenario
import ui
import uml

# Booting and ending a guest, on top of what its scenarios may take.
BOOT_SECONDS = 120
MEMORY = {"qemu": 2048, "uml": 4096}
JSON_FIELDS = ("id", "what", "unit", "instrument", "stock", "patched",
               "better", "bound")


class Table:
    """The before/after table, printed row by row."""

    HEAD = f"{'row':<20} {'stock':>12} {'patched':>12}  {'change':<13} unit"

    def __init__(self):
        self.stock = {}

    def title(self, kernel, image, group):
        print(f"\n{kernel} kernel {image.digest[:12]}: {group}", flush=True)
        if kernel == "patched":
            print(self.HEAD, flush=True)

    def row(self, kernel, row, value):
        name = f"{row['id']:<20}"
        figure = f"{report.number(value):>12}"
        if kernel == "stock":
            self.stock[row["id"]] = value
            print(f"{name} {figure}  {row['what']}", flush=True)
            return
        stock = self.stock[row["id"]]
        change = report.verdict({**row, "stock": stock,
                                 "patched": value}).text
        print(f"{name} {report.number(stock):>12} {figure}  {change:<13} "
              f"{row['unit']}", flush=True)


def images(groups):
    """Build what the groups boot: {(kernel, machine): Image}."""
    found = {}
    for machine in dict.fromkeys(group.machine for group in groups):
        for kernel, tree in (("stock", "stock"), ("patched", "nfx")):
            config = "um" if machine == "uml" else tree
            found[kernel, machine] = build.build(config, tree)
    return found


def boot(image, group, items, job, output):
    """Boot @image once, run the scenarios @items of @group in it."""
    boot_with = uml.boot if group.machine == "uml" else guest.boot
    options = {"insn": True, "profile": output.profile} if group.insn else {}
    result = boot_with(image, job, cpus=1 if group.insn else 2,
                       mem=MEMORY[group.machine], echo=output.feed,
                       timeout=BOOT_SECONDS + sum(i.timeout for i in items),
                       **options)
    functions = None
    if group.insn and output.profile:
        functions = read_profile(image, result)
    output.finish(result, functions)
    for what, lines in output.problems:
        ui.line(ui.FAIL, "bench", what)
        for line in lines:
            print(f"      {line}", flush=True)
    if output.problems:
        ui.die(f"{output.problems[0][0]}, no result is written",
               f"read {result.console}")
    return functions


def read_profile(image, result):
    """Return which functions were counted in a boot of @image."""
    symbols = insn_profile.Symbols(image.kernel.parent / "System.map")
    return insn_profile.read(result.console.parent / "profile", symbols)


def measure(groups, found, jobs, table, profiled=False):
    """Run everything; return ({kernel: {id: value}}, {kernel: name})."""
    values = {"stock": {}, "patched": {}}
    names = {}
    for kernel, figures in values.items():
        for group, items in groups.items():
            image = found[kernel, group.machine]
            table.title(kernel, image, group)
            output = scenario.Output(
                items, lambda row, value, k=kernel: table.row(k, row, value),
                profiled)
            functions = boot(image, group, items, jobs[group], output)
            if profiled and functions:
                for _, row, marks in output.insn:
                    insn_profile.show(
                        row["id"], insn_profile.of_row(functions, marks))
            figures.update(output.values)
            if group.machine == "qemu" or kernel not in names:
                names[kernel] = f"{output.release} ({image.digest[:12]})"
    return values, names


def machine_name():
    """The processor and its number, for the reader of the report."""
    model = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as handle:
            for line in handle:
                if line.startswith("model name"):
                    model = line.partition(":")[2].strip()
                    break
    except OSError:
        pass
    return f"{model}, {os.cpu_count()} cores"


def collect(rows, values, names):
    """Make the document of results.json."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "base": base.current().name,
        "kernel_stock": names["stock"],
        "kernel_patched": names["patched"],
        "date": now.isoformat(timespec="seconds"),
        "rows": [figures({**row, "stock": values["stock"][row["id"]],
                          "patched": values["patched"][row["id"]]})
                 for row in rows],
    }


def figures(row):
    return {field: row[field] for field in JSON_FIELDS if field in row}


def write(results, command, folder):
    """Write results.json and report.html, each whole or not at all."""
    page = report.render(results, command, machine_name())
    text = json.dumps(results, indent=2) + "\n"
    paths.write_file(folder / "results.json", text)
    paths.write_file(folder / "report.html", page)


def select(rows, demo, only):
    """Return the rows to measure."""
    if only:
        known = {row["id"] for row in rows}
        for name in only:
            if name not in known:
                ui.die(f"there is no row '{name}'",
                       f"choose from {', '.join(sorted(known))}",
                       ui.EXIT_USAGE)
        return [row for row in rows if row["id"] in only]
    chosen = [row for row in rows if row["demo"] or not demo]
    if not chosen:
        ui.die("there is no scenario", "see scripts/nfx/bench/README.md")
    return chosen


def add_arguments(parser):
    parser.add_argument("--demo", action="store_true",
                        help="only the headline scenarios")
    parser.add_argument("--only", metavar="ID", action="append", default=[],
                        help="only this row; writes no result without -o")
    parser.add_argument("--profile", action="store_true",
                        help="say which functions counted instructions are "
                             "in")
    parser.add_argument("-o", dest="output", metavar="DIR", type=Path,
                        help="where results.json and report.html go "
                             "(build/demo or build/bench)")


def command_name(args):
    """The command that repeats this run."""
    if args.only:
        picked = " ".join(f"--only {name}" for name in args.only)
        return f"scripts/nfx-tree bench {picked}"
    return "make demo" if args.demo else "make bench"


def main(args):
    """Measure, print, write; fail when a row is no better than before."""
    rows = select(scenario.load_rows(), args.demo, args.only)
    groups = scenario.group_rows(rows)
    deps.ensure("base", "build", "guest", "plugin", "selftests")
    prepared.ensure()
    found = images(groups)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="nfx-bench.") as temp:
        jobs = {}
        for number, (group, items) in enumerate(groups.items()):
            jobs[group] = Path(temp) / str(number)
            scenario.make_job(items, jobs[group])
        values, names = measure(groups, found, jobs, table, args.profile)

    results = collect(rows, values, names)
    print(f"\n{report.summary(results['rows'])}", flush=True)
    folder = args.output
    if not folder and not args.only:
        folder = paths.BUILD / ("demo" if args.demo else "bench")
    if folder:
        write(results, command_name(args), folder)
        print(f"{folder}/results.json\n{folder}/report.html", flush=True)
    worse = [row["id"] for row in results["rows"]
             if report.verdict(row).level != report.GOOD]
    if worse:
        ui.die(f"not better than stock: {', '.join(worse)}",
               "look at the patch or the scenario of that row")
    return ui.EXIT_OK

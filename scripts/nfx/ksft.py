# SPDX-License-Identifier: GPL-2.0
"""Run kernel selftests in a guest.

One boot runs many programs, each with the tree's own kselftest runner, so
exit code 4 is a skip and the timeout is that of the `settings` file.  What the
kernel complains about while a program runs fails that program.  A failure is
tried once more in a fresh guest; one that then passes is called flaky.  What
the kernel complained about is not tried again, but for stalls, which a busy
host explains.  A program that hangs the guest fails, the rest goes on in the
next boot.

Results are kept under the digest of kernel image, userland and test files, so
that check-full only runs what is not yet proven for this very image.
"""

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import build
import guest
import patchfile
import paths
import selftests
import splat
import tap
import ui
import userland

RESULTS = paths.CACHE / "results"
REPORTS = paths.BUILD / "results"

START = re.compile(r"^NFX-TEST start (\S+)$")
END = re.compile(r"^NFX-TEST end (\S+) (\d+)$")
LOG_START = re.compile(r"nfx-test: start (\S+)$")
LOG_END = re.compile(r"nfx-test: end (\S+)$")

SLOW_CONFIGS = ("debug", "kcsan")
MACHINE = {"cpus": 2, "mem": 3072}
# Seconds for one boot; programs it did not reach run in another.
BOOT_TIMEOUT = 2700
# What a kernel says whose host is busy.
STALL = re.compile(r"\bstall|lockup|blocked for more than")
# Programs per boot: results are recorded when a boot ends.
BATCH = 8

TEST_DIR = re.compile(r"^tools/testing/selftests/(net(?:/netfilter)?)/"
                      r"([^/]+)$")


class TestResult(NamedTuple):
    """The outcome of one program on one kernel."""
    program: str            # "net/netfilter:nft_nat.sh"
    outcome: str            # tap.PASS, FAIL, SKIP or XFAIL
    reason: str
    flaky: bool
    seconds: float
    splats: list
    lines: list             # TAP

    @property
    def ok(self):
        return self.outcome != tap.FAIL


def add_arguments(parser):
    parser.add_argument("targets", nargs="*", metavar="TARGET",
                        help="run all of net/netfilter or net "
                             "(default: the stack's own selftests)")
    parser.add_argument("-t", dest="programs", action="append", default=[],
                        metavar="PROG", help="run this program, as "
                        "nft_nat.sh or net/netfilter:nft_nat.sh; repeatable")
    parser.add_argument("--image", choices=("stock", "nfx", *SLOW_CONFIGS),
                        default="nfx", help="kernel (default: nfx)")
    parser.add_argument("--config", dest="image",
                        choices=("stock", "nfx", *SLOW_CONFIGS),
                        help="the same as --image")
    parser.add_argument("--tests", choices=("stock", "nfx"), default="nfx",
                        help="tree the selftests are taken from "
                             "(default: nfx)")
    parser.add_argument("--fresh", action="store_true",
                        help="run again what is already proven")
    parser.add_argument("--list", action="store_true",
                        help="name the programs and stop")


def main(args):
    installed = selftests.install(args.tests)
    programs = select(installed, args.targets, args.programs)
    if args.list:
        print("\n".join(programs))
        return ui.EXIT_OK
    if not programs:
        ui.line(ui.SKIP, "test", "the stack has no selftests of its own")
        return ui.EXIT_SKIP
    results = run(args.image, args.tests, programs, fresh=args.fresh)
    return summary(args.image, results)


def available(installed):
    """Return the programs of an installation, "target:program" each."""
    text = (installed / selftests.LIST).read_text(encoding="utf-8")
    return text.split()


def select(installed, targets, names):
    """Return the programs that the arguments of `test` mean."""
    known = available(installed)
    if not targets and not names:
        return own(known)
    chosen = []
    for target in targets:
        found = [item for item in known if item.startswith(f"{target}:")]
        if not found:
            ui.die(f"there is no selftest target '{target}'",
                   f"use one of {' '.join(selftests.TARGETS)}",
                   ui.EXIT_USAGE)
        chosen += found
    for name in names:
        found = [item for item in known
                 if name in (item, item.split(":")[1])]
        if not found:
            ui.die(f"there is no selftest '{name}'",
                   "see 'nfx-tree test --list net net/netfilter'",
                   ui.EXIT_USAGE)
        chosen += found
    return list(dict.fromkeys(chosen))


def own(known):
    """Return the programs of @known that the stack adds or changes."""
    found = []
    for name in patchfile.touched(patchfile.load()):
        match = TEST_DIR.match(name or "")
        if not match:
            continue
        # foo.c is foo, or the helper of foo.sh.
        stem = match[2].removesuffix(".c")
        for item in (f"{match[1]}:{match[2]}", f"{match[1]}:{stem}",
                     f"{match[1]}:{stem}.sh"):
            if item in known and item not in found:
                found.append(item)
    return sorted(found)


def tree_of(config):
    return "stock" if config == "stock" else "nfx"


def run(config, tests, programs, *, fresh=False, allow=(), echo=True,
        keep_failures=False, slow=False, again=True):
    """Run @programs on kernel @config; return a list of TestResults.

    @config:   "stock", "nfx", "debug" or "kcsan"
    @tests:    tree the selftests are taken from, "stock" or "nfx"
    @programs: "target:program" each
    @fresh:    do not use recorded results
    @allow:    regular expressions of splats that do not count
    @keep_failures: a recorded failure is an answer, too
    @again:    give a program that failed a second try
    @slow:     tell the tests that the machine is slow; always so for the
               debug and kcsan kernels
    """
    slow = slow or config in SLOW_CONFIGS
    image = build.build(config, tree_of(config))
    installed = selftests.install(tests)
    unknown = set(programs) - set(available(installed))
    if unknown:
        ui.die(f"no such selftest: {' '.join(sorted(unknown))}",
               "see 'nfx-tree test --list'", ui.EXIT_USAGE)
    store = Store(image, installed, allow, slow)
    results = {} if fresh else store.load(programs, keep_failures)
    batch = Batch(image, installed, allow, slow, echo, again)
    left = [name for name in programs if name not in results]
    if results and echo:
        ui.info(f"{len(results)} of {len(programs)} programs are already "
                "proven for this image")
    for name, result in batch.run(left):
        results[name] = result
        store.save(result)
    return [results[name] for name in programs]


class Batch:
    """Boots guests until each program has a result."""

    def __init__(self, image, installed, allow, slow, echo, again=True):
        self.image = image
        self.installed = installed
        self.allow = allow
        self.slow = slow
        self.echo = echo
        self.again = again

    def run(self, programs):
        """Yield (name, TestResult) for each of @programs."""
        retry = []
        for name, result in self.rounds(programs):
            if result.ok or not self.again or is_finding(result):
                yield name, result
            else:
                retry.append(result)
        for first in retry:
            for name, second in self.rounds([first.program]):
                if second.ok:
                    yield name, second._replace(flaky=True, reason=(
                        f"failed at first: {first.reason or 'no reason'}"))
                else:
                    yield name, second

    def rounds(self, programs):
        """Boot until all programs had their turn, some at a time."""
        left = list(programs)
        while left:
            results = self.boot(left[:BATCH])
            for result in results:
                yield result.program, result
            done = {result.program for result in results}
            left = [name for name in left if name not in done]

    def boot(self, programs):
        """Run @programs in one guest; return results, at least one."""
        with tempfile.TemporaryDirectory(prefix="nfx-ksft-") as temp:
            job = Path(temp)
            self.fill(job, programs)
            watch = Watch(programs) if self.echo else None
            result = guest.boot(self.image, job, **MACHINE,
                                timeout=BOOT_TIMEOUT, allow=self.allow,
                                echo=watch.line if watch else None,
                                leaks=self.image.config == "debug")
        return judge(programs, result, self.allow)

    def fill(self, job, programs):
        shutil.copytree(self.installed, job / "selftests", symlinks=True)
        shutil.copy2(userland.GUEST / "ksft", job / "run")
        (job / "programs").write_text("\n".join(programs) + "\n",
                                      encoding="ascii")
        slow = "yes" if self.slow else "no"
        (job / "environment").write_text(
            f"export KSFT_MACHINE_SLOW={slow}\n", encoding="ascii")


def is_finding(result):
    """Did the kernel complain about more than being slow?"""
    return any(not STALL.search(splat) for splat in result.splats)


class Watch:
    """Prints one line per program as the guest finishes it."""

    def __init__(self, programs):
        self.total = len(programs)
        self.count = 0

    def line(self, text):
        for name, result in tap.parse([text]).items():
            self.count += 1
            ui.info(f"  {self.count}/{self.total} {name}: {result.outcome}"
                    + (f" ({result.reason})" if result.reason else ""))


def judge(programs, result, allow):
    """Turn the Result of one boot into TestResults."""
    outputs, times = split_output(result.out)
    blamed, others = blame(guest.read_lines(result.console), allow)
    found = []
    for name in programs:
        if name not in outputs:
            break
        lines = outputs[name]
        parsed = tap.parse(lines).get(name)
        splats = blamed.get(name, [])
        if name not in times and found and result.rc == guest.RC_TIMEOUT:
            # The time of the boot is up, not that of this program.
            break
        if name not in times:
            parsed = tap.Tap(tap.FAIL, f"the guest died, see "
                                       f"{result.console}")
        elif parsed is None:
            parsed = tap.Tap(tap.FAIL, "the runner gave no result")
        outcome, reason = parsed
        if outcome == tap.SKIP and not reason.removeprefix("SKIP").strip():
            reason = tap.skip_reason(lines)
        if splats:
            outcome, reason = tap.FAIL, splats[0]
        found.append(TestResult(name, outcome, reason, False,
                                times.get(name, 0) / 1000, splats, lines))
    if not found:
        ui.die("the guest ended before its first selftest",
               f"see {result.console}")
    if others:
        # Before, between or after programs: nobody's, so the last one's.
        ui.warn(f"{others[0]}, see {result.console}")
        found[-1] = found[-1]._replace(outcome=tap.FAIL, reason=others[0],
                                       splats=others)
    return found


def split_output(lines):
    """Return ({program: lines}, {program: milliseconds})."""
    outputs, times = {}, {}
    name = None
    for line in lines:
        if match := START.match(line):
            name = match[1]
            outputs[name] = []
        elif match := END.match(line):
            times[match[1]] = int(match[2])
        elif name:
            outputs[name].append(line)
    return outputs, times


def blame(console, allow):
    """Return ({program: splats}, splats outside any program)."""
    where = set(splat.positions(console, allow))
    blamed, others = {}, []
    name = None
    for i, line in enumerate(console):
        if match := LOG_START.search(line):
            name = match[1]
        elif LOG_END.search(line):
            name = None
        elif i in where:
            target = blamed.setdefault(name, []) if name else others
            target.append(splat.text(line))
    return blamed, others


class Store:
    """Recorded results of one kernel image."""

    def __init__(self, image, installed, allow, slow):
        self.image = image
        self.installed = installed
        self.options = repr((sorted(allow), slow))
        self.common = common_digest(installed)

    def path(self, program):
        target, name = program.split(":")
        sha = hashlib.sha256()
        for part in (self.image.digest, userland.digest(), self.common,
                     self.options, program):
            sha.update(part.encode())
        sha.update((self.installed / target / name).read_bytes())
        return RESULTS / f"{sha.hexdigest()[:32]}.json"

    def load(self, programs, keep_failures):
        """Return {program: TestResult} of what is recorded."""
        found = {}
        for name in programs:
            try:
                data = json.loads(self.path(name).read_text(encoding="utf-8"))
                result = TestResult(**data)
            except (OSError, ValueError, TypeError):
                continue
            if result.ok or keep_failures:
                found[name] = result
        return found

    def save(self, result):
        """Record @result; a flaky one is worth another try."""
        if result.flaky:
            return
        paths.write_file(self.path(result.program),
                         json.dumps(result._asdict()))


def common_digest(installed):
    """Return a digest of the files that programs share."""
    programs = {installed / name.replace(":", "/")
                for name in available(installed)}
    sha = hashlib.sha256((userland.GUEST / "ksft").read_bytes())
    for path in sorted(installed.rglob("*")):
        if path in programs or path.name in (selftests.LIST, "VERSION") or \
                not path.is_file():
            continue
        sha.update(str(path.relative_to(installed)).encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def summary(label, results):
    """Write build/results/<label>/, print a line each, return exit code."""
    folder = REPORTS / label
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = []
    for item in results:
        name = item.program.replace("/", "_").replace(":", "_")
        (folder / f"{name}.tap").write_text("\n".join(item.lines) + "\n",
                                            encoding="utf-8")
        row = item._asdict()
        del row["lines"]
        rows.append(row)
        show(item)
    counts = count(results)
    paths.write_file(folder / "summary.json", json.dumps(
        {"image": label, **counts, "programs": rows}, indent=2) + "\n")
    text = ", ".join(f"{number} {word}" for word, number in counts.items()
                     if number)
    status = ui.FAIL if counts["fail"] else ui.OKAY
    ui.line(status, "test", f"{text}; see {folder}/")
    return ui.EXIT_FAIL if counts["fail"] else ui.EXIT_OK


def count(results):
    """Return how many results there are of each outcome."""
    counts = {word: sum(item.outcome == word for item in results)
              for word in (tap.PASS, tap.FAIL, tap.SKIP, tap.XFAIL)}
    counts["flaky"] = sum(item.flaky for item in results)
    return counts


def show(item):
    status = {tap.PASS: ui.OKAY, tap.FAIL: ui.FAIL,
              tap.SKIP: ui.SKIP, tap.XFAIL: ui.OKAY}[item.outcome]
    if item.flaky:
        status = ui.WARN
    text = f"{item.seconds:.1f} s"
    if item.flaky:
        text += ", flaky"
    if item.reason:
        text += f": {item.reason}"
    ui.line(status, item.program.split(":")[1], text)

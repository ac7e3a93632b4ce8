# SPDX-License-Identifier: GPL-2.0
"""The verb check: prove that the stack is what netdev's CI wants to see.

--fast works on a sparse base, in seconds.  --alone applies each block by
itself, --full adds the builds of every patch; neither leaves out --fast.
"""

import time

import base as kernel
import deps
import patchfile
import paths
import scratch
import ui
from checks import FAST, alone, build
from checks.context import Context, Result


def add_arguments(parser):
    parser.add_argument("--fast", action="store_true",
                        help="the checks that need no compiler (default)")
    parser.add_argument("--full", action="store_true",
                        help="and W=1 C=1 builds per patch")
    parser.add_argument("--alone", action="store_true",
                        help="and each block on the base plus block 0")
    parser.add_argument("--json", action="store_true",
                        help="the results as JSON")
    parser.add_argument("block", nargs="?",
                        help="look at the patches of this block only")


def main(args):
    start = time.monotonic()
    deps.ensure("check")
    selected = {patchfile.block(args.block).number} if args.block \
        else set(patchfile.blocks())
    if not paths.PATCHES.is_dir():
        ui.die(f"there is no directory {paths.PATCHES}",
               "run this from a complete clone")
    patches = patchfile.load()
    report = Report(args.json)
    base = kernel.current()
    with scratch.directory("check") as parent:
        work = parent / "linux"
        context = Context(base, patches, work, selected)
        for check in FAST:
            report.add(check(context))
        if args.alone or args.full:
            report.add(alone.run(context))
        if args.full:
            deps.ensure("build", "sparse")
            report.add(build.run(context))
    return report.close(time.monotonic() - start)


class Report:
    """Collects results; prints them as they come, or as JSON at the end."""

    def __init__(self, as_json):
        self.json = as_json
        self.results = []
        self.logs = paths.LOGS / "check"
        self.logs.mkdir(parents=True, exist_ok=True)
        for old in self.logs.glob("*.log"):
            old.unlink()

    def add(self, results):
        if isinstance(results, Result):
            results = [results]
        for result in results:
            self.results.append(result)
            log = self.logs / f"{result.name}.log"
            log.write_text("\n".join([result.summary, *result.details]) +
                           "\n", encoding="utf-8")
            if not self.json:
                ui.line(result.status, result.name, result.summary)

    def close(self, elapsed):
        count = {word: sum(item.status == word for item in self.results)
                 for word in (ui.OKAY, ui.WARN, ui.FAIL, ui.SKIP)}
        if self.json:
            ui.dump_json({
                "seconds": round(elapsed, 1),
                "ok": not count[ui.FAIL],
                "results": [{"status": item.status, "name": item.name,
                             "summary": item.summary,
                             "log": str(self.logs / f"{item.name}.log")}
                            for item in self.results]})
        else:
            words = ", ".join(f"{number} {word}"
                              for word, number in count.items() if number)
            ui.info(f"{words} in {ui.seconds(elapsed)}; "
                    f"details in {self.logs}/")
        return ui.EXIT_FAIL if count[ui.FAIL] else ui.EXIT_OK

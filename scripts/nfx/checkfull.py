# SPDX-License-Identifier: GPL-2.0
"""The check-full verb: named parts, each resumable and under an hour.

Results of selftests are recorded per program under the digest of kernel
image, userland and test files (see ksft.py), those of builds under the digest
of the stack; a part that was interrupted goes on where it stopped.
"""

import hashlib
import json
import re
import sys
import time
from typing import NamedTuple

import base
import build
import debiankernel
import fuzz
import ipsetsuite
import ksft
import objects
import patchfile
import paths
import rpfmatrix
import selftests
import stack
import tap
import toolcheck
import ui

# Upstream tests around the fib rules the stack touches.
FIB_TESTS = ("net:fib-onlink-tests.sh", "net:fib_nexthop_multiprefix.sh",
             "net:fib_nexthop_nongw.sh", "net:fib_nexthops.sh",
             "net:fib_rule_tests.sh", "net:fib_tests.sh",
             "net:route_hint.sh")

RING_FUZZER = "net/netfilter:nf_queue_ring_fuzz"
FUZZ_OPERATIONS = 10_000_000
TABLE_STRESS = "net/netfilter:conntrack_htable_stress"
STRESS_OPERATIONS = 1_000_000
STRESS_SECONDS = 600
FLUSH_FUZZER = "net/netfilter:nfct_flush_fuzz"
RPF_STRESS = "net/netfilter:rpfilter_stress"
# Where it is told to do more, most messages are refused, without a walk.
FLUSH_RACES_OPERATIONS = 1_000_000
RACES_SECONDS = 600
# Races of the base in files that the stack touches: dev->flags, which the
# fuzzer changes, is read without READ_ONCE().
BASE_RACES = [r"BUG: KCSAN: data-race in __dev_change_flags / "
              r"ip_route_output_key_hash_rcu$"]

# A test point: failed, name, why it was skipped.
POINT = re.compile(r"^(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$", re.M)

# A subtest of a program that passed, as the runner shows it.
SUBTEST_SKIP = re.compile(r"^# ok \d+ (\S+) # SKIP (.*)")

# A line that starts a function, in kernel style.
FUNCTION = re.compile(r"^(?:[A-Za-z_][\w \t*]*[ \t*])?(\w+)\([^;]*$", re.M)


WORDS = {True: ui.OKAY, False: ui.FAIL, None: ui.SKIP}


class Verdict(NamedTuple):
    """What a part found; ok is None for a part that cannot run here."""
    ok: bool | None
    text: str


def add_arguments(parser):
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--list", action="store_true",
                        help="name the parts and stop")


def main(args):
    if args.list:
        for name, (_, what) in PARTS.items():
            print(f"{name:<{ui.NAME_WIDTH}}  {what}")
        return ui.EXIT_OK
    unknown = [name for name in args.parts if name not in PARTS]
    if unknown:
        ui.die(f"there is no part '{unknown[0]}'",
               f"use {', '.join(PARTS)}", ui.EXIT_USAGE)
    failed = 0
    for name in args.parts or PARTS:
        begin = time.monotonic()
        try:
            verdict = PARTS[name][0]()
        except ui.Error as exc:
            verdict = Verdict(False, str(exc))
        failed += verdict.ok is False
        took = ui.seconds(time.monotonic() - begin)
        ui.line(WORDS[verdict.ok], name, f"{verdict.text} ({took})")
    return ui.EXIT_FAIL if failed else ui.EXIT_OK


def own_programs():
    """Return the stack's selftests."""
    return ksft.own(ksft.available(selftests.install("nfx")))


def plural(number, word):
    return f"{number} {word}" + ("" if number == 1 else "s")


def failures(results):
    """Return a text naming what failed, empty when nothing did."""
    return "; ".join(f"{item.program.split(':')[1]}: "
                     f"{item.reason or 'failed'}"
                     for item in results if not item.ok)


def skips(results):
    """Return a text naming what was skipped, programs and subtests."""
    found = [f"{item.program} ({item.reason})" for item in results
             if item.outcome == tap.SKIP]
    for item in results:
        found += [f"{match[1]} ({match[2]})" for match in
                  map(SUBTEST_SKIP.match, item.lines) if match]
    return ", ".join(found)


def own_verdict(config, allow=()):
    programs = own_programs()
    results = ksft.run(config, "nfx", programs, allow=allow)
    bad = failures(results)
    if bad:
        return Verdict(False, bad)
    skipped = skips(results)
    if skipped:
        return Verdict(False, f"skipped on the patched kernel: {skipped}")
    return Verdict(True, f"{plural(len(results), 'selftest')} pass on the "
                         f"{config} kernel")


def part_own():
    return own_verdict("nfx")


def part_debug():
    return own_verdict("debug")


def others_races():
    """Races between functions the stack does not touch are not its own."""
    names = touched_functions()
    pattern = "|".join(sorted(map(re.escape, names))) or r"(?!)"
    return [rf"BUG: KCSAN: (?!.*\b(?:{pattern})\b)"]


def part_kcsan():
    return own_verdict("kcsan", others_races())


def fuzzed(program, config, operations, **options):
    outcome = fuzz.run(config, program, operations, **options)
    return Verdict(not outcome.problem, outcome.problem or
                   f"{outcome.operations} operations on the {config} kernel")


def raced(program, operations):
    return fuzzed(program, "kcsan", operations, seconds=RACES_SECONDS,
                  allow=others_races() + BASE_RACES)


def part_fuzz():
    return fuzzed(RING_FUZZER, "debug", FUZZ_OPERATIONS)


def part_races():
    return raced(RING_FUZZER, FUZZ_OPERATIONS)


def part_ct_stress():
    return fuzzed(TABLE_STRESS, "debug", STRESS_OPERATIONS,
                  seconds=STRESS_SECONDS)


def part_ct_races():
    return raced(TABLE_STRESS, STRESS_OPERATIONS)


def part_ct_fuzz():
    return fuzzed(FLUSH_FUZZER, "debug", FUZZ_OPERATIONS)


def part_ct_flush_races():
    return raced(FLUSH_FUZZER, FLUSH_RACES_OPERATIONS)


def part_ipset_suite():
    return Verdict(*ipsetsuite.compare())


def part_rpf_stress():
    return fuzzed(RPF_STRESS, "debug", STRESS_OPERATIONS,
                  seconds=STRESS_SECONDS)


def part_rpf_races():
    return raced(RPF_STRESS, STRESS_OPERATIONS)


def touched_functions():
    """Return the functions of each kernel source file the stack touches."""
    names = set()
    for name in patchfile.touched(patchfile.load()):
        path = paths.TREE / (name or "")
        if path.suffix in (".c", ".h") and path.is_file() and \
                not name.startswith("tools/"):
            names |= set(FUNCTION.findall(path.read_text(
                encoding="utf-8", errors="replace")))
    return names


def part_proof():
    """Each own selftest fails or skips on stock and passes when patched."""
    programs = own_programs()
    stock = ksft.run("stock", "nfx", programs, keep_failures=True,
                     again=False)
    passing = [item.program for item in stock if item.outcome == tap.PASS]
    # A test that existed before, extended by the stack, has to fail, too.
    if passing:
        return Verdict(False, f"pass on the stock kernel: "
                              f"{', '.join(passing)}")
    nfx = ksft.run("nfx", "nfx", programs)
    bad = failures(nfx)
    if bad:
        return Verdict(False, bad)
    counts = ksft.count(stock)
    return Verdict(True, f"{plural(len(programs), 'selftest')}: on stock "
                         f"{counts['fail']} fail and {counts['skip']} skip, "
                         "all pass when patched")


def compare(programs):
    """Run upstream @programs on both kernels; same set must pass.

    Some of them take an hour in an emulated guest unless told that it is
    slow.
    """
    stock = ksft.run("stock", "stock", programs, keep_failures=True,
                     slow=True)
    nfx = ksft.run("nfx", "stock", programs, slow=True)
    worse, better = [], []
    for before, after in zip(stock, nfx):
        name = before.program.split(":")[1]
        if before.outcome == after.outcome:
            continue
        note = f"{name}: {before.outcome} -> {after.outcome}"
        if after.reason:
            note += f" ({after.reason})"
        (better if after.outcome == tap.PASS else worse).append(note)
    if worse:
        return Verdict(False, "; ".join(worse))
    counts = ksft.count(nfx)
    text = ", ".join(f"{number} {word}" for word, number in counts.items()
                     if number)
    if better:
        text += f"; better than stock: {'; '.join(better)}"
    return Verdict(True, f"same as stock: {text}")


def part_netfilter():
    known = ksft.available(selftests.install("stock"))
    return compare([name for name in known
                    if name.startswith("net/netfilter:")])


def part_fib():
    known = ksft.available(selftests.install("stock"))
    return compare([name for name in FIB_TESTS if name in known])


def stack_digest():
    sha = hashlib.sha256(patchfile.digest().encode())
    sha.update(base.current().name.encode())
    sha.update(build.compiler().encode())
    return sha.hexdigest()[:32]


def through_verb(*arguments):
    """Run a verb of nfx-tree once per state of the stack."""
    name = "-".join(word.strip("-") for word in arguments)
    record = ksft.RESULTS / f"{name}-{stack_digest()}.json"
    try:
        return Verdict(True, json.loads(record.read_text("utf-8"))["text"]
                       + ", recorded")
    except (OSError, ValueError, KeyError):
        pass
    done = ui.run([sys.executable, paths.ROOT / "scripts/nfx-tree",
                   *arguments], check=False, quiet=False)
    if done.returncode:
        return Verdict(False, f"'nfx-tree {' '.join(arguments)}' failed")
    text = f"'nfx-tree {' '.join(arguments)}' passes"
    paths.write_file(record, json.dumps({"text": text}))
    return Verdict(True, text)


def part_patches():
    return through_verb("check", "--full")


def part_bisect():
    return through_verb("bisect-build")


def part_i386():
    """Integer sizes, alignment, 64-bit divisions: what a compiler sees."""
    patches = stack.readable_patches()
    with objects.walk(patches, "i386") as tree:
        names = sorted({name for patch in patches
                        for name in tree.objects(patch)})
        tip = tree.commits[patches[-1].number]
        with ui.progress(f"i386: W=1 C=1 of {len(names)} objects"):
            added = tree.added(tree.base, tip, names)
    if added:
        return Verdict(False, added[0])
    return Verdict(True, f"{len(names)} objects add no warning at W=1 C=1")


def part_upstream():
    """The patches for other projects, whose sources may not be there."""
    done = ui.run([paths.ROOT / "tools/nfx/upstream/check"], check=False)
    points = POINT.findall(done.stdout)
    bad = [name for failed, name, _ in points if failed]
    skipped = [f"{name} ({reason})" for _, name, reason in points if reason]
    if bad or done.returncode:
        return Verdict(False, "; ".join(bad) or done.stderr.strip())
    passed = len(points) - len(skipped)
    if skipped:
        return Verdict(True if passed else None,
                       f"{passed} pass, skipped: {'; '.join(skipped)}")
    return Verdict(True, f"{plural(passed, 'test point')} pass")


def tool_verdict(image):
    """What the stack adds is missing there: nfx says so, or does without."""
    counts = toolcheck.check(image, ui.info)
    return Verdict(True, f"the tests of nfx: {counts}")


def part_stock_tool():
    return tool_verdict(build.build("stock", "stock"))


def part_old_kernel():
    return tool_verdict(debiankernel.image())


def part_rpf_matrix():
    return Verdict(True, rpfmatrix.check(build.build("nfx", "nfx"),
                                         echo=ui.info))


PARTS = {
    "patches": (part_patches, "per patch: W=1 C=1 builds, no new warning"),
    "bisect": (part_bisect, "every patch compiles alone"),
    "i386": (part_i386, "what the stack touches as a 32-bit kernel, W=1"),
    "upstream": (part_upstream,
                 "patches for libraries, iptables and nftables"),
    "stock-tool": (part_stock_tool, "the tests of nfx on the stock kernel"),
    "old-kernel": (part_old_kernel,
                   "the tests of nfx on Debian's 6.12 kernel"),
    "rpf-matrix": (part_rpf_matrix,
                   "all of the matrix of reverse path filtering"),
    "ipset-suite": (part_ipset_suite,
                    "the tests of ipset: what passes on stock passes"),
    "own": (part_own, "the stack's selftests pass"),
    "proof": (part_proof, "each of them fails or skips on stock"),
    "netfilter": (part_netfilter,
                  "upstream net/netfilter selftests: same as on stock"),
    "fib": (part_fib, "upstream fib and route selftests: same as on stock"),
    "debug": (part_debug, "the stack's selftests on the debug kernel"),
    "kcsan": (part_kcsan, "the stack's selftests on the kcsan kernel"),
    "fuzz": (part_fuzz, "10 million random operations on the debug kernel"),
    "races": (part_races, "the same for 10 minutes on the kcsan kernel"),
    "ct-stress": (part_ct_stress,
                  "10 minutes of resizes and all else on the debug kernel"),
    "ct-races": (part_ct_races, "the same on the kcsan kernel"),
    "ct-fuzz": (part_ct_fuzz,
                "10 million random flush messages on the debug kernel"),
    "ct-flush-races": (part_ct_flush_races,
                       "10 minutes of them on the kcsan kernel"),
    "rpf-stress": (part_rpf_stress,
                   "10 minutes of changing routes on the debug kernel"),
    "rpf-races": (part_rpf_races, "the same on the kcsan kernel"),
}

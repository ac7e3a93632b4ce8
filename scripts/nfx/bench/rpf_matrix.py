#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Is what a kernel says about the reverse path of packets right?

Each topology is configured in a network namespace of its own, packets enter
through its devices, and rules of every kind note down what they say. A model
(rpf_model.py) that knows what ip(8) reads back says what would be right.

A cell is a packet at a hook, a set of options and a mode. On a kernel with
revision 1 of rpfilter, a cell is wrong if one of the new means is. On another,
a cell is wrong if the means that is best at its mode and options is wrong
there, or cannot say. Besides, each means of stock has to answer as the model,
or as the model with the known gaps of that means (rpf_known.py).
"""

import argparse
import collections
import errno
import itertools
import os
import random
import sys
import time

import rpf_nft as nft
import rpf_topology
from rpf_judge import Judge, Tally
from rpf_known import GAPS
from rpf_lab import Lab, Unsupported
from rpf_means import NEW, SPECIAL, STOCK
from rpf_measure import Measurement

SHOWN = 8               # lines of a topology about what is wrong
RANDOM_TOPOLOGIES = 24


class Kernel:
    """What the kernel under test has."""

    def __init__(self):
        Lab(4, ports=()).close()
        self.client = nft.Client(4)
        self.is_new = all(self.takes(means) for means in NEW)
        self.stock = [means for means in STOCK if self.takes(means)]
        self.client.close()

    def takes(self, means):
        try:
            self.client.commit(nft.RuleSet(4, list(means.rules())[:1]))
        except OSError as exc:
            if exc.errno in (errno.ENOENT, errno.EOPNOTSUPP, errno.EINVAL):
                return False
            raise
        return True

    def means(self, name):
        """All means to ask in topology @name."""
        new = list(NEW) if self.is_new else []
        if self.is_new and name in SPECIAL:
            new.append(SPECIAL[name])
        return new, self.stock


def run_topology(kernel, tally, key, everything):
    version, name = key
    new, stock = kernel.means(name)
    begin = time.monotonic()
    try:
        measurement = Measurement(version, name, (*new, *stock))
    except Unsupported as exc:
        tally.skipped += 1
        print(f"IPv{version} {name}: skipped: {exc}", flush=True)
        return
    judge = Judge(tally, key, measurement, new, stock)
    judge.run()
    took = time.monotonic() - begin
    print(f"IPv{version} {name}: {len(measurement.packets)} packets, "
          f"{judge.cells} cells, {judge.wrong} wrong ({took:.2f} s)",
          flush=True)
    lines = judge.lines()
    shown = lines if everything else lines[:SHOWN]
    for line in shown:
        print(f"    {line}")
    if len(shown) < len(lines):
        print(f"    and {len(lines) - len(shown)} more lines")


def print_table(tally):
    """What each means got wrong, by topology, of what it was asked."""
    names = list(dict.fromkeys(key[2] for key in tally.by_topology))
    topologies = dict.fromkeys(key[:2] for key in tally.by_topology)
    print("\nwrong answers of all answers, '-': cannot say anything")
    print(f"{'topology':<48}" + "".join(f"{name:>18}" for name in names))
    for version, topology in topologies:
        print_line(f"IPv{version} {topology}",
                   [tally.by_topology[version, topology, name]
                    for name in names])
    print_line("all", [sum((tally.by_topology[(*key, name)]
                            for key in topologies), collections.Counter())
                       for name in names])
    if tally.explained:
        print("\nwhat differs from the model, by gap and means")
    for (gap, means), count in sorted(tally.explained.items()):
        print(f"{gap:<4} {means:<18} {count:6} {GAPS[gap]}")


def print_line(title, counts):
    line = f"{title:<48}"
    for count in counts:
        answers = count["wrong"] + count["right"]
        text = f"{count['wrong']}/{answers}" if answers else "-"
        line += f"{text:>18}"
    print(line)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--family", type=int, choices=(4, 6))
    parser.add_argument("--topology", metavar="NAME",
                        help="only this one, or those NAME is part of")
    parser.add_argument("--time", type=float, metavar="SECONDS",
                        help="as many topologies as there is time for, in "
                             "the order of the seed, then random ones")
    parser.add_argument("--seed", type=int, help="of random topologies")
    parser.add_argument("--all", action="store_true",
                        help="show all that is wrong, not the first few")
    return parser.parse_args()


def selected(args):
    """Yield the keys of the topologies to run."""
    families = [args.family] if args.family else [4, 6]
    keys = [key for key in rpf_topology.TOPOLOGIES if key[0] in families]
    randoms = (rpf_topology.random_topology(family, args.seed + number)
               for number in itertools.count(1) for family in families)
    if args.topology:
        randoms = list(itertools.islice(randoms, RANDOM_TOPOLOGIES))
        yield from (key for key in [*keys, *randoms]
                    if args.topology in key[1])
        return
    if not args.time:
        yield from keys
        yield from itertools.islice(randoms, RANDOM_TOPOLOGIES)
        return
    random.Random(args.seed).shuffle(keys)
    yield from itertools.chain(keys, randoms)


def main():
    args = parse_arguments()
    # A packet is through when the system call that sends it returns.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if args.seed is None:
        args.seed = random.randrange(1 << 32) if args.time else 0
    print(f"seed {args.seed}")
    kernel = Kernel()
    tally = Tally()
    begin = time.monotonic()
    for key in selected(args):
        run_topology(kernel, tally, key, args.all)
        if args.time and time.monotonic() - begin > args.time:
            break
    print_table(tally)
    best = tally.best_of_stock()
    print(f"\nbest means of stock: {best['wrong']} wrong, "
          f"{best['cannot say']} cannot be said, {best['right']} right")
    right, wrong = tally.cells - tally.wrong_new, tally.wrong_new
    if not kernel.is_new:
        right, wrong = best["right"], best["wrong"] + best["cannot say"]
    print(f"{tally.skipped} topologies skipped, {tally.unexplained} "
          f"answers unexplained, {time.monotonic() - begin:.1f} s")
    print(f"ROW rpf-matrix-cells {right}")
    print(f"ROW rpf-matrix-wrong {wrong}")
    failed = tally.unexplained or kernel.is_new and wrong
    return 1 if failed or not tally.cells else 0


if __name__ == "__main__":
    sys.exit(main())

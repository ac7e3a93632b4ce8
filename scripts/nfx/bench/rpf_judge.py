# SPDX-License-Identifier: GPL-2.0
"""Compare what a kernel says about packets with what the model says."""

import collections
import itertools

from rpf_known import Explainer
from rpf_means import NEW, OPTIONS, class_names
from rpf_measure import COUNTER
from rpf_model import MARTIAN, MODES, Model


def option_names(options):
    names = [name.replace("_", "-") for name, value in
             options._asdict().items() if value is True and name != "ipsec"]
    if options.vrf:
        names.append(f"vrf {options.vrf}")
    return " ".join(names) or "no option"


class Tally:
    """What came out, of all topologies."""

    def __init__(self):
        self.cells = 0
        self.wrong_new = 0
        self.unexplained = 0
        self.skipped = 0
        # By (family, topology, means): "wrong", "right", "cannot say"
        self.by_topology = collections.defaultdict(collections.Counter)
        # By (family, mode, options) the same for (means, outcome)
        self.of_stock = collections.defaultdict(collections.Counter)
        # By (gap, means)
        self.explained = collections.Counter()

    def best_of_stock(self):
        """The outcomes of the means that is best at each mode and options."""
        best = collections.Counter()
        for counts in self.of_stock.values():
            by_means = collections.defaultdict(collections.Counter)
            for (means, outcome), count in counts.items():
                by_means[means][outcome] = count
            best += max(by_means.values(), key=lambda each: each["right"])
        return best


class Judge:
    """Goes through the cases of one topology of one family."""

    def __init__(self, tally, key, measurement, new, stock):
        self.tally = tally
        self.key = key
        self.measurement = measurement
        self.new = new
        self.stock = stock
        self.cells = 0
        self.wrong = 0
        self.shown = collections.defaultdict(list)
        state = measurement.state
        self.model = Model(key[0], state)
        self.explainer = Explainer(key[0], state)
        self.rights = {}

    def run(self):
        martian = set()
        for case in self.measurement.cases():
            self.rights = {}
            self.judge_stock(case)
            self.judge_new(case)
            if self.right(case, OPTIONS[0]) == MARTIAN:
                martian.add(case.packet)
        for packet in self.measurement.unseen():
            self.complain(f"{packet}: not seen")
        self.judge_counter(martian)
        self.tally.cells += self.cells
        self.tally.wrong_new += self.wrong

    def right(self, case, options):
        """The class that the model gives, found once for each case."""
        if not case.seen.ipsec:
            options = options._replace(ipsec=False)
        if options not in self.rights:
            self.rights[options] = self.model.classify(case.packet, case.seen,
                                                       options)
        return self.rights[options]

    def complain(self, text):
        self.tally.unexplained += 1
        self.shown[f"UNEXPLAINED {text}", ""].append("any option")

    def judge_counter(self, martian):
        """What rp_filter drops it counts, but not if it drops it anyway."""
        for drops in self.measurement.drops:
            lost = len(drops.lost - martian)
            if lost > drops.counted:
                self.complain(f"{COUNTER} is {drops.counted} for {lost} "
                              "packets")

    def note(self, label, means, case, options, said):
        place = case.seen.hook
        if case.seen.oif:
            place += f" to {case.seen.oif}"
        self.shown[f"{label} {means.name}: {case.packet} at {place} of "
                   f"{case.seen.iif}", said].append(option_names(options))

    def lines(self):
        """What is wrong, and with which options"""
        return [f"{text} [{', '.join(where)}] {said}"
                for (text, said), where in self.shown.items()]

    def judge_new(self, case):
        """A cell is right if all that have an answer to it are."""
        cells, wrong = set(), set()
        for means in self.new:
            for options in means.options:
                bad = self.wrong_modes(case, means, options)
                key = options if means in NEW else (means.name, options)
                cells |= {(key, mode) for mode in MODES}
                wrong |= {(key, mode) for mode in bad}
        self.cells += len(cells)
        self.wrong += len(wrong)

    def wrong_modes(self, case, means, options):
        """The modes at which a means errs; all, if it is about the class."""
        right = self.right(case, means.expected(options))
        says = means.says(case, options)
        answers = {mode: means.answer(case, mode, options) for mode in MODES}
        asked = {mode for mode, answer in answers.items()
                 if answer is not None}
        bad = {mode for mode in asked
               if answers[mode] != (right in MODES[mode])}
        if says not in (None, {right}):
            bad = asked
        if bad:
            said = "" if says is None else f"says {class_names(says)}, "
            self.note("WRONG", means, case, options,
                      f"{said}model {class_names({right})} "
                      f"({', '.join(sorted(bad))})")
        count = self.tally.by_topology[(*self.key, means.name)]
        count["wrong"] += len(bad)
        count["right"] += len(asked) - len(bad)
        count["cannot say"] += len(MODES) - len(asked)
        return bad

    def judge_stock(self, case):
        if not self.new:
            self.cells += len(OPTIONS) * len(MODES)
        for options, means in itertools.product(OPTIONS, self.stock):
            right = self.right(case, means.expected(options))
            for mode, valid in MODES.items():
                answer = means.answer(case, mode, options)
                outcome = self.judge_answer(case, means, options, mode,
                                            answer, right in valid)
                self.tally.of_stock[self.key[0], mode,
                                    options][means.name, outcome] += 1
                self.tally.by_topology[(*self.key,
                                        means.name)][outcome] += 1

    def judge_answer(self, case, means, options, mode, answer, right):
        if answer is None:
            return "cannot say"
        if answer == right:
            return "right"
        # Nobody said that stock knows what is feasible.
        if mode == "feasible":
            return "wrong"
        gaps = self.explainer.explain(case, means, mode, options, answer)
        for gap in gaps:
            self.tally.explained[gap, means.name] += 1
        if not gaps:
            self.tally.unexplained += 1
            self.note("UNEXPLAINED", means, case, options,
                      f"{mode} is {answer}, model {right}")
        return "wrong"

# SPDX-License-Identifier: GPL-2.0
"""The means of a kernel to filter by reverse path: their rules and answers.

Each of them is asked the same questions: is this packet valid, by a mode, with
options? It answers True or False, or None if there is no way to ask it that.
"""

import rpf_model
import rpf_nft as nft
from rpf_model import CLASSES, MODES, Options

# The combinations of options that the rules are made with
OPTIONS = tuple(Options(**dict.fromkeys(names.split(), True)) for names in (
    "", "mark", "l4", "no_default", "accept_local", "mark l4",
    "no_default accept_local", "no_default mark",
    "no_default accept_local mark l4"))
EVERYWHERE = tuple(nft.HOOKS)


def xt_flags(options):
    return (nft.XT_VALID_MARK * options.mark |
            nft.XT_NO_DEFAULT * options.no_default |
            nft.XT_ACCEPT_LOCAL * options.accept_local |
            nft.XT_L4 * options.l4 |
            nft.XT_NO_IPSEC_EXEMPT * (not options.ipsec))


def fib_flags(options):
    return (nft.FIB_SADDR | nft.FIB_MARK * options.mark |
            nft.FIB_NO_DEFAULT * options.no_default |
            nft.FIB_ACCEPT_LOCAL * options.accept_local |
            nft.FIB_L4 * options.l4)


class Means:
    """A means: what rules it needs, and what they say."""
    name = ""
    options = OPTIONS
    exempts_ipsec = False

    def expected(self, options):
        """The options as the model has to understand them."""
        return options._replace(ipsec=self.exempts_ipsec)

    def says(self, case, options):
        """The classes it says the packet is of, for a means that can."""
        return None


class Xt1(Means):
    """Revision 1 of rpfilter: modes, each also inverted, and classes"""
    exempts_ipsec = True

    def __init__(self, name="xt rev 1", options=OPTIONS):
        self.name = name
        self.options = options

    def rules(self):
        for options in map(self.expected, self.options):
            flags = xt_flags(options)
            for number in CLASSES:
                yield nft.Rule(
                    (self.name, options, number), EVERYWHERE,
                    nft.rpfilter1(flags, (number,), options.vrf))
            for mode, classes in MODES.items():
                for invert in (0, nft.XT_INVERT):
                    yield nft.Rule(
                        (self.name, options, mode, bool(invert)), EVERYWHERE,
                        nft.rpfilter1(flags | invert, classes, options.vrf))

    def answer(self, case, mode, options):
        """Of rules that contradict each other, the answer is no answer."""
        options = self.expected(options)
        valid = (self.name, options, mode, False) in case.found
        invalid = (self.name, options, mode, True) in case.found
        return "contradiction" if valid == invalid else valid

    def says(self, case, options):
        options = self.expected(options)
        return {number for number in CLASSES
                if (self.name, options, number) in case.found}


class Xt1Ipsec(Xt1):
    """The same, with IPsec not exempt"""
    exempts_ipsec = False


class FibRpf(Means):
    """nft fib ... rpf"""
    name = "nft fib rpf"

    def rules(self):
        for options in OPTIONS:
            yield nft.Rule((self.name, options), EVERYWHERE, b"",
                           (nft.fib(nft.NFT_FIB_RESULT_RPF,
                                    fib_flags(options) | nft.FIB_IIF),))

    def answer(self, case, mode, options):
        return case.found[self.name, options][0] in MODES[mode]

    def says(self, case, options):
        return {case.found[self.name, options][0]}


class FibFlags(Means):
    """nft fib ... oif, with the flags that stock does not have"""
    name = "nft fib flags"

    def rules(self):
        for options in OPTIONS:
            flags = fib_flags(options)
            asked = [flags | nft.FIB_IIF | nft.FIB_FEASIBLE]
            if self.is_new(options):
                asked += [flags | nft.FIB_IIF, flags]
            yield nft.Rule((self.name, options), EVERYWHERE, b"", tuple(
                nft.fib(nft.NFT_FIB_RESULT_OIF, flags) for flags in asked))

    @staticmethod
    def is_new(options):
        return options.no_default or options.accept_local or options.l4

    def answer(self, case, mode, options):
        if mode != "feasible" and not self.is_new(options):
            return None
        place = ("feasible", "strict", "loose").index(mode)
        device = case.found[self.name, options][place]
        if device and mode != "loose" and device != case.seen.iif_index:
            return "contradiction"
        return bool(device)


class Xt0(Means):
    """Revision 0 of rpfilter, which for IPv6 has feasible paths, too"""
    name = "xt rev 0"
    exempts_ipsec = True

    def rules(self):
        for loose in (0, nft.XT_LOOSE):
            for mark in (0, nft.XT_VALID_MARK):
                for local in (0, nft.XT_ACCEPT_LOCAL):
                    flags = loose | mark | local
                    yield nft.Rule((self.name, flags), ("prerouting",),
                                   nft.rpfilter0(flags))

    def answer(self, case, mode, options):
        if (options.no_default or options.l4 or
                case.seen.hook != "prerouting"):
            return None
        if mode == "feasible" and case.packet.src.version == 4:
            return None
        flags = (nft.XT_LOOSE * (mode == "loose") |
                 nft.XT_VALID_MARK * options.mark |
                 nft.XT_ACCEPT_LOCAL * options.accept_local)
        return (self.name, flags) in case.found


class Fib(Means):
    """nft fib as stock has it"""
    name = "nft fib"

    def rules(self):
        for mark in (0, nft.FIB_MARK):
            yield nft.Rule((self.name, bool(mark)), EVERYWHERE, b"", tuple(
                nft.fib(nft.NFT_FIB_RESULT_OIF, nft.FIB_SADDR | mark | flags)
                for flags in (nft.FIB_IIF, 0)))

    def answer(self, case, mode, options):
        if (options.no_default or options.accept_local or options.l4 or
                mode == "feasible"):
            return None
        return bool(case.found[self.name, options.mark][mode == "loose"])


class Sysctl(Means):
    """rp_filter, of which the rest of the kernel sees what it lets pass"""
    name = "sysctl rp_filter"
    exempts_ipsec = True
    MODES = {"strict": 1, "loose": 2}

    def rules(self):
        return ()

    def answer(self, case, mode, options):
        if options.no_default or mode not in self.MODES:
            return None
        return case.delivered.get((self.MODES[mode], options.accept_local,
                                   options.mark))


NEW = (Xt1(), FibFlags(), FibRpf())
STOCK = (Xt0(), Fib(), Sysctl())
# What only some topologies are for
SPECIAL = {
    "VRF": Xt1("xt rev 1 --vrf", tuple(
        Options(vrf=name, no_default=no_default)
        for name in ("vrf0", "missing", "pa")
        for no_default in (False, True))),
    "IPsec": Xt1Ipsec("xt rev 1 --no-ipsec-exempt"),
}


def class_names(numbers):
    return "+".join(rpf_model.CLASS_NAMES.get(number, str(number))
                    for number in sorted(numbers)) or "no class"

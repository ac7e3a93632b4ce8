# SPDX-License-Identifier: GPL-2.0
"""Find out what a kernel says about the packets of a topology."""

import collections
import functools
import itertools
import time
from typing import NamedTuple

import rpf_nft as nft
import rpf_topology
from rpf_lab import netstat, sysctl
from rpf_model import Links, Place

MARKED = 0x80           # high byte of the numbers of packets with a mark
# Of tunnels, what is inside is looked at.
OUTER_PROTOCOLS = (4, 41, 50)
WAIT_SECONDS = 2
# To know where a packet was, and where to it is forwarded
IN = nft.Rule(("in",), tuple(nft.HOOKS))
OUT = nft.Rule(("out",), ("forward",), b"", (nft.output_device,))
DELIVERED = nft.Rule(("delivered",), ("input", "forward"))
COUNTER = "IPReversePathFilter"


class Case(NamedTuple):
    """What a kernel noted down for a packet at one place."""
    packet: object
    seen: Place
    found: dict             # {key of a rule: results}
    delivered: dict         # {(rp_filter, accept_local, mark): bool}
    leaves: str             # device it is forwarded to, if it is


@functools.lru_cache(maxsize=None)
def rule_set(version, means):
    """The rules of all @means, and those that tell where a packet was"""
    return make_rule_set(version, [OUT, IN, *(
        rule for one in means for rule in one.rules())])


@functools.lru_cache(maxsize=None)
def delivered_set(version):
    return make_rule_set(version, [DELIVERED])


def make_rule_set(version, rules):
    """@rules, that do not see tunnels; packets with a mark get it first."""
    first = [nft.accept_proto(proto) for proto in OUTER_PROTOCOLS]
    first.append(nft.mark_of(MARKED, rpf_topology.MARK, version))
    return nft.RuleSet(version, rules, first)


class Drops(NamedTuple):
    """What rp_filter made of packets that come through without it."""
    counted: int
    lost: frozenset


def as_forwarded(packet):
    """All but the source decides if a packet can get anywhere."""
    return packet._replace(dev="", src=None)


class Measurement:
    """A topology, what ip(8) says about it, and what the rules noted down."""

    def __init__(self, version, name, means):
        self.version = version
        self.rule_set = rule_set(version, tuple(means))
        self.runs = {}
        self.drops = []
        self.lab, self.packets = rpf_topology.build(version, name)
        try:
            self.state = self.lab.settled_state()
            self.links = Links(self.state["link"])
            self.client = nft.Client(version)
            try:
                self.measure()
            finally:
                self.client.close()
        finally:
            self.lab.close()

    def measure(self):
        self.numbers = self.number_packets()
        self.client.commit(self.rule_set)
        self.records = self.send()
        if self.version == 4:
            self.measure_sysctl()

    def number_packets(self):
        plain, marked = itertools.count(1), itertools.count(MARKED << 8)
        return {next(marked if packet.mark else plain): packet
                for packet in self.packets}

    def send(self, complete=True):
        """Send each packet; return the records when they are complete."""
        for number, packet in self.numbers.items():
            self.lab.send(packet, number)
        time.sleep(self.lab.delay)
        end = time.monotonic() + WAIT_SECONDS
        records = self.client.records()
        while (complete and self.numbers.keys() - records.keys() and
               time.monotonic() < end):
            time.sleep(0.05)
            records = self.client.records()
        return records

    def measure_sysctl(self):
        """Find out what rp_filter lets pass, in each way to set it."""
        before = self.delivered(self.records)
        known = {(as_forwarded(packet), iif)
                 for number, packet in self.numbers.items()
                 for iif in before.get(number, ())}
        has_marks = any(packet.mark for packet in self.packets)
        for mark, local, mode in itertools.product(
                (False, True) if has_marks else (False,), (False, True),
                (1, 2)):
            sysctl("net.ipv4.conf.all.src_valid_mark", int(mark))
            sysctl("net.ipv4.conf.all.accept_local", int(local))
            sysctl("net.ipv4.conf.all.rp_filter", mode)
            counted = netstat(COUNTER)
            self.client.commit(delivered_set(self.version))
            now = self.delivered(self.send(complete=False))
            self.drops.append(Drops(
                netstat(COUNTER) - counted,
                frozenset(self.numbers[number]
                          for number in before.keys() - now.keys())))
            self.runs[mode, local, mark] = known, now
            if not has_marks:
                self.runs[mode, local, True] = known, now

    def delivered(self, records):
        """{number: input devices} of what came as far as that."""
        found = collections.defaultdict(set)
        for number in records.keys() & self.numbers.keys():
            for hook, iif in records[number]:
                if hook != "prerouting":
                    found[number].add(iif)
        return dict(found)

    def unseen(self):
        return [packet for number, packet in self.numbers.items()
                if number not in self.records]

    def ways_out(self):
        """{packet of any source: device it leaves through}: there are some
        that do not, because of their source.
        """
        return {self.numbers[number]._replace(src=None):
                self.links.name(results[0][0])
                for number, places in self.records.items()
                if number in self.numbers
                for (hook, _), results in places.items()
                if hook == "forward"}

    def cases(self):
        rules = self.rule_set.rules
        ways_out = self.ways_out()
        for number in self.numbers.keys() & self.records.keys():
            packet, places = self.numbers[number], self.records[number]
            leaves = ways_out.get(packet._replace(src=None), "")
            for (hook, iif), results in places.items():
                place = Place(hook, self.links.name(iif), iif,
                              leaves if hook == "forward" else "",
                              packet.ipsec)
                yield Case(packet, place,
                           {rules[rule].key: result
                            for rule, result in results.items()},
                           self.delivery(number, packet, iif), leaves)

    def delivery(self, number, packet, iif):
        return {run: iif in now.get(number, ())
                for run, (known, now) in self.runs.items()
                if (as_forwarded(packet), iif) in known}

# SPDX-License-Identifier: GPL-2.0
"""Why the means of a stock kernel answer otherwise: its known gaps.

A gap is a change of the model. An answer is explained by a gap if the model,
with that change, gives it, too: no gap explains more than it has to.
"""

import itertools

import rpf_model
from rpf_model import (LOCAL, LOOSE, MARTIAN, MODES, RTN_LOCAL, RTN_THROW,
                       RTN_UNICAST, STRICT, Found, Model, Route)
from rpf_packet import NEXT_FRAGMENT

# D1 to D14 are those of the gap list, the others have been found here.
GAPS = {
    "D1": "no exemption of IPsec",
    "D2": "rules do not see protocol or ports, or always do",
    "D3": "a route without carrier is none",
    "D4": "a source that is no unicast address is looked up like any other",
    "D5": "a local source is never, or always, valid",
    "D6": "rules see another input device than the reverse flow has",
    "D8": "a route with a worse metric is as good",
    "D9": "of several nexthops one counts",
    "D13": "bridged frames are looked up",
    "D14": "a suppressing rule does not suppress",
    "E1": "a packet from :: is always valid, or only if it is ICMPv6",
    "E2": "a throw route ends the lookup",
    "E3": "loose is strict on a device without an address",
    "E4": "a loopback address is no source, even if local ones are",
    "E5": "a link-local source is looked up by the VRF, not by its port",
    "E6": "IPsec exempts from rp_filter, not from what is checked besides",
    "E7": "of a VRF, the port is the input device in all hooks",
}

# Which gaps a means has, by family
OF_MEANS = {
    (4, "xt rev 0"): "D1 D2 D4 D13",
    (6, "xt rev 0"): "D1 D2 D4 D5 D8 D13 E1",
    (4, "nft fib"): "D2 D4 D6 D13",
    (6, "nft fib"): "D3 D4 D6 D9 D13 D14 E1 E2 E5",
    (4, "sysctl rp_filter"): "D2 D3 D4 D6 D13 E3 E4 E6 E7",
}


class GapModel(Model):
    """The model with some gaps of a means"""

    def __init__(self, version, state, means, gaps):
        super().__init__(version, state)
        self.means = means
        self.gaps = gaps
        self.numbered = {link["ifname"] for link in state["addr"]
                         if link.get("addr_info")}
        self.loose = False

    def valid(self, case, mode, options):
        self.loose = mode == "loose"
        if "E6" in self.gaps and case.seen.ipsec:
            found = self.classify(case.packet, case.seen,
                                  options._replace(ipsec=False))
            return found not in (LOCAL, MARTIAN)
        found = self.classify(case.packet, self.place(case), options)
        if "E4" in self.gaps and case.packet.src.is_loopback:
            return False
        if "E3" in self.gaps and self.place(case).iif not in self.numbered:
            mode = "strict"
        if "D5" in self.gaps and found == LOCAL:
            return options.accept_local
        return found in MODES[mode]

    def place(self, case):
        seen = case.seen
        if "E7" in self.gaps and self.links.is_vrf(seen.iif):
            seen = seen._replace(iif=case.packet.dev)
        if "D6" in self.gaps:
            seen = seen._replace(oif="" if seen.oif else case.leaves)
        return seen

    def is_exempt(self, packet, seen, options):
        if "D1" in self.gaps:
            options = options._replace(ipsec=False)
        if "E1" in self.gaps and packet.src.is_unspecified:
            return (self.means == "xt rev 0" or
                    packet.proto == rpf_model.ICMPV6)
        return super().is_exempt(packet, seen, options)

    def is_bridged(self, packet, seen):
        return "D13" not in self.gaps and super().is_bridged(packet, seen)

    def is_martian(self, source):
        return "D4" not in self.gaps and super().is_martian(source)

    def is_usable(self, route):
        return super().is_usable(route) and (
            "D3" not in self.gaps or not route.devices or
            any(map(self.links.has_carrier, route.devices)))

    def is_suppressed(self, rule, route):
        return "D14" not in self.gaps and super().is_suppressed(rule, route)

    def flow(self, packet, seen, options):
        if "D2" in self.gaps and self.means == "sysctl rp_filter":
            options = options._replace(l4=True)
        flow = super().flow(packet, seen, options)
        if "D2" in self.gaps and self.means == "xt rev 0":
            flow = flow._replace(proto=first_header(packet))
        if "E5" in self.gaps and flow.oif:
            flow = flow._replace(oif=seen.iif)
        if "D8" in self.gaps and not flow.oif and not self.loose:
            flow = flow._replace(oif=seen.iif)
        return flow

    def search(self, table, flow):
        if "D8" in self.gaps and not flow.dst.is_link_local:
            return self.prefer_device(table, flow)
        if "E2" in self.gaps:
            found = super().search(table, flow)
            if found.route and found.route.type == RTN_THROW:
                return Found("drop")
        return super().search(table, flow)

    def prefer_device(self, table, flow):
        """Of routes to the longest prefix that by the input device"""
        anywhere = flow._replace(oif="")
        found = sorted((route for route in self.routes.get(table, ())
                        if self.is_usable(route) and route.matches(anywhere)),
                       key=Route.rank)
        best = [route for route in found if route.net == found[0].net and
                route.source == found[0].source]
        for route in best:
            if flow.oif in route.devices and route.type == RTN_UNICAST:
                return Found("route", route)
        return super().search(table, anywhere)

    def compare(self, found, iif, options):
        if "D4" in self.gaps and found.route.type not in (RTN_LOCAL,
                                                          RTN_UNICAST):
            served = self.links.serve(found.route.devices, iif)
            return STRICT if served else LOOSE
        if "D5" in self.gaps and found.route.type == RTN_LOCAL:
            return LOCAL
        if "D9" in self.gaps and len(found.route.devices) > 1:
            return LOOSE        # another one than that of the packet
        return super().compare(found, iif, options)


def first_header(packet):
    """What IPv6 names first; of IPv4, rules do not even see the protocol."""
    if packet.src.version == 4:
        return 0
    if packet.fragment:
        return NEXT_FRAGMENT
    return packet.extension if packet.extension >= 0 else packet.proto


class Explainer:
    """Explains answers to packets in one topology."""

    def __init__(self, version, state):
        self.models = {}
        self.version = version
        self.state = state

    def model(self, means, gaps):
        if (means, gaps) not in self.models:
            self.models[means, gaps] = GapModel(
                self.version, self.state, means, gaps)
        return self.models[means, gaps]

    def explain(self, case, means, mode, options, answer):
        """The gaps, as few as will do, that make the model say @answer."""
        known = OF_MEANS[self.version, means.name].split()
        options = means.expected(options)
        for size in (1, 2):
            for gaps in itertools.combinations(known, size):
                model = self.model(means.name, gaps)
                if model.valid(case, mode, options) == answer:
                    return gaps
        return ()

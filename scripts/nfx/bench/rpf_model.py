# SPDX-License-Identifier: GPL-2.0
"""What the reverse path of a packet is: a model that tries every route.

It is written from RFC 3704, ip-rule(8), ip-route(8) and nf_rpf.rst, and knows
of the kernel under test only what ip(8) reads back from it: links, addresses,
routes, rules and nexthops. It does not know how a lookup works: it looks at
each route of a table and keeps those that match.
"""

import ipaddress
from typing import NamedTuple

(EXEMPT, STRICT, FEASIBLE, LOOSE, DEFAULT, LOCAL, MARTIAN, DROP_NEXTHOP,
 NONE) = CLASSES = range(1, 10)
CLASS_NAMES = dict(zip(CLASSES, (
    "exempt", "strict", "feasible", "loose", "default", "local", "martian",
    "drop-nexthop", "none")))

# What is a valid source is a set of classes.
MODES = {"strict": {EXEMPT, STRICT},
         "feasible": {EXEMPT, STRICT, FEASIBLE},
         "loose": {EXEMPT, STRICT, FEASIBLE, LOOSE}}

# Numbers of rtnetlink(7): types of routes, actions of rules
(RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST, RTN_MULTICAST,
 RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW) = range(1, 10)
DROPPING = {RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT}
FR_ACT_BLACKHOLE, FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT = 6, 7, 8
RULE_DROPS = {FR_ACT_BLACKHOLE, FR_ACT_PROHIBIT}

ICMPV6 = 58
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": ICMPV6}
TOS_MASK = {4: 0x1c, 6: 0xfc}
PREFERENCE = {"high": 0, "medium": 1, "low": 2}


class Flow(NamedTuple):
    """The reverse flow, as routes and rules see it."""
    dst: object
    src: object             # None if that is no unicast address
    iif: str
    oif: str = ""           # of a link-local destination
    mark: int = 0
    tos: int = 0
    proto: int = 0
    sport: int = 0
    dport: int = 0
    l3mdev: int = 0


class Place(NamedTuple):
    """Where a packet was seen."""
    hook: str
    iif: str
    iif_index: int
    oif: str = ""
    ipsec: bool = False     # decrypted


class Found(NamedTuple):
    """Result of a lookup: route and alternatives, or why there is none."""
    kind: str               # "route", "drop" or "none"
    route: object = None
    others: tuple = ()


class Options(NamedTuple):
    """What a rule can ask for."""
    no_default: bool = False
    accept_local: bool = False
    mark: bool = False
    l4: bool = False
    ipsec: bool = False     # what came by IPsec is exempt
    vrf: str = ""           # look up in this one


class Route:
    """One route, with the devices of all its nexthops."""

    def __init__(self, entry, version, nexthops):
        self.version = version
        self.type = int(entry.get("type", RTN_UNICAST))
        self.table = int(entry["table"])
        self.net = network(entry["dst"], version)
        self.source = network(entry.get("from", "default"), version)
        self.metric = int(entry.get("metric", 0))
        self.tos = int(entry.get("tos", "0"), 0)
        self.preference = PREFERENCE[entry.get("pref", "medium")]
        hops = entry.get("nexthops")
        if not hops:
            hops = [entry] if "dev" in entry else []
        if "nhid" in entry:
            hops = nexthops.hops(entry["nhid"])
        self.devices = [hop["dev"] for hop in hops if "dev" in hop]

    def matches(self, flow):
        if self.tos and self.tos != flow.tos & TOS_MASK[self.version]:
            return False
        if self.source.prefixlen and (flow.src is None or
                                      flow.src not in self.source):
            return False
        if flow.oif and flow.oif not in self.devices:
            return False
        return flow.dst in self.net

    def rank(self):
        """Sorts the best of routes first, see ip-route(8)."""
        return (-self.net.prefixlen, -self.source.prefixlen, -self.tos,
                self.metric, self.preference)

    def same_prefix(self, other):
        return (self.net == other.net and self.source == other.source and
                self.type == other.type)


class Nexthops:
    """Nexthop objects, by number."""

    def __init__(self, entries):
        self.entries = {entry["id"]: entry for entry in entries}

    def hops(self, number):
        entry = self.entries[number]
        if "group" in entry:
            return [self.entries[member["id"]] for member in entry["group"]]
        return [entry]


def network(text, version):
    if text in ("default", "all"):
        text = "0.0.0.0/0" if version == 4 else "::/0"
    return ipaddress.ip_network(text)


def number(text):
    """What ip(8) prints for a number, with -N or where it has no name"""
    return int(str(text).removeprefix("ipproto-"), 0)


def protocol(text):
    """Some versions of ip(8) name it in spite of -N."""
    return PROTOCOLS.get(text) or number(text)


class Rule:
    """One rule, see ip-rule(8)."""

    def __init__(self, entry, version):
        self.version = version
        self.entry = entry
        self.priority = entry["priority"]
        self.source = self.network("src")
        self.destination = self.network("dst")
        self.action = number(entry.get("action", 1))
        self.goto = entry.get("goto")

    def network(self, name):
        entry = self.entry
        if entry.get(name, "all") == "all":
            return None
        bits = 32 if self.version == 4 else 128
        return ipaddress.ip_network(
            f"{entry[name]}/{entry.get(name + 'len', bits)}")

    def matches(self, flow, links):
        return self.selects(flow, links) != ("not" in self.entry)

    def selects(self, flow, links):
        return (self.selects_addresses(flow) and
                self.selects_links(flow, links) and
                self.selects_keys(flow))

    def selects_addresses(self, flow):
        if self.source and self.source.prefixlen and (
                flow.src is None or flow.src not in self.source):
            return False
        return not self.destination or flow.dst in self.destination

    def selects_links(self, flow, links):
        if "l3mdev" in self.entry and not flow.l3mdev:
            return False
        for name, device in (("iif", flow.iif), ("oif", flow.oif)):
            wanted = self.entry.get(name)
            if wanted is None or wanted == device:
                continue
            if name == "oif" or not links.is_vrf(wanted):
                return False
            if links.index(wanted) != flow.l3mdev:
                return False
        return True

    def selects_keys(self, flow):
        entry = self.entry
        if "fwmark" in entry:
            mask = int(entry.get("fwmask", "0xffffffff"), 0)
            if (flow.mark ^ int(entry["fwmark"], 0)) & mask:
                return False
        if "tos" in entry and (int(entry["tos"], 0) !=
                               flow.tos & TOS_MASK[self.version]):
            return False
        if "dscp" in entry and int(entry["dscp"], 0) != flow.tos >> 2:
            return False
        if "ipproto" in entry and protocol(entry["ipproto"]) != flow.proto:
            return False
        return (self.selects_port("sport", flow.sport) and
                self.selects_port("dport", flow.dport))

    def selects_port(self, name, port):
        if name in self.entry:
            return port == self.entry[name]
        if name + "_start" in self.entry:
            return (self.entry[name + "_start"] <= port <=
                    self.entry[name + "_end"])
        return True

    def table(self, flow, links):
        if "l3mdev" in self.entry:
            return links.vrf_table(flow.l3mdev)
        return int(self.entry["table"])

    def suppresses(self, route, links):
        length = self.entry.get("suppress_prefixlen", -1)
        if route.net.prefixlen <= length:
            return True
        group = self.entry.get("suppress_ifgroup")
        return group is not None and bool(route.devices) and (
            links.group(route.devices[0]) == str(group))


class Links:
    """Devices, by name and number."""

    def __init__(self, entries):
        self.by_name = {entry["ifname"]: entry for entry in entries}
        self.by_index = {entry["ifindex"]: entry for entry in entries}

    def name(self, index):
        return self.by_index[index]["ifname"]

    def index(self, name):
        return self.by_name[name]["ifindex"]

    def group(self, name):
        return str(self.by_name[name].get("group", "0"))

    def has_carrier(self, name):
        return "LOWER_UP" in self.by_name[name]["flags"]

    def is_loopback(self, name):
        return "LOOPBACK" in self.by_name[name]["flags"]

    def kind(self, name):
        return self.by_name[name].get("linkinfo", {}).get("info_kind")

    def is_vrf(self, name):
        return name in self.by_name and self.kind(name) == "vrf"

    def vrf_of(self, name):
        """Number of the VRF @name is, or is a port of; or 0."""
        if self.is_vrf(name):
            return self.index(name)
        master = self.by_name[name].get("master")
        return self.index(master) if master and self.is_vrf(master) else 0

    def vrf_table(self, index):
        return int(self.by_index[index]["linkinfo"]["info_data"]["table"])

    def mac(self, name):
        return self.by_name[name].get("address")

    def serve(self, devices, name):
        """Is @name one of @devices, or the VRF of one?"""
        index = self.index(name)
        return any(device == name or
                   self.is_vrf(name) and self.vrf_of(device) == index
                   for device in devices)


class Model:
    """The state of a kernel, read back, and the answers that follow."""

    def __init__(self, version, state):
        self.version = version
        self.links = Links(state["link"])
        nexthops = Nexthops(state["nexthop"])
        self.routes = {}
        for entry in state["route"]:
            route = Route(entry, version, nexthops)
            self.routes.setdefault(route.table, []).append(route)
        self.rules = [Rule(entry, version) for entry in state["rule"]]
        self.found = {}

    def lookup(self, flow):
        if flow not in self.found:
            self.found[flow] = self.walk_rules(flow)
        return self.found[flow]

    def walk_rules(self, flow):
        least = -1
        for rule in self.rules:
            if rule.priority < least or not rule.matches(flow, self.links):
                continue
            if rule.goto is not None:
                least = rule.goto
                continue
            if "nop" in rule.entry:
                continue
            if rule.action == FR_ACT_UNREACHABLE:
                # the same error as without any route
                return Found("none")
            if rule.action in RULE_DROPS:
                return Found("drop")
            found = self.search(rule.table(flow, self.links), flow)
            if found.kind == "none" or (
                    found.kind == "route" and
                    self.is_suppressed(rule, found.route)):
                continue
            return found
        return Found("none")

    def is_suppressed(self, rule, route):
        return rule.suppresses(route, self.links)

    def is_usable(self, route):
        """The state of a link does not matter; of one that is down, there
        are no routes.
        """
        return True

    def search(self, table, flow):
        """Of all routes of @table that match, the best and those beside."""
        matching = sorted((route for route in self.routes.get(table, ())
                           if self.is_usable(route) and route.matches(flow)),
                          key=Route.rank)
        if not matching:
            return Found("none")
        best = matching[0]
        if best.type == RTN_THROW:
            return Found("none", best)
        if best.type in DROPPING:
            return Found("drop", best)
        return Found("route", best, tuple(
            route for route in matching[1:] if route.same_prefix(best)))

    def flow(self, packet, seen, options):
        """The reverse flow of @packet where it was @seen."""
        l3mdev = self.links.vrf_of(seen.iif)
        if not l3mdev and seen.oif:
            # a reply would come from there
            l3mdev = self.links.vrf_of(seen.oif)
        if options.vrf:
            l3mdev = self.links.index(options.vrf)
        oif = ""
        if packet.src.version == 6 and packet.src.is_link_local:
            oif = seen.iif if not self.links.is_vrf(seen.iif) else packet.dev
        ports = packet.ports if options.l4 and not packet.fragment else (0, 0)
        return Flow(dst=packet.src,
                    src=packet.dst if is_unicast(packet.dst) else None,
                    iif=seen.oif or "lo", oif=oif,
                    mark=packet.mark if options.mark else 0,
                    tos=packet.tos, proto=packet.proto,
                    sport=ports[1], dport=ports[0], l3mdev=l3mdev)

    def is_exempt(self, packet, seen, options):
        if self.links.is_loopback(seen.iif):
            return True
        if options.ipsec and seen.ipsec:
            return True
        if self.is_bridged(packet, seen):
            return True
        if packet.src.version == 4:
            return (packet.src.is_unspecified and
                    (packet.dst == LIMITED_BROADCAST or
                     packet.dst in LOCAL_MULTICAST))
        return (packet.src.is_unspecified and packet.dst.is_multicast and
                packet.dst.packed[1] & 0xf <= LINK_SCOPE)

    def is_bridged(self, packet, seen):
        """Is this a frame on its way from port to port of a bridge?"""
        if self.links.kind(seen.iif) != "bridge" or not packet.mac:
            return False
        if seen.oif:
            return seen.oif == seen.iif
        is_group = int(packet.mac[:2], 16) & 1
        return (seen.hook == "prerouting" and not is_group and
                packet.mac not in map(self.links.mac,
                                      (seen.iif, packet.dev)))

    def is_martian(self, source):
        """Is it known to be no host, whatever the routes?"""
        return not is_unicast(source)

    def classify(self, packet, seen, options):
        """The class of @packet where it was @seen, with @options."""
        if options.vrf and not self.links.is_vrf(options.vrf):
            return NONE
        if self.is_exempt(packet, seen, options):
            return EXEMPT
        if self.is_martian(packet.src):
            return MARTIAN
        found = self.lookup(self.flow(packet, seen, options))
        if found.kind == "none":
            return NONE
        if found.kind == "drop":
            return DROP_NEXTHOP
        return self.compare(found, seen.iif, options)

    def compare(self, found, iif, options):
        """The class of a packet from @iif whose source has a route."""
        best = found.route
        if best.type == RTN_LOCAL and not options.accept_local:
            return LOCAL
        if best.type not in (RTN_LOCAL, RTN_UNICAST):
            return MARTIAN
        if options.no_default and not best.net.prefixlen:
            return DEFAULT
        if self.links.serve(best.devices, iif):
            return STRICT
        if any(self.links.serve(route.devices, iif)
               for route in found.others):
            return FEASIBLE
        return LOOSE


LIMITED_BROADCAST = ipaddress.ip_address("255.255.255.255")
LOCAL_MULTICAST = ipaddress.ip_network("224.0.0.0/24")
LINK_SCOPE = 2


def is_unicast(address):
    """Can this be the address of one host, wherever that is?"""
    return not (address.is_multicast or address.is_unspecified or
                address == LIMITED_BROADCAST)

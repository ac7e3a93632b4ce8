# SPDX-License-Identifier: GPL-2.0
"""Topologies: what is configured, and the packets that are sent.

A topology is a function that configures a Lab with ip(8) and returns packets.
Packets enter through the ports pa, pb and pc; what is forwarded leaves
through pd.
"""

import ipaddress
import random
import socket

import rpf_esp
from rpf_lab import Lab, Unsupported, sysctl
from rpf_packet import (DPORT, NEXT_DESTINATION, NEXT_HOP_BY_HOP, SPORT, make)

ENTRIES = ("pa", "pb", "pc")
MARK = 7
DECAPSULATION = 0.2     # seconds until what was in packets has come
TOS = 0x10
OTHERS_MAC = "02:00:00:00:00:99"
BRIDGE_MAC = "02:00:00:00:00:aa"
GROUP_MAC = "ff:ff:ff:ff:ff:ff"

TOPOLOGIES = {}


def topology(name, versions=(4, 6), **lab):
    """Decorates a function that is topology @name, with options of Lab."""
    def register(function):
        for version in versions:
            TOPOLOGIES[version, name] = (function, lab)
        return function
    return register


def build(version, name):
    """Return (Lab, packets) of a topology; the process is in it."""
    function, options = TOPOLOGIES[version, name]
    lab = Lab(version, **options)
    try:
        packets = function(lab)
        lab.apply()
    except Unsupported:
        lab.close()
        raise
    return lab, packets


def sources(net):
    """Inside and outside of all routes, neighbours and this host."""
    return (net.src, net.src2, net.stranger, net.on_link("pa", 9),
            net.own("pa"), net.not_unicast("pa"))


def cross(lab, addresses=None, entries=ENTRIES, **more):
    """Each source through each port, to be forwarded; some to the host."""
    net = lab.net
    addresses = addresses or sources(net)
    packets = [make(entry, address, net.dst, **more)
               for address in addresses for entry in entries]
    packets += [make(entry, addresses[0], net.host, **more)
                for entry in entries]
    return packets


@topology("one route")
def one_route(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    return cross(lab)


@topology("classic multipath")
def classic_multipath(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} nexthop via {net.gateway('pa')} dev pa "
           f"nexthop via {net.gateway('pb')} dev pb")
    return cross(lab)


@topology("nexthop group")
def nexthop_group(lab):
    lab.numbered()
    lab.ip("nexthop add id 1 dev pa")
    lab.ip("nexthop add id 2 dev pb")
    lab.ip("nexthop add id 3 dev pc")
    lab.ip("nexthop add id 10 group 1/2", family=False)
    lab.ip(f"route add {lab.net.net} nhid 10 metric 10")
    lab.ip(f"route add {lab.net.net} nhid 3 metric 20")
    lab.ip(f"route add {lab.net.subnet} nhid 1")
    return cross(lab)


@topology("nexthop object")
def nexthop_object(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"nexthop add id 1 via {net.gateway('pa')} dev pa")
    lab.ip(f"route add {net.net} nhid 1")
    return cross(lab)


@topology("blackhole nexthop")
def blackhole_nexthop(lab):
    net = lab.net
    lab.numbered()
    lab.ip("nexthop add id 1 blackhole")
    lab.ip(f"route add {net.net} dev pa")
    lab.ip(f"route add {net.subnet} nhid 1")
    return cross(lab)


@topology("nexthop that becomes a blackhole")
def nexthop_becomes_blackhole(lab):
    lab.numbered()
    lab.ip("nexthop add id 1 dev pa")
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.subnet} nhid 1")
    lab.ip("nexthop replace id 1 blackhole")
    return cross(lab)


def metrics(lab, *ports):
    lab.numbered()
    for metric, port in enumerate(ports, 1):
        lab.ip(f"route add {lab.net.net} dev {port} metric {metric * 10}")
    lab.ip(f"route add {lab.net.any} dev pd")


@topology("two metrics")
def two_metrics(lab):
    metrics(lab, "pa", "pb")
    return cross(lab)


@topology("three metrics")
def three_metrics(lab):
    metrics(lab, "pc", "pa", "pb")
    return cross(lab)


@topology("two metrics, blackhole last")
def metrics_blackhole_last(lab):
    metrics(lab, "pa", "pb")
    lab.ip(f"route add blackhole {lab.net.net} metric 30")
    return cross(lab)


@topology("two metrics, blackhole first")
def metrics_blackhole_first(lab):
    metrics(lab, "pa", "pb")
    lab.ip(f"route add blackhole {lab.net.net} metric 5")
    return cross(lab)


@topology("two metrics, first one down")
def metrics_down(lab):
    metrics(lab, "pc", "pb", "pa")
    lab.ip("link set dev pc down")
    return cross(lab, entries=("pa", "pb"))


@topology("two metrics, first one without carrier")
def metrics_no_carrier(lab):
    for family in ("ipv4", "ipv6"):
        sysctl(f"net.{family}.conf.all.ignore_routes_with_linkdown", 1)
    metrics(lab, "pc", "pb", "pa")
    lab.apply()
    lab.carrier_off("pc")
    return cross(lab)


@topology("multipath, one down")
def multipath_down(lab):
    classic_multipath(lab)
    lab.ip("link set dev pb down")
    return cross(lab, entries=("pa", "pc"))


@topology("two metrics of a multipath route")
def metrics_multipath(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} dev pc metric 10")
    lab.ip(f"route add {net.net} metric 20 "
           f"nexthop via {net.gateway('pa')} dev pa "
           f"nexthop via {net.gateway('pb')} dev pb")
    return cross(lab)


@topology("two subnets alike")
def same_subnet(lab):
    """One subnet on two ports; neither route has a metric that is better."""
    net = lab.net
    lab.numbered()
    for port in ("pa", "pb"):
        lab.ip(f"route append {net.net} dev {port} metric 10")
    return cross(lab)


@topology("DSCP", versions=(4,))
def dscp(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa tos {TOS:#x}")
    lab.ip(f"route add {lab.net.net} dev pb tos {TOS:#x} metric 10")
    lab.ip(f"route add {lab.net.net} dev pb")
    lab.ip(f"route add {lab.net.net} dev pc metric 10")
    return (cross(lab, (lab.net.src,)) + cross(lab, (lab.net.src,), tos=TOS) +
            cross(lab, (lab.net.src,), tos=TOS | 0xe0) +
            cross(lab, (lab.net.src,), tos=0x08))


@topology("DSCP rule")
def dscp_rule(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip(f"rule add tos {TOS:#x} table 100")
    return cross(lab) + cross(lab, tos=TOS)


@topology("default route")
def default_route(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.any} dev pa")
    return cross(lab)


@topology("default route, two metrics")
def default_metrics(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.any} dev pa metric 10")
    lab.ip(f"route add {lab.net.any} dev pb metric 20")
    return cross(lab)


@topology("more specific elsewhere")
def more_specific(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.subnet} dev pa")
    lab.ip(f"route add {lab.net.net} dev pb")
    lab.ip(f"route add {lab.net.any} dev pc")
    return cross(lab)


def dropped(lab, kind):
    lab.numbered()
    lab.ip(f"route add {kind} {lab.net.subnet}")
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.any} dev pb")
    return cross(lab)


@topology("blackhole")
def blackhole(lab):
    return dropped(lab, "blackhole")


@topology("prohibit")
def prohibit(lab):
    return dropped(lab, "prohibit")


@topology("unreachable")
def unreachable(lab):
    return dropped(lab, "unreachable")


@topology("throw")
def throw(lab):
    """Of a table, and of main, after which there is nothing."""
    lab.numbered()
    lab.ip(f"route add throw {lab.net.subnet} table 100")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip("rule add pref 100 table 100")
    return cross(lab)


@topology("throw without rules")
def throw_main(lab):
    lab.numbered()
    lab.ip(f"route add throw {lab.net.subnet}")
    lab.ip(f"route add {lab.net.net} dev pa")
    return cross(lab)


def rule_drop(lab, action):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"rule add pref 100 to {lab.net.subnet} {action}")
    return cross(lab)


@topology("blackhole rule")
def blackhole_rule(lab):
    return rule_drop(lab, "blackhole")


@topology("prohibit rule")
def prohibit_rule(lab):
    return rule_drop(lab, "prohibit")


@topology("unreachable rule")
def unreachable_rule(lab):
    return rule_drop(lab, "unreachable")


@topology("mark rule")
def mark_rule(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip(f"rule add fwmark {MARK} table 100")
    marked = cross(lab, (lab.net.src, lab.net.stranger), mark=MARK)
    return cross(lab, (lab.net.src2,)) + marked


def l4_lab(lab, rule):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip(f"rule add pref 100 {rule} table 100")
    tcp, icmp = socket.IPPROTO_TCP, socket.IPPROTO_ICMP
    if lab.version == 6:
        icmp = socket.IPPROTO_ICMPV6
    one = (lab.net.src,)
    packets = cross(lab) + cross(lab, one, ports=(DPORT, SPORT))
    packets += cross(lab, one, proto=tcp)
    packets += cross(lab, one, proto=icmp, ports=(0, 0))
    packets += cross(lab, one, fragment=True)
    if lab.version == 6:
        packets += cross(lab, one, extension=NEXT_DESTINATION)
        packets += cross(lab, one, extension=NEXT_HOP_BY_HOP)
    return packets


@topology("protocol rule")
def protocol_rule(lab):
    return l4_lab(lab, "ipproto udp")


@topology("port rule, source")
def source_port_rule(lab):
    return l4_lab(lab, f"ipproto udp sport {DPORT}")


@topology("port rule, destination")
def destination_port_rule(lab):
    return l4_lab(lab, f"ipproto udp dport {SPORT}")


@topology("port rule, both, ranges")
def port_range_rule(lab):
    return l4_lab(lab, f"sport {DPORT - 2}-{DPORT + 2} "
                       f"dport {SPORT - 1}-{SPORT}")


@topology("port rule, inverted")
def inverted_port_rule(lab):
    return l4_lab(lab, f"not sport {DPORT}")


@topology("suppress_prefixlength")
def suppress_prefixlength(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.any} dev pa")
    lab.ip(f"route add {lab.net.subnet} dev pc")
    lab.ip(f"route add {lab.net.any} dev pb table 100")
    lab.ip("rule add pref 101 table 100")
    lab.ip("rule add pref 100 table main suppress_prefixlength 0")
    return cross(lab)


@topology("suppress_prefixlength and a blackhole")
def suppress_blackhole(lab):
    lab.numbered()
    lab.ip(f"route add blackhole {lab.net.net}")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip("rule add pref 101 table 100")
    lab.ip("rule add pref 100 table main suppress_prefixlength 48")
    return cross(lab)


@topology("suppress_ifgroup")
def suppress_ifgroup(lab):
    lab.numbered()
    lab.ip("link set dev pa group 7")
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.any} dev pc")
    lab.ip(f"route add {lab.net.any} dev pb table 100")
    lab.ip("rule add pref 101 table 100")
    lab.ip("rule add pref 100 table main suppress_ifgroup 7")
    return cross(lab)


@topology("iif rule")
def iif_rule(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip("rule add pref 100 iif pd table 100")
    return cross(lab)


@topology("iif lo rule")
def iif_lo_rule(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip("rule add pref 100 iif lo table 100")
    return cross(lab)


@topology("oif rule")
def oif_rule(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.net} dev pb table 100")
    lab.ip("rule add pref 100 oif pa table 100")
    return cross(lab)


@topology("from rule")
def from_rule(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} dev pa")
    lab.ip(f"route add {net.net} dev pb table 100")
    lab.ip(f"route add {net.net} dev pc table 101")
    lab.ip(f"rule add pref 100 from {net.dst} table 100")
    group = "224.0.0.1" if net.version == 4 else "ff02::1"
    lab.ip(f"rule add pref 101 from {group} table 101")
    return cross(lab) + [make(port, net.src, group) for port in ENTRIES]


@topology("to rule")
def to_rule(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} dev pa")
    lab.ip(f"route add {net.net} dev pb table 100")
    lab.ip(f"rule add pref 100 to {net.subnet} table 100")
    return cross(lab)


@topology("goto")
def goto(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} dev pa")
    lab.ip(f"route add {net.net} dev pb table 100")
    lab.ip(f"route add {net.any} dev pc table 101")
    lab.ip("rule add pref 300 table 100")
    lab.ip("rule add pref 200 table 101")
    lab.ip(f"rule add pref 100 to {net.subnet} goto 300")
    lab.ip("rule add pref 90 goto 95")
    return cross(lab)


@topology("inverted rule")
def inverted_rule(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} dev pa")
    lab.ip(f"route add {net.any} dev pb table 100")
    lab.ip(f"rule add pref 100 not to {net.subnet} table 100")
    return cross(lab)


@topology("source-specific route", versions=(6,))
def source_specific(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} dev pa")
    lab.ip(f"route add {net.net} from {net.dst} dev pb metric 10")
    lab.ip(f"route add {net.net} from {net.dst} dev pc metric 20")
    lab.ip(f"route add {net.subnet} from {net.host} dev pc")
    return cross(lab)


@topology("unnumbered")
def unnumbered(lab):
    net = lab.net
    lab.ip(f"addr add {net.host} dev lo")
    lab.ip(f"route add {net.dst} dev pd")
    lab.ip(f"route add {net.net} dev pa metric 10")
    lab.ip(f"route add {net.net} dev pb metric 20")
    return cross(lab, (net.src, net.src2, net.stranger, net.host))


@topology("link-local", versions=(6,))
def link_local(lab):
    lab.numbered()
    lab.ip("addr add fe80::1 dev pa nodad")
    lab.ip("addr flush dev pc")
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.any} dev pb")
    return [make(port, src, dst) for port in ENTRIES
            for src in ("fe80::1", "fe80::9") for dst in
            ("ff02::1", lab.net.host, lab.net.dst)]


@topology("no address yet", versions=(4,))
def no_address4(lab):
    """DHCP and IGMP, and what is neither"""
    lab.numbered("pa")
    lab.ip(f"route add {lab.net.any} dev pb")
    return [make(port, src, dst) for port in ENTRIES
            for src in ("0.0.0.0", "0.1.2.3", lab.net.src)
            for dst in ("255.255.255.255", "224.0.0.1", "224.0.0.22",
                        "239.1.1.1", lab.net.own("pa"))]


@topology("no address yet", versions=(6,))
def no_address6(lab):
    """Duplicate address detection, MLD, and what is neither"""
    lab.numbered()
    lab.ip(f"route add {lab.net.any} dev pb")
    packets = [make(port, "::", dst) for port in ENTRIES
               for dst in ("ff02::1:ff00:1", "ff02::16", "ff02::2",
                           "ff05::2", "ff0e::1", lab.net.host)]
    packets += [make(port, "::", "ff02::1:ff00:1",
                     proto=socket.IPPROTO_ICMPV6) for port in ENTRIES]
    packets += [make(port, "::", "ff02::16", proto=socket.IPPROTO_ICMPV6,
                     extension=NEXT_HOP_BY_HOP) for port in ENTRIES]
    return packets


@topology("to a group")
def to_group(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.net} dev pa metric 10")
    lab.ip(f"route add {net.net} dev pb metric 20")
    groups = ["224.0.0.1", "239.1.1.1", "255.255.255.255", "10.0.1.255"]
    if net.version == 6:
        groups = ["ff02::1", "ff05::1", "ff0e::1"]
    return [make(port, src, dst) for port in ENTRIES for dst in groups
            for src in (net.src, net.stranger, net.own("pa"))]


@topology("not unicast", versions=(4,))
def not_unicast(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.any} dev pa")
    lab.ip("addr add 192.0.2.200/24 broadcast 192.0.2.255 dev pb")
    return cross(lab, ("224.0.0.1", "239.1.1.1", "255.255.255.255",
                       "0.0.0.0", "240.0.0.1", "192.0.2.255", "10.0.2.255",
                       "10.0.2.0"))


@topology("not unicast", versions=(6,))
def anycast(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"route add {net.any} dev pa")
    lab.ip(f"addr add {net.src2}/64 dev pb nodad")
    return cross(lab, ("::", net.not_unicast("pa"), net.not_unicast("pb"),
                       "2001:db8:1:8::"))


@topology("own addresses")
def own_addresses(lab):
    net = lab.net
    lab.numbered()
    lab.ip(f"addr add {net.src}/{32 if net.version == 4 else 128} dev lo")
    lab.ip(f"route add {net.any} dev pc")
    lab.ip(f"route add local {net.subnet} dev pb table local")
    return cross(lab, (net.src, net.own("pa"), net.own("pb"), net.own("pd"),
                       net.src2, sources(net)[3]))


@topology("own address twice")
def own_address_twice(lab):
    net = lab.net
    lab.numbered()
    for port in ("pa", "pb"):
        nodad = "" if net.version == 4 else "nodad"
        lab.ip(f"addr add {net.src}/{24 if net.version == 4 else 64} "
               f"dev {port} {nodad}")
    return cross(lab, (net.src, net.src2, net.not_unicast("pa")))


@topology("loopback source", versions=(4,))
def loopback_source(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.any} dev pa")
    return cross(lab, ("127.0.0.1", "127.1.2.3", lab.net.src))


@topology("loopback")
def loopback(lab):
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    return [make("lo", lab.net.own("pa"), lab.net.own("pb")),
            make("lo", lab.net.loopback, lab.net.loopback),
            make("lo", lab.net.stranger, lab.net.own("pb")),
            *cross(lab)]


def vrf_lab(lab):
    lab.ip("link add vrf0 type vrf table 10")
    lab.ip("link set dev vrf0 up")
    for port in ("pa", "pb", "pd"):
        lab.ip(f"link set dev {port} master vrf0")
    lab.apply()


@topology("VRF")
def vrf(lab):
    net = lab.net
    vrf_lab(lab)
    lab.numbered("pa", "pb", "pd", "pc")
    lab.ip(f"route add {net.net} dev pa table 10 metric 10")
    lab.ip(f"route add {net.net} dev pb table 10 metric 20")
    lab.ip(f"route add {net.dst} dev pd table 10")
    lab.ip(f"route add {net.any} dev pc")
    packets = cross(lab, (*sources(net), net.on_link("pb", 9),
                          net.own("pc")))
    if net.version == 6:
        packets += [make(port, "fe80::9", "ff02::1", proto=proto)
                    for proto in (socket.IPPROTO_UDP, socket.IPPROTO_ICMPV6)
                    for port in ENTRIES]
    return packets


@topology("VRF, routes leaked")
def vrf_leak(lab):
    net = lab.net
    vrf_lab(lab)
    lab.numbered("pa", "pb", "pd", "pc")
    lab.ip(f"route add {net.net} dev pc table 10")
    lab.ip(f"route add {net.subnet} dev pa")
    lab.ip(f"route add {net.dst} dev pd table 10")
    lab.ip(f"route add unreachable {net.any} table 10 metric 8192")
    return cross(lab)


@topology("VRF rule")
def vrf_rule(lab):
    net = lab.net
    vrf_lab(lab)
    lab.numbered("pa", "pb", "pd", "pc")
    lab.ip(f"route add {net.net} dev pa table 10")
    lab.ip(f"route add {net.dst} dev pd table 10")
    lab.ip(f"route add {net.net} dev pb table 100")
    lab.ip("rule add pref 100 iif vrf0 table 100")
    return cross(lab)


def bridge_lab(lab):
    lab.ip(f"link add br0 address {BRIDGE_MAC} type bridge")
    lab.ip("link set dev br0 up")
    for port in ("pa", "pb"):
        lab.ip(f"link set dev {port} master br0")
    lab.apply()
    try:
        for name in ("iptables", "ip6tables"):
            sysctl(f"net.bridge.bridge-nf-call-{name}", 1)
    except FileNotFoundError as exc:
        raise Unsupported("no br_netfilter") from exc


def framed(lab, addresses):
    """Frames to others and to this host, and, through pc, to pc."""
    frames = [make(port, address, dst, mac=mac)
              for port in ("pa", "pb") for address in addresses
              for mac in (OTHERS_MAC, BRIDGE_MAC, GROUP_MAC, lab.mac(port))
              for dst in (lab.net.dst, lab.net.host)]
    return frames + [make("pc", address, lab.net.dst, mac=lab.mac("pc"))
                     for address in addresses]


@topology("bridge", tap=True)
def bridge(lab):
    """What is bridged has its source elsewhere, as a bridge may have."""
    net = lab.net
    bridge_lab(lab)
    lab.numbered("pc", "pd")
    lab.ip(f"route add {net.subnet} dev br0 metric 10")
    lab.ip(f"route add {net.net} dev pc")
    lab.ip(f"neigh add {net.dst} lladdr {OTHERS_MAC} dev pd nud permanent")
    lab.apply()
    return framed(lab, (net.src, net.src2, net.stranger,
                        net.own("pc")))


@topology("tunnel", versions=(4,))
def tunnel4(lab):
    return tunnel(lab, "ipip")


@topology("tunnel", versions=(6,))
def tunnel6(lab):
    return tunnel(lab, "sit")


def tunnel(lab, kind):
    net = lab.net
    here, there = "10.9.0.1", "10.9.0.2"
    lab.numbered()
    lab.ip(f"addr add {here}/24 dev pd", family=False)
    lab.ip(f"link add tn0 type {kind} local {here} remote {there}",
           family=False)
    lab.delay = DECAPSULATION
    lab.ip("link set dev tn0 up")
    lab.ip(f"route add {net.net} dev tn0")
    lab.ip(f"route add {net.subnet} dev pa")
    outer = [packet._replace(outer=(there, here))
             for packet in cross(lab, entries=("pd",))]
    return cross(lab) + outer


@topology("IPsec")
def ipsec(lab):
    """Packets that come through a tunnel, and the same outside of it."""
    lab.numbered()
    lab.ip(f"route add {lab.net.net} dev pa")
    lab.ip(f"route add {lab.net.any} dev pb")
    lab.apply()
    rpf_esp.receiver(lab, "pa")
    lab.delay = DECAPSULATION
    return cross(lab) + [packet._replace(ipsec=True)
                         for packet in cross(lab, entries=("pa",))]


def random_route(lab, rng):
    """A route, but for its nexthop, and then that"""
    net = lab.net
    table = rng.choice(("main", 100, 101))
    bits = rng.choice((0, 16, 23, 24, 25, 28, 32))
    if net.version == 6:
        bits = rng.choice((0, 32, 47, 48, 49, 64, 128))
    prefix = network_of(rng.choice((net.src, net.src2, net.stranger)), bits)
    metric = rng.choice((10, 20, 30, 40))
    kind = rng.choice([""] * 8 + ["blackhole", "unreachable", "prohibit",
                                  "throw"])
    tail = f"{prefix} table {table} metric {metric}"
    if net.version == 4 and rng.random() < 0.2:
        tail += f" tos {TOS:#x}"
    if kind:
        return tail, kind, ""
    first, second = rng.sample(ENTRIES, 2)
    if rng.random() < 0.25:
        return tail, "", (f"nexthop via {net.gateway(first)} dev {first} "
                          f"nexthop via {net.gateway(second)} dev {second}")
    return tail, "", f"dev {first}"


def network_of(address, bits):
    return ipaddress.ip_network(f"{address}/{bits}", strict=False)


def random_rule(lab, rng, preference):
    net = lab.net
    selectors = [f"to {net.net}", f"to {net.subnet}", f"from {net.dst}",
                 f"fwmark {MARK}", f"tos {TOS:#x}", "ipproto udp",
                 f"ipproto udp sport {DPORT}", f"dport {SPORT}", "iif pd",
                 "iif lo", ""]
    selector = rng.choice(selectors)
    if selector and rng.random() < 0.2:
        selector = "not " + selector
    action = f"table {rng.choice((100, 101))}"
    if rng.random() < 0.2:
        action = f"table main suppress_prefixlength {rng.choice((0, 24))}"
    elif rng.random() < 0.1:
        action = rng.choice(("blackhole", "prohibit", "unreachable"))
    return f"rule add pref {preference} {selector} {action}"


def random_topology(version, seed):
    """Register a topology of random routes and rules; return its key."""
    def configure(lab):
        rng = random.Random(f"{version} {seed}")
        lab.numbered()
        routes = {}
        for _ in range(rng.randrange(3, 16)):
            tail, kind, nexthop = random_route(lab, rng)
            routes[tail] = f"route add {kind} {tail} {nexthop}"
        for command in routes.values():
            lab.ip(command)
        for preference in range(100, 100 + rng.randrange(4)):
            lab.ip(random_rule(lab, rng, preference))
        net = lab.net
        addresses = (net.src, net.src2, net.stranger)
        return cross(lab) + cross(lab, addresses, mark=MARK, tos=TOS)

    name = f"random {seed}"
    topology(name, (version,))(configure)
    return version, name

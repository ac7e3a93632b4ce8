# SPDX-License-Identifier: GPL-2.0
"""A network namespace whose devices are files of this process."""

import ctypes
import fcntl
import itertools
import json
import os
import socket
import struct
import subprocess
import time

import rpf_packet

CLONE_NEWNET = 0x40000000
TUNSETIFF, TUNSETPERSIST, TUNSETCARRIER = 0x400454ca, 0x400454cb, 0x400454e2
IFF_TUN, IFF_TAP, IFF_NO_PI = 0x0001, 0x0002, 0x1000
IP_HDRINCL, IPV6_HDRINCL = 3, 36
LIBC = ctypes.CDLL(None, use_errno=True)

CARRIER_TRIES = SETTLE_TRIES = 100
RTN_LOCAL = "2"      # as ip -N has it
PORTS = ("pa", "pb", "pc", "pd")


class Unsupported(Exception):
    """This kernel, or its ip(8), cannot make a topology."""


class Net:
    """Addresses of a family."""

    def __init__(self, version):
        self.version = version
        if version == 4:
            self.net, self.subnet = "192.0.2.0/24", "192.0.2.0/28"
            self.src, self.src2 = "192.0.2.1", "192.0.2.129"
            self.any, self.stranger = "0.0.0.0/0", "203.0.113.7"
            self.dst = "198.51.100.1"
            self.loopback = "127.0.0.2"
            self.gateways = [f"10.0.{i}.2" for i in range(1, 5)]
        else:
            self.net, self.subnet = "2001:db8:1::/48", "2001:db8:1::/64"
            self.src, self.src2 = "2001:db8:1::1", "2001:db8:1:8::1"
            self.any, self.stranger = "::/0", "2001:db8:ffff::7"
            self.dst = "2001:db8:2::1"
            self.loopback = "::1"
            self.gateways = [f"2001:db8:f{i}::2" for i in range(1, 5)]
        self.host = self.own("pd")

    def on_link(self, port, number):
        """Address @number of the subnet of a port."""
        link = PORTS.index(port) + 1
        if self.version == 4:
            return f"10.0.{link}.{number}"
        return f"2001:db8:f{link}::{number:x}"

    def own(self, port):
        return self.on_link(port, 1)

    def gateway(self, port):
        return self.gateways[PORTS.index(port)]

    def prefix(self, port):
        return f"{self.own(port)}/{24 if self.version == 4 else 64}"

    def not_unicast(self, port):
        """The broadcast, or anycast, address of the subnet of a port."""
        return self.on_link(port, 255 if self.version == 4 else 0)


def unshare():
    if LIBC.unshare(CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def sysctl(name, value):
    path = "/proc/sys/" + name.replace(".", "/").replace("%", ".")
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


def netstat(name):
    """A counter of TcpExt or IpExt."""
    with open("/proc/net/netstat", encoding="ascii") as file:
        lines = file.read().splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        found = dict(zip(names.split(), values.split()))
        if name in found:
            return int(found[name])
    return 0


class Lab:
    """The namespace this process is in from now on."""

    def __init__(self, version, ports=PORTS, tap=False):
        unshare()
        self.version = version
        self.net = Net(version)
        self.files = {}
        self.commands = []
        self.raw = None
        self.esp = {}
        self.delay = 0
        self.quiet()
        self.ip("link set dev lo up")
        for port in ports:
            self.open(port, tap)
        self.apply()

    def quiet(self):
        """No packets but ours; nothing is checked before the rules do."""
        for scope in ("all", "default"):
            sysctl(f"net.ipv4.conf.{scope}.rp_filter", 0)
            sysctl(f"net.ipv4.conf.{scope}.accept_redirects", 0)
            sysctl(f"net.ipv6.conf.{scope}.accept_dad", 0)
            sysctl(f"net.ipv6.conf.{scope}.router_solicitations", 0)
            sysctl(f"net.ipv6.conf.{scope}.accept_ra", 0)
        sysctl("net.ipv4.ip_forward", 1)
        sysctl("net.ipv6.conf.all.forwarding", 1)

    def close(self):
        for file in self.files.values():
            os.close(file)
        if self.raw:
            self.raw.close()
        for sender in self.esp.values():
            sender.lab.close()

    def open(self, name, tap=False):
        file = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC |
                       os.O_NONBLOCK)
        kind = (IFF_TAP if tap else IFF_TUN) | IFF_NO_PI
        fcntl.ioctl(file, TUNSETIFF,
                    struct.pack("16sH22x", name.encode(), kind))
        # The namespace removes all its devices at once, later.
        fcntl.ioctl(file, TUNSETPERSIST, 1)
        self.files[name] = file
        self.ip(f"link set dev {name} up")

    def carrier_off(self, name):
        """Routes see it a little later."""
        fcntl.ioctl(self.files[name], TUNSETCARRIER, struct.pack("i", 0))
        for _ in range(CARRIER_TRIES):
            if any(route.get("dev") == name and "linkdown" in route["flags"]
                   for route in self.state()["route"]):
                return
            time.sleep(0.05)
        raise Unsupported(f"{name} does not lose its carrier")

    def ip(self, command, family=True):
        """A command of ip(8), for apply(); of no @family if it has none."""
        self.commands.append((family, command))

    def apply(self):
        """Run all commands since the last time, or raise Unsupported."""
        commands, self.commands = self.commands, []
        for family, group in itertools.groupby(commands, lambda item: item[0]):
            options = [f"-{self.version}"] if family else []
            done = subprocess.run(
                ["ip", *options, "-batch", "-"], text=True,
                input="".join(command + "\n" for _, command in group),
                capture_output=True, check=False)
            if done.returncode:
                raise Unsupported(" ".join(done.stderr.split()))

    def numbered(self, *ports):
        """Give ports an address, the last one the route to the packets'."""
        for port in ports or PORTS:
            nodad = "" if self.version == 4 else " nodad"
            # A broadcast address is not there unless asked for.
            broadcast = " broadcast +" if self.version == 4 else ""
            self.ip(f"addr add {self.net.prefix(port)}{broadcast} dev {port}"
                    f"{nodad}")
        self.ip(f"route add {self.net.dst} dev pd")

    def settled_state(self):
        """The state() when IPv6 is ready with its addresses."""
        if self.version == 4:
            return self.state()
        before, state = None, self.state()
        for _ in range(SETTLE_TRIES):
            if before == state["route"] and has_local_routes(state):
                return state
            time.sleep(0.02)
            before, state = state["route"], self.state()
        raise Unsupported("addresses do not become ready")

    def state(self):
        """What ip(8) tells, by kind of object."""
        state = {}
        family = (f"-{self.version}",)
        for options, kinds in (((), ("link", "nexthop")),
                               (family, ("rule", "route", "addr"))):
            show = {"link": "link show", "nexthop": "nexthop show",
                    "rule": "rule show", "route": "route show table all",
                    "addr": "addr show"}
            done = subprocess.run(
                ["ip", *options, "-j", "-N", "-d", "-batch", "-"], text=True,
                input="".join(show[kind] + "\n" for kind in kinds),
                capture_output=True, check=True)
            state.update(zip(kinds, documents(done.stdout)))
        return state

    def send(self, packet, number):
        data = rpf_packet.wire(packet, number)
        try:
            if packet.ipsec:
                data = self.esp[packet.dev].encrypt(data)
            if packet.dev == "lo":
                self.send_raw(packet, data)
            else:
                os.write(self.files[packet.dev], data)
        except OSError as exc:
            raise Unsupported(f"{packet}: {exc.strerror}") from exc

    def send_raw(self, packet, data):
        if self.raw is None:
            ipv4 = self.version == 4
            self.raw = socket.socket(
                socket.AF_INET if ipv4 else socket.AF_INET6, socket.SOCK_RAW,
                socket.IPPROTO_RAW)
            self.raw.setsockopt(
                socket.IPPROTO_IP if ipv4 else socket.IPPROTO_IPV6,
                IP_HDRINCL if ipv4 else IPV6_HDRINCL, 1)
        self.raw.sendto(data, (str(packet.dst), 0))

    def mac(self, name):
        return next(link["address"] for link in self.state()["link"]
                    if link["ifname"] == name)


def has_local_routes(state):
    """Does each address have the route that makes it one of this host?"""
    local = {route["dst"] for route in state["route"]
             if route.get("type") == RTN_LOCAL}
    return all(address["local"] in local for link in state["addr"]
               if "UP" in link["flags"]
               for address in link.get("addr_info", ()))


def documents(text):
    """Yield the JSON documents that follow each other in @text."""
    decoder = json.JSONDecoder()
    text = text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:].lstrip()

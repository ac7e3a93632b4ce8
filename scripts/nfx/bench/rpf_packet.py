# SPDX-License-Identifier: GPL-2.0
"""Packets whose network header carries a number, to know them again."""

import ipaddress
import socket
import struct
from typing import NamedTuple

SPORT, DPORT = 1111, 2222
ICMPV6_NEIGHBOUR_SOLICITATION = 135
NEXT_HOP_BY_HOP, NEXT_DESTINATION, NEXT_FRAGMENT = 0, 60, 44
# Of a protocol and its other half, for who looks into it
FRAGMENT_OFFSET = 64
# Where the number is, for a rule: offset and length in the network header
NUMBER_AT = {4: (4, 2), 6: (2, 2)}
NUMBER = struct.Struct("!H")


class Packet(NamedTuple):
    """One packet, and the device it enters through."""
    dev: str
    src: object
    dst: object
    proto: int = socket.IPPROTO_UDP
    ports: tuple = (SPORT, DPORT)
    tos: int = 0
    mark: int = 0           # a rule gives it this mark first
    fragment: bool = False  # not the first one
    extension: int = -1     # IPv6: header between, which has no meaning
    mac: str = ""           # destination, on a device that has them
    outer: tuple = ()       # IPv4 addresses of the tunnel it came by
    ipsec: bool = False     # it came by IPsec

    def __str__(self):
        text = f"{self.dev} {self.src} > {self.dst}"
        if self.proto != socket.IPPROTO_UDP:
            text += f" proto {self.proto}"
        if self.ports != (SPORT, DPORT):
            text += f" ports {self.ports[0]} {self.ports[1]}"
        for name in ("tos", "mark", "mac", "outer"):
            if getattr(self, name):
                text += f" {name} {getattr(self, name)}"
        if self.fragment:
            text += " fragment"
        if self.extension >= 0:
            text += f" extension {self.extension}"
        return text


def make(dev, src, dst, **more):
    return Packet(dev, ipaddress.ip_address(src), ipaddress.ip_address(dst),
                  **more)


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def transport(packet):
    """A header of the protocol, with no data."""
    if packet.proto == socket.IPPROTO_UDP:
        return struct.pack("!HHHH", *packet.ports, 8, 0)
    if packet.proto == socket.IPPROTO_TCP:
        return struct.pack("!HHIIBBHHH", *packet.ports, 1, 0, 5 << 4, 2, 1024,
                           0, 0)
    if packet.proto == socket.IPPROTO_ICMPV6:
        return struct.pack("!BBHI16s", ICMPV6_NEIGHBOUR_SOLICITATION, 0, 0, 0,
                           packet.dst.packed)
    return struct.pack("!BBHHH", 8, 0, checksum(b"\x08" + bytes(7)), 0, 0)


def header4(src, dst, proto, payload, tos=0, number=0, offset=0):
    def pack(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + len(payload),
                           number, offset // 8, 64, proto, check, src.packed,
                           dst.packed)
    return pack(checksum(pack(0)))


def ipv4(packet, number):
    payload = transport(packet)
    return header4(packet.src, packet.dst, packet.proto, payload, packet.tos,
                   number, FRAGMENT_OFFSET * packet.fragment) + payload


def ipv6(packet, number):
    payload, proto = transport(packet), packet.proto
    if packet.extension >= 0:
        payload = struct.pack("!BBBB4s", proto, 0, 1, 4, b"") + payload
        proto = packet.extension
    if packet.fragment:
        payload = struct.pack("!BBHI", proto, 0, FRAGMENT_OFFSET, 1) + payload
        proto = NEXT_FRAGMENT
    return struct.pack("!IHBB16s16s", 6 << 28 | packet.tos << 20 | number,
                       len(payload), proto, 64, packet.src.packed,
                       packet.dst.packed) + payload


def wire(packet, number):
    """The bytes of @packet with @number, as its device takes them."""
    version = packet.src.version
    data = (ipv4 if version == 4 else ipv6)(packet, number)
    if packet.outer:
        src, dst = map(ipaddress.ip_address, packet.outer)
        proto = {4: socket.IPPROTO_IPIP, 6: socket.IPPROTO_IPV6}[version]
        data = header4(src, dst, proto, data) + data
    if packet.mac:
        data = (bytes.fromhex(packet.mac.replace(":", "")) +
                b"\x02\0\0\0\0\x55" + b"\x08\0\x86\xdd"[
                    0 if version == 4 else 2:][:2]) + data
    return data

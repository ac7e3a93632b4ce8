#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Set element dumps that a transaction tore without NLM_F_DUMP_INTR.

A dump of 10000 elements begins, 500 elements it has shown are deleted, and the
dump goes on: it skips as many live elements as were deleted. One dump per kind
of set; the row is how many of them lost elements without carrying the flag.
"""

import os
import socket
import struct
import subprocess

NLM_F_REQUEST, NLM_F_DUMP_INTR, NLM_F_DUMP = 0x1, 0x10, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM = 10, 13
NFTA_LIST_TABLE, NFTA_LIST_SET, NFTA_LIST_ELEMENTS = 1, 2, 3
NFTA_ELEM_KEY, NFTA_DATA_VALUE = 1, 1
AF_INET, NETLINK_NETFILTER = 2, 12
# Every other address, so that each is an interval of its own.
KEYS = set(range(0x0a000000, 0x0a000000 + 20000, 2))
DELETED = 500
FLAGS = {"plain": "", "aging": "flags timeout;", "ranges": "flags interval;"}


def nft(script):
    subprocess.run(["nft", "-f", "-"], input=script, text=True, check=True)


def elements(numbers):
    return ",".join(socket.inet_ntoa(struct.pack("!I", n)) for n in numbers)


def attr(kind, value):
    data = value.encode() + b"\0"
    return (struct.pack("=HH", 4 + len(data), kind) + data
            + bytes(-len(data) % 4))


def attrs(data):
    """Yields (type, payload) of each attribute in data."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4:
            return
        yield kind & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def keys(payload):
    """The keys of the elements in a message, as integers."""
    for kind, value in attrs(payload):
        if kind != NFTA_LIST_ELEMENTS:
            continue
        for _, element in attrs(value):
            key = dict(attrs(element))[NFTA_ELEM_KEY]
            yield int.from_bytes(dict(attrs(key))[NFTA_DATA_VALUE], "big")


class Dump:
    """A dump of the elements of a set, one recv() after another."""

    def __init__(self, name):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_NETFILTER)
        body = (struct.pack("=BBH", AF_INET, 0, 0)
                + attr(NFTA_LIST_TABLE, "t") + attr(NFTA_LIST_SET, name))
        self.sock.send(struct.pack(
            "=IHHII", 16 + len(body),
            NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM,
            NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + body)
        self.seen = []
        self.flagged = False

    def receive(self):
        """Takes one buffer; False at the end of the dump."""
        data = self.sock.recv(65536)
        while data:
            size, kind, flags = struct.unpack_from("=IHH", data)
            self.flagged |= bool(flags & NLM_F_DUMP_INTR)
            if kind == NLMSG_DONE:
                return False
            if kind == NLMSG_ERROR:
                raise OSError("dump refused")
            self.seen += keys(data[20:size])
            data = data[(size + 3) & ~3:]
        return True


def torn_dump(name):
    """True if a disturbed dump lost live elements and does not say so."""
    dump = Dump(name)
    dump.receive()
    shown = [key for key in dump.seen if key in KEYS][:DELETED]
    nft(f"delete element ip t {name} {{ {elements(shown)} }}")
    while dump.receive():
        pass

    lost = len(KEYS - set(dump.seen))
    print(f"{name}: {lost} live elements missing,"
          f" {'' if dump.flagged else 'not '}flagged")
    return bool(lost) and not dump.flagged


def main():
    os.unshare(os.CLONE_NEWNET)
    torn = 0
    for name, flags in FLAGS.items():
        nft(f"table ip t {{ set {name} {{ type ipv4_addr; {flags}"
            f" size {4 * len(KEYS)};"
            f" elements = {{ {elements(KEYS)} }}; }}; }}")
        calm = Dump(name)
        while calm.receive():
            pass
        if calm.flagged:
            raise SystemExit(f"{name}: an undisturbed dump is flagged")
        torn += torn_dump(name)
    print("ROW torn-dump-flagged", torn)


main()

# SPDX-License-Identifier: GPL-2.0
"""The little of ipset's netlink protocol that the ipset scenarios need."""

import socket
import struct

NFNL_SUBSYS_IPSET = 6
CMD_CREATE, CMD_LIST, CMD_ADD = 2, 7, 9
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_DUMP = 0x1, 0x4, 0x200, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
(ATTR_PROTOCOL, ATTR_SETNAME, ATTR_TYPENAME, ATTR_REVISION, ATTR_FAMILY,
 ATTR_FLAGS, ATTR_DATA, ATTR_ADT, ATTR_LINENO) = range(1, 10)
FLAG_LIST_HEADER = 4
NLA_F_NESTED, NLA_F_NET_BYTEORDER = 0x8000, 0x4000
NLA_TYPE_MASK = 0x3fff


def attr(kind, data):
    """One attribute: KIND may carry flags."""
    return (struct.pack("=HH", 4 + len(data), kind) + data
            + bytes(-len(data) % 4))


def attrs(data):
    """Yield (kind, flags, payload) of the attributes in DATA."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield (kind & NLA_TYPE_MASK, kind & ~NLA_TYPE_MASK, data[4:size])
        data = data[(size + 3) & ~3:]


class Client:
    """A netlink socket that talks to ipset."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.sock.bind((0, 0))

    def send(self, cmd, flags, name, body=b""):
        body = (struct.pack("=BBH", socket.AF_INET, 0, 0)
                + attr(ATTR_PROTOCOL, b"\x07")
                + attr(ATTR_SETNAME, name.encode() + b"\0") + body)
        self.sock.send(struct.pack("=IHHII", 16 + len(body),
                                   NFNL_SUBSYS_IPSET << 8 | cmd,
                                   NLM_F_REQUEST | flags, 0, 0) + body)

    def messages(self):
        """Yield the payloads of an answer; errors raise OSError."""
        while True:
            data = self.sock.recv(1 << 16)
            while data:
                size, kind = struct.unpack_from("=IH", data)
                if kind == NLMSG_DONE:
                    return
                if kind == NLMSG_ERROR:
                    error = -struct.unpack_from("=i", data, 16)[0]
                    if error:
                        raise OSError(error, f"ipset error {error}")
                    return
                yield data[20:size]
                data = data[(size + 3) & ~3:]

    def request(self, cmd, name, body):
        self.send(cmd, NLM_F_ACK | NLM_F_EXCL, name, body)
        for _ in self.messages():
            pass

    def dump(self, name, flags=0):
        body = b""
        if flags:
            body = attr(ATTR_FLAGS | NLA_F_NET_BYTEORDER,
                        struct.pack("!I", flags))
        self.send(CMD_LIST, NLM_F_DUMP, name, body)
        return list(self.messages())

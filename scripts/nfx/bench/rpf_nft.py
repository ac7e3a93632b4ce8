# SPDX-License-Identifier: GPL-2.0
"""The little of nf_tables that records what rules say about packets.

All rules are in one table, one chain a hook. A rule that matches adds an
element to a set: the number of the packet, its input device, the rule, and up
to four results. One dump of the set then has the answers of all rules to all
packets.
"""

import collections
import socket
import struct
from typing import NamedTuple

import rpf_packet

NFNL_SUBSYS_NFTABLES = 10
NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END = 16, 17
NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE = 0, 2
NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_NEWSET = 3, 6, 9
NFT_MSG_GETSETELEM = 13
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_CREATE, NLM_F_APPEND = 0x400, 0x800
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3fff
NETLINK_NETFILTER = 12
# Not in module socket
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
BUFFER = 1 << 23

NFTA_LIST_ELEM = 1
NFTA_DATA_VALUE, NFTA_DATA_VERDICT = 1, 2
NFT_REG_VERDICT, NFT_REG32_00 = 0, 8
NFT_META_MARK, NFT_META_IIF, NFT_META_OIF, NFT_META_L4PROTO = 3, 4, 5, 16
NFT_SET_EVAL = 0x20
NFT_PAYLOAD_NETWORK_HEADER = 1
NFT_CMP_EQ = 0
NF_ACCEPT = 1
MAX_ELEMENTS = 1 << 16

NFT_FIB_RESULT_OIF, NFT_FIB_RESULT_RPF = 1, 4
(FIB_SADDR, FIB_DADDR, FIB_MARK, FIB_IIF, FIB_OIF, FIB_PRESENT, FIB_FEASIBLE,
 FIB_NO_DEFAULT, FIB_ACCEPT_LOCAL, FIB_L4) = (1 << bit for bit in range(10))

(XT_LOOSE, XT_VALID_MARK, XT_ACCEPT_LOCAL, XT_INVERT, XT_NO_DEFAULT, XT_L4,
 XT_NO_IPSEC_EXEMPT) = (1 << bit for bit in range(7))

# Revision 0 of rpfilter asks for one of the tables that iptables has.
TABLE, SET = "raw", "seen"
HOOKS = {"prerouting": 0, "input": 1, "forward": 2}
FAMILY = {4: 2, 6: 10}
PRIORITY = -300

# Registers: number of the packet, input device, rule, results
RESULTS = 4
R_NUMBER, R_IIF, R_RULE, R_RESULT = (NFT_REG32_00 + i for i in range(4))
ELEMENT = struct.Struct(f"=H2xII{RESULTS}I")


class Rule(NamedTuple):
    """A rule of some hooks: what it looks for, and what it notes down."""
    key: tuple
    hooks: tuple
    match: bytes = b""      # expressions
    results: tuple = ()     # expressions, functions of a register


def attr(kind, data):
    """One attribute, of bytes, text, or a number."""
    if isinstance(data, int):
        data = struct.pack("!I", data)
    elif isinstance(data, str):
        data = data.encode() + b"\0"
    return (struct.pack("=HH", 4 + len(data), kind) + data
            + bytes(-len(data) % 4))


def nest(kind, *parts):
    return attr(kind | NLA_F_NESTED, b"".join(parts))


def attrs(data):
    """Yield (kind, payload) of the attributes in @data."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        yield kind & NLA_TYPE_MASK, data[4:size]
        data = data[(size + 3) & ~3:]


def expr(name, *values):
    """An expression whose attributes are numbered from 1; None is none."""
    data = b"".join(attr(kind, value)
                    for kind, value in number_attributes(values))
    return nest(NFTA_LIST_ELEM, attr(1, name), nest(2, data))


def number_attributes(values):
    for kind, value in enumerate(values, 1):
        if isinstance(value, tuple):
            yield kind | NLA_F_NESTED, attr(*value)
        elif value is not None:
            yield kind, value


def meta(key, register):
    return expr("meta", register, key)


def set_mark(mark):
    value = struct.pack("=I", mark)
    return (expr("immediate", R_NUMBER, (NFTA_DATA_VALUE, value)) +
            expr("meta", None, NFT_META_MARK, R_NUMBER))


def constant(register, *values):
    data = struct.pack(f"={len(values)}I", *values)
    return expr("immediate", register, (NFTA_DATA_VALUE, data))


def fib(result, flags):
    """The function that makes the expression for a register."""
    return lambda register: expr("fib", register, result, flags)


def rpfilter(revision, info):
    return expr("match", "rpfilter", revision, info)


def rpfilter0(flags):
    return rpfilter(0, struct.pack("=B", flags))


def rpfilter1(flags, classes, vrf=""):
    bits = sum(1 << number for number in classes)
    return rpfilter(1, struct.pack("=II16s", flags, bits, vrf.encode()))


def equals(value):
    return expr("cmp", R_NUMBER, NFT_CMP_EQ, (NFTA_DATA_VALUE, value))


def mark_of(high_byte, mark, version):
    """Packets with this byte in their number get this mark."""
    offset = rpf_packet.NUMBER_AT[version][0]
    return (expr("payload", R_NUMBER, NFT_PAYLOAD_NETWORK_HEADER, offset, 1) +
            equals(bytes([high_byte])) + set_mark(mark))


def accept_proto(proto):
    """No more rules for packets of a protocol."""
    return (meta(NFT_META_L4PROTO, R_NUMBER) + equals(bytes([proto])) +
            expr("immediate", NFT_REG_VERDICT,
                 (NFTA_DATA_VERDICT | NLA_F_NESTED, attr(1, NF_ACCEPT))))


def output_device(register):
    return meta(NFT_META_OIF, register)


def record(number, rule, hook, version):
    """The expressions that note down what @rule, of a number, found."""
    results = [make(R_RESULT + i) for i, make in enumerate(rule.results)]
    if len(results) < RESULTS:
        results.append(constant(R_RESULT + len(results),
                                *[0] * (RESULTS - len(results))))
    return b"".join((
        expr("payload", R_NUMBER, NFT_PAYLOAD_NETWORK_HEADER,
             *rpf_packet.NUMBER_AT[version]),
        meta(NFT_META_IIF, R_IIF),
        constant(R_RULE, HOOKS[hook] << 24 | number), *results,
        expr("dynset", SET, None, 0, R_NUMBER)))


def rule_message(chain, *expressions):
    return (NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
            attr(1, TABLE) + attr(2, chain) +
            nest(4, b"".join(expressions)))


def table_messages():
    """A new table with the set and a chain for each hook."""
    yield NFT_MSG_NEWTABLE, NLM_F_CREATE, attr(1, TABLE)
    yield NFT_MSG_DELTABLE, 0, attr(1, TABLE)
    yield NFT_MSG_NEWTABLE, NLM_F_CREATE, attr(1, TABLE)
    yield (NFT_MSG_NEWSET, NLM_F_CREATE,
           attr(1, TABLE) + attr(2, SET) + attr(3, NFT_SET_EVAL) +
           attr(5, ELEMENT.size) + nest(9, attr(1, MAX_ELEMENTS)) +
           attr(10, 1))
    for chain, hook in HOOKS.items():
        yield (NFT_MSG_NEWCHAIN, NLM_F_CREATE,
               attr(1, TABLE) + attr(3, chain) + attr(7, "filter") +
               nest(4, attr(1, hook), attr(2, PRIORITY & 0xffffffff)))


def message(family, kind, flags, body, resource=0):
    return struct.pack("=IHHIIBBH", 20 + len(body), kind,
                       NLM_F_REQUEST | flags, 0, 0, family, 0,
                       socket.htons(resource)) + body


def encode(family, contents):
    """A batch; its last message is answered, unless one before it is."""
    begin = message(0, NFNL_MSG_BATCH_BEGIN, 0, b"", NFNL_SUBSYS_NFTABLES)
    end = message(0, NFNL_MSG_BATCH_END, 0, b"", NFNL_SUBSYS_NFTABLES)
    contents = [*contents, (NFT_MSG_NEWTABLE, NLM_F_ACK, attr(1, TABLE))]
    return begin + b"".join(
        message(family, NFNL_SUBSYS_NFTABLES << 8 | kind, flags, body)
        for kind, flags, body in contents) + end


class RuleSet:
    """A table of rules, each chain of which begins with @first"""

    def __init__(self, version, rules, first=()):
        self.rules = list(rules)
        self.batch = encode(FAMILY[version], self.messages(version, first))

    def messages(self, version, first):
        yield from table_messages()
        for expressions in first:
            for chain in HOOKS:
                yield rule_message(chain, expressions)
        for number, rule in enumerate(self.rules):
            for hook in rule.hooks:
                yield rule_message(hook, rule.match,
                                   record(number, rule, hook, version))


class Client:
    """A netlink socket of the namespace it was opened in."""

    def __init__(self, version):
        self.family = FAMILY[version]
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_NETFILTER)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.sock.bind((0, 0))

    def close(self):
        self.sock.close()

    def commit(self, rule_set):
        """Make the table; raise OSError for the first message refused."""
        self.sock.send(rule_set.batch)
        errors = list(filter(None, self.answers()))
        if errors:
            raise OSError(errors[0], "nf_tables refused a rule")

    def answers(self):
        """Yield the error numbers of all messages that were answered."""
        while True:
            try:
                data = self.sock.recv(BUFFER, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            yield -struct.unpack_from("=i", data, 16)[0]

    def elements(self):
        """Yield the records of all rules: a tuple as ELEMENT has it."""
        self.sock.send(message(
            self.family, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM,
            NLM_F_DUMP, attr(1, TABLE) + attr(2, SET)))
        while True:
            data = self.sock.recv(1 << 17)
            while data:
                size, kind = struct.unpack_from("=IH", data)
                if kind in (NLMSG_DONE, NLMSG_ERROR):
                    return
                yield from elements_of(data[20:size])
                data = data[(size + 3) & ~3:]

    def records(self):
        """{packet: {(hook, input device): {rule number: results}}}"""
        hooks = {hook: name for name, hook in HOOKS.items()}
        found = collections.defaultdict(lambda: collections.defaultdict(dict))
        for number, iif, rule, *results in self.elements():
            place = hooks[rule >> 24], iif
            found[socket.ntohs(number)][place][rule & 0xffffff] = results
        return found


def elements_of(message):
    for kind, payload in attrs(message):
        if kind != 3:
            continue
        for _, element in attrs(payload):
            # The key, the first attribute, has a value, its only one.
            yield ELEMENT.unpack_from(element, 8)

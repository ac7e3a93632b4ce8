#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Elements with a wrong mask, or none, in a set created from a dump.

A second set is created and filled with the attributes of the dumped header,
without the statistics, and of the elements. Their payload is sent back as it
came, marked as network byte order, as the kernel demands it.
"""

import os
import subprocess

from ipset_netlink import (ATTR_ADT, ATTR_DATA, ATTR_FAMILY, ATTR_LINENO,
                           ATTR_REVISION, ATTR_TYPENAME, CMD_ADD, CMD_CREATE,
                           NLA_F_NESTED, NLA_F_NET_BYTEORDER, Client, attr,
                           attrs)

COUNT = 256
STATISTICS = (24, 25, 26)


def ipset(*args, script=None):
    return subprocess.run(["ipset", *args], input=script, check=True,
                          text=True, capture_output=True).stdout


def content(name):
    """Return (mask, elements) of a set as the ipset tool shows them."""
    lines = ipset("save", name).splitlines()
    words = lines[0].split()
    mask = words[words.index("markmask") + 1]
    return mask, {line.split()[2] for line in lines[1:]}


def netorder(data, skip=()):
    """Return the attributes in DATA, their integers marked."""
    return b"".join(attr(kind | flags, netorder(payload))
                    if flags & NLA_F_NESTED
                    else attr(kind | NLA_F_NET_BYTEORDER, payload)
                    for kind, flags, payload in attrs(data)
                    if kind not in skip)


def replay(name, copy):
    client = Client()
    for message in client.dump(name):
        create, elements = b"", None
        for kind, flags, data in attrs(message):
            if kind in (ATTR_TYPENAME, ATTR_REVISION, ATTR_FAMILY):
                create += attr(kind | flags, data)
            elif kind == ATTR_DATA:
                create += attr(kind | NLA_F_NESTED, netorder(data, STATISTICS))
            elif kind == ATTR_ADT:
                elements = data
        if create:
            client.request(CMD_CREATE, copy, create)
        if elements:
            client.request(CMD_ADD, copy,
                           attr(ATTR_LINENO, bytes(4))
                           + attr(ATTR_ADT | NLA_F_NESTED, netorder(elements)))


os.unshare(os.CLONE_NEWNET)
ipset("create", "orig", "hash:ip,mark", "markmask", "0x0000ff00")
ipset("restore", script="".join(f"add orig 10.0.{i}.1,{i << 8:#x}\n"
                                for i in range(COUNT)))
mask, elements = content("orig")
print("saved:", mask, len(elements), "elements")
try:
    replay("orig", "copy")
    copy_mask, copied = content("copy")
    print("replayed:", copy_mask, len(copied), "elements")
except OSError as error:
    print("replay:", error)
    copy_mask, copied = None, set()
good = len(elements & copied) if copy_mask == mask else 0
print("ROW ipset-markmask", COUNT - good)

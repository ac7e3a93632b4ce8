#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Elements that the SET target loses.

One packet to each of 8192 addresses, as fast as they can be sent, through
`SET --add-set` into a set that starts with a table of 64 buckets.
"""

import os
import socket
import subprocess

COUNT = 8192


def run(command):
    return subprocess.run(command.split(), check=True, text=True,
                          capture_output=True).stdout


os.unshare(os.CLONE_NEWNET)
run("ip link set lo up")
run("ipset create s hash:ip hashsize 64 maxelem 65536")
run("iptables -A INPUT -p udp -j SET --add-set s dst")

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    for i in range(COUNT):
        sock.sendto(b"", (f"127.1.{i >> 8}.{i & 255}", 9))

stored = sum(line.startswith("add ")
             for line in run("ipset save s").splitlines())
print(run("ipset list -t s"))
print("ROW ipset-addset-lost", COUNT - stored)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Longest time a terse listing keeps softirqs off.

CPU 1 lists the header of a set of 262144 elements, while packets that RPS
steers to it raise a softirq there every few dozen microseconds: the longest
time from softirq_raise to softirq_entry is the longest section with BH off.
The shortest of several listings counts, as the host may stop a virtual CPU at
any time. The set has no timeout; the figure for one with timeout is printed.
"""

import os
import re
import signal
import socket
import subprocess
import time

from ipset_netlink import FLAG_LIST_HEADER, Client

CPU = 1
RUNS = 10
TRACE = "/sys/kernel/tracing"
EVENT = re.compile(r" (\d+\.\d+): softirq_(raise|entry): vec=(\d+)")


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def run(command):
    subprocess.run(command.split(), check=True)


def flood():
    """Send packets from CPU 0, for CPU 1 to receive, until killed."""
    pid = os.fork()
    if pid:
        return pid
    os.sched_setaffinity(0, {0})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while True:
            sock.sendto(b"", ("127.0.0.1", 9))
            time.sleep(0.00002)


def longest():
    """Return the longest softirq latency of CPU 1 in the trace, in us."""
    raised, worst = {}, 0.0
    with open(f"{TRACE}/per_cpu/cpu{CPU}/trace", encoding="ascii") as file:
        for line in file:
            found = EVENT.search(line)
            if not found:
                continue
            when, what, vec = found.groups()
            if what == "raise":
                raised.setdefault(vec, float(when))
            elif vec in raised:
                worst = max(worst, float(when) - raised.pop(vec))
    return worst * 1e6


def measure(client, name):
    values = []
    for _ in range(RUNS):
        write(f"{TRACE}/trace", "")
        write(f"{TRACE}/tracing_on", "1")
        client.dump(name, FLAG_LIST_HEADER)
        # A listing may be too short for a packet to come.
        time.sleep(0.005)
        write(f"{TRACE}/tracing_on", "0")
        values.append(longest())
    print(name, " ".join(f"{v:.0f}" for v in values))
    return min(values)


run("ip netns add terse")
run("ip -n terse link set lo up")
# In there, /sys shows the devices of the namespace.
subprocess.run(["ip", "netns", "exec", "terse", "sh", "-c",
                f"echo {1 << CPU:x} > /sys/class/net/lo/queues/rx-0/rps_cpus"],
               check=True)
with open("/run/netns/terse", encoding="ascii") as netns:
    os.setns(netns.fileno(), os.CLONE_NEWNET)

run("ipset create plain hash:ip maxelem 1048576")
run("ipset add plain 10.0.0.0/14")
run("ipset create expiring hash:ip maxelem 1048576 timeout 3600")
run("ipset add expiring 10.0.0.0/14")

os.sched_setaffinity(0, {CPU})
sender = flood()
for event in ("raise", "entry"):
    write(f"{TRACE}/events/irq/softirq_{event}/enable", "1")
try:
    ipset = Client()
    measure(ipset, "expiring")
    print(f"ROW ipset-terse-us {measure(ipset, 'plain'):.0f}")
finally:
    for event in ("raise", "entry"):
        write(f"{TRACE}/events/irq/softirq_{event}/enable", "0")
    write(f"{TRACE}/tracing_on", "1")
    os.kill(sender, signal.SIGKILL)
    run("ip netns delete terse")

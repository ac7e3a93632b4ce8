#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Time from the first refused new connection to the first accepted one.

The conntrack table of this network namespace is full. A dropped packet makes
sendto() fail, because it is dropped before it leaves the host.
"""

import socket
import sys
import time

LIMIT = 90

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
start = time.monotonic()
refused = 0
while time.monotonic() - start < LIMIT:
    try:
        sock.sendto(b"x", ("127.0.0.1", 1024 + refused % 60000))
        break
    except PermissionError:
        refused += 1
    time.sleep(0.001)
if not refused:
    sys.exit("ct_accept.py: no packet was refused")
print(f"{(time.monotonic() - start) * 1000:.1f} ms, {refused} refused")

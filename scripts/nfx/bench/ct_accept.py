#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Time from the first new connection to the first accepted one.

The conntrack table of this network namespace is full. A dropped packet makes
sendto() fail, because it is dropped before it leaves the host. The time is 0
if none is refused.
"""

import socket
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
elapsed = (time.monotonic() - start) * 1000 if refused else 0
print(f"{elapsed:.1f} ms, {refused} refused")

# SPDX-License-Identifier: GPL-2.0
"""IPsec in tunnel mode: another namespace encrypts what a lab receives."""

import ctypes
import os
import select

import rpf_lab

ENDS = {4: ("10.9.0.1", "10.9.0.2", 24, "0.0.0.0/0"),
        6: ("2001:db8:9::1", "2001:db8:9::2", 64, "::/0")}
KEYS = f"enc cbc(aes) 0x{'11' * 16} auth-trunc hmac(sha256) 0x{'22' * 32} 128"
STATE = "xfrm state add src {} dst {} proto esp spi 0x100 reqid 1 mode tunnel"
POLICY = ("xfrm policy add src {} dst {} dir {} tmpl src {} dst {} proto esp "
          "reqid 1 mode tunnel")
PACKET = 2048
ESP = 50
PROTO_AT = {4: 9, 6: 6}
TIMEOUT = 2             # seconds


class Sender:
    """The other end of the tunnel, in a namespace of its own."""

    def __init__(self, version):
        here, there, bits, anything = ENDS[version]
        with open("/proc/self/ns/net", encoding="ascii") as receiver:
            self.lab = rpf_lab.Lab(version, ports=("in", "out"))
            try:
                self.lab.ip(f"addr add {there}/{bits} dev out" +
                            (" nodad" if version == 6 else ""))
                self.lab.ip(f"route add {anything} dev out")
                self.lab.ip(f"{STATE.format(there, here)} {KEYS}")
                for inner in (self.lab.net.dst, self.lab.net.host):
                    self.lab.ip(POLICY.format(anything, inner, "out", there,
                                              here))
                self.lab.apply()
            finally:
                if rpf_lab.LIBC.setns(receiver.fileno(), 0):
                    error = ctypes.get_errno()
                    raise OSError(error, os.strerror(error))

    def encrypt(self, data):
        """Return what becomes of a packet; others may come in between."""
        file = self.lab.files["out"]
        os.write(self.lab.files["in"], data)
        while select.select([file], [], [], TIMEOUT)[0]:
            packet = os.read(file, PACKET)
            if packet[PROTO_AT[self.lab.version]] == ESP:
                return packet
        raise rpf_lab.Unsupported("no packet comes out of the IPsec tunnel")


def receiver(lab, port):
    """Let packets of a Sender come through @port; keep it in @lab."""
    here, there, bits, anything = ENDS[lab.version]
    nodad = " nodad" if lab.version == 6 else ""
    lab.ip(f"addr add {here}/{bits} dev {port}{nodad}")
    lab.ip(f"{STATE.format(there, here)} {KEYS}")
    for direction in ("in", "fwd"):
        lab.ip(POLICY.format(anything, anything, direction, there, here) +
               " level use")
    lab.apply()
    lab.esp[port] = Sender(lab.version)

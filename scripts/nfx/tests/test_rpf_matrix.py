#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The matrix of reverse path filtering, without a kernel.

It checks its model against the kernel; here is what not every kernel has, and
what makes a class. And what becomes of a matrix that is wrong somewhere.
"""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

import rpf_packet             # noqa: E402
import rpfmatrix              # noqa: E402
from rpf_model import (DEFAULT, DROP_NEXTHOP, EXEMPT, FEASIBLE, LOCAL,
                       LOOSE, MARTIAN, NONE, STRICT, Model, Options,
                       Place)  # noqa: E402

NAMES = ("lo", "pa", "pb", "vrf0")
MAIN_RULES = [{"priority": 0, "src": "all", "table": "255"},
              {"priority": 32766, "src": "all", "table": "254"}]


def links(master=None):
    found = [{"ifname": name, "ifindex": index, "flags": ["UP", "LOWER_UP"],
              "address": f"02:00:00:00:00:0{index}"}
             for index, name in enumerate(NAMES, 1)]
    found[0]["flags"].append("LOOPBACK")
    found[3]["linkinfo"] = {"info_kind": "vrf", "info_data": {"table": 10}}
    if master:
        found[1]["master"] = found[2]["master"] = master
    return found


def route(dst, dev="pa", **more):
    more.setdefault("table", "254")
    return {"dst": dst, "dev": dev, **more}


class Classes(unittest.TestCase):
    def classify(self, routes, src="192.0.2.1", rules=(), iif="pa",
                 options=Options(), master=None, **place):
        model = Model(4, {"link": links(master), "nexthop": [],
                          "rule": [*rules, *MAIN_RULES], "route": routes})
        packet = rpf_packet.make("pa", src, "198.51.100.1")
        where = Place("prerouting", iif, NAMES.index(iif) + 1, **place)
        return model.classify(packet, where, options)

    def test_metrics(self):
        routes = [route("192.0.2.0/24", "pb", metric=10),
                  route("192.0.2.0/24", "pa", metric=20),
                  route("default", "vrf0")]
        self.assertEqual(self.classify(routes), FEASIBLE)
        self.assertEqual(self.classify(routes[::-1]), FEASIBLE)
        self.assertEqual(self.classify(routes, iif="pb"), STRICT)
        # A shorter prefix is no feasible path.
        self.assertEqual(self.classify(routes[:1] + [route("default")]),
                         LOOSE)

    def test_default(self):
        routes = [route("default", "pb")]
        self.assertEqual(self.classify(routes), LOOSE)
        self.assertEqual(self.classify(routes, options=Options(True)),
                         DEFAULT)
        self.assertEqual(self.classify([]), NONE)

    def test_types(self):
        for kind, expected in (("2", LOCAL), ("3", MARTIAN),
                               ("6", DROP_NEXTHOP), ("7", DROP_NEXTHOP),
                               ("8", DROP_NEXTHOP), ("9", NONE)):
            self.assertEqual(self.classify(
                [route("192.0.2.0/24", type=kind)]), expected)
        local = [route("192.0.2.1", type="2", table="255")]
        accept = Options(accept_local=True)
        self.assertEqual(self.classify(local, options=accept), STRICT)
        self.assertEqual(self.classify(local, iif="pb", options=accept),
                         LOOSE)

    def test_throw_goes_on(self):
        rules = [{"priority": 9, "src": "all", "table": "100"}]
        routes = [route("192.0.2.0/28", type="9", table="100"),
                  route("192.0.2.0/24", "pb", table="100"),
                  route("192.0.2.0/24")]
        self.assertEqual(self.classify(routes, rules=rules), STRICT)
        self.assertEqual(self.classify(routes, "192.0.2.99", rules), LOOSE)

    def test_vrf(self):
        rules = [{"priority": 9, "src": "all", "l3mdev": None}]
        routes = [route("192.0.2.0/24", "pb", table="10"),
                  route("192.0.2.0/24", "pa")]
        self.assertEqual(self.classify(routes, rules=rules), STRICT)
        enslaved = {"rules": rules, "master": "vrf0"}
        self.assertEqual(self.classify(routes, **enslaved), LOOSE)
        self.assertEqual(self.classify(routes, iif="vrf0", **enslaved),
                         STRICT)
        self.assertEqual(self.classify(routes, rules=rules,
                                       options=Options(vrf="vrf0")), LOOSE)
        self.assertEqual(self.classify(routes, rules=rules,
                                       options=Options(vrf="pb")), NONE)

    def test_exempt(self):
        self.assertEqual(self.classify([], iif="lo"), EXEMPT)
        self.assertEqual(self.classify([], ipsec=True), NONE)
        self.assertEqual(self.classify([], ipsec=True,
                                       options=Options(ipsec=True)), EXEMPT)


class Wire(unittest.TestCase):
    def test_lengths(self):
        for src, dst, size in (("192.0.2.1", "192.0.2.2", 28),
                               ("2001:db8::1", "2001:db8::2", 48)):
            packet = rpf_packet.make("pa", src, dst)
            self.assertEqual(len(rpf_packet.wire(packet, 1)), size)
        data = rpf_packet.wire(packet._replace(fragment=True), 1)
        self.assertEqual((len(data), data[6]), (56, 44))

    def test_checksum(self):
        packet = rpf_packet.make("pa", "192.0.2.1", "192.0.2.2")
        self.assertEqual(rpf_packet.checksum(
            rpf_packet.wire(packet, 7)[:20]), 0)


class Check(unittest.TestCase):
    def check(self, lines, ok=True):
        result = mock.Mock(out=lines, ok=ok, splats=[], console="log")
        with mock.patch.object(rpfmatrix.deps, "ensure"), \
                mock.patch.object(rpfmatrix.guest, "boot",
                                  return_value=result):
            return rpfmatrix.check("image", 60)

    def test_right(self):
        text = self.check(["seed 4", "IPv4 ...", "ROW rpf-matrix-cells 12",
                           "ROW rpf-matrix-wrong 0"])
        self.assertEqual(text, "12 cells are right, seed 4")

    def test_wrong(self):
        lines = ["ROW rpf-matrix-cells 12", "ROW rpf-matrix-wrong 1"]
        for out, ok in ((lines, False), (lines, True), (lines[:1], True),
                        (lines[:1] + ["ROW rpf-matrix-wrong 0"], False)):
            with self.assertRaises(rpfmatrix.ui.Error):
                self.check(out, ok)

    def test_job(self):
        with tempfile.TemporaryDirectory() as temp:
            rpfmatrix.make_job(Path(temp), ["--time", "60"])
            self.assertIn("./rpf_matrix.py --time 60",
                          (Path(temp) / "run").read_text(encoding="ascii"))
            self.assertTrue((Path(temp) / "rpf_model.py").exists())


if __name__ == "__main__":
    unittest.main()

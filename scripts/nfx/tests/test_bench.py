#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Scenarios, results and the report, with a guest that is made up here."""

import argparse
import contextlib
import io
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bench      # noqa: E402
import report     # noqa: E402
import scenario   # noqa: E402
import ui         # noqa: E402


def row(name, **fields):
    return {"id": name, "what": f"what {name} counts", "unit": "packets",
            "instrument": "counter", "better": "lower", "topic": "t",
            "demo": True, "run": ["./t.sh"], "build": [], "insn": False,
            "machine": "qemu", "timeout": 30, **fields}


def result(**fields):
    return SimpleNamespace(**{"rc": 0, "out": [], "console": "console.log",
                              "splats": [], "marks": {}, "seconds": 1.0,
                              **fields})


def group(*rows):
    """The scenarios of the only group of @rows."""
    (items,) = scenario.group_rows(rows).values()
    return items


def feed(items, text, outcome=None):
    output = scenario.Output(items)
    for line in text.splitlines():
        output.feed(line)
    output.finish(outcome or result())
    return output


class Descriptions(unittest.TestCase):
    def load(self, *files):
        with tempfile.TemporaryDirectory() as temp:
            for number, rows in enumerate(files):
                Path(temp, f"{number}.json").write_text(json.dumps(rows))
            return scenario.load_rows(Path(temp))

    def test_order_is_that_of_the_files(self):
        rows = self.load([row("b"), row("a")], [row("c")])
        self.assertEqual([r["id"] for r in rows], ["b", "a", "c"])

    def test_repository_rows_keep_the_contract(self):
        scenario.load_rows()

    def test_refuses(self):
        missing = row("a")
        del missing["unit"]
        for wrong, word in ((missing, "unit"),
                            (row("A"), "lower case"),
                            (row("a", better="faster"), "better"),
                            (row("a", machine="xen"), "machine"),
                            (row("a", timeout="60"), "timeout"),
                            (row("a", run=[]), "run"),
                            (row("a", machine="uml", insn=True), "qemu"),
                            (row("a", better="bounded"), "bound"),
                            (row("a", bound=7), "bound"),
                            (row("a", colour="red"), "colour")):
            with self.assertRaisesRegex(ui.Error, word):
                self.load([wrong])

    def test_refuses_an_id_twice(self):
        with self.assertRaisesRegex(ui.Error, "twice"):
            self.load([row("a")], [row("a")])

    def test_refuses_what_is_no_json(self):
        with tempfile.TemporaryDirectory() as temp:
            Path(temp, "x.json").write_text("[")
            with self.assertRaisesRegex(ui.Error, "x.json"):
                scenario.load_rows(Path(temp))

    def test_same_command_is_one_scenario(self):
        groups = scenario.group_rows([
            row("a", build=["x.c"]), row("b", timeout=90, build=["y.c"]),
            row("c", run=["./t.sh", "c"]), row("d", insn=True),
            row("e", machine="uml")])
        sizes = {str(g): [len(item.rows) for item in items]
                 for g, items in groups.items()}
        self.assertEqual(list(sizes.values()), [[2, 1], [1], [1]])
        first = next(iter(groups.values()))[0]
        self.assertEqual(first.timeout, 90)
        self.assertEqual(first.build, ["x.c", "y.c"])


class Job(unittest.TestCase):
    def test_job_runs_every_scenario(self):
        items = group(row("a", run=["./t.sh", "with space"]), row("b", run=[
            "prog"], build=["prog.c"]))
        with tempfile.TemporaryDirectory() as temp:
            folder, job = Path(temp, "bench"), Path(temp, "job")
            Path(folder, "rows.d").mkdir(parents=True)
            Path(folder, "guest.sh").write_text("scenario() { :; }\n")
            Path(folder, "prog.c").write_text("int main(void)\n"
                                              "{ return 0; }\n")
            with mock.patch.object(scenario, "BENCH", folder):
                scenario.make_job(items, job)
            text = (job / "run").read_text()
            self.assertIn("scenario a 30 ./t.sh 'with space'\n", text)
            self.assertIn("scenario b 30 prog\n", text)
            self.assertFalse((job / "bench/rows.d").exists())
            subprocess.run([job / "bench/prog"], check=True)

    def test_names_a_missing_program(self):
        with tempfile.TemporaryDirectory() as temp:
            with self.assertRaisesRegex(ui.Error, "no-such.c"):
                scenario.compile_programs(
                    group(row("a", build=["no-such.c"])), Path(temp))


class OutputOfAGuest(unittest.TestCase):
    def test_rows(self):
        output = feed(group(row("a"), row("b")), """\
BENCH-KERNEL 7.3.4
BENCH-START a
some log
ROW a 140
ROW b 1.5
ROW of-somebody-else 3
BENCH-END a 0
""")
        self.assertEqual(output.values, {"a": 140, "b": 1.5})
        self.assertEqual(output.release, "7.3.4")
        self.assertEqual(output.problems, [])

    def test_row_is_told_at_once(self):
        seen = []
        output = scenario.Output(group(row("a")),
                                 lambda r, value: seen.append(value))
        for line in ("BENCH-START a", "ROW a 7\r\n"):
            output.feed(line)
        self.assertEqual(seen, [7])

    def test_instructions_per_operation(self):
        output = feed(group(row("a", insn=True), row("b", insn=True)), """\
BENCH-START a
ROWINSN a 1 10 2 5
ROWINSN b 2 5
BENCH-END a 0
""", result(marks={1: [400, 600], 2: [50]}))
        self.assertEqual(output.values, {"a": 90, "b": 10})
        self.assertEqual(output.problems, [])

    def test_problems(self):
        one = group(row("a"))
        ends = "BENCH-START a\nlast words\nROW a 1\nBENCH-END a "
        insn = "BENCH-START a\nROWINSN a 1 10\nBENCH-END a 0"
        for text, outcome, word in (
                (ends + "1", None, "code 1"),
                (ends + "124", None, "did not end within 30 s"),
                ("BENCH-START a\nBENCH-END a 0", None, "no row a"),
                ("BENCH-START a\nROW a\nBENCH-END a 0", None, "malformed"),
                ("BENCH-START a\nROW\nBENCH-END a 0", None, "malformed"),
                ("BENCH-START a\nROW a nan\nBENCH-END a 0", None,
                 "malformed"),
                ("BENCH-START a\nROWINSN a 1 0\nBENCH-END a 0", None,
                 "malformed"),
                ("BENCH-START a\nlast words", None, "did not finish a"),
                ("", None, "did not finish a"),
                (ends + "0", result(splats=["WARNING: x"]), "warned"),
                (insn, None, "never reached mark 1")):
            output = feed(one, text, outcome)
            self.assertIn(word, output.problems[0][0], text)
        output = feed(one, ends + "1")
        self.assertEqual(output.problems[0][1], ["last words"])

    def test_two_scenarios_cannot_share_a_mark(self):
        items = group(row("a", insn=True), row("b", insn=True, run=["./b"]))
        output = feed(items, """\
BENCH-START a
ROWINSN a 1 10
BENCH-END a 0
BENCH-START b
ROWINSN b 1 10
BENCH-END b 0
""", result(marks={1: [100]}))
        self.assertIn("shares mark 1 with a", output.problems[0][0])


class Verdicts(unittest.TestCase):
    def judge(self, stock, patched, better="lower", bound=None):
        return report.verdict({"stock": stock, "patched": patched,
                               "better": better, "bound": bound})

    def test_levels_and_words(self):
        for args, level, text in (
                ((140, 0), report.GOOD, "gone"),
                ((100, 59), report.GOOD, "-41 %"),
                ((61200, 28), report.GOOD, "2 186 x less"),
                ((100, 100), report.BAD, "no change"),
                ((1000, 1005), report.BAD, "no change"),
                ((0, 0), report.BAD, "no change"),
                ((0, 3), report.BAD, "new"),
                ((100, 150), report.BAD, "+50 %"),
                ((1000, 1005, "no-higher"), report.GOOD, "no change"),
                ((1000, 900, "no-higher"), report.GOOD, "-10 %"),
                ((1000, 1100, "no-higher"), report.BAD, "+10 %"),
                ((100, 400, "bounded", 500), report.GOOD, "up to 500"),
                ((900, 501, "bounded", 500), report.BAD, "over 500"),
                ((10, 30, "higher"), report.GOOD, "+200 %"),
                ((10, 90, "higher"), report.GOOD, "9 x more"),
                ((90, 10, "higher"), report.BAD, "9 x less")):
            self.assertEqual(self.judge(*args)[:2], (level, text), args)


class Page(unittest.TestCase):
    def results(self, **figures):
        return {"base": "b <1>", "kernel_stock": "s", "kernel_patched": "p",
                "date": "d", "rows": [
                    {"id": name, "what": "<what>", "unit": "ms",
                     "instrument": "clock", "better": "lower",
                     "stock": stock, "patched": patched}
                    for name, (stock, patched) in figures.items()]}

    def test_self_contained_and_escaped(self):
        page = report.render(self.results(a=(1, 0)), "make demo", "m")
        self.assertNotRegex(page, r"https?:|<script|<link|<img|@import|url\(")
        self.assertIn("b &lt;1&gt;", page)
        self.assertIn("&lt;what&gt;", page)
        self.assertIn("make demo", page)

    def test_bars(self):
        page = report.render(self.results(a=(0, 0), b=(140, 0)), "c", "m")
        widths = re.findall(r'<rect class="(\w+)" y="\d+" width="([\d.]+)%',
                            page)
        self.assertEqual(widths, [("stock", "0.00"), ("patched", "0.00"),
                                  ("stock", "78.00"), ("patched", "0.00")])

    def test_scale(self):
        self.assertEqual(report.scale(100, 50), ((1, .5), []))
        bars, decades = report.scale(61200, 28)
        self.assertEqual(bars[0], 1)
        self.assertTrue(.2 < bars[1] < .4)
        self.assertEqual([value for value, _ in decades],
                         [1, 10, 100, 1000, 10000])

    def test_number(self):
        for value, text in ((61200, "61 200"), (0, "0"), (1.25, "1.25"),
                            (311.25, "311.2"), (18250.4, "18 250"),
                            (7.0, "7")):
            self.assertEqual(report.number(value), text)


class Verb(unittest.TestCase):
    """The whole verb over two kernels that only exist here."""

    def bench(self, stock, patched, *argv, splats=()):
        parser = argparse.ArgumentParser()
        bench.add_arguments(parser)
        rows = [row("a"), row("b", demo=False)]

        def boot(image, _job, *, echo, **_options):
            figure = stock if image.digest[0] == "a" else patched
            echo("BENCH-KERNEL 7.3.4")
            echo("BENCH-START a")
            for name in figure:
                echo(f"ROW {name} {figure[name]}")
            echo("BENCH-END a 0")
            return result(splats=list(splats))

        def build(_config, tree):
            return SimpleNamespace(digest="a" if tree == "stock" else "b")

        out = io.StringIO()
        with contextlib.ExitStack() as stack:
            for target, name, fake in (
                    (bench.scenario, "load_rows", lambda: rows),
                    (bench.scenario, "make_job", mock.Mock()),
                    (bench.deps, "ensure", mock.Mock()),
                    (bench.prepared, "ensure", mock.Mock()),
                    (bench.build, "build", build),
                    (bench.guest, "boot", boot),
                    (bench.base, "current",
                     lambda: SimpleNamespace(name="linux 7.3.4"))):
                stack.enter_context(mock.patch.object(target, name, fake))
            stack.enter_context(contextlib.redirect_stdout(out))
            try:
                return bench.main(parser.parse_args(argv)), out.getvalue()
            except ui.Error as exc:
                return exc, out.getvalue()

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = Path(temp.name)

    def test_writes_both_files(self):
        code, out = self.bench({"a": 140, "b": 9}, {"a": 0, "b": 1.5},
                               "-o", str(self.folder))
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^a +140 +0  gone +packets$")
        results = json.loads((self.folder / "results.json").read_text())
        self.assertEqual(list(results), ["base", "kernel_stock",
                                         "kernel_patched", "date", "rows"])
        self.assertEqual(results["kernel_stock"], "7.3.4 (a)")
        self.assertEqual(results["rows"][1], {
            "id": "b", "what": "what b counts", "unit": "packets",
            "instrument": "counter", "stock": 9, "patched": 1.5,
            "better": "lower"})
        self.assertIn("<svg", (self.folder / "report.html").read_text())

    def test_demo_leaves_rows_out(self):
        code, _ = self.bench({"a": 1}, {"a": 0}, "--demo", "-o",
                             str(self.folder))
        self.assertEqual(code, 0)
        results = json.loads((self.folder / "results.json").read_text())
        self.assertEqual([r["id"] for r in results["rows"]], ["a"])

    def test_partial_result_keeps_the_good_one(self):
        good = self.folder / "results.json"
        good.write_text("good")
        for patched, splats in (({"a": 0}, ()),
                                ({"a": 0, "b": 0}, ("WARNING: x",))):
            error, out = self.bench({"a": 1, "b": 1}, patched, "-o",
                                    str(self.folder), splats=splats)
            self.assertIsInstance(error, ui.Error)
            self.assertIn("FAIL", out)
            self.assertEqual(good.read_text(), "good")

    def test_no_improvement_fails(self):
        error, _ = self.bench({"a": 5}, {"a": 5}, "--only", "a")
        self.assertIn("not better than stock: a", str(error))

    def test_unknown_row(self):
        error, _ = self.bench({}, {}, "--only", "x")
        self.assertEqual(error.code, ui.EXIT_USAGE)


if __name__ == "__main__":
    unittest.main()

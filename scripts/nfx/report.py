# SPDX-License-Identifier: GPL-2.0
"""results.json as a page: bars of stock against patched, one card a row.

The page is self-contained: inline CSS and SVG, no script, no font and no
image from elsewhere.  Bars are linear from zero.  Where one bar would be too
short to see beside the other, the card switches to a logarithmic scale, says
so and draws the decades; log10(1 + value) keeps zero at zero.
"""

import html
import math
from typing import NamedTuple

# A change below this is noise, not a result.
NOISE = 0.01
# From this ratio on a factor reads better than a percentage.
FACTOR_FROM = 5
# From this ratio on the shorter of two linear bars can no longer be judged.
LOG_FROM = 40
# Width of the longest bar in percent; the names take the rest of the line.
FULL_BAR = 78
# From this fraction on the figure stands in its bar, else behind it.
INSIDE_FROM = 0.5

GOAL = {"lower": "lower is better", "higher": "higher is better",
        "no-higher": "must not rise",
        "bounded": "has a limit of its own"}

GOOD = "good"
BAD = "bad"


class Verdict(NamedTuple):
    """What became of a row: GOOD or BAD, and the change in a few words."""
    level: str
    text: str
    held: bool = False      # it is no better, and need not be


def number(value):
    """Format a figure with grouped digits and no idle decimals."""
    if isinstance(value, float) and not value.is_integer():
        digits = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
        text = f"{value:,.{digits}f}"
    else:
        text = f"{int(value):,}"
    return text.replace(",", " ")


def verdict(row):
    """Judge @row: is the patched kernel better, and by how much?"""
    stock, patched = row["stock"], row["patched"]
    if row["better"] == "bounded":
        within = patched <= row["bound"]
        return Verdict(GOOD if within else BAD,
                       f"{'up to' if within else 'over'} "
                       f"{number(row['bound'])}", within)
    lower = row["better"] != "higher"
    if abs(patched - stock) <= NOISE * abs(stock):
        held = row["better"] == "no-higher"
        return Verdict(GOOD if held else BAD, "no change", held)
    level = GOOD if (patched < stock) == lower else BAD
    if patched == 0:
        return Verdict(level, "gone")
    if stock == 0:
        return Verdict(level, "new")
    ratio = max(stock, patched) / min(stock, patched)
    if ratio >= FACTOR_FROM:
        word = "less" if patched < stock else "more"
        return Verdict(level, f"{number(round(ratio, 1))} x {word}")
    return Verdict(level, f"{(patched - stock) / stock:+.0%}"
                   .replace("%", " %"))


def summary(rows):
    """Say in one line how the patched kernel did over all rows."""
    verdicts = [verdict(row) for row in rows]
    gone = sum(v == Verdict(GOOD, "gone") for v in verdicts)
    same = sum(v.held for v in verdicts)
    good = sum(v.level == GOOD for v in verdicts)
    word = "row" if len(rows) == 1 else "rows"
    held = f"{same} as they should stay, " if same else ""
    return (f"{len(rows)} {word}: {gone} gone, {good - gone - same} better, "
            f"{held}{len(rows) - good} not better")


def esc(text):
    return html.escape(str(text), quote=True)


def scale(stock, patched):
    """Return (fractions of the two bars, decades drawn behind them)."""
    top = max(stock, patched)
    if top <= 0:
        return (0, 0), []
    low = min(stock, patched)
    if low <= 0 or top / low < LOG_FROM:
        return (max(stock, 0) / top, max(patched, 0) / top), []
    span = math.log10(1 + top)
    decades = [(10 ** n, math.log10(1 + 10 ** n) / span)
               for n in range(int(math.log10(top)) + 1)]
    return tuple(math.log10(1 + v) / span for v in (stock, patched)), decades


def bar(kernel, fraction, value, unit, y):
    """One bar with the kernel's name before it and its figure."""
    width = fraction * FULL_BAR
    place = 'class="v" dx="8"'
    if fraction >= INSIDE_FROM:
        place = 'class="v in" dx="-8"'
    return (f'<text class="k" x="0" y="{y + 16}">{kernel}</text>'
            '<svg x="64" overflow="visible">'
            f'<rect class="{kernel}" y="{y}" width="{width:.2f}%" height="22"'
            ' rx="2"/>'
            f'<text {place} x="{width:.2f}%" y="{y + 16}">'
            f'{number(value)} {esc(unit)}</text></svg>')


def bars(row):
    """The SVG of one row."""
    (stock, patched), decades = scale(row["stock"], row["patched"])
    height = 78 if decades else 58
    grid = "".join(
        f'<line class="g" x1="{at * FULL_BAR:.2f}%" x2="{at * FULL_BAR:.2f}%"'
        ' y1="0" y2="58"/>'
        f'<text class="t" x="{at * FULL_BAR:.2f}%" y="72">'
        f'{number(value)}</text>'
        for value, at in decades)
    axis = ('<svg x="64" overflow="visible">'
            f'<line class="a" x1="0" x2="0" y1="0" y2="58"/>{grid}</svg>')
    title = (f'{row["id"]}: stock {number(row["stock"])}, '
             f'patched {number(row["patched"])} {row["unit"]}')
    return (f'<svg class="bars" width="100%" height="{height}" role="img" '
            f'aria-label="{esc(title)}">{axis}'
            + bar("stock", stock, row["stock"], row["unit"], 3)
            + bar("patched", patched, row["patched"], row["unit"], 33)
            + "</svg>")


def card(row):
    judged = verdict(row)
    log = ""
    if scale(row["stock"], row["patched"])[1]:
        log = "; logarithmic scale"
    return f"""\
<article id="{esc(row["id"])}">
<div class="head"><h2>{esc(row["what"])}</h2>
<span class="badge {judged.level}">{esc(judged.text)}</span></div>
{bars(row)}
<p class="how"><code>{esc(row["id"])}</code> {esc(row["instrument"])}; \
{esc(GOAL[row["better"]])}{log}</p>
</article>
"""


def table(rows):
    lines = "".join(
        f'<tr><td><code>{esc(row["id"])}</code></td>'
        f'<td class="n">{number(row["stock"])}</td>'
        f'<td class="n">{number(row["patched"])}</td>'
        f'<td>{esc(row["unit"])}</td><td>{esc(verdict(row).text)}</td>'
        f'<td>{esc(row["instrument"])}</td></tr>\n'
        for row in rows)
    return ('<table><thead><tr><th>row</th><th class="n">stock</th>'
            '<th class="n">patched</th><th>unit</th><th>change</th>'
            f'<th>instrument</th></tr></thead><tbody>\n{lines}'
            '</tbody></table>')


def facts(results, command, machine):
    """The facts a reader needs to judge or repeat the run."""
    pairs = (("base", results["base"]),
             ("stock kernel", results["kernel_stock"]),
             ("patched kernel", results["kernel_patched"]),
             ("measured", results["date"]),
             ("command", command),
             ("machine", machine))
    return "".join(f"<div><dt>{esc(name)}</dt><dd>{esc(value)}</dd></div>"
                   for name, value in pairs)


def render(results, command, machine):
    """Return the page for @results, made by @command on @machine."""
    rows = results["rows"]
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>nfx: stock and patched kernel</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Stock kernel and nfx, measured in one run</h1>
<p class="sum">{esc(summary(rows))}</p>
<dl>{facts(results, command, machine)}</dl>
<p class="legend"><span class="dot stock"></span>stock: the base as it is
<span class="dot patched"></span>patched: the base and the whole stack</p>
</header>
{"".join(card(row) for row in rows)}
<details>
<summary>All figures as a table</summary>
<div class="wide">{table(rows)}</div>
</details>
<footer>Every figure was measured on both kernels in this run, with the same
program, userland and guest. Times and counts of instructions hold for this
machine; compare them within a card only.</footer>
</main>
</body>
</html>
"""


STYLE = """\
:root { --bg: #f6f5f1; --card: #ffffff; --ink: #1c2330; --soft: #5b6472;
  --line: #dcdad2; --stock: #a9562a; --patched: #1b7f93;
  --good: #17683c; --goodbg: #dff2e5; --bad: #9c2b22; --badbg: #fbe3df; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #12161c; --card: #1a2029; --ink: #e6e9ee; --soft: #9aa5b4;
    --line: #2e3744; --stock: #e2925b; --patched: #45b5ca;
    --good: #8fe0ad; --goodbg: #163524; --bad: #ffb3a8; --badbg: #47201c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink);
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .4rem;
  letter-spacing: -.01em; }
.sum { font-size: 1.1rem; margin: 0 0 1.25rem; color: var(--soft); }
dl { display: grid; gap: .5rem 2rem; margin: 0 0 1.25rem;
  grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); }
dt { font-size: .75rem; color: var(--soft); }
dd { margin: 0; font-size: .9rem; overflow-wrap: anywhere; }
.legend { font-size: .85rem; color: var(--soft); margin: 0 0 1rem; }
.dot { display: inline-block; width: .8rem; height: .8rem;
  border-radius: 2px; margin: 0 .4rem 0 0; vertical-align: -1px; }
.dot.patched { margin-left: 1.25rem; }
.dot.stock { background: var(--stock); }
.dot.patched { background: var(--patched); }
article { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; padding: 1rem 1.25rem .8rem; margin: 0 0 .9rem; }
.head { display: flex; gap: 1rem; justify-content: space-between;
  align-items: baseline; margin-bottom: .6rem; }
h2 { font-size: 1.02rem; font-weight: 600; margin: 0; line-height: 1.35; }
.badge { flex: none; font-size: .85rem; font-weight: 600;
  padding: .1rem .65rem; border-radius: 1rem; }
.badge.good { color: var(--good); background: var(--goodbg); }
.badge.bad { color: var(--bad); background: var(--badbg); }
.bars { display: block; overflow: visible; }
.bars text { font-size: 13px; fill: var(--ink); }
.bars .k { fill: var(--soft); }
.bars .v { font-weight: 600; font-variant-numeric: tabular-nums; }
.bars .in { fill: var(--card); text-anchor: end; }
.bars .t { font-size: 11px; fill: var(--soft); text-anchor: middle; }
.bars .a { stroke: var(--soft); }
.bars .g { stroke: var(--line); }
rect.stock { fill: var(--stock); }
rect.patched { fill: var(--patched); }
.how { margin: .35rem 0 0; font-size: .8rem; color: var(--soft); }
code { font: .95em ui-monospace, "DejaVu Sans Mono", monospace; }
.how code { color: var(--ink); margin-right: .6rem; }
details { margin: 1.5rem 0; }
summary { cursor: pointer; font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; margin-top: .75rem;
  width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid var(--line); vertical-align: baseline; }
.n { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
footer { font-size: .8rem; color: var(--soft); max-width: 44rem; }
@media print { details { display: block; } }
"""

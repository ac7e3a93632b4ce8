# SPDX-License-Identifier: GPL-2.0
"""Format netdev wants for the lists in a selftest Makefile.

    TEST_PROGS := \\
            a.sh \\
            b.sh \\
    # end of TEST_PROGS

One item a line behind a tab, sorted, files of sub-directories last, each
variable assigned once.
"""

import re

ASSIGNMENT = re.compile(r"^([A-Z_][A-Z0-9_]*)\s*(:?=|\+=)(.*)$")


def errors(text):
    """Return what is wrong with the lists of the Makefile @text."""
    wrong = []
    for name, rows in variables(text).items():
        wrong += [f"{name}: {error}" for error in list_errors(name, rows)]
    return wrong


def variables(text):
    """Return {variable: [(line number, line)]} of the multi-line lists."""
    found = {}
    name = None
    for number, row in enumerate(text.split("\n"), 1):
        match = ASSIGNMENT.match(row)
        if match:
            name, value = match.group(1), match.group(3).strip()
            if value.startswith("$") or len(name) < 3 or \
                    "FLAGS" in name or "LIBS" in name:
                name = None
            elif value != "\\":
                found.setdefault(name, []).append((number, "\t" + value))
        elif name:
            found.setdefault(name, []).append((number, row))
        if not row.endswith("\\"):
            name = None
    return found


def list_errors(name, rows):
    closing = rows[-1][1].strip()
    items = []
    for number, row in rows[:-1] if closing.startswith("#") else rows:
        if not row.startswith("\t"):
            yield f"line {number} does not start with a tab"
        item = row[1:].removesuffix(" \\").strip()
        if " " in item and "$" not in item:
            yield f"line {number} has more than one item"
        if not item.startswith("$"):
            items.append((number, item))
    if len(rows) > 1:
        if not closing.startswith("#"):
            yield f"line {rows[-1][0]} should be '# end of {name}'"
        elif len(closing) > 5 and name not in closing:
            yield f"the closing comment should name {name}"
    for (_, one), (number, two) in zip(items, items[1:]):
        if one >= two and order(one) > order(two):
            yield f"line {number}: {two} should be before {one}"
    for (one, _), (two, _) in zip(rows, rows[1:]):
        if two != one + 1:
            yield f"line {two}: assigned again, first at line {rows[0][0]}"


def order(item):
    return item.count("/"), item.lower()

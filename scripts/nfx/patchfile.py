# SPDX-License-Identifier: GPL-2.0
"""The files of patches/ and the table of blocks, as data."""

import functools
import hashlib
import re
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import NamedTuple

import paths
import ui

NAME = re.compile(r"^(\d{4})-[a-z0-9._-]+\.patch$", re.I)
PREFIX = re.compile(r"^\[PATCH(?: ([\w-]+))?\] (.*)$")
TREES = ("net", "net-next", "nf", "nf-next")


class Block(NamedTuple):
    """One line of scripts/nfx/series."""
    number: int
    name: str
    tree: str
    depends: tuple
    cover: Path
    max: int

    @property
    def label(self):
        return f"{self.number}-{self.name}"

    def letter(self, tree):
        """Return the cover letter for @tree: its own, else the block's."""
        own = self.cover.with_suffix(f".{tree}.txt")
        return own if own.is_file() else self.cover


@functools.cache
def blocks():
    """Return the blocks of scripts/nfx/series by number."""
    table = {}
    text = (paths.NFX / "series").read_text(encoding="utf-8")
    for count, row in enumerate(text.splitlines(), 1):
        if not row.strip() or row.startswith("#"):
            continue
        field = row.split()
        if len(field) != 6 or not field[0].isdigit() \
                or not field[5].isdigit():
            ui.die(f"scripts/nfx/series:{count} does not have the six columns",
                   "see the head of that file")
        depends = () if field[3] == "-" else tuple(field[3].split(","))
        table[int(field[0])] = Block(int(field[0]), field[1], field[2],
                                     depends, paths.NFX / field[4],
                                     int(field[5]))
    return table


def block(name):
    """Return the Block called @name (number, name or number-name)."""
    for item in blocks().values():
        if name in (str(item.number), item.name, item.label,
                    f"{item.number:02d}"):
            return item
    known = ", ".join(item.label for item in blocks().values())
    return ui.die(f"there is no block '{name}'", f"the blocks are: {known}",
                  ui.EXIT_USAGE)


class Patch:
    """One mail of patches/."""

    def __init__(self, path):
        self.path = path
        self.raw = path.read_bytes()
        self.text = self.raw.decode("utf-8", "replace")
        found = NAME.match(path.name)
        self.number = int(found.group(1)) if found else -1
        self.block = self.number // 100
        # The compat32 policy keeps the folded subject; join it as git does.
        mail = BytesParser(policy=policy.default).parsebytes(
            self.raw, headersonly=True)
        header = " ".join(str(mail["Subject"] or "").split())
        found = PREFIX.match(header)
        self.tree = (found.group(1) or "") if found else ""
        self.subject = found.group(2) if found else header
        self.author = str(mail["From"] or "")
        self.files = changed_files(self.text)

    @property
    def body(self):
        """The commit message without its subject."""
        start = self.text.find("\n\n")
        end = self.text.find("\n---\n", start)
        return self.text[start + 2:end if end > 0 else None]

    @property
    def label(self):
        return f"{self.number:04d}" if self.number >= 0 else self.path.name

    def added(self, pattern="", removed=False):
        """Yield (file, line) of the lines added to files matching @pattern."""
        mark = "-" if removed else "+"
        name = None
        in_hunk = False
        for text in self.text.split("\n"):
            if text.startswith("diff --git "):
                name, in_hunk = text.rpartition(" b/")[2], False
            elif text.startswith("@@ "):
                in_hunk = True
            elif in_hunk and text.startswith(mark) and \
                    re.search(pattern, name):
                yield name, text[1:]


class Change(NamedTuple):
    """A file a patch touches; @status is one of A, M, D, R."""
    status: str
    path: str
    old: str


def changed_files(text):
    """Return the Changes of a patch in the order of the mail."""
    changes = []
    for part in re.split(r"^(?=diff --git )", text, flags=re.M)[1:]:
        head = part.split("\n@@ ", 1)[0]
        found = re.match(r"diff --git a/(.*) b/(.*)\n", head)
        if not found:
            continue
        old, new = found.groups()
        status = "M"
        if "\nnew file mode" in head:
            status = "A"
        elif "\ndeleted file mode" in head:
            status = "D"
        elif "\nrename from" in head:
            status = "R"
        changes.append(Change(status, new, old))
    return changes


def load(directory=None):
    """Return the Patches of patches/ in order of application."""
    directory = directory or paths.PATCHES
    if not directory.is_dir():
        return []
    return [Patch(path) for path in sorted(directory.iterdir())
            if not path.name.startswith(".") and path.is_file()]


def touched(patches):
    """Return every path the patches touch, sorted."""
    names = set()
    for patch in patches:
        for change in patch.files:
            names |= {change.path, change.old}
    return sorted(names)


def digest(directory=None):
    """Return a digest of the names and contents of patches/."""
    total = hashlib.sha256()
    for patch in load(directory):
        total.update(f"{patch.path.name} {len(patch.raw)}\n".encode())
        total.update(patch.raw)
    return total.hexdigest()

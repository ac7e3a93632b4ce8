# SPDX-License-Identifier: GPL-2.0
"""Which kernel functions the instructions of a row were in.

The counting plugin (insn/nfx_insn.c) leaves the instructions of each
translated block, by mark; System.map says which function a block is of.
"""

import bisect
from collections import Counter


class Symbols:
    """Finds the function an address is in."""

    def __init__(self, system_map):
        found = {}
        for line in system_map.read_text(encoding="ascii").splitlines():
            address, kind, name = line.split()[:3]
            if kind in "tTwW":
                found.setdefault(int(address, 16), name)
        self.addresses = sorted(found)
        self.names = [found[address] for address in self.addresses]

    def name(self, address):
        place = bisect.bisect_right(self.addresses, address) - 1
        return self.names[place] if place >= 0 else hex(address)


def read(path, symbols):
    """Return {mark: Counter of instructions by function}."""
    profile = {}
    for line in path.read_text(encoding="ascii").splitlines():
        mark, address, insns = line.split()
        function = symbols.name(int(address, 16))
        profile.setdefault(int(mark), Counter())[function] += int(insns)
    return profile


def of_row(profile, marks):
    """Instructions per operation by function; @marks as of ROWINSN."""
    functions = Counter()
    for sign, mark, ops in zip((1, -1), marks[0::2], marks[1::2]):
        for name, insns in profile.get(mark, {}).items():
            functions[name] += sign * insns / ops
    return functions


def less(profile, marks, without):
    """Instructions per operation, those of functions in @without apart."""
    return sum(insns for name, insns in of_row(profile, marks).items()
               if name not in without)


def show(row, functions, least=1.0):
    """Print the functions with at least @least instructions, most first."""
    print(f"  {row}: {sum(functions.values()):.0f} instructions", flush=True)
    for name, insns in functions.most_common():
        if abs(insns) >= least:
            print(f"  {insns:10.1f}  {name}", flush=True)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""See to it that build/linux is there and current, for verbs that build it.

A tree somebody works in is left as it is and said to be so: trying a change
before `refresh` is what the guests are for.
"""

import argparse
import sys

import base
import git
import patchfile
import stack
import ui


def is_current(tree):
    """True when @tree is what `prepare` would make now."""
    return (tree.get("patches") == patchfile.digest()
            and tree.get("base") == base.current().name)


def ensure():
    """Prepare the tree unless it is current or somebody's work."""
    tree = stack.Tree()
    if tree.exists():
        if tree.edited():
            ui.warn(f"{tree.path} has commits that are not in patches/; "
                    "it is used as it is")
            return
        if not git.is_clean(tree.path):
            ui.warn(f"{tree.path} has uncommitted changes; "
                    "it is used as it is")
            return
        if is_current(tree):
            return
    stack.prepare(argparse.Namespace(force=False))


def main():
    try:
        ensure()
    except ui.Error as exc:
        print(f"prepare: {exc}", file=sys.stderr)
        return exc.code
    return ui.EXIT_OK


if __name__ == "__main__":
    sys.exit(main())

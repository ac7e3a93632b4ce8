# SPDX-License-Identifier: GPL-2.0
"""The verb bisect-build: every patch compiles without those after it."""

import deps
import objects
import patchfile
import stack
import ui


def add_arguments(parser):
    parser.add_argument("block", nargs="?",
                        help="stop at the patches of this block only")


def main(args):
    deps.ensure("base", "build")
    number = patchfile.block(args.block).number if args.block else None
    patches = stack.readable_patches()
    failed = False
    with objects.walk(patches) as tree:
        folders = objects.directories(patches)
        for patch in patches:
            if number is not None and patch.block != number:
                continue
            tree.checkout(tree.commits[patch.number])
            with ui.progress(f"{patch.label}: {' '.join(folders)}"):
                done = tree.make("-k", *folders, check=False)
            first = next((text.strip() for text in done.stderr.splitlines()
                          if " error: " in text or "Error " in text), "")
            failed = failed or done.returncode != 0
            ui.line(ui.FAIL if done.returncode else ui.OKAY, patch.label,
                    first if done.returncode else patch.subject)
    return ui.EXIT_FAIL if failed else ui.EXIT_OK

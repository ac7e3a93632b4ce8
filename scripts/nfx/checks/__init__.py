# SPDX-License-Identifier: GPL-2.0
"""The checks of `nfx-tree check`, one per file, with netdev's names.

A check is a function run(context) that returns one Result or a list of
them.  FAST is the order they run and are shown in.
"""

from checks import (check_selftest, checkpatch, deprecated_api, fixes,
                    inline, kdoc, maintainers, own_sources, series_format,
                    shellcheck, stack, yamllint)

FAST = (
    stack.names_and_blocks,
    stack.apply,
    stack.reexport,
    stack.overlay_identity,
    stack.tracked_files,
    stack.signoff,
    checkpatch.run,
    kdoc.run,
    inline.source_inline,
    inline.header_inline,
    deprecated_api.run,
    check_selftest.run,
    shellcheck.run,
    yamllint.run,
    fixes.verify_fixes,
    fixes.fixes_present,
    maintainers.run,
    series_format.run,
    own_sources.python,
    own_sources.shell,
)

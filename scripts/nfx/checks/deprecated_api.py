# SPDX-License-Identifier: GPL-2.0
"""deprecated_api: interfaces netdev does not want more users of."""

import re

import ui
from checks.context import per_patch

# (pattern, files, status when a patch adds more than it removes)
ITEMS = (
    (re.compile(r"module_param", re.I), "", ui.FAIL),
    (re.compile(r"\Wdev_hold\(", re.I), "", ui.WARN),
    (re.compile(r"\Wdev_put\(", re.I), "", ui.WARN),
    (re.compile(r"\Wput_net\(", re.I), "", ui.WARN),
    (re.compile(r"\Wget_net\(", re.I), "", ui.WARN),
    (re.compile(r"\Winit_dummy_netdev\(", re.I), "", ui.WARN),
    (re.compile(r"\W__free\(", re.I), "^drivers/net/", ui.WARN),
)


def run(context):
    def judge(patch):
        status, text = ui.OKAY, []
        for pattern, files, bad in ITEMS:
            new, old = (sum(bool(pattern.search("+" + row)) for _, row in
                            patch.added(files, removed=removed))
                        for removed in (False, True))
            if not new:
                continue
            text.append(f"'{pattern.pattern}' was: {old} now: {new}")
            verdict = bad if new > old else ui.WARN if bad == ui.FAIL \
                else ui.OKAY
            status = max(status, verdict, key=(ui.OKAY, ui.WARN,
                                               ui.FAIL).index)
        return status, text

    return per_patch(context, "deprecated_api", judge)

# SPDX-License-Identifier: GPL-2.0
"""checkpatch with netdev's flags, and the sign-off it has to miss."""

import concurrent.futures
import hashlib
import re

import paths
import ui
from checks.context import JOBS, Result, per_patch

IGNORED = ("COMMIT_LOG_LONG_LINE,MACRO_ARG_REUSE,ALLOC_SIZEOF_STRUCT,"
           "NO_AUTHOR_SIGN_OFF,GIT_COMMIT_ID,CAMELCASE,FILE_PATH_CHANGES,"
           "BAD_REPORTED_BY_LINK")
FLAGS = ("--strict", "--codespell", "--max-line-length=80", "--show-types",
         "--color=never", f"--ignore={IGNORED}")
MESSAGE = re.compile(r"^(ERROR|WARNING|CHECK):(\w+): (.*)$", re.M)
TOTAL = re.compile(r"^total: .*", re.M)
# Stands before what it says about a commit, if there is more than one.
HEADER = re.compile(r"^-+\nCommit ([0-9a-f]{12}) \(.*\)\n-+\n", re.M)


def run(context):
    """Return the results of checkpatch and of verify_signedoff."""
    unsigned = []
    # The packaged base has no history to look up a commit id in.
    unknown = set() if context.base.commit else {"UNKNOWN_COMMIT_ID"}

    said = checkpatch(context)

    def judge(patch):
        output = said.get(patch.label, "")
        if not TOTAL.search(output):
            return ui.FAIL, ["checkpatch did not finish", said[""], output]
        found = MESSAGE.findall(output)
        if any(kind == "MISSING_SIGN_OFF" for _, kind, _ in found):
            unsigned.append(patch.label)
        left = [f"{level}:{kind}: {text}" for level, kind, text in found
                if kind != "MISSING_SIGN_OFF" and kind not in unknown]
        if left:
            return ui.FAIL, [*left, *output.split("\n")]
        return ui.OKAY, TOTAL.findall(output)

    result = per_patch(context, "checkpatch", judge)
    return [result, signedoff(context, unsigned)]


def checkpatch(context):
    """Return {label of a patch: output}, and errors under "".

    One run per processor, as it takes longer to start than to look at a patch.
    What it has said about a patch is kept.
    """
    files = {patch: kept(context, patch) for patch in context.patches}
    new = [patch for patch, path in files.items() if not path.exists()]

    def look(patches):
        ids = [context.commit(patch) for patch in patches]
        done = ui.run(
            ["perl", context.source / "scripts/checkpatch.pl",
             f"--root={context.source}", "-g", *ids, *FLAGS],
            cwd=context.work, check=False)
        found = split(done.stdout, ids)
        for patch, commit in zip(patches, ids):
            if TOTAL.search(found.get(commit[:12], "")):
                paths.write_file(files[patch], found[commit[:12]])
        return done.stderr

    parts = [part for part in (new[i::JOBS] for i in range(JOBS)) if part]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        said = {"": "".join(pool.map(look, parts))}
    for patch, path in files.items():
        if path.exists():
            said[patch.label] = path.read_text(encoding="utf-8")
    return said


def kept(context, patch):
    """Return the file for what checkpatch says about @patch on this base."""
    sha = hashlib.sha256(f"{context.base.name} {FLAGS}".encode())
    scripts = context.source / "scripts"
    sha.update(patch.raw)
    for name in ("checkpatch.pl", "spelling.txt"):
        sha.update((scripts / name).read_bytes())
    return paths.CACHE / "checkpatch" / sha.hexdigest()


def split(output, commits):
    """Return {first 12 digits: output}; a single commit has no header."""
    if len(commits) == 1:
        return {commits[0][:12]: output}
    pieces = HEADER.split(output)
    return dict(zip(pieces[1::2], pieces[2::2]))


def signedoff(context, unsigned):
    """The one error that is expected until `format` adds the sign-off."""
    count = len(context.patches)
    if unsigned:
        return Result(ui.WARN, "verify_signedoff",
                      f"expected: {len(unsigned)} of {count} patches wait "
                      "for the submitter's sign-off (format)")
    return Result(ui.OKAY, "verify_signedoff", f"{count} patches signed off")

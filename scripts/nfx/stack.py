# SPDX-License-Identifier: GPL-2.0
"""The verbs prepare, status and refresh: patches/ to commits and back.

The prepared tree build/linux is a git repository on branch `nfx`:

    base             branch: the unpatched kernel
    series/<block>   branches: the last commit of each block
    refs/notes/nfx   block and target tree of each commit (see notes.py)

Its configuration remembers what patches/ and HEAD were when the two last
agreed, so that a change on either side is seen and never overwritten.
"""

import os
import tempfile
from pathlib import Path

import base as kernel
import deps
import export
import fold
import git
import notes
import overlay
import patchfile
import paths
import scratch
import ui

TREE_HINT = "run 'scripts/nfx-tree prepare'"


class Tree:
    """The prepared tree."""

    def __init__(self, path=None):
        self.path = path or paths.TREE

    def exists(self):
        return (self.path / ".git").is_dir()

    def get(self, key):
        return git.out(self.path, "config", f"nfx.{key}", check=False)

    def set(self, key, value):
        git.git(self.path, "config", f"nfx.{key}", value)

    def head(self):
        return git.commit_id(self.path, "HEAD")

    def base(self):
        return git.commit_id(self.path, "base")

    def commits(self):
        return export.commits(self.path, "base")

    def is_pinned(self):
        return self.get("pinned") == "true"

    def edited(self):
        """True when HEAD has moved since patches/ was last written or read."""
        return self.head() != self.get("head")

    def require(self):
        if not self.exists():
            ui.die(f"there is no prepared tree in {self.path}", TREE_HINT)
        self.require_clean()

    def require_clean(self):
        what = git.busy(self.path)
        if what:
            ui.die(f"a git {what} is under way in {self.path}",
                   f"finish it or run 'git {what} --abort' there")
        if not git.is_clean(self.path):
            ui.die(f"the prepared tree {self.path} has uncommitted changes",
                   "commit or stash them there")

    def agree(self):
        """Remember that patches/ and HEAD are the same stack."""
        self.set("head", self.head())
        self.set("patches", patchfile.digest())

    def take(self, repo):
        """Check out branch nfx of @repo here, with its notes.

        Only the files that differ are written, which keeps the objects of
        the build directories valid.
        """
        refs = ["+refs/heads/nfx:refs/nfx/new"]
        if git.succeeds(repo, "show-ref", "-q", "--verify", notes.REF):
            refs.append(f"+{notes.REF}:{notes.REF}")
        git.git(self.path, "fetch", "-q", "--no-tags", repo, *refs)
        if git.commit_id(self.path, "HEAD"):
            kernel.restore_ignore(self.path)
        git.git(self.path, "checkout", "-q", "-B", "nfx", "refs/nfx/new")
        kernel.show_new_files(self.path)
        git.git(self.path, "update-ref", "-d", "refs/nfx/new")


# --- prepare -------------------------------------------------------------


def add_prepare(parser):
    parser.add_argument("--force", action="store_true",
                        help="drop commits that are not in patches/")


def prepare(args):
    deps.ensure("base")
    patches = readable_patches()
    base = kernel.current()
    tree = Tree()
    if tree.exists():
        tree.require_clean()
        if tree.edited() and not args.force:
            ui.die("the prepared tree has commits that are not in patches/",
                   "run 'scripts/nfx-tree refresh' to keep them, "
                   "'prepare --force' to drop them")
    lender = kernel.lender()
    with paths.lock("tree"), scratch.directory("prepare") as work:
        with ui.progress(f"applying {len(patches)} patches to {base.name}"):
            apply_stack(work, lender, patches, not base.pinned)
        with ui.progress(f"writing {tree.path}"):
            install(tree, work, lender)
    tree.set("base", base.name)
    tree.set("pinned", "true" if base.pinned else "false")
    where = notes.places(tree.path, tree.commits())
    notes.mark_blocks(tree.path, tree.commits(), where)
    tree.agree()
    ui.line(ui.OKAY, "prepare",
            f"{len(patches)} patches on {base.name} in {tree.path}")
    return ui.EXIT_OK


def readable_patches():
    """Return the patches; die when patches/ holds what git am stumbles on."""
    patches = patchfile.load()
    for patch in patches:
        if patch.number < 0:
            ui.die(f"patches/{patch.path.name} is no patch NNNN-name.patch",
                   "remove it: 'git am patches/*' would break off there")
        if patch.block not in patchfile.blocks():
            ui.die(f"patches/{patch.path.name} is of block {patch.block}, "
                   "which scripts/nfx/series does not have",
                   "add a line for it there")
    if not patches:
        ui.warn("patches/ is empty: this is the bare base")
    return patches


def apply_stack(work, lender, patches, three_way):
    """Apply @patches in @work, a sparse checkout of @lender, with notes."""
    scratch.from_git(work, lender, git.commit_id(lender, "HEAD"),
                     patchfile.touched(patches))
    scratch.apply(work, [patch.path for patch in patches], three_way,
                  "nothing was changed; mend the patch in a tree it "
                  "applies to and refresh")
    ids = export.commits(work, "base")
    notes.write(work, {
        commit: notes.Place(patch.block, patch.tree or
                            patchfile.blocks()[patch.block].tree)
        for commit, patch in zip(ids, patches)})


def install(tree, work, lender):
    """Bring the stack of @work to the prepared tree."""
    base = git.commit_id(work, "base")
    if not tree.exists():
        if tree.path.exists():
            ui.die(f"{tree.path} exists and is no git tree",
                   f"move it away: 'mv {tree.path} {tree.path}.old'")
        with paths.new_dir(tree.path) as temp:
            create(Tree(temp), work, lender, base)
        return
    alternates = tree.path / ".git/objects/info/alternates"
    objects = str(git.object_dir(lender))
    lenders = alternates.read_text(encoding="utf-8").splitlines()
    if objects not in lenders:
        paths.write_file(alternates, "\n".join([objects, *lenders]) + "\n")
    git.git(tree.path, "update-ref", "refs/nfx/before-prepare", "HEAD")
    tree.take(work)
    git.git(tree.path, "update-ref", "refs/heads/base", base)


def create(tree, work, lender, base):
    git.init(tree.path, borrow=lender)
    # In contrast to ours, the user's work deserves to be written safely.
    git.git(tree.path, "config", "--unset", "core.fsync")
    notes.setup(tree.path)
    kernel.exclude_builds(tree.path)
    git.git(tree.path, "update-ref", "refs/heads/base", base)
    tree.take(work)


# --- status --------------------------------------------------------------


def add_status(_parser):
    pass


def status(_args):
    """Say what is stale; 0 when patches, tree and overlay agree."""
    patches = patchfile.load()
    for block in patchfile.blocks().values():
        count = sum(patch.block == block.number for patch in patches)
        ui.line(ui.OKAY if count else ui.SKIP, block.label,
                f"{count} of at most {block.max} patches, for {block.tree}")
    tree = Tree()
    if not tree.exists():
        ui.line(ui.SKIP, "tree", f"not prepared; {TREE_HINT}")
        return ui.EXIT_SKIP
    results = list(tree_state(tree))
    for result in results:
        ui.line(*result)
    return ui.EXIT_FAIL if any(result[0] == ui.FAIL for result in results) \
        else ui.EXIT_OK


def tree_state(tree):
    """Yield result lines about the prepared tree and the overlay."""
    yield ui.OKAY, "base", tree.get("base")
    busy = git.busy(tree.path)
    if busy:
        yield ui.FAIL, "tree", f"a git {busy} is under way in {tree.path}"
    elif not git.is_clean(tree.path):
        yield ui.FAIL, "tree", f"uncommitted changes in {tree.path}"
    elif tree.edited():
        yield ui.FAIL, "tree", "has commits not in patches/: refresh"
    else:
        yield ui.OKAY, "tree", f"{len(tree.commits())} commits, clean"
    if patchfile.digest() != tree.get("patches"):
        yield ui.FAIL, "patches", "changed since the tree was prepared: " \
            "prepare"
    else:
        yield ui.OKAY, "patches", "as the tree was prepared or refreshed"
    old = overlay.project(tree.path, "base", tree.get("head"))
    wrong = overlay.differences(old)
    if wrong:
        yield ui.FAIL, "overlay", "; ".join(
            f"{name} {what}" for name, what in sorted(wrong.items()))
    else:
        yield ui.OKAY, "overlay", f"{len(old)} files as in the stack"


# --- refresh -------------------------------------------------------------


def add_refresh(parser):
    parser.add_argument("--to", metavar="NNNN",
                        help="fold edits of overlay files into this patch")
    parser.add_argument("--block", metavar="BLOCK",
                        help="block of the new commits")
    parser.add_argument("--tree", choices=patchfile.TREES,
                        help="target tree of the new commits")
    parser.add_argument("--force", action="store_true",
                        help="overwrite patches/ although it changed as well")


def refresh(args):
    tree = Tree()
    tree.require()
    if not tree.is_pinned():
        ui.die(f"the prepared tree is based on {tree.get('base')}, patches/ "
               "on the pinned base",
               "unset KDIR, run prepare, and bring the change there")
    if patchfile.digest() != tree.get("patches") and not args.force:
        if tree.edited():
            ui.die("both patches/ and the prepared tree changed since they "
                   "last agreed",
                   "'refresh --force' keeps the tree, 'prepare --force' "
                   "keeps patches/")
        ui.die("patches/ changed since the tree was prepared", TREE_HINT)
    with paths.lock("tree"):
        old = overlay.project(tree.path, "base", tree.get("head"))
        folded = fold.edits(tree, old, args.to)
        changed = write_stack(tree, old, args)
    for text in folded:
        ui.line(ui.OKAY, "fold", text)
    what = ", ".join(changed) if changed else "nothing changed"
    ui.line(ui.OKAY, "refresh",
            f"{len(tree.commits())} patches; {summary(what)}")
    return ui.EXIT_OK


def summary(text, limit=200):
    return text if len(text) <= limit else text[:limit] + " ..."


def write_stack(tree, old, args):
    """Write patches/, overlay and MAINTAINERS; returns what changed."""
    ids = tree.commits()
    block = patchfile.block(args.block).number if args.block else None
    where = notes.places(tree.path, ids, block, args.tree)
    new = overlay.project(tree.path, "base", "HEAD")
    clash = [name for name in new
             if overlay.is_own(name) or name.startswith("outgoing/")]
    if clash:
        ui.die(f"the stack adds {clash[0]}, a path of this repository",
               "choose another path for it")
    with tempfile.TemporaryDirectory(prefix=".patches.",
                                     dir=paths.ROOT) as temp:
        target = Path(temp) / "patches"
        target.mkdir(mode=0o755)
        export.write(tree.path, ids, where, target)
        for path in target.iterdir():
            path.chmod(0o644)
        written, stale = overlay.write(new, old)
        changed = patch_changes(target)
        if changed or not paths.PATCHES.is_dir():
            paths.replace_dir(target, paths.PATCHES)
    notes.write(tree.path, {commit: place for commit, place in zip(ids, where)
                            if notes.read(tree.path, commit) != place})
    notes.mark_blocks(tree.path, ids, where)
    tree.agree()
    return changed + written + [f"{name} removed" for name in stale]


def patch_changes(directory):
    """Return the names of patches that differ between it and patches/."""
    old = {patch.path.name: patch.raw for patch in patchfile.load()}
    new = {patch.path.name: patch.raw for patch in patchfile.load(directory)}
    return sorted(os.path.join("patches", name) for name in {*old, *new}
                  if old.get(name) != new.get(name))

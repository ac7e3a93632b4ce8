# SPDX-License-Identifier: GPL-2.0
"""The verb format: a block as mails for git send-email.

A posting has one target tree, so a block with patches for several trees
becomes one directory outgoing/<block>-<tree>/vN/ for each.  Nothing is sent.
"""

import re

import base as kernel
import deps
import git
import patchfile
import paths
import scratch
import ui
from export import CONFIG

SIGNER = re.compile(r"^([^<>]*[^<>\s]) <([^<>@\s]+@[^<>\s]+)>$")
COVER_FROM = 2
PREFERRED = {"net": "netdev@vger.kernel.org",
             "net-next": "netdev@vger.kernel.org",
             "nf": "netfilter-devel@vger.kernel.org",
             "nf-next": "netfilter-devel@vger.kernel.org"}


def add_arguments(parser):
    parser.add_argument("block", help="number or name of the block")
    parser.add_argument("-v", dest="version", type=int, default=1,
                        metavar="N", help="version of the posting")
    parser.add_argument("--signoff", metavar="'NAME <MAIL>'",
                        help="who signs off (default: git config "
                        "nfx.signoff)")
    parser.add_argument("--tree", choices=patchfile.TREES,
                        help="only the patches for this tree")


def main(args):
    deps.ensure("base")
    block = patchfile.block(args.block)
    if args.version < 1:
        ui.die(f"-v {args.version} is no version", "they start at 1",
               ui.EXIT_USAGE)
    name, mail = signer(args.signoff)
    patches = patchfile.load()
    own = [patch for patch in patches if patch.block == block.number
           and args.tree in (None, patch.tree)]
    if not own:
        ui.die(f"block {block.label} has no patches to format",
               "see 'nfx-tree status'")
    base = kernel.current()
    if not base.official:
        ui.warn(f"{base.name} is no public tree: the mails get no "
                "base-commit; set KDIR to a checkout of the target tree")
    authors = {patch.author for patch in own} - {f"{name} <{mail}>"}
    if authors:
        ui.warn(f"{sorted(authors)[0]} is the author and does not sign off: "
                "netdev's verify_signedoff asks for both")
    trees = sorted({patch.tree for patch in own})
    for tree in trees:
        label = block.label if len(trees) == 1 and not args.tree \
            else f"{block.label}-{tree}"
        posting = Posting(base, block, tree, args.version,
                          paths.OUTGOING / label)
        posting.write([patch for patch in own if patch.tree == tree],
                      before(block, patches, own), name, mail)
        ui.line(ui.OKAY, "format", f"{posting.count} mails for {tree} in "
                f"{posting.target}")
        if posting.todo:
            ui.info(f"fill in {posting.todo} in {posting.target}, then")
        ui.info(f"git send-email --to {PREFERRED[tree]} "
                f"{posting.target}/*.patch")
    return ui.EXIT_OK


def signer(text):
    """Return name and address of who signs off; the user has to say."""
    text = text or ui.run(["git", "config", "nfx.signoff"], cwd=paths.ROOT,
                          check=False).stdout.strip()
    if not text:
        ui.die("no sign-off given: it is the submitter's own word",
               "use --signoff 'Name <mail>' or 'git config nfx.signoff'",
               ui.EXIT_USAGE)
    found = SIGNER.match(text)
    if not found:
        ui.die(f"'{text}' is not of the form 'Name <mail>'",
               "quote the whole of it", ui.EXIT_USAGE)
    return found.groups()


def before(block, patches, own):
    """Return the patches of other blocks that @own stand on."""
    wanted = {0, *(patchfile.block(name).number for name in block.depends)}
    return [patch for patch in patches if patch.block in wanted
            and patch.block != block.number and patch not in own]


class Posting:
    """One directory of mails for one target tree."""

    def __init__(self, base, block, tree, version, folder):
        self.base = base
        self.block = block
        self.tree = tree
        self.version = version
        self.folder = folder
        self.target = folder / f"v{version}"
        self.count = 0
        self.todo = ""

    def write(self, patches, lower, name, mail):
        with paths.lock("format"), scratch.directory("format") as parent:
            work = parent / "linux"
            self.make_base(work, lower + patches)
            scratch.apply(work, [patch.path for patch in lower])
            git.git(work, "branch", "-q", "before")
            self.apply(work, patches)
            git.git(work, "branch", "-q", "now")
            with paths.new_dir(self.target) as temp:
                self.mails(work, temp, len(patches), name, mail)
        self.count = len(list(self.target.glob("*.patch")))

    def make_base(self, work, patches):
        names = {*patchfile.touched(patches)}
        last = self.last_version()
        if last:
            names |= {*patchfile.touched(patchfile.load(last))}
        if self.base.commit:
            scratch.from_git(work, self.base.source, self.base.commit, names)
        else:
            scratch.from_files(work, self.base.source, names)

    def apply(self, work, patches):
        try:
            scratch.apply(work, [patch.path for patch in patches],
                          three_way=bool(self.base.commit))
        except scratch.DoesNotApply as exc:
            ui.die(f"for {self.tree}: {exc.what}",
                   "these patches need those for another tree; order them "
                   "so that they do not, or post that tree first")

    def mails(self, work, target, count, name, mail):
        option = [f"-v{self.version}"] if self.version > 1 else []
        if count >= COVER_FROM:
            option.append("--cover-letter")
        if self.base.commit:
            option.append("--base=base")
        git.git(work, *CONFIG, "format-patch", "-q", "-n", "--no-notes",
                "--signoff", f"--subject-prefix=PATCH {self.tree}", *option,
                "-o", target, "before..now",
                env={"GIT_COMMITTER_NAME": name,
                     "GIT_COMMITTER_EMAIL": mail})
        for cover in target.glob("*-cover-letter.patch"):
            self.fill_cover(work, cover)

    def fill_cover(self, work, cover):
        """Put cover/<block>.txt, changes and range-diff into the letter."""
        source = self.block.letter(self.tree)
        if not source.is_file():
            ui.die(f"{self.block.label} has no cover letter",
                   f"write {source}: the subject, an empty line, the text")
        subject, _, body = source.read_text(
            encoding="utf-8").strip().partition("\n")
        parts = [body.strip()]
        if not self.base.commit:
            release = self.base.name.rpartition(" ")[2].partition("-")[0]
            parts.append(f"Prepared on Linux {release}; no base-commit, as "
                         "that tree is a distribution's.")
        last = self.last_version()
        if last:
            number = int(last.name[1:])
            parts.append(f"Changes since v{number}:\n"
                         f"- *** CHANGES HERE ***\n\n"
                         f"v{number}: *** LINK HERE ***")
            parts.append(self.range_diff(work, last))
            self.todo = "the changes and the link"
        text = cover.read_text(encoding="utf-8")
        text = text.replace("*** SUBJECT HERE ***", subject.strip())
        text = text.replace("*** BLURB HERE ***", "\n\n".join(parts))
        paths.write_file(cover, text)

    def last_version(self):
        """Return the directory of the version before this one, or None."""
        found = {int(path.name[1:]): path for path in self.folder.glob("v*")
                 if path.name[1:].isdigit()
                 and int(path.name[1:]) < self.version}
        return found[max(found)] if found else None

    def range_diff(self, work, last):
        mails = sorted(path for path in last.glob("*.patch")
                       if "-cover-letter" not in path.name)
        git.git(work, "checkout", "-q", "-B", "last", "before")
        try:
            scratch.apply(work, mails, three_way=bool(self.base.commit))
        except scratch.DoesNotApply:
            return "(no range-diff: the last version is for another base)"
        # The sign-off of the mails is no difference worth showing.
        git.git(work, "filter-branch", "-f", "--msg-filter",
                "sed '/^Signed-off-by:/d'", "before..last",
                env={"FILTER_BRANCH_SQUELCH_WARNING": "1"})
        text = git.out(work, "range-diff", "--no-color", "before..last",
                       "before..now")
        return "Range-diff:\n" + "\n".join(
            row.rstrip() for row in text.split("\n"))

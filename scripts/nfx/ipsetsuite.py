# SPDX-License-Identifier: GPL-2.0
"""The tests of the ipset package, with the guest's ipset, on two kernels.

    downloads/ipset_7.17.orig.tar.bz2   what the tests come from
    downloads/netmask_*.deb ...         what they call and the guest lacks

Each group of runtest.sh runs by itself, so that a test that fails ends its
own group only.  What passes on the stock kernel has to pass on the patched
one; what does not, has a reason of its own (the suite is older than the
guest's ipset).
"""

import hashlib
import re
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import base
import build
import deps
import guest
import ksft
import paths
import ui
import userland

SUITE = "bookworm"
PACKAGE = "ipset"
VERSION = "7.17-1"
TARBALL = "ipset_7.17.orig.tar.bz2"
SHA256 = "be49c9ff489dd6610cad6541e743c3384eac96e9f24707da7b3929d8f2ac64d8"
TOOLS = ("netmask", "sendip")
SECONDS = 3000

# Of runtest.sh, which runs the last ones if there are no rules of iptables.
GROUPS = re.compile(r'^tests="(?:\$tests )?([^"]*)"', re.M)
PACKETS = ("match_target", "match_flags", "match_target6")

# The beginning of a test, and its end: what the test prints is in between.
BEGIN = re.compile(r"^(?P<group>\S+): (?P<what>[^:]*): ")
END = re.compile(r"(passed|FAILED)$")

# The suite calls ../src/ipset where it does not ask for IPSET_BIN, looks at a
# log file before it asks dmesg, and takes ip_set for a module.
RUN = """#!/bin/bash
mkdir -p /tmp/suite/src /var/log
cp -r /job/tests /tmp/suite/
ln -s "$(command -v ipset)" /tmp/suite/src/ipset
export PATH=/usr/local/sbin:/job/tools/usr/bin:$PATH IPSET_BIN=ipset
export LD_LIBRARY_PATH=/job/tools/usr/lib
: >/var/log/kern.log
for tool in iptables ip6tables; do
    ln -sf "$(command -v $tool-legacy)" /usr/local/sbin/$tool
    ln -sf "$(command -v $tool-legacy-save)" /usr/local/sbin/$tool-save
done
for tool in lsmod modprobe rmmod; do
    ln -s /bin/true /usr/local/sbin/$tool
done
ip link set lo up
cd /tmp/suite/tests || exit 1
for group in %s; do
    ./runtest.sh "$group" </dev/null 2>&1
    iptables -F; ip6tables -F; iptables -F -t mangle; iptables -F -t raw
    ipset flush; ipset destroy
done
echo ALL DONE
"""


class Found(NamedTuple):
    """Which tests passed, and which failed; each is (group, number, what)."""
    passed: set
    failed: set


def fetch():
    """Return the file of the suite, downloaded when it is not cached."""
    target = paths.DOWNLOADS / TARBALL
    if not target.exists():
        deps.ensure("base")
        top = paths.CACHE / "ipset-suite"
        with ui.progress(f"downloading the source of {PACKAGE} {VERSION}"), \
                tempfile.TemporaryDirectory() as temp:
            options = base.update_index(SUITE, top, "deb-src")
            ui.run(["apt-get", *options, "-qq", "--tar-only",
                    "--download-only", "source", f"{PACKAGE}={VERSION}"],
                   cwd=temp, next_step="check the network")
            paths.DOWNLOADS.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(temp) / TARBALL, target)
    if hashlib.sha256(target.read_bytes()).hexdigest() != SHA256:
        ui.die(f"{target} is not what was tested with", f"rm {target}")
    return target


def tool(name):
    """Return the package of @name for the guest."""
    found = sorted(paths.DOWNLOADS.glob(f"{name}_*.deb"))
    if found:
        return found[-1]
    top = paths.CACHE / "ipset-tools"
    with ui.progress(f"downloading {name}"):
        base.update_index(userland.SUITE, top)
        return base.download(name, top)


def groups(tests):
    """Return the names of the groups, in the order of runtest.sh."""
    text = (tests / "runtest.sh").read_text(encoding="utf-8")
    names = " ".join(GROUPS.findall(text)).split()
    return [name.removesuffix(".t") for name in names if name != "init"] + \
        list(PACKETS)


def make_job(job):
    with tempfile.TemporaryDirectory() as temp:
        ui.run(["tar", "-xf", fetch(), "-C", temp])
        tests, = Path(temp).glob("*/tests")
        shutil.copytree(tests, job / "tests")
    for name in TOOLS:
        ui.run(["dpkg-deb", "-x", tool(name), job / "tools"])
    run = job / "run"
    run.write_text(RUN % shlex.join(groups(job / "tests")), encoding="ascii")
    run.chmod(0o755)


def parse(lines):
    """Return what a run found."""
    found = {"passed": set(), "FAILED": set()}
    count = {}
    test = None
    for line in lines:
        begin = BEGIN.match(line)
        if begin:
            group = begin["group"]
            count[group] = count.get(group, 0) + 1
            test = group, count[group], begin["what"]
        end = END.search(line)
        if end and test:
            if test[0] != "init":
                found[end[1]].add(test)
            test = None
    return Found(found["passed"], found["FAILED"])


def run(config, job):
    image = build.build(config, ksft.tree_of(config))
    result = guest.boot(image, job, **ksft.MACHINE, timeout=SECONDS)
    if result.splats:
        ui.die(result.splats[0], f"read {result.console}")
    if "ALL DONE" not in result.out:
        ui.die(f"the suite did not end on the {config} kernel",
               f"read {result.console}")
    return parse(result.out)


def compare():
    """Return whether nothing is lost, and in words what was found."""
    deps.ensure("guest")
    with tempfile.TemporaryDirectory(prefix="nfx-ipset-") as temp:
        make_job(Path(temp))
        stock, ours = (run(config, Path(temp)) for config in ("stock", "nfx"))
    for group, _, what in sorted(stock.failed | ours.failed):
        ui.info(f"  {group}: {what}: fails")
    lost = sorted(stock.passed - ours.passed)
    if lost:
        return False, (f"{len(lost)} tests do not pass any more, the first: "
                       f"{lost[0][0]}: {lost[0][2]}")
    return bool(ours.passed), (
        f"{len(ours.passed)} tests of {PACKAGE} {VERSION} pass, "
        f"{len(stock.passed)} on the stock kernel")

# SPDX-License-Identifier: GPL-2.0
"""A kernel as Debian ships it, with its modules.

    downloads/<package>.deb          what the suite has, verified by apt
    debian-kernel/<suite>.deb        its name, as text
    debian-kernel/apt-<suite>/       index of the suite
    debian-kernel/<digest>/kernel
    debian-kernel/<digest>/initrd    guest/early-init.c, modules for the disks
    debian-kernel/<digest>/modules/  what is /lib/modules of that kernel

apt of this machine says where from, see base.py.  A suite's kernel is looked
up once: remove debian-kernel/<suite>.deb to look for a later one.
"""

import hashlib
import re
import shutil
import tempfile
from pathlib import Path

import base
import build
import deps
import paths
import ui
import userland

TOP = paths.CACHE / "debian-kernel"
# The metapackage, for a machine without hardware: the smallest there is.
META = "linux-image-cloud-amd64"
EARLY_INIT = userland.GUEST / "early-init.c"

# What it takes to start guest/init and to read the guest's output.
MODULES = ("virtio_pci", "virtio_blk", "virtio_console", "virtio_rng",
           "squashfs", "overlay")
SPACE = 400 << 20


def image(suite=userland.SUITE):
    """Return the Image of the kernel of Debian @suite."""
    deps.ensure("debian-kernel")
    with paths.lock("debian-kernel"):
        deb = fetch(suite)
        target = TOP / digest(deb)
        if not target.exists():
            make_image(deb, target)
    return build.Image(target / "kernel", target.name, f"debian-{suite}",
                       Path(), target / "initrd", target / "modules")


def digest(deb):
    """Return the digest of what is made of @deb, and how."""
    sha = hashlib.sha256(deb.read_bytes())
    for source in (EARLY_INIT, Path(__file__)):
        sha.update(source.read_bytes())
    return sha.hexdigest()[:16]


# --- the package ---------------------------------------------------------


def fetch(suite):
    """Return the file of the package, downloaded when it is not cached."""
    record = TOP / f"{suite}.deb"
    if record.exists():
        deb = paths.DOWNLOADS / record.read_text(encoding="utf-8").strip()
        if deb.exists():
            return deb
    base.need_space(SPACE, "a kernel of Debian")
    with ui.progress(f"downloading the kernel of Debian {suite}"):
        deb = download(suite)
    paths.write_file(record, f"{deb.name}\n")
    return deb


def download(suite):
    top = TOP / f"apt-{suite}"
    options = base.update_index(suite, top)
    shown = ui.run(["apt-cache", *options, "show", "--no-all-versions",
                    META], next_step="check the network and run this again")
    package = kernel_package(shown.stdout)
    if not package:
        ui.die(f"{META} depends on no kernel", "see 'apt-cache show'")
    return base.download(package, top)


def kernel_package(shown):
    """Return the kernel that the metapackage @shown by apt stands for."""
    found = re.search(r"^Depends:.*?\b(linux-image-\d[^\s,]*)", shown, re.M)
    return found and found[1]


# --- what is made of it --------------------------------------------------


def make_image(deb, target):
    with ui.progress(f"unpacking {deb.name}"), paths.new_dir(target) as temp, \
            tempfile.TemporaryDirectory(dir=TOP) as work:
        root = Path(work)
        ui.run(["dpkg-deb", "-x", deb, root])
        merge_usr(root)
        kernel, = root.glob("boot/vmlinuz-*")
        release = kernel.name.partition("-")[2]
        ui.run(["/sbin/depmod", "-b", root, release])
        make_initrd(root / "lib/modules" / release, temp / "initrd")
        kernel.rename(temp / "kernel")
        shutil.move(root / "lib/modules", temp / "modules")


def merge_usr(root):
    """Move usr/lib/modules to lib/modules, where depmod looks."""
    if not (root / "lib/modules").exists():
        (root / "lib").mkdir(exist_ok=True)
        (root / "usr/lib/modules").rename(root / "lib/modules")


def make_initrd(modules, target):
    """Pack early-init and what it loads, of /lib/modules/RELEASE."""
    files = load_order((modules / "modules.dep").read_text("utf-8"),
                       (modules / "modules.builtin").read_text("utf-8"),
                       MODULES)
    with tempfile.TemporaryDirectory(dir=TOP) as temp:
        top = Path(temp)
        (top / "root").mkdir()
        ui.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-static",
                "-o", top / "init", EARLY_INIT])
        for name in files:
            shutil.copy2(modules / name, top)
        for packed in top.glob("*.ko.xz"):
            ui.run(["xz", "-d", packed])
        (top / "modules.list").write_text(
            "".join(f"/{Path(name).name.removesuffix('.xz')}\n"
                    for name in files), encoding="ascii")
        names = sorted(path.name for path in top.iterdir())
        ui.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet",
                "-F", target], cwd=top, stdin="\n".join(names) + "\n")


def module_name(path):
    """Return the name of the module in file @path, as the kernel has it."""
    return Path(path).name.partition(".")[0].replace("-", "_")


def load_order(dependencies, builtin, names):
    """Return the files of modules @names and of all they need, first first.

    @dependencies: modules.dep: a file, and those it needs, last first
    @builtin:      modules.builtin: what need not be loaded
    """
    needs = {}
    for line in dependencies.splitlines():
        path, _, others = line.partition(":")
        needs[module_name(path)] = [path, *others.split()]
    present = {module_name(path) for path in builtin.split()}
    order = {}
    for name in names:
        if name not in needs and name not in present:
            ui.die(f"this kernel of Debian has no module {name}",
                   "see debiankernel.py")
        for path in reversed(needs.get(name, [])):
            order[path] = True
    return list(order)

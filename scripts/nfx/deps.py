# SPDX-License-Identifier: GPL-2.0
"""The tools each verb needs, and how to get them on a Debian machine."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import ui


class Dep(NamedTuple):
    """A Debian package and the command or file that proves it is there."""
    package: str
    probe: str

    def present(self):
        if self.probe.startswith("/"):
            return Path(self.probe).exists()
        return shutil.which(self.probe) is not None


GROUPS = {
    "base": (
        Dep("git", "git"),
        Dep("xz-utils", "xz"),
        Dep("tar", "tar"),
        Dep("dpkg", "dpkg-deb"),
        Dep("debian-archive-keyring",
            "/usr/share/keyrings/debian-archive-keyring.gpg"),
    ),
    "check": (
        Dep("git", "git"),
        Dep("perl", "perl"),
        Dep("codespell", "codespell"),
        Dep("shellcheck", "shellcheck"),
        Dep("yamllint", "yamllint"),
        Dep("pyflakes3", "pyflakes3"),
        Dep("pycodestyle", "pycodestyle"),
    ),
    "build": (
        Dep("gcc", "gcc"),
        Dep("make", "make"),
        Dep("flex", "flex"),
        Dep("bison", "bison"),
        Dep("bc", "bc"),
        Dep("cpio", "cpio"),
        Dep("rsync", "rsync"),
        Dep("ccache", "ccache"),
        Dep("libelf-dev", "/usr/include/gelf.h"),
        Dep("libssl-dev", "/usr/include/openssl/ssl.h"),
    ),
    "sparse": (
        Dep("sparse", "sparse"),
    ),
    "guest": (
        Dep("qemu-system-x86", "qemu-system-x86_64"),
        Dep("squashfs-tools", "mksquashfs"),
        Dep("mmdebstrap", "mmdebstrap"),
        Dep("debian-archive-keyring",
            "/usr/share/keyrings/debian-archive-keyring.gpg"),
    ),
    "debian-kernel": (
        Dep("gcc", "gcc"),
        Dep("xz-utils", "xz"),
        Dep("cpio", "cpio"),
        Dep("dpkg", "dpkg-deb"),
        Dep("kmod", "/sbin/depmod"),
        Dep("debian-archive-keyring",
            "/usr/share/keyrings/debian-archive-keyring.gpg"),
    ),
    "plugin": (
        Dep("gcc", "gcc"),
        Dep("pkg-config", "pkg-config"),
        Dep("libglib2.0-dev", "/usr/include/glib-2.0/glib.h"),
    ),
    "selftests": (
        Dep("gcc", "gcc"),
        Dep("make", "make"),
        Dep("rsync", "rsync"),
        Dep("pkg-config", "pkg-config"),
        Dep("libmnl-dev", "/usr/include/libmnl/libmnl.h"),
        Dep("liburing-dev", "/usr/include/liburing.h"),
        Dep("libcap-dev", "/usr/include/sys/capability.h"),
        Dep("libnuma-dev", "/usr/include/numa.h"),
        Dep("python3-yaml", "/usr/lib/python3/dist-packages/yaml"),
        Dep("python3-jsonschema", "/usr/lib/python3/dist-packages/jsonschema"),
    ),
    "upstream": (
        Dep("git", "git"),
        Dep("gcc", "gcc"),
        Dep("make", "make"),
        Dep("bzip2", "bzip2"),
        Dep("xz-utils", "xz"),
        Dep("autoconf", "autoreconf"),
        Dep("automake", "automake"),
        Dep("libtool", "libtoolize"),
        Dep("pkg-config", "pkg-config"),
        Dep("dpkg-dev", "dpkg-source"),
        Dep("flex", "flex"),
        Dep("bison", "bison"),
        Dep("libnfnetlink-dev", "/usr/include/libnfnetlink/libnfnetlink.h"),
        Dep("libmnl-dev", "/usr/include/libmnl/libmnl.h"),
        Dep("libgmp-dev", "/usr/include/gmpxx.h"),
        Dep("libjansson-dev", "/usr/include/jansson.h"),
        Dep("debian-archive-keyring",
            "/usr/share/keyrings/debian-archive-keyring.gpg"),
    ),
    "tools": (
        Dep("gcc", "gcc"),
        Dep("make", "make"),
        Dep("pkg-config", "pkg-config"),
        Dep("libmnl-dev", "/usr/include/libmnl/libmnl.h"),
        Dep("libjansson-dev", "/usr/include/jansson.h"),
        Dep("libconfuse-dev", "/usr/include/confuse.h"),
        Dep("libnetfilter-conntrack-dev",
            "/usr/include/libnetfilter_conntrack/libnetfilter_conntrack.h"),
        Dep("liburing-dev", "/usr/include/liburing.h"),
        Dep("libxtables-dev", "/usr/include/xtables.h"),
    ),
}


def missing(*groups):
    """Return the packages of @groups that are not installed, in order."""
    found = {}
    for group in groups:
        for dep in GROUPS[group]:
            if not dep.present():
                found[dep.package] = True
    return list(found)


def ensure(*groups):
    """Install what @groups miss when root, else name it and stop."""
    packages = missing(*groups)
    if not packages:
        return
    names = " ".join(packages)
    command = f"apt-get install {names}"
    if os.geteuid() or not shutil.which("apt-get"):
        ui.die(f"missing tools: {names}", f"run '{command}' as root")
    with ui.progress(f"installing {names}"):
        if not install(packages):
            ui.run(["apt-get", "-qq", "update"], check=False)
            if not install(packages):
                ui.die(f"cannot install {names}",
                       f"check the network and run '{command}'")
    left = missing(*groups)
    if left:
        ui.die(f"still missing after installation: {' '.join(left)}",
               f"run '{command}' and read its output")


def install(packages):
    done = ui.run(["apt-get", "-qq", "-y", "--no-install-recommends",
                   "-o", "DPkg::Lock::Timeout=300", "install", *packages],
                  env={"DEBIAN_FRONTEND": "noninteractive"}, check=False)
    return done.returncode == 0

# SPDX-License-Identifier: GPL-2.0
"""The guest's root filesystem: Debian trixie in a read-only squashfs.

Two steps, each cached under the digest of what goes into it: the Debian
packages (a tar from mmdebstrap, half a minute) and the image with the guest's
own init, job runner and nfx-mark on top (two seconds).
"""

import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

import base
import deps
import paths
import ui

SUITE = "trixie"
GUEST = paths.NFX / "guest"
PACKAGES = GUEST / "packages"
MARK = paths.NFX / "insn/nfx-mark.c"
MARK_H = paths.NFX / "insn/insn.h"

# Guest path of each file laid over the Debian packages.
OVERLAY = {
    "nfx-init": GUEST / "init",
    "nfx-job": GUEST / "job",
}


def packages():
    """Return the Debian packages of the guest, sorted."""
    text = PACKAGES.read_text(encoding="utf-8")
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return sorted(line for line in lines if line)


def packages_digest():
    text = "\n".join([SUITE, *packages()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest():
    """Return the digest that names the image."""
    sha = hashlib.sha256(packages_digest().encode())
    for path in (*OVERLAY.values(), MARK, MARK_H):
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def debian_tar():
    """Return the tar of the Debian packages, made when not cached."""
    target = paths.USERLAND / f"debian-{packages_digest()}.tar"
    if target.exists():
        return target
    deps.ensure("guest")
    temp = paths.USERLAND / f".{target.name}.{os.getpid()}"
    log = paths.log_file("userland")
    with ui.progress(f"making the guest userland (Debian {SUITE})"):
        try:
            ui.run(["mmdebstrap", "--variant=minbase", "--format=tar",
                    f"--include={','.join(packages())}",
                    "--dpkgopt=path-exclude=/usr/share/man/*",
                    "--dpkgopt=path-exclude=/usr/share/doc/*",
                    "--dpkgopt=path-exclude=/usr/share/locale/*",
                    SUITE, temp, base.mirror()], log=log,
                   next_step=f"check the network and see {log}")
            temp.rename(target)
        finally:
            temp.unlink(missing_ok=True)
    return target


def add_overlay(tar_path, work):
    """Append the guest's own files to the tar at @tar_path."""
    mark = work / "nfx-mark"
    ui.run(["gcc", "-O2", "-static", "-o", mark, MARK])
    files = {**OVERLAY, "usr/local/bin/nfx-mark": mark}
    with tarfile.open(tar_path, "a") as tar:
        for name, source in files.items():
            info = tar.gettarinfo(source, f"./{name}")
            info.mode = 0o755
            info.uid = info.gid = info.mtime = 0
            info.uname = info.gname = "root"
            with open(source, "rb") as handle:
                tar.addfile(info, handle)
        # Mount point of the job; exists before the root becomes writable.
        info = tarfile.TarInfo("./job")
        info.type = tarfile.DIRTYPE
        info.mode = 0o755
        tar.addfile(info)


def image():
    """Return the squashfs image of the guest's userland."""
    target = paths.USERLAND / f"{digest()}.sqfs"
    if target.exists():
        return target
    paths.USERLAND.mkdir(parents=True, exist_ok=True)
    with paths.lock("userland"):
        if target.exists():
            return target
        debian = debian_tar()
        with tempfile.TemporaryDirectory(dir=paths.USERLAND) as temp:
            work = Path(temp)
            tar = work / "root.tar"
            ui.run(["cp", "--reflink=auto", debian, tar])
            add_overlay(tar, work)
            pack_tar(tar, work / "root.sqfs")
            (work / "root.sqfs").rename(target)
    return target


def headers(package):
    """Return the directory of the headers in @package of the guest's suite."""
    target = paths.USERLAND / package
    if not target.exists():
        deps.ensure("base")
        with paths.lock("userland"), paths.new_dir(target) as temp, \
                ui.progress(f"downloading {package} of {SUITE}"):
            apt = paths.USERLAND / "apt"
            base.update_index(SUITE, apt)
            ui.run(["dpkg-deb", "-x", base.download(package, apt), temp])
    return target / "usr/include"


def pack_tar(tar, target):
    """Turn @tar into the squashfs @target."""
    cmd = ["sqfstar", "-comp", "lz4", "-quiet", "-no-progress", str(target)]
    with open(tar, "rb") as handle:
        done = subprocess.run(cmd, stdin=handle, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ui.failure(cmd, done, None, "")


def pack_dir(source, target):
    """Pack directory @source into the squashfs @target."""
    ui.run(["mksquashfs", source, target, "-comp", "lz4", "-quiet",
            "-no-progress", "-all-root", "-noappend"])

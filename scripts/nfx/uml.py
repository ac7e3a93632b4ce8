# SPDX-License-Identifier: GPL-2.0
"""Boot a kernel as User-mode Linux: in-kernel timing at native speed.

The same userland, job and Result as guest.py.  A system call costs some 50 us
here, so never time a system call path.  The kernel's messages go to stderr,
the job's output to the second console, which is our pipe.
"""

import deps
import guest
import userland


def command(image, run, cpus, mem, words):
    """Return the command line of the User-mode Linux kernel."""
    return [str(image.kernel), f"mem={mem}M", f"ncpus={cpus}", "seccomp=on",
            f"ubd0r={userland.image()}", f"ubd1r={run / 'job.sqfs'}",
            "root=/dev/ubda", "ro", "rootfstype=squashfs", "init=/nfx-init",
            f"uml_dir={run}", f"umid={run.name}",
            "con=null", "con0=null", "con1=null,fd:1", "ssl=null",
            "console=stderr0", "panic=-1", "loglevel=7",
            *guest.PATIENCE.split(), *words.split()]


def boot(image, jobdir, *, cpus=2, mem=2048, timeout=600, echo=None,
         allow=(), words=""):
    """Run @jobdir/run under User-mode Linux; see guest.boot()."""
    deps.ensure("guest")
    guest.check_job(jobdir)
    run = guest.new_run()
    userland.pack_dir(jobdir, run / "job.sqfs")
    cmd = command(image, run, cpus, mem, words)
    return guest.supervise(cmd, run, timeout, echo, allow,
                           console_is_stderr=True)

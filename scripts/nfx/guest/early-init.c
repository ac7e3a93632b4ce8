// SPDX-License-Identifier: GPL-2.0
/*
 * First process of a kernel whose drivers are modules: loads those that the
 * guest needs to reach its disks, then goes on as the kernel would have.
 *
 *   /modules.list   paths of modules, one a line, in the order to load
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LIST	"/modules.list"
#define DISK	"/dev/vda"
#define ROOT	"/root"
#define INIT	"/nfx-init"

/* The guest ends, as it does when the kernel finds no root. */
static void die(const char *what)
{
	fprintf(stderr, "early-init: %s: %s\n", what, strerror(errno));
	reboot(RB_AUTOBOOT);
	exit(1);
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) &&
		       errno != EEXIST))
		die(path);
	close(fd);
}

static void load_all(void)
{
	FILE *list = fopen(LIST, "re");
	char path[256];

	if (!list)
		die(LIST);
	while (fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = '\0';
		load(path);
	}
	fclose(list);
}

static void enter_root(void)
{
	if (mount(DISK, ROOT, "squashfs", MS_RDONLY, NULL))
		die(DISK);
	if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		die(ROOT);
}

int main(void)
{
	if (mkdir("/dev", 0755) && errno != EEXIST)
		die("/dev");
	if (mount("dev", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY)
		die("/dev");
	load_all();
	enter_root();
	execl(INIT, INIT, NULL);
	die(INIT);
}

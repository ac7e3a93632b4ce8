// SPDX-License-Identifier: GPL-2.0-only
/* Files of /proc, /sys and tracefs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "procfile.h"

int procfile_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int procfile_number(const char *path, uint64_t *value)
{
	FILE *f = fopen(path, "re");
	char line[32];
	char *end;
	int err;

	if (!f)
		return -errno;
	err = fgets(line, sizeof(line), f) ? 0 : -EBADMSG;
	fclose(f);
	if (err)
		return err;
	*value = strtoumax(line, &end, 10);
	return end == line ? -EBADMSG : 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Send one UDP packet to each of the first N addresses from 127.1.0.0 on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <arpa/inet.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
	};
	int i, n, fd;

	n = argc == 2 ? atoi(argv[1]) : 0;
	if (n <= 0 || n > 65536) {
		fprintf(stderr, "usage: %s N\n", argv[0]);
		return 2;
	}

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0) {
		perror("socket");
		return 1;
	}

	for (i = 0; i < n; i++) {
		to.sin_addr.s_addr = htonl(0x7f010000 + i);
		if (sendto(fd, "", 1, 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0) {
			perror("sendto");
			return 1;
		}
	}
	return 0;
}

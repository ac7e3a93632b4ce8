// SPDX-License-Identifier: GPL-2.0-only
/* Commands that print what the kernel sends until they are told to end. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "clocks.h"
#include "main.h"
#include "out.h"
#include "signals.h"
#include "stream.h"

/* Blocks that are read before signals, time and output have their turn. */
#define BURST 256

/* The kernel makes receive buffers no smaller than about this. */
#define BUFFER_MIN 4096

/* What ends a stream from outside. */
struct limits {
	struct signals signals;
	int64_t deadline_ms;	/* monotonic, -1 for none */
};

void stream_options(struct arg *table, struct stream_args *args)
{
	const struct arg rows[STREAM_OPTIONS] = {
		{ "--ring",    ARG_FLAG, &args->ring,	 0, 0 },
		{ "--no-ring", ARG_FLAG, &args->no_ring, 0, 0 },
		{ "--buffer",  ARG_SIZE, &args->buffer,	 BUFFER_MIN,
		  NLRING_SIZE_MAX },
		{ "--count",   ARG_NUM,	 &args->count,	 1, UINT64_MAX },
		{ "--timeout", ARG_NUM,	 &args->timeout, 1, ARGS_SECONDS },
	};

	while (table->name)
		table++;
	memcpy(table, rows, sizeof(rows));
}

bool stream_args_ok(const struct stream_args *args)
{
	if (!args->ring || !args->no_ring)
		return true;
	out_error(0, "options \"--ring\" and \"--no-ring\" exclude each other");
	return false;
}

static int set_rcvbuf(struct nl *nl, uint64_t bytes)
{
	int fd = mnl_socket_get_fd(nl->sock);
	/* The kernel doubles it for its own overhead, socket(7). */
	int half = (int)(bytes / 2);

	if (!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &half, sizeof(half)))
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &half, sizeof(half));
}

/* Says why there is no ring although the user insists on one. */
static int no_ring(int err)
{
	if (err == EPERM || err == ENOMEM) {
		out_error(err, "receive ring: %s", strerror(err));
		return NFX_KERNEL;
	}
	out_error(err, "no such receive ring (%s): patches/01* bring it",
		  strerror(err));
	return NFX_MISSING;
}

struct nlring *stream_open(struct nl *nl, const struct stream_args *args,
			   unsigned int flags, int *rc)
{
	size_t size = args->buffer ? args->buffer : STREAM_BUFFER;
	struct nlring *nlring;

	nlring = nlring_open(nl->sock, args->no_ring ? 0 : size, flags);
	if (!nlring) {
		*rc = NFX_KERNEL;
		out_error(errno, "receive ring: %s", strerror(errno));
		return NULL;
	}
	if (args->ring && nlring_error(nlring)) {
		*rc = no_ring(nlring_error(nlring));
		nlring_close(nlring);
		return NULL;
	}
	if (args->buffer && nlring_error(nlring) &&
	    set_rcvbuf(nl, args->buffer))
		out_note("nfx: receive buffer: %s", strerror(errno));
	return nlring;
}

/* From here on SIGINT and SIGTERM end the stream and not the process. */
static int limits_begin(struct limits *limits, uint64_t timeout)
{
	limits->deadline_ms = timeout ? clocks_ms() + (int64_t)timeout * 1000 : -1;
	return signals_hold(&limits->signals);
}

static int take_block(struct stream *stream, const void *msgs, size_t len)
{
	if (mnl_cb_run(msgs, len, 0, 0, stream->cb, stream->data) >= 0)
		return 0;
	return stream->error ? stream->error(errno, stream->data) : -errno;
}

/* Reads until the ring is empty, at most a burst. */
static int take_burst(struct stream *stream)
{
	const void *msgs;
	int err = 0, n;
	ssize_t len;

	for (n = 0; n < BURST && !stream->stop && !err; n++) {
		len = nlring_next(stream->nlring, &msgs);
		if (!len)
			break;
		if (len > 0)
			err = take_block(stream, msgs, (size_t)len);
		else if (errno == EBADMSG || errno == ENOSPC)
			stream->bad++;
		else
			return -errno;
		nlring_release(stream->nlring);
	}
	return err;
}

/* Time to sleep: none if there is something to read. */
static int sleep_ms(const struct limits *limits, bool idle)
{
	int64_t left = limits->deadline_ms - clocks_ms();

	if (!idle)
		return 0;
	if (limits->deadline_ms < 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

static int wait_more(struct stream *stream, struct nl *nl,
		     const struct limits *limits)
{
	struct pollfd pfd[] = {
		{ .fd = mnl_socket_get_fd(nl->sock), .events = POLLIN },
		{ .fd = limits->signals.fd, .events = POLLIN },
	};
	bool idle = nlring_arm(stream->nlring);
	int n = poll(pfd, ARRAY_SIZE(pfd), sleep_ms(limits, idle));
	int err = n < 0 && errno != EINTR ? -errno : 0;

	nlring_disarm(stream->nlring);
	if (n > 0 && pfd[1].revents)
		stream->stop = true;
	if (limits->deadline_ms >= 0 && clocks_ms() >= limits->deadline_ms)
		stream->stop = true;
	return err;
}

static int pause_stream(struct stream *stream)
{
	int err = stream->pause ? stream->pause(stream->data) : 0;

	/* Nobody reads any more; out_finish() says so. */
	if (fflush(stdout) || ferror(stdout))
		stream->stop = true;
	return err;
}

int stream_run(struct stream *stream, struct nl *nl)
{
	struct limits limits;
	int err, last;

	err = limits_begin(&limits, stream->args->timeout);
	if (err)
		return err;
	while (!err && !stream->stop) {
		err = take_burst(stream);
		last = pause_stream(stream);
		if (!err)
			err = last;
		if (!err && !stream->stop)
			err = wait_more(stream, nl, &limits);
	}
	signals_release(&limits.signals);
	return err;
}

void stream_seen(struct stream *stream)
{
	if (++stream->seen == stream->args->count)
		stream->stop = true;
}

void stream_counts(const struct stream *stream, const char *what)
{
	bool ring = !nlring_error(stream->nlring);
	struct nlring_stats stats;

	if (opts.quiet)
		return;
	nlring_stats(stream->nlring, &stats);
	fprintf(stderr, "%" PRIu64 " %s by %s, ", stream->seen, what,
		ring ? "ring" : "recv");
	if (ring)
		fprintf(stderr, "%" PRIu64 " lost in the ring, ", stats.lost);
	fprintf(stderr, "%" PRIu32 " lost in the socket, %" PRIu64
		" overruns\n", stats.dropped, stats.overruns);
	if (stream->bad)
		fprintf(stderr, "%u messages were bad\n", stream->bad);
}

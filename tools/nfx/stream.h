/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that print what the kernel sends until they are told to end. */
#ifndef NFX_STREAM_H
#define NFX_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "lib/nlring.h"
#include "nl.h"

/**
 * struct stream_args - options that all of these commands have
 * @ring:    --ring: do not start without a ring
 * @no_ring: --no-ring: do not ask for one
 * @buffer:  --buffer: bytes of the ring or of the socket's receive buffer
 * @count:   --count: end after so many messages, 0 for no limit
 * @timeout: --timeout: end after so many seconds, 0 for no limit
 */
struct stream_args {
	bool ring;
	bool no_ring;
	uint64_t buffer;
	uint64_t count;
	uint64_t timeout;
};

/* Bytes of a ring when --buffer is not given. */
#define STREAM_BUFFER (4UL << 20)

/* Rows that stream_options() adds. */
#define STREAM_OPTIONS 5

/**
 * struct stream - a stream of messages
 * @nlring: reader, not owned
 * @args:   the options
 * @cb:     called for each message but errors and acks; it may set @stop
 * @error:  called for an error the kernel reports, positive errno; returns 0
 *          to go on, or -errno to end the stream with; NULL ends it always
 * @pause:  called before the stream waits, after each burst and at the end;
 *          returns as @error does; may be NULL
 * @data:   passed to the three
 * @seen:   messages counted by stream_seen()
 * @bad:    times the ring held nonsense or a message was cut
 * @stop:   set to end the stream
 */
struct stream {
	struct nlring *nlring;
	const struct stream_args *args;
	mnl_cb_t cb;
	int (*error)(int err, void *data);
	int (*pause)(void *data);
	void *data;
	uint64_t seen;
	unsigned int bad;
	bool stop;
};

/**
 * stream_options() - add these options to those of a command
 * @table: ends with room for STREAM_OPTIONS rows and the one that ends it, all
 *         zero
 */
void stream_options(struct arg *table, struct stream_args *args);

/** stream_args_ok() - do the options fit together? False after an error. */
bool stream_args_ok(const struct stream_args *args);

/**
 * stream_open() - a reader for @nl as the options want it
 * @flags: for the ring, see nlring_open()
 * @rc:    set to an enum nfx_exit when NULL is returned
 *
 * Without a ring the receive buffer of the socket gets the size, if one is
 * given. Return: the reader, or NULL after an error message.
 */
struct nlring *stream_open(struct nl *nl, const struct stream_args *args,
			   unsigned int flags, int *rc);

/**
 * stream_run() - read messages until a limit, SIGINT or SIGTERM
 * @nl: the socket of the reader
 *
 * Return: 0 or -errno.
 */
int stream_run(struct stream *stream, struct nl *nl);

/** stream_seen() - count a message; stops the stream at the --count'th. */
void stream_seen(struct stream *stream);

/**
 * stream_counts() - summary on stderr, with -j as well, but not with -q
 * @what: what the messages are, in plural
 */
void stream_counts(const struct stream *stream, const char *what);

#endif /* NFX_STREAM_H */

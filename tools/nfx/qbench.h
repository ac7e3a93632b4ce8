/* SPDX-License-Identifier: GPL-2.0-only */
/* nfx queue bench: what its parts know of each other. */
#ifndef NFX_QBENCH_H
#define NFX_QBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/nlring.h"
#include "nfqueue.h"
#include "nl.h"

/* Values of one option. */
#define QBENCH_VALUES 16

/* Queues at once at most, each with a thread and a tun device of its own. */
#define QBENCH_QUEUES 4

/* Packets that one recvmmsg() takes at most. */
#define QBENCH_RECV 64

/* Size that stands for one packet of GSO, and its length. */
#define QBENCH_GSO	0
#define QBENCH_GSO_SEGS	46
#define QBENCH_GSO_SEG	1400
#define QBENCH_GSO_LEN	(28 + QBENCH_GSO_SEGS * QBENCH_GSO_SEG)

enum qbench_reader {
	QBENCH_READ_RECV,
	QBENCH_READ_MMSG,
	QBENCH_READ_URING,
	QBENCH_READ_RING,
};

/**
 * enum qbench_answer - how verdicts are told
 * @QBENCH_SEND:   one message with one verdict per send
 * @QBENCH_MANY:   messages with one verdict each, up to NFQ_VERDICTS_MAX of
 *                 them in a send
 * @QBENCH_BATCH:  one verdict for all packets up to the last of the burst
 * @QBENCH_VECTOR: one message with a vector of verdicts
 */
enum qbench_answer { QBENCH_SEND, QBENCH_MANY, QBENCH_BATCH, QBENCH_VECTOR };

/** struct qbench_method - a way to read a queue and to answer */
struct qbench_method {
	const char *name;
	enum qbench_reader reader;
	enum qbench_answer answer;
};

/* All methods, ended by a NULL name. The first one is the measure. */
extern const struct qbench_method qbench_methods[];
#define QBENCH_METHODS 9

/**
 * struct qbench_row - what all methods of a row have to do
 * @size:     bytes of a packet, IP header included, or QBENCH_GSO
 * @burst:    packets that arrive before any of them is read
 * @queues:   queues that are busy at once
 * @shuffled: verdicts in random order, not in that of arrival
 * @depth:    packets that wait in each queue all the time
 */
struct qbench_row {
	uint32_t size;
	uint32_t burst;
	uint32_t queues;
	bool shuffled;
	uint32_t depth;
};

struct qbench_list {
	unsigned int count;
	uint32_t value[QBENCH_VALUES];
};

/**
 * struct qbench_plan - the matrix
 * @methods: bit mask, by index into qbench_methods
 * @named:   the methods are those of --method
 * @order:   values 0 for in-order and 1 for shuffled
 * @packets: per queue, run and method
 * @runs:    of each method
 */
struct qbench_plan {
	uint32_t methods;
	bool named;
	struct qbench_list size;
	struct qbench_list burst;
	struct qbench_list queues;
	struct qbench_list order;
	struct qbench_list depth;
	uint64_t packets;
	uint64_t runs;
};

/* qbench_plan.c */

/** qbench_plan_parse() - Return: 0, or -1 after an error message. */
int qbench_plan_parse(struct qbench_plan *plan, int argc, char **argv);

/** qbench_plan_rows() - number of rows of the matrix */
unsigned int qbench_plan_rows(const struct qbench_plan *plan);

/** qbench_plan_row() - row @nr, depth and order running fastest */
void qbench_plan_row(const struct qbench_plan *plan, unsigned int nr,
		     struct qbench_row *row);

/** qbench_row_len() - bytes of a packet of @row */
uint32_t qbench_row_len(const struct qbench_row *row);

/** qbench_row_kib() - about how much memory the packets of @row need */
uint64_t qbench_row_kib(const struct qbench_row *row);

/** qbench_cannot() - why @method makes no sense for @row, NULL if it does */
const char *qbench_cannot(const struct qbench_method *method,
			  const struct qbench_row *row);

/* qbench_stats.c */

/** qbench_rank() - nearest rank @percent of @count samples, which it sorts */
double qbench_rank(double *samples, unsigned int count, unsigned int percent);

/** qbench_median() - mean of the two in the middle if @count is even */
double qbench_median(double *samples, unsigned int count);

/* qbench_window.c */

/**
 * struct qbench_window - ids of packets that wait for a verdict
 * @ids:  of @mask + 1, a power of two
 * @head: index of the oldest, modulo 2^32
 * @tail: index of the next to come
 * @seed: state of the shuffling, never 0
 */
struct qbench_window {
	uint32_t *ids;
	uint32_t mask;
	uint32_t head;
	uint32_t tail;
	uint32_t seed;
};

/** qbench_window_open() - make room for @count ids. Return: 0 or -ENOMEM. */
int qbench_window_open(struct qbench_window *window, uint32_t count);
void qbench_window_close(struct qbench_window *window);

static inline void qbench_window_put(struct qbench_window *window, uint32_t id)
{
	window->ids[window->tail++ & window->mask] = id;
}

/** qbench_window_take() - the oldest id, or with @shuffled any; one must be */
uint32_t qbench_window_take(struct qbench_window *window, bool shuffled);

/* qbench_lab.c */

/**
 * struct qbench_lab - a network namespace with a tun device per queue
 * @old_ns: descriptor of the namespace to go back to
 * @tun:    descriptors of the devices
 * @what:   what failed
 */
struct qbench_lab {
	int old_ns;
	int tun[QBENCH_QUEUES];
	const char *what;
};

/**
 * qbench_lab_open() - move this process into a namespace with devices and rules
 *
 * What arrives at tun[i] is queued to queue i, or dropped by the last rule.
 * Return: 0 or -errno with lab->what set. In any case qbench_lab_close() has to
 * follow, which goes back.
 */
int qbench_lab_open(struct qbench_lab *lab);
void qbench_lab_close(struct qbench_lab *lab);

/**
 * qbench_packet() - build what is to be written to a tun device
 * @queue: number of the queue
 * @drop:  for the rule that drops instead
 * @len:   receives the length
 *
 * Return: memory to be given to free(), NULL without.
 */
void *qbench_packet(const struct qbench_row *row, unsigned int queue,
		    bool drop, size_t *len);

/* qbench_read.c */

struct qbench_uring;
struct qbench_mmsg;

/**
 * struct qbench_source - reads a queue by one of the methods
 * @nl:     socket the queue is bound to, not owned
 * @window: receives the ids, not owned
 * @room:   bytes for a message
 * @burst:  messages that may be there at once
 */
struct qbench_source {
	enum qbench_reader reader;
	struct nl *nl;
	struct qbench_window *window;
	size_t room;
	uint32_t burst;
	char *buf;
	struct qbench_mmsg *mmsg;
	struct qbench_uring *uring;
	struct nlring *ring;
};

/**
 * qbench_source_open() - to be called before the queue is bound
 * qbench_source_start() - to be called after that
 *
 * Return: 0 or -errno.
 */
int qbench_source_open(struct qbench_source *source);
int qbench_source_start(struct qbench_source *source);
void qbench_source_close(struct qbench_source *source);

/**
 * qbench_source_read() - read the messages of @want packets that are there
 *
 * Return: 0 or -errno; -ENODATA if there are fewer.
 */
int qbench_source_read(struct qbench_source *source, uint32_t want);

/** qbench_take() - note the id of a message. Return: 0 or -errno. */
int qbench_take(struct qbench_source *source, const void *msg, size_t len);

/* qbench_uring.c */

/** qbench_uring_probe() - is there io_uring with rings of buffers? 0, -errno */
int qbench_uring_probe(void);
int qbench_uring_open(struct qbench_source *source);
void qbench_uring_close(struct qbench_source *source);
int qbench_uring_read(struct qbench_source *source, uint32_t want);

/* qbench_run.c */

/**
 * qbench_run() - one run of @method
 * @method:  NULL for packets that the rules drop
 * @packets: per queue
 * @ns:      receives the nanoseconds per packet, all queues together
 * @what:    receives what failed
 *
 * Return: 0 or -errno.
 */
int qbench_run(const struct qbench_lab *lab, const struct qbench_row *row,
	       const struct qbench_method *method, uint64_t packets,
	       double *ns, const char **what);

#endif /* NFX_QBENCH_H */

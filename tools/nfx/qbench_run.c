// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: one run, a thread for each queue. */
#include <errno.h>
#include <linux/netfilter.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"
#include "main.h"
#include "qbench.h"

/* Part of the packets that go ahead of the measured ones, and their limit. */
#define WARM_SHARE	8
#define WARM_ROUNDS	64

/* Bytes of a message beyond the packet. */
#define HEAD_ROOM	1024

/**
 * struct gate - where threads meet before the clock starts
 * @total:   threads there are
 * @waiting: that have come so far
 * @failed:  one of them cannot go on, so nobody does
 */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t change;
	unsigned int total;
	unsigned int waiting;
	bool failed;
};

/**
 * struct worker - feeds, reads and answers one queue
 * @tun:    not owned
 * @begin:  and @end: in microseconds
 * @bound:  the queue is to be unbound
 * @err:    -errno, and @what failed
 */
struct worker {
	const struct qbench_row *row;
	const struct qbench_method *method;
	uint64_t rounds;
	uint16_t nr;
	int tun;
	struct gate *gate;
	pthread_t thread;
	void *packet;
	size_t len;
	struct nl *nl;
	struct qbench_window window;
	struct qbench_source source;
	struct nfq_verdicts verdicts;
	double begin;
	double end;
	bool bound;
	int err;
	const char *what;
};

/* Returns true if all threads can go on. */
static bool gate_pass(struct gate *gate, bool good)
{
	pthread_mutex_lock(&gate->lock);
	gate->waiting++;
	if (!good)
		gate->failed = true;
	pthread_cond_broadcast(&gate->change);
	while (gate->waiting < gate->total)
		pthread_cond_wait(&gate->change, &gate->lock);
	good = !gate->failed;
	pthread_mutex_unlock(&gate->lock);
	return good;
}

/* Threads beyond @total will not come. */
static void gate_give_up(struct gate *gate, unsigned int total)
{
	pthread_mutex_lock(&gate->lock);
	gate->total = total;
	gate->failed = true;
	pthread_cond_broadcast(&gate->change);
	pthread_mutex_unlock(&gate->lock);
}

/* Each thread has a processor, as far as there are enough. */
static void pin(unsigned int nr)
{
	cpu_set_t all, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	nr %= (unsigned int)CPU_COUNT(&all);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && !nr--)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int fail(struct worker *worker, int err, const char *what)
{
	if (err && !worker->err) {
		worker->err = err;
		worker->what = what;
	}
	return err;
}

static int feed(struct worker *worker, uint32_t count)
{
	ssize_t n;

	while (count--) {
		n = write(worker->tun, worker->packet, worker->len);
		if (n != (ssize_t)worker->len)
			return fail(worker, n < 0 ? -errno : -EMSGSIZE,
				    "write to tun");
	}
	return 0;
}

static int answer_upto(struct worker *worker, uint32_t count)
{
	uint32_t id = 0;

	while (count--)
		id = qbench_window_take(&worker->window, false);
	return nfq_verdict_upto(worker->nl, worker->nr, id, NF_DROP, NULL);
}

static int answer(struct worker *worker, uint32_t count)
{
	enum qbench_answer how = worker->method->answer;
	int err = 0;

	if (how == QBENCH_BATCH)
		return answer_upto(worker, count);
	while (count-- && !err) {
		uint32_t id = qbench_window_take(&worker->window,
						 worker->row->shuffled);

		err = nfq_verdict(&worker->verdicts, id, NF_DROP, NULL);
		if (how == QBENCH_SEND && !err)
			err = nfq_verdicts_send(&worker->verdicts);
	}
	return err ? err : nfq_verdicts_send(&worker->verdicts);
}

/* Packets that enter and are read, and wait. */
static int fill(struct worker *worker, uint32_t count)
{
	int err = feed(worker, count);

	if (err)
		return err;
	return fail(worker, qbench_source_read(&worker->source, count),
		    "packets of the queue");
}

static int one_round(struct worker *worker)
{
	uint32_t burst = worker->row->burst;
	int err;

	if (!worker->method)
		return feed(worker, burst);
	err = fill(worker, burst);
	if (err)
		return err;
	return fail(worker, answer(worker, burst), "verdicts");
}

static int run_rounds(struct worker *worker, uint64_t rounds)
{
	int err = 0;

	while (rounds-- && !err)
		err = one_round(worker);
	return err;
}

static int warm_up(struct worker *worker)
{
	uint64_t rounds = worker->rounds / WARM_SHARE + 1;

	return run_rounds(worker, rounds < WARM_ROUNDS ? rounds : WARM_ROUNDS);
}

static int fill_depth(struct worker *worker)
{
	uint32_t left = worker->row->depth, count;
	int err = 0;

	while (left && !err) {
		count = worker->source.burst;
		if (count > left)
			count = left;
		err = fill(worker, count);
		left -= count;
	}
	return err;
}

static int bind_queue(struct worker *worker)
{
	const struct qbench_row *row = worker->row;
	struct nfq_conf conf = {
		.num	= worker->nr,
		.range	= 0xffff,
		.maxlen	= row->depth + 2 * worker->source.burst,
		.flags	= row->size == QBENCH_GSO ? NFQA_CFG_F_GSO : 0,
	};
	int err;

	if (worker->method->reader == QBENCH_READ_RING)
		conf.flags |= NFQA_CFG_F_RING;
	err = nfq_bind(worker->nl, &conf, NULL, NULL);
	worker->bound = !err;
	return err;
}

static void init_source(struct worker *worker)
{
	struct qbench_source *source = &worker->source;

	source->reader = worker->method->reader;
	source->nl = worker->nl;
	source->window = &worker->window;
	source->room = qbench_row_len(worker->row) + HEAD_ROOM;
	/* The standing packets come by more at once than bursts of one. */
	source->burst = worker->row->burst < QBENCH_RECV ? QBENCH_RECV :
							   worker->row->burst;
	nfq_verdicts_init(&worker->verdicts, worker->nl, worker->nr,
			  worker->method->answer == QBENCH_VECTOR);
}

static int open_queue(struct worker *worker)
{
	worker->nl = nl_open(NETLINK_NETFILTER);
	if (!worker->nl)
		return fail(worker, -errno, "a netlink socket");
	init_source(worker);
	if (fail(worker, qbench_window_open(&worker->window,
					    worker->row->depth +
					    worker->source.burst), "memory") ||
	    fail(worker, qbench_source_open(&worker->source),
		 "a socket for the queue") ||
	    fail(worker, bind_queue(worker), "a queue") ||
	    fail(worker, qbench_source_start(&worker->source), "io_uring"))
		return worker->err;
	return 0;
}

static int prepare(struct worker *worker)
{
	worker->packet = qbench_packet(worker->row, worker->nr,
				       !worker->method, &worker->len);
	if (!worker->packet)
		return fail(worker, -ENOMEM, "memory");
	if (worker->method && (open_queue(worker) || fill_depth(worker)))
		return worker->err;
	return warm_up(worker);
}

/* A packet that was lost explains what else is wrong. */
static void check_stat(const struct nfq_stat *stat, void *data)
{
	struct worker *worker = data;

	if (stat->num != worker->nr)
		return;
	if (stat->dropped || stat->user_dropped) {
		worker->err = -ENOBUFS;
		worker->what = stat->dropped ? "the queue" : "messages";
	}
	if (stat->waiting != worker->row->depth)
		fail(worker, -EBADMSG, "verdicts");
}

/* A figure counts only if each packet was read and got its verdict. */
static void check_queue(struct worker *worker)
{
	if (worker->bound)
		fail(worker, nfq_stats(check_stat, worker), "/proc");
}

/* io_uring lets the socket go later: the queue has to be free before. */
static void clean_up(struct worker *worker)
{
	if (worker->bound)
		nfq_unbind(worker->nl, worker->nr);
	if (worker->nl)
		qbench_source_close(&worker->source);
	qbench_window_close(&worker->window);
	nl_close(worker->nl);
	free(worker->packet);
}

static void *work(void *data)
{
	struct worker *worker = data;

	pin(worker->nr);
	prepare(worker);
	if (gate_pass(worker->gate, !worker->err)) {
		worker->begin = lab_now_us();
		run_rounds(worker, worker->rounds);
		worker->end = lab_now_us();
	}
	check_queue(worker);
	clean_up(worker);
	return NULL;
}

/* Returns how many threads there are. */
static unsigned int start(struct worker *workers, unsigned int count,
			  struct gate *gate)
{
	unsigned int i;
	int err;

	for (i = 0; i < count; i++) {
		err = pthread_create(&workers[i].thread, NULL, work,
				     &workers[i]);
		if (err) {
			fail(&workers[i], -err, "a thread");
			gate_give_up(gate, i);
			break;
		}
	}
	return i;
}

static int result(const struct worker *workers, unsigned int count, double *ns,
		  const char **what)
{
	double begin = workers[0].begin, end = workers[0].end;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (workers[i].err) {
			*what = workers[i].what;
			return workers[i].err;
		}
		if (workers[i].begin < begin)
			begin = workers[i].begin;
		if (workers[i].end > end)
			end = workers[i].end;
	}
	*ns = (end - begin) * 1e3 / (double)workers[0].rounds /
	      (workers[0].row->burst * count);
	return 0;
}

int qbench_run(const struct qbench_lab *lab, const struct qbench_row *row,
	       const struct qbench_method *method, uint64_t packets,
	       double *ns, const char **what)
{
	struct gate gate = {
		.lock	= PTHREAD_MUTEX_INITIALIZER,
		.change	= PTHREAD_COND_INITIALIZER,
		.total	= row->queues,
	};
	struct worker *workers = calloc(row->queues, sizeof(*workers));
	unsigned int i, count;
	int err;

	*what = "memory";
	if (!workers)
		return -ENOMEM;
	for (i = 0; i < row->queues; i++) {
		workers[i].row = row;
		workers[i].method = method;
		workers[i].rounds = packets > row->burst ?
				    packets / row->burst : 1;
		workers[i].nr = (uint16_t)i;
		workers[i].tun = lab->tun[i];
		workers[i].gate = &gate;
	}
	count = start(workers, row->queues, &gate);
	for (i = 0; i < count; i++)
		pthread_join(workers[i].thread, NULL);
	err = result(workers, row->queues, ns, what);
	free(workers);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/* nfx queue bench: time ways to read queues and to answer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feature.h"
#include "lab.h"
#include "main.h"
#include "out.h"
#include "qbench.h"
#include "queue.h"

/* Figures below this are noise of the difference they come from, in ns. */
#define NOISE 1.0

#define REASON 160

/* Progress is shown after the first second, and so often, in microseconds. */
#define PROGRESS 1e6

/**
 * struct cell - a method in a row
 * @samples: of each run, nanoseconds per packet
 * @count:   of @samples
 * @reason:  why there are no figures, "" if there are
 * @failed:  it was tried
 */
struct cell {
	double *samples;
	unsigned int count;
	char reason[REASON];
	bool failed;
};

/**
 * struct figures - of a cell, without what the arrival costs
 * @ns:    median, 0 if it is noise
 * @p99:   0 likewise
 * @ratio: how many times as fast as the first method, 0 if not known
 */
struct figures {
	double ns;
	double p99;
	double ratio;
};

/**
 * struct bench - the command while it runs
 * @missing: why a method is not there, "" if it is
 * @arrival: what packets cost that the rules drop
 * @rows:    JSON, NULL for text
 * @tty:     progress is shown
 * @begin:   and @shown, the last progress: in microseconds
 * @done:    runs so far, of @total
 * @good:    cells with figures
 * @bad:     cells that failed, rows without room
 */
struct bench {
	struct qbench_plan plan;
	struct qbench_lab lab;
	char missing[QBENCH_METHODS][REASON];
	struct cell arrival;
	struct cell cell[QBENCH_METHODS];
	json_t *rows;
	bool tty;
	double begin;
	double shown;
	uint64_t done;
	uint64_t total;
	unsigned int good;
	unsigned int bad;
};

static bool wanted(const struct bench *bench, unsigned int method)
{
	return bench->plan.methods & 1U << method;
}

/* The patches that bring feature @name if the kernel has it not, else NULL. */
static const struct feature *absent(const char *name)
{
	const struct feature *feature = features;
	struct finding finding;

	while (strcmp(feature->name, name))
		feature++;
	feature_probe(feature, &finding);
	return finding.answer == ANSWER_YES ? NULL : feature;
}

static void set_missing(struct bench *bench, bool (*uses)(unsigned int method),
			const char *reason)
{
	unsigned int i;

	for (i = 0; i < QBENCH_METHODS; i++)
		if (uses(i) && !bench->missing[i][0])
			snprintf(bench->missing[i], REASON, "%s", reason);
}

static bool uses_ring(unsigned int method)
{
	return qbench_methods[method].reader == QBENCH_READ_RING;
}

static bool uses_uring(unsigned int method)
{
	return qbench_methods[method].reader == QBENCH_READ_URING;
}

static bool uses_vector(unsigned int method)
{
	return qbench_methods[method].answer == QBENCH_VECTOR;
}

static void probe_feature(struct bench *bench, const char *name,
			  bool (*uses)(unsigned int method))
{
	const struct feature *feature = absent(name);
	char reason[REASON];

	if (!feature)
		return;
	snprintf(reason, sizeof(reason),
		 "this kernel lacks %s: patches/%.2s* bring it", name,
		 feature->block);
	set_missing(bench, uses, reason);
}

static void probe_uring(struct bench *bench)
{
	int err = qbench_uring_probe();
	char reason[REASON];

	if (!err)
		return;
	if (err == -ENOPKG)
		snprintf(reason, sizeof(reason),
			 "nfx is built without liburing");
	else
		snprintf(reason, sizeof(reason), "io_uring: %s",
			 strerror(-err));
	set_missing(bench, uses_uring, reason);
}

/* Returns how many of the methods asked for are there. */
static unsigned int probe(struct bench *bench)
{
	unsigned int i, count = 0;

	probe_feature(bench, "queue-ring", uses_ring);
	probe_feature(bench, "queue-verdict-vec", uses_vector);
	probe_uring(bench);
	for (i = 0; i < QBENCH_METHODS; i++) {
		if (!wanted(bench, i))
			continue;
		if (!bench->missing[i][0])
			count++;
		else
			out_note("nfx: %s: %s", qbench_methods[i].name,
				 bench->missing[i]);
	}
	return count;
}

static void clear_progress(const struct bench *bench)
{
	if (bench->tty)
		fputs("\r\033[K", stderr);
}

static void show_progress(struct bench *bench)
{
	double now = lab_now_us();

	if (!bench->tty || now - bench->shown < PROGRESS || !bench->done)
		return;
	bench->shown = now;
	fprintf(stderr, "\r\033[Krun %llu of %llu, %.0f s left",
		(unsigned long long)bench->done,
		(unsigned long long)bench->total,
		(now - bench->begin) / 1e6 / (double)bench->done *
		(double)(bench->total - bench->done));
}

static void run_cell(struct bench *bench, const struct qbench_row *row,
		     const struct qbench_method *method, struct cell *cell)
{
	const char *what;
	double ns;
	int err;

	bench->done++;
	if (cell->reason[0])
		return;
	err = qbench_run(&bench->lab, row, method, bench->plan.packets, &ns,
			 &what);
	if (!err) {
		cell->samples[cell->count++] = ns;
		return;
	}
	snprintf(cell->reason, REASON, "%s: %s", what, strerror(-err));
	cell->failed = true;
}

static void begin_row(struct bench *bench, const struct qbench_row *row)
{
	unsigned int i;

	bench->arrival.count = 0;
	bench->arrival.reason[0] = '\0';
	bench->arrival.failed = false;
	for (i = 0; i < QBENCH_METHODS; i++) {
		struct cell *cell = &bench->cell[i];
		const char *why = qbench_cannot(&qbench_methods[i], row);

		cell->count = 0;
		cell->failed = false;
		snprintf(cell->reason, REASON, "%s",
			 bench->missing[i][0] ? bench->missing[i] :
			 why ? why : "");
	}
}

/* Methods take turns, so that what changes with time is the same for all. */
static void run_row(struct bench *bench, const struct qbench_row *row)
{
	uint64_t run;
	unsigned int i;

	begin_row(bench, row);
	for (run = 0; run < bench->plan.runs; run++) {
		show_progress(bench);
		run_cell(bench, row, NULL, &bench->arrival);
		for (i = 0; i < QBENCH_METHODS; i++) {
			if (!wanted(bench, i))
				continue;
			show_progress(bench);
			run_cell(bench, row, &qbench_methods[i],
				 &bench->cell[i]);
		}
	}
	clear_progress(bench);
}

static double above_noise(double ns)
{
	return ns < NOISE ? 0 : ns;
}

static void get_figures(const struct bench *bench, const struct cell *cell,
			struct figures *figures)
{
	const struct cell *first = &bench->cell[0];
	double arrival = qbench_median(bench->arrival.samples,
				       bench->arrival.count), measure;

	figures->ns = above_noise(qbench_median(cell->samples, cell->count) -
				  arrival);
	figures->p99 = above_noise(qbench_rank(cell->samples, cell->count, 99) -
				   arrival);
	figures->ratio = 0;
	if (!wanted(bench, 0) || first->reason[0] || figures->ns <= 0)
		return;
	measure = qbench_median(first->samples, first->count) - arrival;
	figures->ratio = above_noise(measure) / figures->ns;
}

static const char *size_name(const struct qbench_row *row, char *buf,
			     size_t size)
{
	if (row->size == QBENCH_GSO)
		return "gso";
	snprintf(buf, size, "%u", row->size);
	return buf;
}

static const char *order_name(const struct qbench_row *row)
{
	return row->shuffled ? "shuffled" : "in-order";
}

static void print_start(const struct qbench_row *row, const char *method)
{
	char size[12];

	printf("%5s %5u %2u %-8s %5u %-15s", size_name(row, size, sizeof(size)),
	       row->burst, row->queues, order_name(row), row->depth, method);
}

/* A number of @width columns, or a dash for one that is not known. */
static void print_number(double number, int width, int digits)
{
	if (number > 0)
		printf(" %*.*f", width, digits, number);
	else
		printf(" %*s", width, "-");
}

static void print_arrival(struct bench *bench, const struct qbench_row *row)
{
	struct cell *cell = &bench->arrival;
	double ns = qbench_median(cell->samples, cell->count);

	print_start(row, "(arrival)");
	print_number(1e9 / ns, 9, 0);
	print_number(ns, 7, 0);
	print_number(qbench_rank(cell->samples, cell->count, 99), 7, 0);
	putchar('\n');
}

static void print_cell(const struct bench *bench, const struct qbench_row *row,
		       unsigned int method)
{
	const struct cell *cell = &bench->cell[method];
	struct figures figures;

	print_start(row, qbench_methods[method].name);
	if (cell->reason[0]) {
		printf(" - %s\n", cell->reason);
		return;
	}
	get_figures(bench, cell, &figures);
	print_number(figures.ns > 0 ? 1e9 / figures.ns : 0, 9, 0);
	print_number(figures.ns, 7, 0);
	print_number(figures.p99, 7, 0);
	print_number(figures.ratio, 6, 2);
	putchar('\n');
}

/* What the kernel lacks has been said already. */
static void print_row(struct bench *bench, const struct qbench_row *row)
{
	unsigned int i;

	print_arrival(bench, row);
	for (i = 0; i < QBENCH_METHODS; i++)
		if (wanted(bench, i) && !bench->missing[i][0])
			print_cell(bench, row, i);
	fflush(stdout);
}

static json_t *number_json(double number)
{
	return number > 0 ? json_real(number) : json_null();
}

static json_t *cell_json(const struct bench *bench, unsigned int method)
{
	const struct cell *cell = &bench->cell[method];
	const char *name = qbench_methods[method].name;
	struct figures figures;

	if (cell->reason[0])
		return json_pack("{s:s, s:s}", "method", name,
				 cell->failed ? "error" : "skipped",
				 cell->reason);
	get_figures(bench, cell, &figures);
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "method", name,
			 "packets-per-second",
			 number_json(figures.ns > 0 ? 1e9 / figures.ns : 0),
			 "ns", number_json(figures.ns),
			 "ns-p99", number_json(figures.p99),
			 "ratio", number_json(figures.ratio));
}

static json_t *row_json(const struct qbench_row *row)
{
	return json_pack("{s:I, s:b, s:I, s:I, s:s, s:I}",
			 "size", (json_int_t)qbench_row_len(row),
			 "gso", row->size == QBENCH_GSO,
			 "burst", (json_int_t)row->burst,
			 "queues", (json_int_t)row->queues,
			 "order", order_name(row),
			 "depth", (json_int_t)row->depth);
}

static void add_row(struct bench *bench, const struct qbench_row *row)
{
	json_t *doc = row_json(row), *list = json_array();
	unsigned int i;

	for (i = 0; i < QBENCH_METHODS; i++)
		if (wanted(bench, i))
			json_array_append_new(list, cell_json(bench, i));
	json_object_set_new(doc, "arrival-ns",
			    json_real(qbench_median(bench->arrival.samples,
						    bench->arrival.count)));
	json_object_set_new(doc, "methods", list);
	json_array_append_new(bench->rows, doc);
}

static void skip_row(struct bench *bench, const struct qbench_row *row,
		     const char *reason)
{
	json_t *doc;

	bench->bad++;
	if (!bench->rows) {
		print_start(row, "(all)");
		printf(" - %s\n", reason);
		return;
	}
	doc = row_json(row);
	json_object_set_new(doc, "skipped", json_string(reason));
	json_array_append_new(bench->rows, doc);
}

static void count_row(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < QBENCH_METHODS; i++) {
		bench->good += wanted(bench, i) && !bench->cell[i].reason[0];
		bench->bad += wanted(bench, i) && bench->cell[i].failed;
	}
}

static void do_row(struct bench *bench, const struct qbench_row *row)
{
	uint64_t need = qbench_row_kib(row);
	long have = lab_available_kib();
	char reason[REASON];

	/* The other half is for what else the machine does. */
	if (have >= 0 && need > (uint64_t)have / 2) {
		snprintf(reason, sizeof(reason), "needs %llu of %ld MiB",
			 (unsigned long long)need / 1024, have / 1024);
		bench->done += bench->total / qbench_plan_rows(&bench->plan);
		skip_row(bench, row, reason);
		return;
	}
	run_row(bench, row);
	if (bench->arrival.reason[0]) {
		skip_row(bench, row, bench->arrival.reason);
		return;
	}
	count_row(bench);
	if (bench->rows)
		add_row(bench, row);
	else
		print_row(bench, row);
}

static int alloc_cells(struct bench *bench)
{
	double *samples = calloc((QBENCH_METHODS + 1) * bench->plan.runs,
				 sizeof(*samples));
	unsigned int i;

	if (!samples)
		return -ENOMEM;
	bench->arrival.samples = samples;
	for (i = 0; i < QBENCH_METHODS; i++) {
		samples += bench->plan.runs;
		bench->cell[i].samples = samples;
	}
	return 0;
}

static void do_rows(struct bench *bench)
{
	unsigned int count = qbench_plan_rows(&bench->plan), i;
	struct qbench_row row;

	bench->tty = !opts.quiet && !out_is_json() && isatty(STDERR_FILENO);
	bench->begin = lab_now_us();
	bench->shown = bench->begin;
	bench->total = count * bench->plan.runs *
		       (1 + (unsigned int)
			__builtin_popcount(bench->plan.methods));
	if (!bench->rows)
		printf("%5s %5s %2s %-8s %5s %-15s %9s %7s %7s %6s\n", "SIZE",
		       "BURST", "Q", "ORDER", "DEPTH", "METHOD", "PKT/S",
		       "NS", "NS-P99", "RATIO");
	for (i = 0; i < count; i++) {
		qbench_plan_row(&bench->plan, i, &row);
		do_row(bench, &row);
	}
}

static int run(struct bench *bench)
{
	int err = qbench_lab_open(&bench->lab);

	if (err)
		out_error(-err, "%s: %s%s", bench->lab.what, strerror(-err),
			  err == -EPERM ? ", root is needed" : "");
	else
		do_rows(bench);
	qbench_lab_close(&bench->lab);
	return err ? NFX_KERNEL : NFX_OK;
}

static int print_doc(struct bench *bench)
{
	return out_doc(json_pack("{s:I, s:I, s:O}",
				 "packets", (json_int_t)bench->plan.packets,
				 "runs", (json_int_t)bench->plan.runs,
				 "rows", bench->rows));
}

static int exit_code(const struct bench *bench)
{
	unsigned int i;

	if (bench->bad)
		return bench->good ? NFX_PARTIAL : NFX_KERNEL;
	for (i = 0; i < QBENCH_METHODS; i++)
		if (bench->plan.named && wanted(bench, i) &&
		    bench->missing[i][0])
			return NFX_PARTIAL;
	return NFX_OK;
}

static int run_probed(struct bench *bench)
{
	int rc;

	if (alloc_cells(bench)) {
		out_error(ENOMEM, "%s", strerror(ENOMEM));
		return NFX_KERNEL;
	}
	bench->rows = out_is_json() ? json_array() : NULL;
	rc = run(bench);
	if (rc == NFX_OK && bench->rows)
		rc = print_doc(bench);
	json_decref(bench->rows);
	free(bench->arrival.samples);
	return rc == NFX_OK ? exit_code(bench) : rc;
}

int queue_bench(int argc, char **argv)
{
	struct bench bench = { .good = 0 };

	if (qbench_plan_parse(&bench.plan, argc, argv))
		return NFX_USAGE;
	if (probe(&bench))
		return run_probed(&bench);
	out_error(0, "none of these methods is there, see nfx-queue(8)");
	return NFX_MISSING;
}

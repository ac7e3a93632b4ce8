/* SPDX-License-Identifier: GPL-2.0-only */
/* What a probe of the running kernel gets and answers. */
#ifndef NFX_FEATURE_H
#define NFX_FEATURE_H

#include <stdbool.h>

enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES, ANSWER_MAX };

/**
 * struct finding - the outcome of one probe
 * @answer: yes: the running kernel behaves as the patch stack wants it
 * @err:    positive errno the answer rests on, 0 if none
 * @got:    what came back, one sentence without a full stop
 */
struct finding {
	enum answer answer;
	int err;
	char got[200];
};

/* Each sets all of @f. @err is a negative or positive errno, or 0. */
void finding_yes(struct finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void finding_no(struct finding *f, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void finding_unknown(struct finding *f, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * setup_failed() - turn a failed preparation into the answer "unknown"
 * @err:  0 or -errno of the step
 * @what: the step, a noun
 *
 * Return: true when @err is not 0; the probe then returns.
 */
bool setup_failed(struct finding *f, int err, const char *what);

/**
 * enum probe_place - where a probe may run
 * @PROBE_PRIVATE: in a throw-away network namespace, free to change it
 * @PROBE_HERE:    in the caller's namespace, reads only
 */
enum probe_place { PROBE_PRIVATE, PROBE_HERE };

/**
 * struct feature - one item of the patch stack
 * @name:    as on the command line; stable
 * @block:   patch block that brings it: patches/@block[0..1]*
 * @summary: what the kernel can do when the answer is yes
 * @asked:   what the probe asks the kernel, for the evidence
 * @probe:   leaves its answer in @f; runs in a child process of its own, with
 *           which everything ends that it opened
 * @place:   where @probe runs
 */
struct feature {
	const char *name;
	const char *block;
	const char *summary;
	const char *asked;
	void (*probe)(struct finding *f);
	enum probe_place place;
};

/* features.c: all items, ended by a NULL name. */
extern const struct feature features[];

/** feature_probe() - run one probe in a child process; fills @f always. */
void feature_probe(const struct feature *feature, struct finding *f);

/** feature_has() - probe by name. Return: true if the answer is yes. */
bool feature_has(const char *name);

const char *answer_name(enum answer answer);

#endif /* NFX_FEATURE_H */

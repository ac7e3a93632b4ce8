// SPDX-License-Identifier: GPL-2.0-only
/* Files of policies, in the syntax of libconfuse. */
#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "args.h"
#include "ctpolicy.h"
#include "out.h"
#include "words.h"

/* Where errors are, as libconfuse does not give its callbacks all they need. */
struct place {
	const char *path;
	unsigned int given;	/* mask of the options of this rule so far */
};

static struct place place;

static void print_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[400];

	vsnprintf(text, sizeof(text), fmt, ap);
	out_error(0, "%s:%d: %s", place.path, cfg->line, text);
}

/*
 * libconfuse would take the last of them without a word. Of a list this is for
 * each value: a second list begins with one value again.
 */
static int check_once(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned int i = (unsigned int)(opt - cfg->opts);

	if (place.given & 1U << i && cfg_opt_size(opt) == 1) {
		cfg_error(cfg, "%s is given twice", opt->name);
		return -1;
	}
	place.given |= 1U << i;
	return 0;
}

/* Values of lists are parsed one by one, so that an error has its line. */
static int parse_on(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct ctpolicy_match *match = calloc(1, sizeof(*match));
	char *text = strdup(value);
	const char *wrong = match && text ? ctpolicy_match_parse(text, match) :
					    strerror(ENOMEM);

	if (wrong)
		cfg_error(cfg, "%s \"%s\": %s", opt->name, value, wrong);
	free(text);
	*(void **)result = match;
	return wrong ? -1 : check_once(cfg, opt);
}

/* "-4" or "-6" before a filter */
static int take_family(int *n, char **words)
{
	int family = AF_UNSPEC;

	if (*n && !strcmp(words[0], "-4"))
		family = AF_INET;
	else if (*n && !strcmp(words[0], "-6"))
		family = AF_INET6;
	if (family)
		memmove(words, words + 1, (size_t)--*n * sizeof(*words));
	return family;
}

static int parse_words(struct ctfilter_list *list, char *text)
{
	char *words[WORDS_MAX];
	int n = words_split(text, words), family, rest;

	if (n < 0) {
		out_error(0, "it has more than %d words", WORDS_MAX);
		return -1;
	}
	family = take_family(&n, words);
	rest = ctfilter_words(list, n, words, family);
	if (rest > 0)
		out_error(0, "\"%s\" is no option of a filter", words[0]);
	if (!rest && !list->count)
		out_error(0, "a filter is missing");
	return rest || !list->count ? -1 : 0;
}

static int parse_flush(cfg_t *cfg, cfg_opt_t *opt, const char *value,
		       void *result)
{
	struct ctfilter_list *list = calloc(1, sizeof(*list));
	char *text = strdup(value);
	int err = list && text ? parse_words(list, text) : -1;

	if (err)
		cfg_error(cfg, "%s \"%s\" is no filter", opt->name, value);
	free(text);
	*(void **)result = list;
	return err ? err : check_once(cfg, opt);
}

/* Names have slashes if that is what comes first, as in sysctl(8). */
static const char *sysctl_path(const char *name, char *path)
{
	static const char top[] = "/proc/sys/";
	bool dots = strcspn(name, ".") < strcspn(name, "/");
	char *c;

	if (strlen(top) + strlen(name) >= CTPOLICY_PATH)
		return "the name is too long";
	snprintf(path, CTPOLICY_PATH, "%s%s", top, name);
	for (c = path + strlen(top); dots && *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	if (strncmp(path + strlen(top), "net/", 4) || strstr(path, ".."))
		return "only those whose names begin with \"net.\" are set";
	return NULL;
}

/* NAME=VALUE, with blanks around the equals sign */
static const char *check_sysctl(char *text, struct ctpolicy_sysctl *sysctl)
{
	char *value = strchr(text, '=');
	char *end = value;

	if (!value)
		return "it is not NAME=VALUE";
	while (end > text && strchr(" \t", end[-1]))
		end--;
	*end = '\0';
	value += 1 + strspn(value + 1, " \t");
	sysctl->value = value;
	return *value ? sysctl_path(text, sysctl->path) :
			"the value is missing";
}

/* With a minus as in sysctl.d(5) */
static int parse_sysctl(cfg_t *cfg, cfg_opt_t *opt, const char *value,
			void *result)
{
	struct ctpolicy_sysctl *sysctl = calloc(1, sizeof(*sysctl));
	const char *wrong = strerror(ENOMEM);

	if (sysctl) {
		value += strspn(value, " \t");
		sysctl->optional = *value == '-';
		sysctl->name = strdup(value + sysctl->optional);
		if (sysctl->name)
			wrong = check_sysctl(sysctl->name, sysctl);
	}
	if (wrong)
		cfg_error(cfg, "%s \"%s\": %s", opt->name, value, wrong);
	*(void **)result = sysctl;
	return wrong ? -1 : check_once(cfg, opt);
}

static void free_sysctl(void *sysctl)
{
	if (sysctl)
		free(((struct ctpolicy_sysctl *)sysctl)->name);
	free(sysctl);
}

static cfg_opt_t rule_options[] = {
	CFG_PTR_LIST_CB("on", NULL, CFGF_NONE, parse_on, free),
	CFG_PTR_LIST_CB("flush", NULL, CFGF_NONE, parse_flush, free),
	CFG_PTR_LIST_CB("sysctl", NULL, CFGF_NONE, parse_sysctl, free_sysctl),
	CFG_BOOL("lazy-flush", cfg_false, CFGF_NONE),
	CFG_FLOAT("delay", 0.0, CFGF_NONE),
	CFG_FLOAT("interval", 0.0, CFGF_NONE),
	CFG_END(),
};

static int check_time(cfg_t *cfg, cfg_opt_t *opt)
{
	double value = cfg_opt_getnfloat(opt, 0);

	if (value >= 0 && value <= ARGS_DAY)
		return check_once(cfg, opt);
	cfg_error(cfg, "%s is a number of seconds from 0 to %d", opt->name,
		  ARGS_DAY);
	return -1;
}

/* What is only known at the end of a rule. */
static int check_rule(cfg_t *cfg, cfg_opt_t *opt)
{
	cfg_t *rule = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	unsigned int filters = 0, i;

	place.given = 0;
	for (i = 0; i < cfg_size(rule, "flush"); i++) {
		const struct ctfilter_list *list =
			cfg_getnptr(rule, "flush", i);

		filters += list->count;
	}
	if (!cfg_size(rule, "on"))
		cfg_error(cfg, "rule \"%s\" has no event", cfg_title(rule));
	else if (filters > CTFILTER_MAX)
		cfg_error(cfg, "rule \"%s\" has more than %d filters",
			  cfg_title(rule), CTFILTER_MAX);
	else if (!filters && !cfg_size(rule, "sysctl") &&
		 !cfg_getbool(rule, "lazy-flush"))
		cfg_error(cfg, "rule \"%s\" does nothing", cfg_title(rule));
	else
		return 0;
	return -1;
}

static cfg_t *init(void)
{
	cfg_opt_t options[] = {
		CFG_SEC("rule", rule_options,
			CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_END(),
	};
	cfg_t *cfg = cfg_init(options, CFGF_NONE);

	if (!cfg)
		return NULL;
	cfg_set_error_function(cfg, print_error);
	cfg_set_validate_func(cfg, "rule", check_rule);
	cfg_set_validate_func(cfg, "rule|lazy-flush", check_once);
	cfg_set_validate_func(cfg, "rule|delay", check_time);
	cfg_set_validate_func(cfg, "rule|interval", check_time);
	return cfg;
}

/* One walk of the table is for all filters of a rule. */
static void join_filters(cfg_t *cfg, struct ctfilter_list *to)
{
	unsigned int i;

	for (i = 0; i < cfg_size(cfg, "flush"); i++) {
		const struct ctfilter_list *list = cfg_getnptr(cfg, "flush", i);

		memcpy(&to->filter[to->count], list->filter,
		       list->count * sizeof(*list->filter));
		to->count += list->count;
	}
}

static int make_rule(cfg_t *cfg, struct ctpolicy_rule *rule)
{
	unsigned int i;

	rule->ons = cfg_size(cfg, "on");
	rule->sysctls_count = cfg_size(cfg, "sysctl");
	rule->lazy = cfg_getbool(cfg, "lazy-flush");
	rule->delay_ms = (int64_t)(cfg_getfloat(cfg, "delay") * 1e3);
	rule->interval_ms = (int64_t)(cfg_getfloat(cfg, "interval") * 1e3);
	join_filters(cfg, &rule->flush);
	rule->name = strdup(cfg_title(cfg));
	rule->on = calloc(rule->ons, sizeof(*rule->on));
	rule->sysctls = calloc(rule->sysctls_count + 1, sizeof(*rule->sysctls));
	if (!rule->name || !rule->on || !rule->sysctls)
		return -ENOMEM;
	for (i = 0; i < rule->ons; i++)
		memcpy(&rule->on[i], cfg_getnptr(cfg, "on", i),
		       sizeof(*rule->on));
	for (i = 0; i < rule->sysctls_count; i++) {
		struct ctpolicy_sysctl *from = cfg_getnptr(cfg, "sysctl", i);

		rule->sysctls[i] = *from;
		from->name = NULL;
	}
	return 0;
}

static struct ctpolicy *make_policy(cfg_t *cfg)
{
	struct ctpolicy *policy = calloc(1, sizeof(*policy));
	unsigned int count = cfg_size(cfg, "rule"), i;
	int err = 0;

	if (!policy)
		return NULL;
	policy->rules = calloc(count, sizeof(*policy->rules));
	if (!policy->rules)
		err = -ENOMEM;
	for (i = 0; i < count && !err; i++) {
		policy->count++;
		err = make_rule(cfg_getnsec(cfg, "rule", i), &policy->rules[i]);
	}
	if (!err)
		return policy;
	ctpolicy_free(policy);
	return NULL;
}

/* The scanner of libconfuse ends the process if it cannot read. */
static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat st;

	if (file && (fstat(fileno(file), &st) || S_ISDIR(st.st_mode))) {
		fclose(file);
		file = NULL;
		errno = EISDIR;
	}
	if (!file)
		out_error(errno, "%s: %s", path, strerror(errno));
	return file;
}

static struct ctpolicy *parse_file(cfg_t *cfg, FILE *file, const char *path)
{
	struct ctpolicy *policy;

	place = (struct place){ .path = path };
	if (cfg_parse_fp(cfg, file) != CFG_SUCCESS)
		return NULL;
	if (!cfg_size(cfg, "rule")) {
		out_error(0, "%s: there is no rule", path);
		return NULL;
	}
	policy = make_policy(cfg);
	if (!policy)
		out_error(ENOMEM, "%s", strerror(ENOMEM));
	return policy;
}

struct ctpolicy *ctpolicy_read(const char *path)
{
	struct ctpolicy *policy = NULL;
	FILE *file = open_file(path);
	cfg_t *cfg;

	if (!file)
		return NULL;
	cfg = init();
	if (cfg)
		policy = parse_file(cfg, file, path);
	else
		out_error(ENOMEM, "%s", strerror(ENOMEM));
	if (cfg)
		cfg_free(cfg);
	fclose(file);
	return policy;
}

void ctpolicy_free(struct ctpolicy *policy)
{
	unsigned int i, j;

	for (i = 0; policy && i < policy->count; i++) {
		struct ctpolicy_rule *rule = &policy->rules[i];

		for (j = 0; rule->sysctls && j < rule->sysctls_count; j++)
			free(rule->sysctls[j].name);
		free(rule->sysctls);
		free(rule->on);
		free(rule->name);
	}
	if (policy)
		free(policy->rules);
	free(policy);
}

unsigned int ctpolicy_sources(const struct ctpolicy *policy)
{
	unsigned int sources = 0, i, j;

	for (i = 0; i < policy->count; i++)
		for (j = 0; j < policy->rules[i].ons; j++)
			sources |= 1U << policy->rules[i].on[j].source;
	return sources;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* How many conntrack entries does each network namespace have? */
#ifndef NFX_CTNS_H
#define NFX_CTNS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct ctns - a network namespace
 * @inode:       its number
 * @name:        its name of ip-netns(8), "" without one
 * @pid:         a process that is in it, 0 if it has a name
 * @comm:        name of that process
 * @own:         nfx is in it
 * @entries:     of conntrack
 * @max_entries: limit of @entries, 0 for none
 */
struct ctns {
	uint64_t inode;
	char name[NAME_MAX + 1];
	pid_t pid;
	char comm[16];
	bool own;
	uint32_t entries;
	uint32_t max_entries;
};

/**
 * struct ctns_list - all that were found
 * @ns:      array, that with most entries comes first; of ctns_free()
 * @count:   elements of @ns
 * @size:    places of @ns
 * @entries: sum of all
 * @closed:  namespaces that could not be entered, or give no answer
 * @hidden:  names and processes that do not show theirs
 */
struct ctns_list {
	struct ctns *ns;
	unsigned int count;
	unsigned int size;
	uint64_t entries;
	unsigned int closed;
	unsigned int hidden;
};

/** ctns_read() - ask all of them. Return: 0 or -errno; for ctns_free() */
int ctns_read(struct ctns_list *list);
void ctns_free(struct ctns_list *list);

/** ctns_add() - add one. Return: 0 or -ENOMEM. */
int ctns_add(struct ctns_list *list, const struct ctns *ns);

/** ctns_sort() - by entries, then by number */
void ctns_sort(struct ctns_list *list);

/** ctns_title() - "NAME" or "pid PID COMM", in @buf if need be */
const char *ctns_title(const struct ctns *ns, char *buf, size_t size);

#endif /* NFX_CTNS_H */

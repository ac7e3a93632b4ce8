// SPDX-License-Identifier: GPL-2.0-only
/* How many conntrack entries does each network namespace have? */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctns.h"
#include "cttable.h"
#include "main.h"
#include "netns.h"
#include "nsfind.h"

int ctns_add(struct ctns_list *list, const struct ctns *ns)
{
	unsigned int size = list->size ? 2 * list->size : 16;
	void *more;

	if (list->count == list->size) {
		more = reallocarray(list->ns, size, sizeof(*ns));
		if (!more)
			return -ENOMEM;
		list->ns = more;
		list->size = size;
	}
	list->ns[list->count++] = *ns;
	list->entries += ns->entries;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct ctns *a = left, *b = right;

	if (a->entries != b->entries)
		return a->entries < b->entries ? 1 : -1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

void ctns_sort(struct ctns_list *list)
{
	if (list->count)
		qsort(list->ns, list->count, sizeof(*list->ns), compare);
}

/* Runs in the namespace. */
static int ask(void *data)
{
	NL_AUTO nl = nl_open(NETLINK_NETFILTER);
	struct cttable table;
	struct ctns *ns = data;
	int err;

	if (!nl)
		return -errno;
	err = cttable_ask(nl, &table);
	if (!err) {
		ns->entries = table.entries;
		ns->max_entries = table.max_entries;
	}
	return err;
}

/* Any process can call itself what it likes. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!isascii(*text) || !isprint((unsigned char)*text))
			*text = '?';
}

/* "" if the process has ended. */
static void read_comm(pid_t pid, char *comm, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	if (!fgets(comm, (int)size, f))
		*comm = '\0';
	fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
	make_printable(comm);
}

static int take_found(const struct nsfound *found, void *data)
{
	struct ctns_list *list = data;
	struct ctns ns = {
		.inode	= found->inode,
		.pid	= found->pid,
		.own	= found->own,
	};
	int err;

	/* No privilege is needed for where one is. */
	err = found->own ? ask(&ns) : netns_visit(found->fd, ask, &ns);
	if (err == -ENOTRECOVERABLE)
		return err;
	if (err) {
		list->closed++;
		return 0;
	}
	if (found->name)
		snprintf(ns.name, sizeof(ns.name), "%s", found->name);
	else
		read_comm(found->pid, ns.comm, sizeof(ns.comm));
	return ctns_add(list, &ns);
}

int ctns_read(struct ctns_list *list)
{
	int err;

	memset(list, 0, sizeof(*list));
	err = nsfind(take_found, list, &list->hidden);
	ctns_sort(list);
	return err;
}

void ctns_free(struct ctns_list *list)
{
	free(list->ns);
	list->ns = NULL;
}

const char *ctns_title(const struct ctns *ns, char *buf, size_t size)
{
	if (ns->name[0])
		return ns->name;
	snprintf(buf, size, "pid %d %s", ns->pid, ns->comm);
	return buf;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of interfaces: who comes, who goes, which configured names are missing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "gate/watch_internal.h"

ssize_t pgm_watch_find(const struct pgm_watch *watch, int ifindex)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->rows[i].guard.ifindex == ifindex)
			return (ssize_t)i;
	return -1;
}

static ssize_t find_name(const struct pgm_watch *watch, const char *name, bool missing)
{
	for (size_t i = 0; i < watch->count; i++)
		if ((watch->rows[i].guard.ifindex == 0) == missing && !strcmp(watch->rows[i].guard.name, name))
			return (ssize_t)i;
	return -1;
}

static int grow(struct pgm_watch *watch)
{
	size_t capacity = watch->capacity ? watch->capacity * 2 : 16;
	struct pgm_watch_row *rows;
	struct pgm_iface *ifaces;

	if (watch->count < watch->capacity)
		return 0;
	rows = reallocarray(watch->rows, capacity, sizeof(*rows));
	if (rows)
		watch->rows = rows;
	ifaces = reallocarray(watch->ifaces, capacity, sizeof(*ifaces));
	if (ifaces)
		watch->ifaces = ifaces;
	if (!rows || !ifaces)
		return -ENOMEM;
	watch->capacity = capacity;
	return 0;
}

static int add(struct pgm_watch *watch, int ifindex, const char *name)
{
	struct pgm_watch_row *row;

	if (grow(watch) < 0)
		return -ENOMEM;
	row = &watch->rows[watch->count];
	memset(row, 0, sizeof(*row));
	memset(&watch->ifaces[watch->count], 0, sizeof(watch->ifaces[0]));
	row->guard.ifindex = ifindex;
	row->guard.link_fd = -1;
	snprintf(row->guard.name, sizeof(row->guard.name), "%s", name);
	watch->count++;
	return 0;
}

static void drop(struct pgm_watch *watch, size_t i)
{
	size_t behind = watch->count - i - 1;

	memmove(&watch->rows[i], &watch->rows[i + 1], behind * sizeof(watch->rows[0]));
	memmove(&watch->ifaces[i], &watch->ifaces[i + 1], behind * sizeof(watch->ifaces[0]));
	watch->count--;
}

int pgm_watch_link(struct pgm_watch *watch, int ifindex, const struct pgm_link_view *view)
{
	ssize_t i = pgm_watch_find(watch, ifindex);
	struct pgm_guard *guard;

	if (i < 0) {
		if (add(watch, ifindex, view->name) < 0)
			return -ENOMEM;
		i = (ssize_t)watch->count - 1;
		watch->ifaces[i].fresh = true;
	}
	guard = &watch->rows[i].guard;
	if (strcmp(guard->name, view->name) != 0) {
		pgm_log(LOG_NOTICE, "interface %s is now called %s", guard->name, view->name);
		memcpy(guard->name, view->name, sizeof(guard->name));
	}
	watch->ifaces[i].type = view->type;
	watch->ifaces[i].seen = true;
	watch->ifaces[i].dirty = true;
	return 0;
}

void pgm_watch_gone(struct pgm_watch *watch, int ifindex)
{
	ssize_t i = pgm_watch_find(watch, ifindex);

	if (i < 0)
		return;
	if (watch->rows[i].wanted || watch->rows[i].guard.hook != PGM_HOOK_NONE)
		pgm_log(LOG_NOTICE, "interface %s is gone", watch->rows[i].guard.name);
	pgm_attach_forget(watch->config, &watch->rows[i].guard);
	drop(watch, (size_t)i);
}

void pgm_watch_dirty(struct pgm_watch *watch, int ifindex)
{
	ssize_t i = pgm_watch_find(watch, ifindex);

	if (i >= 0)
		watch->ifaces[i].dirty = true;
}

void pgm_watch_all_dirty(struct pgm_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		watch->ifaces[i].dirty = true;
}

bool pgm_watch_configured(const struct pgm_watch *watch, const char *name)
{
	for (size_t i = 0; !watch->config->interfaces_auto && i < watch->config->interface_count; i++)
		if (!strcmp(watch->config->interfaces[i], name))
			return true;
	return false;
}

int pgm_watch_missing(struct pgm_watch *watch)
{
	size_t names = watch->config->interfaces_auto ? 0 : watch->config->interface_count;

	for (size_t n = 0; n < names; n++) {
		const char *name = watch->config->interfaces[n];
		bool there = find_name(watch, name, false) >= 0;
		ssize_t i = find_name(watch, name, true);

		if (there && i >= 0)
			drop(watch, (size_t)i);
		if (there || i >= 0)
			continue;
		if (add(watch, 0, name) < 0)
			return -ENOMEM;
		watch->rows[watch->count - 1].wanted = true;
		snprintf(watch->rows[watch->count - 1].guard.why, sizeof(watch->rows[0].guard.why),
		         "no such interface");
		pgm_log(LOG_ERR, "interface %s is NOT guarded: no such interface (yet)", name);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who is wanted, who has a guard, and what is said about it. */
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"
#include "gate/attach_internal.h"
#include "gate/watch_internal.h"

/* Somebody else may insist on taking our guard off; between two ticks of the timer we put it back this often. */
#define REPAIRS 20

static bool is_wanted(const struct pgm_watch *watch, size_t i)
{
	const struct pgm_watch_row *row = &watch->rows[i];

	if (!watch->config->interfaces_auto)
		return pgm_watch_configured(watch, row->guard.name);
	/* A guard that stands outlives the last address: never looser than before. */
	return row->ethernet && (watch->ifaces[i].address || row->guard.hook != PGM_HOOK_NONE);
}

/* The second half of why: what makes this guard special. */
static void add_notes(const struct pgm_watch *watch, size_t i)
{
	const struct pgm_watch_row *row = &watch->rows[i];
	struct pgm_guard *guard = &watch->rows[i].guard;
	char note[320] = "", first[96];
	unsigned others = 0;

	if (guard->hook == PGM_HOOK_TC)
		others = pgm_tcx_foreign(guard->ifindex, first, sizeof(first));
	if (others)
		snprintf(note, sizeof(note), "%u tcx program%s before the filter and may pass packets by it, first %s",
		         others, others == 1 ? " runs" : "s run", first);
	else if (guard->hook != PGM_HOOK_NONE && !row->wanted)
		snprintf(note, sizeof(note),
		         "not in [gate] interfaces: its guard of before stays until the interface "
		         "goes or pgmoatd --detach");
	else if (guard->hook != PGM_HOOK_NONE && watch->config->interfaces_auto && !watch->ifaces[i].address)
		snprintf(note, sizeof(note), "it has no address any more; guarded until it goes");
	snprintf(guard->why, sizeof(guard->why), "%.*s%s%s", note[0] ? 280 : 511, watch->ifaces[i].why,
	         note[0] && watch->ifaces[i].why[0] ? "; " : "", note);
}

/* Each state is logged once, however often it is found again. */
static void report(struct pgm_watch *watch, size_t i)
{
	const struct pgm_watch_row *row = &watch->rows[i];
	const struct pgm_guard *guard = &row->guard;
	const char *frags = guard->flavour == PGM_FLAVOUR_XDP_FRAGS ? " XDP (frags)" : " XDP";
	struct pgm_iface *iface = &watch->ifaces[i];
	char text[sizeof(iface->logged)];
	bool guarded = guard->hook != PGM_HOOK_NONE;

	if (guarded)
		snprintf(text, sizeof(text), "is guarded by %s%s%s%s", pgm_hook_name(guard->hook),
		         guard->hook == PGM_HOOK_TC ? "" : frags, guard->why[0] ? ": " : "", guard->why);
	else if (row->wanted)
		snprintf(text, sizeof(text), "is NOT guarded: %s", guard->why);
	else
		snprintf(text, sizeof(text), "is left alone: %s", guard->why);
	if (!strcmp(text, iface->logged))
		return;
	memcpy(iface->logged, text, sizeof(text));
	/* Of those that nobody asked for, only what could not be guarded at all is worth a line. */
	if (guarded || row->wanted || (!row->ethernet && iface->type != ARPHRD_LOOPBACK))
		pgm_log(guarded ? LOG_INFO : row->wanted ? LOG_ERR : LOG_NOTICE, "interface %s %s", guard->name, text);
}

static void note_repair(struct pgm_watch *watch, size_t i)
{
	const char *name = watch->rows[i].guard.name;

	watch->ifaces[i].repairs++;
	pgm_log(LOG_WARNING, "interface %s: its guard had been taken off, or a filter put before it; it is back", name);
}

/* An interface may get another name between the message that we act on and the attachment, which goes by ifindex. */
static void check_name(struct pgm_watch *watch, size_t i)
{
	char now[IF_NAMESIZE];
	struct pgm_guard *guard = &watch->rows[i].guard;

	if (!if_indextoname((unsigned)guard->ifindex, now) || !strcmp(now, guard->name))
		return;
	pgm_log(LOG_NOTICE, "interface %s is now called %s", guard->name, now);
	memcpy(guard->name, now, sizeof(guard->name));
}

/* 0 or what pgm_attach said. */
static int guard_one(struct pgm_watch *watch, size_t i)
{
	struct pgm_guard *guard = &watch->rows[i].guard;
	struct pgm_iface *iface = &watch->ifaces[i];
	bool lost = guard->hook != PGM_HOOK_NONE;
	int r;

	if (lost && pgm_attach_verify(watch->kernel, guard))
		return 0;
	if (iface->repairs >= REPAIRS) {
		guard->hook = PGM_HOOK_NONE;
		snprintf(iface->why, sizeof(iface->why), "something keeps taking its guard off");
		return -EBUSY;
	}
	r = pgm_attach(watch->kernel, watch->config, guard, NULL);
	memcpy(iface->why, guard->why, sizeof(iface->why));
	if (lost && r == 0)
		note_repair(watch, i);
	check_name(watch, i);
	return r;
}

static void check_pin(struct pgm_watch *watch, size_t i)
{
	const struct pgm_guard *guard = &watch->rows[i].guard;
	int r = pgm_xdp_keep_pinned(watch->config, guard);

	if (r < 0 && !watch->ifaces[i].pin_lost)
		pgm_log(LOG_ERR,
		        "interface %s: its link's pin is gone and can't be made again (%s): the guard ends when "
		        "pgmoatd does",
		        guard->name, strerror(-r));
	watch->ifaces[i].pin_lost = r < 0;
}

static void explain_absence(const struct pgm_watch *watch, size_t i)
{
	const struct pgm_iface *iface = &watch->ifaces[i];
	struct pgm_guard *guard = &watch->rows[i].guard;

	if (iface->type == ARPHRD_LOOPBACK)
		snprintf(guard->why, sizeof(guard->why), "loopback: local clients are not filtered");
	else if (iface->type != ARPHRD_ETHER)
		snprintf(guard->why, sizeof(guard->why),
		         "not an Ethernet interface (type %u): its packets are not filtered", iface->type);
	else
		snprintf(guard->why, sizeof(guard->why), "%s",
		         watch->config->interfaces_auto ? "it has no address" : "not in [gate] interfaces");
}

static void settle_one(struct pgm_watch *watch, size_t i)
{
	struct pgm_watch_row *row = &watch->rows[i];
	struct pgm_iface *iface = &watch->ifaces[i];
	bool adopt = false;

	row->ethernet = iface->type == ARPHRD_ETHER;
	row->wanted = is_wanted(watch, i);
	if (row->ethernet && iface->fresh && !row->wanted)
		adopt = pgm_attach_found(watch->config, row->guard.ifindex);
	iface->fresh = false;
	if (!row->ethernet || !(row->wanted || adopt || row->guard.hook != PGM_HOOK_NONE)) {
		explain_absence(watch, i);
	} else {
		/* Interfaces that go lose their link before the message that they are gone. */
		if (guard_one(watch, i) == -ENODEV)
			return;
		row->wanted = is_wanted(watch, i);
		check_pin(watch, i);
		add_notes(watch, i);
	}
	report(watch, i);
}

void pgm_watch_settle(struct pgm_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (!watch->ifaces[i].dirty)
			continue;
		watch->ifaces[i].dirty = false;
		if (watch->rows[i].guard.ifindex)
			settle_one(watch, i);
	}
}

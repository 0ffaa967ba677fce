/* SPDX-License-Identifier: Apache-2.0 */
/* One change of the policy on its way: what it wants, what it found out, how it ended. */
#include "daemon/change.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/texts.h"

#define EXPIRED_KEPT_S (24u * 60 * 60)

struct pgmd_change *pgmd_change_new(struct pgmd_daemon *daemon, struct pgmd_client *client, const char *command)
{
	struct pgmd_change *change = calloc(1, sizeof(*change));

	if (!change)
		return NULL;
	change->daemon = daemon;
	change->client = client;
	change->command = command;
	change->kind = "failed";
	change->stage = "preparing";
	change->peer = client ? client->peer : (struct pgmd_peer){.pid = getpid(), .uid = getuid()};
	change->base = pgm_ruleset_ref(daemon->current);
	change->added_names = json_array();
	change->removed_names = json_array();
	change->notes = json_array();
	change->warnings = json_array();
	change->ids = json_array();
	if (change->added_names && change->removed_names && change->notes && change->warnings && change->ids)
		return change;
	pgmd_change_free(change);
	return NULL;
}

void pgmd_change_free(struct pgmd_change *change)
{
	if (!change)
		return;
	if (change->free_data)
		change->free_data(change->data);
	if (change->new_config) {
		pgm_config_free(change->new_config);
		free(change->new_config);
	}
	pgm_ruleset_unref(change->base);
	pgm_ruleset_unref(change->next);
	json_decref(change->added_names);
	json_decref(change->removed_names);
	json_decref(change->notes);
	json_decref(change->warnings);
	json_decref(change->ids);
	free(change);
}

static void name_rule(json_t *names, const struct pgm_rule *rule)
{
	char text[PGM_RANGE_TEXT];

	if (json_array_size(names) >= PGMD_CHANGE_NAMED)
		return;
	pgm_range_format(&rule->range, text);
	json_array_append_new(names, json_string(text));
}

void pgmd_change_added(struct pgmd_change *change, const struct pgm_rule *rule)
{
	change->added++;
	name_rule(change->added_names, rule);
}

void pgmd_change_removed(struct pgmd_change *change, const struct pgm_rule *rule)
{
	change->removed++;
	name_rule(change->removed_names, rule);
}

int pgmd_change_copy_base(struct pgmd_change *change, struct pgm_error *err)
{
	change->next = pgm_ruleset_copy(change->base);
	return change->next ? 0 : pgm_fail(err, -ENOMEM, "out of memory for a copy of the list");
}

struct expiry {
	struct pgmd_change *change;
	uint64_t utc;
	uint64_t boot;
	size_t dropped;
};

/* Long expired by the clock that rules for it. */
static bool long_expired(const struct pgm_rule *rule, void *arg)
{
	struct expiry *expiry = arg;

	if (rule->expires_utc == 0)
		return false;
	uint64_t end = rule->this_boot ? rule->expires_boot : rule->expires_utc;
	uint64_t now = rule->this_boot ? expiry->boot : expiry->utc;
	if (end + EXPIRED_KEPT_S > now)
		return false;
	pgmd_change_removed(expiry->change, rule);
	expiry->dropped++;
	return true;
}

static void drop_expired(struct pgmd_change *change)
{
	struct expiry expiry = {change, pgm_utc_now(), pgm_boottime_now_ns() / 1000000000u, 0};

	pgm_ruleset_filter(change->next, long_expired, &expiry);
	if (!expiry.dropped)
		return;
	pgmd_say(change->notes, "%zu rule%s expired more than a day ago, and %s dropped from the list", expiry.dropped,
	         expiry.dropped == 1 ? "" : "s", expiry.dropped == 1 ? "was" : "were");
	change->unchanged = change->unchanged > expiry.dropped ? change->unchanged - expiry.dropped : 0;
}

static uint32_t next_generation(const struct pgmd_change *change)
{
	const struct pgmd_daemon *daemon = change->daemon;
	uint32_t newest = change->base->generation;
	uint32_t pinned = (uint32_t)daemon->gate.calls->policy(daemon->gate.gate).generation;

	/* After a file was put back by hand, the kernel or the audit log may know of later ones. */
	if (pinned > newest)
		newest = pinned;
	if (daemon->audit.generation > newest)
		newest = daemon->audit.generation;
	return newest + 1;
}

static void warn_empty(struct pgmd_change *change)
{
	size_t clients = 0;

	for (size_t i = 0; i < change->next->count && clients == 0; i++)
		clients += change->next->rules[i].class_id == PGM_CLASS_CLIENT;
	if (change->next->mode != PGM_MODE_LIST || clients)
		return;
	bool system = change->next->count > 0 || change->daemon->config->system_count > 0;
	if (system)
		pgmd_say(change->warnings, "the list has no client rule: nobody can connect except the system classes");
	else
		pgmd_say(change->warnings, "the list is empty: nobody can connect");
}

void pgmd_change_complete(struct pgmd_change *change)
{
	enum pgm_mode before = change->base->mode, after = change->next->mode;

	drop_expired(change);
	change->next->generation = next_generation(change);
	/* Never backwards: a clock that is wrong now must not revive what has expired. */
	uint64_t now = pgm_utc_now();
	change->next->saved_utc = now > change->base->saved_utc ? now : change->base->saved_utc;
	if (before == PGM_MODE_UNSET && after == PGM_MODE_LIST)
		pgmd_say(change->notes, "the mode is now list: only the addresses in the list can connect");
	else if (before == after && (after == PGM_MODE_NOWHERE || after == PGM_MODE_ANYWHERE))
		pgmd_say(change->notes, "the mode is still %s: to put the list in force, run: pgmoat filter enforce",
		         pgm_mode_name(after));
	warn_empty(change);
}

json_t *pgmd_change_audit(const struct pgmd_change *change)
{
	char now[PGM_TIME_TEXT];

	pgm_utc_format(pgm_utc_now(), now);
	return json_pack("{s:s, s:I, s:I, s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:O, s:O}", "time", now, "uid",
	                 (json_int_t)change->peer.uid, "pid", (json_int_t)change->peer.pid, "command", change->command,
	                 "generation", (json_int_t)change->next->generation, "mode", pgm_mode_name(change->next->mode),
	                 "rules", (json_int_t)change->next->count, "added", (json_int_t)change->added, "removed",
	                 (json_int_t)change->removed, "updated", (json_int_t)change->updated, "added_addresses",
	                 change->added_names, "removed_addresses", change->removed_names);
}

json_t *pgmd_change_answer(const struct pgmd_change *change, const struct pgm_ruleset *set)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:O, s:O, s:O}", "mode", pgm_mode_name(set->mode),
	                 "generation", (json_int_t)set->generation, "added", (json_int_t)change->added, "removed",
	                 (json_int_t)change->removed, "unchanged", (json_int_t)change->unchanged, "rules",
	                 (json_int_t)set->count, "notes", change->notes, "warnings", change->warnings, "ids",
	                 change->ids);
}

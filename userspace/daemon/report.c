/* SPDX-License-Identifier: Apache-2.0 */
/* status: what the daemon promises, and what it can't keep. */
#include "daemon/report.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "daemon/client.h"
#include "daemon/daemon.h"
#include "daemon/rule_json.h"
#include "daemon/texts.h"

#define ROWS_MAX 100 /* interfaces in the answer, the unguarded wanted ones first; it has to fit into a frame */

static bool broken(const struct pgm_watch_row *row)
{
	return row->wanted && row->guard.hook == PGM_HOOK_NONE;
}

static json_t *interface_json(const struct pgm_watch_row *row)
{
	const struct pgm_guard *guard = &row->guard;
	bool frags = guard->hook != PGM_HOOK_NONE && guard->flavour == PGM_FLAVOUR_XDP_FRAGS;

	return json_pack("{s:o, s:i, s:b, s:b, s:s, s:b, s:o}", "name", pgmd_text(guard->name), "ifindex",
	                 guard->ifindex, "wanted", (int)row->wanted, "ethernet", (int)row->ethernet, "guard",
	                 pgm_hook_name(guard->hook), "frags", (int)frags, "why", pgmd_text(guard->why));
}

struct view {
	const struct pgm_watch_row *rows;
	size_t count;
	size_t unguarded;
	size_t guarded;
};

static struct view look(const struct pgmd_daemon *daemon)
{
	struct view view = {0};

	view.count = daemon->gate.calls->rows(daemon->gate.gate, &view.rows);
	for (size_t i = 0; i < view.count; i++) {
		view.unguarded += broken(&view.rows[i]);
		view.guarded += view.rows[i].guard.hook != PGM_HOOK_NONE;
	}
	return view;
}

static json_t *interfaces_json(const struct view *view)
{
	json_t *array = json_array();

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < view->count && json_array_size(array) < ROWS_MAX; i++)
			if (broken(&view->rows[i]) == (pass == 0))
				json_array_append_new(array, interface_json(&view->rows[i]));
	return array;
}

static json_t *scopes_json(const struct pgm_config *config)
{
	json_t *array = json_array();
	char ports[2048];

	for (unsigned i = 0; i < config->scope_count; i++) {
		pgm_ports_format(config->scopes[i].ports, ports, sizeof(ports));
		json_array_append_new(array, json_pack("{s:s, s:s}", "name", config->scopes[i].name, "ports", ports));
	}
	return array;
}

static size_t count_expired(const struct pgm_ruleset *set)
{
	struct pgmd_now now = pgmd_now(set);
	size_t expired = 0;

	for (size_t i = 0; i < set->count; i++) {
		uint32_t until = pgm_rule_until(&set->rules[i], now.rules_utc, now.boot_s);
		expired += until != PGM_FOREVER && until <= now.boot_s;
	}
	return expired;
}

static json_t *problems_json(const struct pgmd_daemon *daemon, const struct view *view)
{
	json_t *problems = json_copy(daemon->problems);

	for (size_t i = 0, told = 0; i < view->count && told < ROWS_MAX; i++) {
		const struct pgm_guard *guard = &view->rows[i].guard;
		if (!broken(&view->rows[i]))
			continue;
		pgmd_say(problems, "interface %s is not guarded: %s", guard->name,
		         guard->why[0] ? guard->why : "no reason is known");
		told++;
	}
	return problems;
}

static json_t *warnings_json(const struct pgmd_daemon *daemon, const struct view *view)
{
	json_t *warnings = json_copy(daemon->warnings);
	const struct pgm_ruleset *set = daemon->current;

	if (set->mode == PGM_MODE_UNSET)
		pgmd_say(warnings, "no list was ever given: everybody can connect to the guarded ports");
	else if (set->mode == PGM_MODE_ANYWHERE)
		pgmd_say(warnings, "the mode is anywhere: everybody can connect to the guarded ports");
	else if (set->mode == PGM_MODE_LIST && set->count == 0 && !daemon->list_lost)
		pgmd_say(warnings, "the list is empty: nobody can connect%s",
		         daemon->config->system_count ? " except the [system] networks" : "");
	if (view->guarded == 0 && view->unguarded == 0)
		pgmd_say(warnings, "no interface is guarded: none has to be, by the config and what the machine has");
	return warnings;
}

static json_t *daemon_json(const struct pgmd_daemon *daemon)
{
	char started[PGM_TIME_TEXT];

	pgm_utc_format(daemon->started, started);
	return json_pack("{s:s, s:i, s:s, s:o}", "version", PGM_VERSION, "pid", (int)getpid(), "started", started,
	                 "config", pgmd_text(daemon->config->path));
}

static json_t *gate_json(const struct pgmd_daemon *daemon, const struct view *view)
{
	struct pgm_policy policy = daemon->gate.calls->policy(daemon->gate.gate);
	size_t rules = daemon->list_lost ? policy.rules : daemon->current->count;

	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:I}", "mode", pgm_mode_name(policy.mode),
	                 "generation", (json_int_t)policy.generation, "rules", (json_int_t)rules, "implicit",
	                 (json_int_t)daemon->config->system_count, "expired",
	                 (json_int_t)count_expired(daemon->current), "schema", (json_int_t)policy.schema, "pin_dir",
	                 pgmd_text(daemon->config->pin_dir), "scopes", scopes_json(daemon->config), "interfaces",
	                 interfaces_json(view), "unguarded", (json_int_t)view->unguarded);
}

void pgmd_report_status(struct pgmd_client *client, json_t *request)
{
	const struct pgmd_daemon *daemon = client->daemon;
	struct view view = look(daemon);

	(void)request;
	pgmd_client_finish(client, json_pack("{s:o, s:o, s:o, s:o}", "daemon", daemon_json(daemon), "gate",
	                                     gate_json(daemon, &view), "problems", problems_json(daemon, &view),
	                                     "warnings", warnings_json(daemon, &view)));
}

void pgmd_report_line(const struct pgmd_daemon *daemon, char *buf, size_t len)
{
	struct pgm_policy policy = daemon->gate.calls->policy(daemon->gate.gate);
	struct view view = look(daemon);
	char trouble[64] = "";

	if (view.unguarded)
		snprintf(trouble, sizeof(trouble), ", %zu NOT GUARDED", view.unguarded);
	snprintf(buf, len, "mode %s, %" PRIu32 " rules, %zu interface%s guarded%s%s", pgm_mode_name(policy.mode),
	         (uint32_t)policy.rules, view.guarded, view.guarded == 1 ? "" : "s", trouble,
	         daemon->list_lost ? ", the stored list is LOST" : "");
}

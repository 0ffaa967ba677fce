/* SPDX-License-Identifier: Apache-2.0 */
/* filter.check: what the live program would do with a connection, and why. */
#include "daemon/filter_check.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/check_reason.h"
#include "daemon/client.h"
#include "daemon/daemon.h"
#include "daemon/rule_json.h"
#include "daemon/texts.h"
#include "daemon/verdict_text.h"

#define FLAVOURS 3

/* A program that guards interfaces, and which: "eth0 (native), eth1 (tc)". */
struct group {
	enum pgm_flavour flavour;
	char interfaces[1024];
};

struct check {
	struct pgmd_client *client;
	struct pgm_range address;
	struct group groups[FLAVOURS];
	size_t group_count;
	struct pgmd_now now;
	json_t *answers;
};

static void add_interface(struct check *check, const struct pgm_guard *guard)
{
	size_t i = 0;

	while (i < check->group_count && check->groups[i].flavour != guard->flavour)
		i++;
	if (i == FLAVOURS)
		return;
	struct group *group = &check->groups[i];
	if (i == check->group_count) {
		check->group_count++;
		group->flavour = guard->flavour;
		group->interfaces[0] = 0;
	}
	size_t used = strlen(group->interfaces);
	snprintf(group->interfaces + used, sizeof(group->interfaces) - used, "%s%s (%s)", used ? ", " : "", guard->name,
	         pgm_hook_name(guard->hook));
}

static void find_groups(struct check *check)
{
	const struct pgmd_gate *gate = &check->client->daemon->gate;
	const struct pgm_watch_row *rows = NULL;
	size_t count = gate->calls->rows(gate->gate, &rows);

	for (size_t i = 0; i < count; i++)
		if (rows[i].guard.hook != PGM_HOOK_NONE)
			add_interface(check, &rows[i].guard);
	if (check->group_count == 0) {
		check->group_count = 1;
		check->groups[0].flavour = PGM_FLAVOUR_TC;
		snprintf(check->groups[0].interfaces, sizeof(check->groups[0].interfaces),
		         "none: no interface is guarded, so every packet gets in");
	}
}

static json_t *matching_rule(struct check *check, const struct pgm_probe *probe)
{
	struct pgmd_daemon *daemon = check->client->daemon;
	const struct pgmd_gate *gate = &daemon->gate;
	struct pgm_hits hits = {0};
	struct pgm_rule rule;

	if (probe->counter == UINT32_MAX || daemon->list_lost ||
	    !pgmd_rule_at(daemon, daemon->current, probe->counter, &rule))
		return json_null();
	if (gate->calls->hits(gate->gate, probe->counter, 1, &hits) < 0)
		memset(&hits, 0, sizeof(hits));
	return pgmd_rule_json(daemon->config, &rule, &hits, &check->now);
}

static json_t *remaining(const struct check *check, const struct pgm_probe *probe)
{
	if (probe->until == PGM_NEVER || probe->until == PGM_FOREVER)
		return json_null();
	return json_integer(probe->until > check->now.boot_s ? (json_int_t)(probe->until - check->now.boot_s) : 0);
}

static json_t *make_answer(struct check *check, const char *scope, uint16_t port, bool passed,
                           const struct pgm_probe *probe, const char *interfaces)
{
	json_t *rule = matching_rule(check, probe);
	char reason[512];

	pgmd_check_reason(probe, rule, scope, port, reason, sizeof(reason));
	return json_pack("{s:s, s:i, s:b, s:s, s:o, s:o, s:o, s:o}", "scope", scope, "port", (int)port, "allowed",
	                 (int)passed, "verdict", pgmd_verdict_name(probe->verdict), "reason", pgmd_text(reason),
	                 "interfaces", pgmd_text(interfaces), "rule", rule, "remaining", remaining(check, probe));
}

/* Ask every program in use. They are the same code, so one answer for all of them is the rule; where they differ, each
 * gets its own. */
static int ask(struct check *check, const char *scope, uint16_t port, struct pgm_error *err)
{
	const struct pgmd_gate *gate = &check->client->daemon->gate;
	struct pgm_probe probe[FLAVOURS];
	bool passed[FLAVOURS], told[FLAVOURS] = {false};

	for (size_t i = 0; i < check->group_count; i++) {
		int code = gate->calls->probe(gate->gate, check->groups[i].flavour, &check->address, port, &passed[i],
		                              &probe[i], err);
		if (code < 0)
			return code;
	}
	for (size_t i = 0; i < check->group_count; i++) {
		char interfaces[FLAVOURS * sizeof(check->groups[0].interfaces)] = "";
		for (size_t k = i; k < check->group_count; k++) {
			if (told[k] || passed[k] != passed[i] || probe[k].verdict != probe[i].verdict)
				continue;
			size_t used = strlen(interfaces);
			snprintf(interfaces + used, sizeof(interfaces) - used, "%s%s", used ? ", " : "",
			         check->groups[k].interfaces);
			if (k > i)
				told[k] = true;
		}
		if (!told[i])
			json_array_append_new(check->answers,
			                      make_answer(check, scope, port, passed[i], &probe[i], interfaces));
	}
	return 0;
}

static bool guards(const struct pgm_scope *scope, unsigned port)
{
	return scope->ports[port >> 6] >> (port & 63) & 1;
}

static int ask_port(struct check *check, uint16_t port, struct pgm_error *err)
{
	const struct pgm_config *config = check->client->daemon->config;

	for (unsigned i = 0; i < config->scope_count; i++)
		if (guards(&config->scopes[i], port))
			return ask(check, config->scopes[i].name, port, err);
	return ask(check, "-", port, err);
}

/* A scope's ports all have the same answer; its first one is asked for. */
static int ask_scopes(struct check *check, struct pgm_error *err)
{
	const struct pgm_config *config = check->client->daemon->config;

	for (unsigned i = 0; i < config->scope_count; i++) {
		unsigned port = 0;
		while (port < 65536 && !guards(&config->scopes[i], port))
			port++;
		int code = port < 65536 ? ask(check, config->scopes[i].name, (uint16_t)port, err) : 0;
		if (code < 0)
			return code;
	}
	return 0;
}

static bool parse_request(struct check *check, json_t *request, json_int_t *port)
{
	struct pgm_error err = {0};
	const char *address = NULL;
	json_t *given = json_object_get(request, "port");

	if (json_unpack(request, "{s:s}", "address", &address) < 0)
		pgm_fail(&err, 0, "the request has no \"address\"");
	else if (pgm_range_parse(address, strlen(address), &check->address, NULL, &err) < 0)
		;
	else if (memcmp(check->address.lo, check->address.hi, sizeof(check->address.lo)) != 0) {
		pgm_fail(&err, 0, "%s is more than one address", address);
		pgm_hint(&err, "ask for one address of it");
	} else if (given &&
	           (!json_is_integer(given) || json_integer_value(given) < 1 || json_integer_value(given) > 65535)) {
		pgm_fail(&err, 0, "a port is a number from 1 to 65535");
	} else {
		*port = json_integer_value(given);
		return true;
	}
	pgmd_client_fail(check->client, "usage", &err);
	return false;
}

void pgmd_filter_check(struct pgmd_client *client, json_t *request)
{
	struct check check = {.client = client, .now = pgmd_now(client->daemon->current)};
	struct pgm_error err = {0};
	json_int_t port = 0;

	if (!parse_request(&check, request, &port))
		return;
	find_groups(&check);
	check.answers = json_array();
	int code = port ? ask_port(&check, (uint16_t)port, &err) : ask_scopes(&check, &err);
	if (code < 0) {
		json_decref(check.answers);
		pgmd_client_fail(client, "failed", &err);
		return;
	}
	pgmd_client_finish(client, json_pack("{s:o}", "answers", check.answers));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* filter.list and filter.show: what is in the list. */
#include "daemon/filter_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/client.h"
#include "daemon/daemon.h"
#include "daemon/rule_json.h"

#define ROWS_PER_PART 128           /* the longest row is about 900 bytes, so a part fits into a frame */
#define ENOUGH_QUEUED (256u * 1024) /* bytes waiting for the socket, at which no more are made */

struct pgmd_listing {
	struct pgm_ruleset *set;
	size_t next;
	size_t total; /* stored and implicit rules */
};

void pgmd_listing_free(struct pgmd_listing *listing)
{
	if (!listing)
		return;
	pgm_ruleset_unref(listing->set);
	free(listing);
}

bool pgmd_refuse_lost(struct pgmd_client *client)
{
	struct pgm_policy policy = client->daemon->gate.calls->policy(client->daemon->gate.gate);

	if (!client->daemon->list_lost)
		return false;
	pgmd_client_refuse(client, "failed",
	                   "give a whole new list: pgmoat filter set FILE; \"pgmoat status\" says more",
	                   "the stored list is lost; in force is generation %" PRIu32 " in mode %s with %" PRIu32
	                   " rules, which can't be read back from the kernel",
	                   (uint32_t)policy.generation, pgm_mode_name(policy.mode), (uint32_t)policy.rules);
	return true;
}

/* Counters of the rules from next on, if the kernel still holds this very list. */
static int read_hits(struct pgmd_daemon *daemon, const struct pgm_ruleset *set, size_t first, size_t count,
                     struct pgm_hits *hits)
{
	const struct pgmd_gate *gate = &daemon->gate;

	if (gate->calls->policy(gate->gate).generation != set->generation)
		return -ESTALE;
	int result = count ? gate->calls->hits(gate->gate, first, count, hits) : 0;
	if (result == 0 && gate->calls->policy(gate->gate).generation != set->generation)
		return -ESTALE;
	return result;
}

static void list_failed(struct pgmd_client *client, int code)
{
	if (code == -ESTALE)
		pgmd_client_refuse(client, "failed", "run it again", "the list was changed while it was being read");
	else
		pgmd_client_refuse(client, "failed", NULL, "cannot read the rules' counters: %s", strerror(-code));
}

static json_t *make_part(struct pgmd_client *client, const struct pgmd_now *now, int *code)
{
	struct pgmd_listing *listing = client->listing;
	struct pgmd_daemon *daemon = client->daemon;
	struct pgm_hits hits[ROWS_PER_PART];
	size_t left = listing->total - listing->next;
	size_t count = left < ROWS_PER_PART ? left : ROWS_PER_PART;

	*code = client->config_version == daemon->config_version
	                ? read_hits(daemon, listing->set, listing->next, count, hits)
	                : -ESTALE;
	if (*code < 0)
		return NULL;
	json_t *rules = json_array();
	for (size_t i = 0; i < count; i++) {
		struct pgm_rule rule;
		if (!pgmd_rule_at(daemon, listing->set, listing->next + i, &rule) ||
		    json_array_append_new(rules, pgmd_rule_json(daemon->config, &rule, &hits[i], now)) < 0) {
			json_decref(rules);
			*code = -ENOMEM;
			return NULL;
		}
	}
	listing->next += count;
	return json_pack("{s:{s:o}}", "part", "rules", rules);
}

static void list_end(struct pgmd_client *client)
{
	const struct pgmd_listing *listing = client->listing;

	pgmd_client_finish(client,
	                   json_pack("{s:s, s:I, s:I}", "mode", pgm_mode_name(listing->set->mode), "generation",
	                             (json_int_t)listing->set->generation, "total", (json_int_t)listing->total));
}

void pgmd_listing_pump(struct pgmd_client *client)
{
	struct pgmd_listing *listing = client->listing;
	struct pgmd_now now = pgmd_now();

	while (client->state == PGMD_LISTING && pgmd_client_pending(client) < ENOUGH_QUEUED) {
		int code = 0;
		if (listing->next == listing->total) {
			list_end(client);
			break;
		}
		json_t *part = make_part(client, &now, &code);
		if (code < 0)
			list_failed(client, code);
		else
			pgmd_client_send(client, part);
	}
}

void pgmd_filter_list(struct pgmd_client *client, json_t *request)
{
	struct pgmd_daemon *daemon = client->daemon;

	(void)request;
	if (pgmd_refuse_lost(client))
		return;
	client->listing = calloc(1, sizeof(*client->listing));
	if (!client->listing) {
		pgmd_client_refuse(client, "failed", NULL, "out of memory");
		return;
	}
	client->listing->set = pgm_ruleset_ref(daemon->current);
	client->config_version = daemon->config_version;
	client->listing->total = daemon->current->count + daemon->config->system_count;
	client->state = PGMD_LISTING;
	pgmd_listing_pump(client);
}

void pgmd_filter_show(struct pgmd_client *client, json_t *request)
{
	const struct pgm_ruleset *set = client->daemon->current;
	struct pgmd_now now = pgmd_now();
	json_int_t id = json_integer_value(json_object_get(request, "id"));
	struct pgm_hits hits;
	size_t i = 0;

	if (pgmd_refuse_lost(client))
		return;
	if (id < 1 || id > UINT32_MAX) {
		pgmd_client_refuse(client, "usage", "\"pgmoat filter list\" shows the ids",
		                   "the id of a rule is a number from 1");
		return;
	}
	while (i < set->count && set->rules[i].id != (uint32_t)id)
		i++;
	if (i == set->count) {
		pgmd_client_refuse(client, "not-found", "\"pgmoat filter list\" shows the ids", "there is no rule %lld",
		                   (long long)id);
		return;
	}
	int code = read_hits(client->daemon, set, i, 1, &hits);
	if (code < 0)
		list_failed(client, code);
	else
		pgmd_client_finish(client,
		                   json_pack("{s:o}", "rule",
		                             pgmd_rule_json(client->daemon->config, &set->rules[i], &hits, &now)));
}

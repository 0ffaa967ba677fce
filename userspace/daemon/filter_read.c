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

#define SNAPSHOT_MAX (256u * 1024 * 1024) /* bytes of counters that all lists on their way out may hold */

/*
 * What a list shows is one moment: rules and counters are held until the last row is out, whatever changes meanwhile.
 * Reading the counters of a million rules at once takes less than a tenth of a second.
 */
struct pgmd_listing {
	struct pgm_ruleset *set;
	struct pgm_hits *hits;
	struct pgmd_now now;
	size_t *bytes_held; /* of all listings; this one's bytes are in it */
	size_t bytes;
	size_t next;  /* row */
	size_t total; /* stored and implicit rules */
};

void pgmd_listing_free(struct pgmd_listing *listing)
{
	if (!listing)
		return;
	*listing->bytes_held -= listing->bytes;
	pgm_ruleset_unref(listing->set);
	free(listing->hits);
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

static void list_failed(struct pgmd_client *client, int code)
{
	pgmd_client_refuse(client, "failed", NULL, "cannot read the rules' counters: %s", strerror(-code));
}

static json_t *make_part(struct pgmd_client *client)
{
	struct pgmd_listing *listing = client->listing;
	struct pgmd_daemon *daemon = client->daemon;
	json_t *rules = json_array();

	for (size_t i = 0; i < ROWS_PER_PART && listing->next < listing->total; i++, listing->next++) {
		struct pgm_rule rule;
		if (!pgmd_rule_at(daemon, listing->set, listing->next, &rule) ||
		    json_array_append_new(rules, pgmd_rule_json(daemon->config, &rule, &listing->hits[listing->next],
		                                                &listing->now)) < 0) {
			json_decref(rules);
			return NULL;
		}
	}
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

	while (client->state == PGMD_LISTING && pgmd_client_pending(client) < ENOUGH_QUEUED) {
		if (client->config_version != client->daemon->config_version)
			pgmd_client_refuse(client, "failed", "run it again",
			                   "the config was reloaded while the list was being sent");
		else if (listing->next == listing->total)
			list_end(client);
		else
			pgmd_client_send(client, make_part(client));
	}
}

/* 0 or -errno; -EBUSY if the others hold too much already. */
static int begin(struct pgmd_client *client)
{
	struct pgmd_daemon *daemon = client->daemon;
	size_t total = daemon->current->count + daemon->config->system_count;
	size_t bytes = total * sizeof(struct pgm_hits);

	if (daemon->listing_bytes && daemon->listing_bytes + bytes > SNAPSHOT_MAX)
		return -EBUSY;
	struct pgmd_listing *listing = calloc(1, sizeof(*listing));
	if (!listing)
		return -ENOMEM;
	daemon->listing_bytes += bytes;
	*listing = (struct pgmd_listing){
	        .set = pgm_ruleset_ref(daemon->current),
	        .hits = calloc(total ? total : 1, sizeof(*listing->hits)),
	        .now = pgmd_now(daemon->current),
	        .bytes_held = &daemon->listing_bytes,
	        .bytes = bytes,
	        .total = total,
	};
	client->listing = listing;
	if (!listing->hits)
		return -ENOMEM;
	return total ? daemon->gate.calls->hits(daemon->gate.gate, 0, total, listing->hits) : 0;
}

void pgmd_filter_list(struct pgmd_client *client, json_t *request)
{
	(void)request;
	if (pgmd_refuse_lost(client))
		return;
	int code = begin(client);
	if (code == -EBUSY) {
		pgmd_client_refuse(client, "busy", "try again in a moment",
		                   "too many long lists are being read already");
		return;
	}
	if (code < 0) {
		list_failed(client, code);
		return;
	}
	client->config_version = client->daemon->config_version;
	client->state = PGMD_LISTING;
	pgmd_listing_pump(client);
}

void pgmd_filter_show(struct pgmd_client *client, json_t *request)
{
	const struct pgm_ruleset *set = client->daemon->current;
	struct pgmd_now now = pgmd_now(set);
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
	int code = client->daemon->gate.calls->hits(client->daemon->gate.gate, i, 1, &hits);
	if (code < 0)
		list_failed(client, code);
	else
		pgmd_client_finish(client,
		                   json_pack("{s:o}", "rule",
		                             pgmd_rule_json(client->daemon->config, &set->rules[i], &hits, &now)));
}

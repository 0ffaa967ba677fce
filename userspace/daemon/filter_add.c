/* SPDX-License-Identifier: Apache-2.0 */
/* filter.add: one rule more, or a new end and comment for the one that is there. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/change.h"
#include "daemon/filter_change.h"
#include "daemon/job.h"
#include "daemon/texts.h"

#define FOR_MAX_S (3653ull * 24 * 60 * 60) /* ten years, as in pgm_duration_parse */

struct add {
	struct pgm_rule rule; /* owns its comment */
	bool folded;
	bool has_comment;
	uint64_t seconds; /* 0: permanent */
};

static void free_add(void *data)
{
	struct add *add = data;

	free(add->rule.comment);
	free(add);
}

static bool same_rule(const struct pgm_rule *a, const struct pgm_rule *b)
{
	return a->class_id == b->class_id && a->scopes == b->scopes && a->range.family == b->range.family &&
	       memcmp(a->range.lo, b->range.lo, sizeof(a->range.lo)) == 0 &&
	       memcmp(a->range.hi, b->range.hi, sizeof(a->range.hi)) == 0;
}

static struct pgm_rule *find_same(struct pgm_ruleset *set, const struct pgm_rule *rule)
{
	for (size_t i = 0; i < set->count; i++)
		if (same_rule(&set->rules[i], rule))
			return &set->rules[i];
	return NULL;
}

/* Seconds count from now to the end of the second, so that nobody gets less than was promised. */
static void set_end(struct add *add)
{
	if (!add->seconds)
		return;
	add->rule.expires_utc = pgm_utc_now() + 1 + add->seconds;
	add->rule.expires_boot = pgm_boottime_now_ns() / 1000000000u + 1 + add->seconds;
	add->rule.this_boot = true;
}

static void update(struct pgmd_change *change, struct pgm_rule *there, struct add *add)
{
	there->expires_utc = add->rule.expires_utc;
	there->expires_boot = add->rule.expires_boot;
	there->this_boot = add->rule.this_boot;
	if (add->has_comment) {
		free(there->comment);
		there->comment = add->rule.comment;
		add->rule.comment = NULL;
	}
	change->updated++;
	pgmd_say(change->notes, "rule %" PRIu32 " was there already: %s%s", there->id,
	         add->seconds ? "it has a new end now" : "it has no end now",
	         add->has_comment ? ", and a new comment" : "");
	json_array_append_new(change->ids, json_integer(there->id));
}

static int append(struct pgmd_change *change, struct add *add, struct pgm_error *err)
{
	int code = pgm_ruleset_append(change->next, &add->rule);

	if (code == -E2BIG)
		return pgm_fail(err, code, "the list is full: %u rules", PGM_RULESET_MAX);
	if (code < 0)
		return pgm_fail(err, code, "out of memory");
	add->rule.comment = NULL;
	const struct pgm_rule *rule = &change->next->rules[change->next->count - 1];
	pgmd_change_added(change, rule);
	json_array_append_new(change->ids, json_integer(rule->id));
	return 0;
}

static int prepare_add(struct pgmd_change *change, struct pgm_error *err)
{
	struct add *add = change->data;
	char text[PGM_RANGE_TEXT];

	int code = pgmd_change_copy_base(change, err);
	if (code < 0)
		return code;
	set_end(add);
	struct pgm_rule *there = find_same(change->next, &add->rule);
	change->unchanged = change->base->count - (there ? 1 : 0);
	if (there)
		update(change, there, add);
	else
		code = append(change, add, err);
	if (code < 0)
		return code;
	if (add->folded) {
		pgm_range_format(&add->rule.range, text);
		pgmd_say(change->notes, "the address is IPv4 in IPv6 clothes: it is kept as %s", text);
	}
	if (change->next->mode == PGM_MODE_UNSET)
		change->next->mode = PGM_MODE_LIST;
	return 0;
}

static int take_fields(struct add *add, const struct pgm_config *config, json_t *request, struct pgm_error *err)
{
	const char *address = NULL, *scopes = NULL, *comment = NULL, *class_name = "client";
	enum pgm_class class_id;
	json_int_t seconds = 0;
	json_error_t where;

	if (json_unpack_ex(request, &where, 0, "{s:s, s?s, s?I, s?s, s?s}", "address", &address, "scopes", &scopes,
	                   "for", &seconds, "comment", &comment, "class", &class_name) < 0)
		return pgm_fail(err, -EINVAL, "bad request: %s", where.text);
	int code = pgm_range_parse(address, strlen(address), &add->rule.range, &add->folded, err);
	if (code < 0)
		return code;
	add->rule.scopes = PGM_ALL_SCOPES;
	if (scopes)
		code = pgm_scopes_parse(config, scopes, strlen(scopes), &add->rule.scopes, err);
	if (code < 0)
		return code;
	if (json_object_get(request, "for") && (seconds < 1 || (uint64_t)seconds > FOR_MAX_S))
		return pgm_fail(err, -EINVAL, "\"for\" is a number of seconds from 1 to ten years");
	add->seconds = (uint64_t)seconds;
	if (pgm_class_parse(class_name, strlen(class_name), &class_id) < 0)
		return pgm_fail(err, -EINVAL, "the class is one of client, replication, monitoring, private");
	add->rule.class_id = (uint8_t)class_id;
	add->has_comment = comment != NULL;
	return comment ? pgm_comment_take(comment, strlen(comment), &add->rule.comment, err) : 0;
}

void pgmd_filter_add(struct pgmd_client *client, json_t *request)
{
	struct pgmd_daemon *daemon = client->daemon;
	struct pgm_error err = {0};
	struct add *add = calloc(1, sizeof(*add));
	struct pgmd_change *change = add ? pgmd_change_new(daemon, client, "filter add") : NULL;

	if (!change) {
		free(add);
		pgmd_client_refuse(client, "failed", NULL, "out of memory");
		return;
	}
	change->data = add;
	change->free_data = free_add;
	change->prepare = prepare_add;
	if (take_fields(add, daemon->config, request, &err) < 0) {
		pgmd_change_free(change);
		pgmd_client_fail(client, "usage", &err);
		return;
	}
	pgmd_job_start(daemon, change);
}

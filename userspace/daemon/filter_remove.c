/* SPDX-License-Identifier: Apache-2.0 */
/* filter.remove: take out a rule by its id, or all rules of an address. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/quote.h"
#include "daemon/change.h"
#include "daemon/filter_change.h"
#include "daemon/job.h"
#include "daemon/texts.h"

#define OTHERS_NAMED 3
#define RULE_TEXT    (PGM_RANGE_TEXT + PGM_SCOPES * (PGM_SCOPE_NAME + 1) + 64)

struct removal {
	bool by_id;
	uint32_t id;
	struct pgm_range range;
	char text[PGM_QUOTE_TEXT];
	struct pgmd_change *change;
};

static bool same_range(const struct pgm_range *a, const struct pgm_range *b)
{
	return a->family == b->family && memcmp(a->lo, b->lo, sizeof(a->lo)) == 0 &&
	       memcmp(a->hi, b->hi, sizeof(a->hi)) == 0;
}

static bool overlaps(const struct pgm_range *a, const struct pgm_range *b)
{
	return a->family == b->family && memcmp(a->lo, b->hi, sizeof(a->lo)) <= 0 &&
	       memcmp(b->lo, a->hi, sizeof(a->lo)) <= 0;
}

static bool is_target(const struct pgm_rule *rule, const struct removal *removal)
{
	return removal->by_id ? rule->id == removal->id : same_range(&rule->range, &removal->range);
}

static void describe(const struct pgmd_change *change, const struct pgm_rule *rule, char *buf, size_t len)
{
	char address[PGM_RANGE_TEXT], scopes[PGM_SCOPES * (PGM_SCOPE_NAME + 1)];

	pgm_range_format(&rule->range, address);
	pgm_scopes_format(change->daemon->config, rule->scopes, scopes, sizeof(scopes));
	if (rule->from_config)
		snprintf(buf, len, "[system] %s (%s)", pgm_class_name((enum pgm_class)rule->class_id), address);
	else
		snprintf(buf, len, "rule %" PRIu32 " (%s, %s, %s)", rule->id, address,
		         pgm_class_name((enum pgm_class)rule->class_id), scopes);
}

static bool take_out(const struct pgm_rule *rule, void *arg)
{
	struct removal *removal = arg;
	char text[RULE_TEXT];

	if (!is_target(rule, removal))
		return false;
	/* The first one gives an id its address, so that the rest of the list can be searched for it. */
	if (removal->by_id)
		removal->range = rule->range;
	pgmd_change_removed(removal->change, rule);
	if (removal->change->removed <= PGMD_CHANGE_NAMED) {
		describe(removal->change, rule, text, sizeof(text));
		pgmd_say(removal->change->notes, "removed %s", text);
	}
	return true;
}

/* Names the rules of set, and the implicit ones, that share addresses with range. Returns how many there are. */
static size_t name_overlapping(const struct pgmd_change *change, const struct pgm_ruleset *set,
                               const struct pgm_range *range, char *buf, size_t len)
{
	const struct pgm_config *config = change->daemon->config;
	size_t found = 0, used = 0;

	for (size_t i = 0; i < set->count + config->system_count; i++) {
		struct pgm_rule rule;
		char text[RULE_TEXT];
		if (i < set->count)
			rule = set->rules[i];
		else
			pgm_implicit_rule(config, i - set->count, &rule);
		if (!overlaps(&rule.range, range) || found++ >= OTHERS_NAMED)
			continue;
		describe(change, &rule, text, sizeof(text));
		int n = snprintf(buf + used, len - used, "%s%s", used ? "; " : "", text);
		used = n < 0 || used + (size_t)n >= len ? len - 1 : used + (size_t)n;
	}
	if (found > OTHERS_NAMED && used < len)
		snprintf(buf + used, len - used, "; and %zu more", found - OTHERS_NAMED);
	return found;
}

static int not_found(struct pgmd_change *change, const struct removal *removal, struct pgm_error *err)
{
	const struct pgm_config *config = change->daemon->config;
	char others[320] = "";

	change->kind = "not-found";
	if (removal->by_id) {
		pgm_fail(err, -ENOENT, "there is no rule %" PRIu32, removal->id);
		pgm_hint(err, "\"pgmoat filter list\" shows the ids");
		return -ENOENT;
	}
	for (size_t i = 0; i < config->system_count; i++) {
		if (!same_range(&config->system[i].range, &removal->range))
			continue;
		pgm_fail(err, -ENOENT, "%s is let in by [system] %s of the config file, not by a rule of the list",
		         removal->text, pgm_class_name((enum pgm_class)config->system[i].class_id));
		pgm_hint(err, "edit [system] in %s, then: systemctl reload pgmoatd", config->path);
		return -ENOENT;
	}
	pgm_fail(err, -ENOENT, "no rule has exactly the address %s", removal->text);
	if (name_overlapping(change, change->base, &removal->range, others, sizeof(others)))
		pgm_hint(err, "these share addresses with it: %s", others);
	else
		pgm_hint(err, "nothing in the list lets it in");
	return -ENOENT;
}

static int prepare_removal(struct pgmd_change *change, struct pgm_error *err)
{
	struct removal *removal = change->data;
	char others[512] = "";

	removal->change = change;
	size_t found = 0;
	for (size_t i = 0; i < change->base->count && !found; i++)
		found = is_target(&change->base->rules[i], removal);
	if (!found)
		return not_found(change, removal, err);
	int code = pgmd_change_copy_base(change, err);
	if (code < 0)
		return code;
	pgm_ruleset_filter(change->next, take_out, removal);
	change->unchanged = change->next->count;
	if (name_overlapping(change, change->next, &removal->range, others, sizeof(others)))
		pgmd_say(change->warnings, "addresses of it are still let in by: %s", others);
	return 0;
}

static int take_target(struct removal *removal, json_t *request, struct pgm_error *err)
{
	const char *target = NULL;
	json_error_t where;

	if (json_unpack_ex(request, &where, 0, "{s:s}", "target", &target) < 0)
		return pgm_fail(err, -EINVAL, "bad request: %s", where.text);
	size_t len = strlen(target);
	pgm_quote(target, len, removal->text);
	if (len == 0 || strspn(target, "0123456789") != len)
		return pgm_range_parse(target, len, &removal->range, NULL, err);
	unsigned long long id = strtoull(target, NULL, 10);
	if (len > 10 || id < 1 || id >= UINT32_MAX)
		return pgm_fail(err, -EINVAL, "%s is not the id of a rule", removal->text);
	removal->by_id = true;
	removal->id = (uint32_t)id;
	return 0;
}

void pgmd_filter_remove(struct pgmd_client *client, json_t *request)
{
	struct pgm_error err = {0};
	struct removal *removal = calloc(1, sizeof(*removal));
	struct pgmd_change *change = removal ? pgmd_change_new(client->daemon, client, "filter remove") : NULL;

	if (!change) {
		free(removal);
		pgmd_client_refuse(client, "failed", NULL, "out of memory");
		return;
	}
	change->data = removal;
	change->free_data = free;
	change->prepare = prepare_removal;
	if (take_target(removal, request, &err) < 0) {
		pgmd_change_free(change);
		pgmd_client_fail(client, "usage", &err);
		return;
	}
	pgmd_job_start(client->daemon, change);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Puts an uploaded list in the place of the client rules; a rule that is in both keeps its id and its counters. */
#include "daemon/replace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/change.h"
#include "daemon/texts.h"
#include "daemon/upload.h"

/* Key to index in the old list: open addressing; keys are well mixed and never 0. */
struct table {
	struct place {
		uint64_t key;
		uint32_t index;
		bool kept;
	} * places;
	size_t mask;
};

static struct place *find(const struct table *table, uint64_t key)
{
	size_t at = key & table->mask;

	while (table->places[at].key && table->places[at].key != key)
		at = (at + 1) & table->mask;
	return &table->places[at];
}

static int table_fill(struct table *table, const struct pgm_ruleset *base, const struct pgm_config *config)
{
	PGM_FREE uint64_t *keys = NULL;
	size_t count, size = 16;

	while (size < base->count * 2)
		size *= 2;
	table->places = calloc(size, sizeof(*table->places));
	table->mask = size - 1;
	if (!table->places || pgm_ruleset_keys(base, config, &keys, &count) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < base->count; i++) {
		if (base->rules[i].class_id != PGM_CLASS_CLIENT)
			continue;
		*find(table, keys[i]) = (struct place){.key = keys[i], .index = (uint32_t)i};
	}
	return 0;
}

static bool same_details(const struct pgm_rule *a, const struct pgm_rule *b)
{
	const char *left = a->comment ? a->comment : "", *right = b->comment ? b->comment : "";

	return a->expires_utc == b->expires_utc && strcmp(left, right) == 0;
}

/* Copies of the rules of the other classes, as they are; NULL without memory. */
static struct pgm_ruleset *other_classes(struct pgmd_change *change)
{
	struct pgm_ruleset *others = pgm_ruleset_new();

	for (size_t i = 0; others && i < change->base->count; i++) {
		struct pgm_rule rule = change->base->rules[i];
		if (rule.class_id == PGM_CLASS_CLIENT)
			continue;
		bool lost = rule.comment && !(rule.comment = strdup(rule.comment));
		if (lost || pgm_ruleset_append(others, &rule) < 0) {
			free(rule.comment);
			pgm_ruleset_unref(others);
			return NULL;
		}
		change->unchanged++;
	}
	return others;
}

/* The uploaded rules get the ids of the old ones that they equal, or new ones. */
static int merge(struct pgmd_change *change, const struct table *table, const uint64_t *keys)
{
	struct pgm_ruleset *next = change->next;

	next->next_id = change->base->next_id;
	for (size_t i = 0; i < next->count; i++) {
		struct pgm_rule *rule = &next->rules[i];
		struct place *place = find(table, keys[i]);
		if (place->key) {
			const struct pgm_rule *old = &change->base->rules[place->index];
			place->kept = true;
			rule->id = old->id;
			change->unchanged++;
			change->updated += !same_details(rule, old);
			continue;
		}
		if (next->next_id == UINT32_MAX) /* see pgm_ruleset_append */
			return -E2BIG;
		rule->id = next->next_id++;
		pgmd_change_added(change, rule);
	}
	return 0;
}

static void count_removed(struct pgmd_change *change, const struct table *table)
{
	for (size_t i = 0; i <= table->mask; i++)
		if (table->places[i].key && !table->places[i].kept)
			pgmd_change_removed(change, &change->base->rules[table->places[i].index]);
}

static bool same_order(const struct pgm_ruleset *a, const struct pgm_ruleset *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->rules[i].id != b->rules[i].id)
			return false;
	return true;
}

static void settle(struct pgmd_change *change, const struct pgmd_upload *upload)
{
	const struct pgm_ruleset *base = change->base;

	if (upload->folded)
		pgmd_say(change->notes, "%zu address%s IPv4 in IPv6 clothes: kept as IPv4", upload->folded,
		         upload->folded == 1 ? " is" : "es are");
	if (change->updated)
		pgmd_say(change->notes, "%zu unchanged rule%s a new end or comment", change->updated,
		         change->updated == 1 ? " has" : "s have");
	change->next->mode = base->mode == PGM_MODE_UNSET ? PGM_MODE_LIST : base->mode;
	/* A problem found at start is mended by writing the list again, also the same one. */
	if (json_array_size(change->daemon->problems) || change->next->mode != base->mode || change->updated ||
	    !same_order(base, change->next))
		return;
	pgmd_say(change->notes, "the list is the same as before: nothing was changed");
	pgm_ruleset_unref(change->next);
	change->next = NULL;
}

/* The uploaded list itself becomes the next one: a copy of a million rules would be 80 MB more. */
static int build_next(struct pgmd_change *change, struct pgmd_upload *upload, const struct table *table)
{
	PGM_FREE uint64_t *keys = NULL;
	size_t count;

	change->next = PGM_TAKE(upload->set);
	int code = pgm_ruleset_keys(change->next, change->daemon->config, &keys, &count);
	if (code == 0)
		code = merge(change, table, keys);
	if (code < 0)
		return code;
	struct pgm_ruleset *others = other_classes(change);
	code = others ? pgm_ruleset_prepend(change->next, others) : -ENOMEM;
	pgm_ruleset_unref(others);
	return code;
}

static int prepare_replace(struct pgmd_change *change, struct pgm_error *err)
{
	struct pgmd_upload *upload = change->data;
	struct table table = {0};
	int code = table_fill(&table, change->base, change->daemon->config);

	if (code == 0)
		code = build_next(change, upload, &table);
	if (code == 0) {
		count_removed(change, &table);
		settle(change, upload);
	} else if (code == -E2BIG) {
		pgm_fail(err, code, "the list would have more than %u rules", PGM_RULESET_MAX);
	} else {
		pgm_fail(err, code, "out of memory for the new list");
	}
	free(table.places);
	return code;
}

static void free_upload(void *data)
{
	pgmd_upload_free(data);
}

void pgmd_replace_list(struct pgmd_change *change, struct pgmd_upload *upload)
{
	change->prepare = prepare_replace;
	change->data = upload;
	change->free_data = free_upload;
	change->whole = true;
}

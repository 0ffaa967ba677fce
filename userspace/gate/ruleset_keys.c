/* SPDX-License-Identifier: Apache-2.0 */
/* Keys for all rules of a list, equal rules told apart by counting them. */
#include "gate/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/huge.h"

/* How often a rule was seen: open addressing by the key, which is well mixed already; 0 marks a free place. */
struct seen {
	uint64_t key;
	uint32_t times;
};

static uint32_t count_seen(struct seen *table, size_t mask, uint64_t key)
{
	size_t at = key & mask;

	while (table[at].key && table[at].key != key)
		at = (at + 1) & mask;
	table[at].key = key;
	return table[at].times++;
}

/* Whether ranges ascend so that no two are equal, as in most long lists. */
static bool is_ascending(const struct pgm_rule *rules, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct pgm_range *a = &rules[i - 1].range, *b = &rules[i].range;
		int order = a->family - b->family;

		if (order == 0)
			order = memcmp(a->lo, b->lo, sizeof(a->lo));
		if (order == 0)
			order = memcmp(a->hi, b->hi, sizeof(a->hi));
		if (order >= 0)
			return false;
	}
	return true;
}

static uint64_t key_at(const struct pgm_ruleset *set, const struct pgm_config *config, size_t i, uint32_t ordinal)
{
	struct pgm_rule implicit;

	if (i < set->count)
		return pgm_rule_key(&set->rules[i], ordinal);
	pgm_implicit_rule(config, i - set->count, &implicit);
	return pgm_rule_key(&implicit, ordinal);
}

/* Gives equal keys their ordinals; keys[] comes in with ordinal 0. */
static int tell_apart(const struct pgm_ruleset *set, const struct pgm_config *config, uint64_t *keys, size_t count)
{
	size_t places = 16;

	while (places < count * 2)
		places *= 2;
	PGM_FREE struct seen *table = calloc(places, sizeof(*table));
	if (!table)
		return -ENOMEM;
	pgm_huge_hint(table, places * sizeof(*table));
	for (size_t i = 0; i < count; i++) {
		uint32_t ordinal = count_seen(table, places - 1, keys[i]);

		if (ordinal)
			keys[i] = key_at(set, config, i, ordinal);
	}
	return 0;
}

/* The same where only implicit rules, of which there are few, can equal one another (they never equal stored ones).
 * From the last one on, so that the ones before it still have ordinal 0. */
static void tell_implicit_apart(const struct pgm_ruleset *set, const struct pgm_config *config, uint64_t *keys)
{
	for (size_t i = set->count + config->system_count; i-- > set->count;) {
		uint32_t ordinal = 0;

		for (size_t before = set->count; before < i; before++)
			ordinal += keys[before] == keys[i];
		if (ordinal)
			keys[i] = key_at(set, config, i, ordinal);
	}
}

int pgm_ruleset_keys(const struct pgm_ruleset *set, const struct pgm_config *config, uint64_t **keys, size_t *count)
{
	size_t total = set->count + config->system_count;
	PGM_FREE uint64_t *out = malloc((total ? total : 1) * sizeof(*out));

	if (!out)
		return -ENOMEM;
	pgm_huge_hint(out, total * sizeof(*out));
	for (size_t i = 0; i < total; i++)
		out[i] = key_at(set, config, i, 0);
	/* The table costs more than all the keys, being random memory. */
	int rc = 0;
	if (is_ascending(set->rules, set->count))
		tell_implicit_apart(set, config, out);
	else
		rc = tell_apart(set, config, out, total);
	if (rc < 0)
		return rc;
	*keys = PGM_TAKE(out);
	*count = total;
	return 0;
}

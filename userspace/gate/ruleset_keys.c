/* SPDX-License-Identifier: Apache-2.0 */
/* Keys for all rules of a list, equal rules told apart by counting them. */
#include "gate/ruleset.h"

#include <errno.h>
#include <stdlib.h>

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

static uint64_t key_of(struct seen *table, size_t mask, const struct pgm_rule *rule)
{
	uint64_t key = pgm_rule_key(rule, 0);
	uint32_t ordinal = count_seen(table, mask, key);

	return ordinal ? pgm_rule_key(rule, ordinal) : key;
}

int pgm_ruleset_keys(const struct pgm_ruleset *set, const struct pgm_config *config, uint64_t **keys, size_t *count)
{
	size_t total = set->count + config->system_count;
	size_t places = 16;

	while (places < total * 2)
		places *= 2;
	PGM_FREE struct seen *table = calloc(places, sizeof(*table));
	uint64_t *out = malloc((total ? total : 1) * sizeof(*out));
	if (!table || !out) {
		free(out);
		return -ENOMEM;
	}
	pgm_huge_hint(table, places * sizeof(*table));
	pgm_huge_hint(out, total * sizeof(*out));
	for (size_t i = 0; i < set->count; i++)
		out[i] = key_of(table, places - 1, &set->rules[i]);
	for (size_t i = 0; i < config->system_count; i++) {
		struct pgm_rule rule;

		pgm_implicit_rule(config, i, &rule);
		out[set->count + i] = key_of(table, places - 1, &rule);
	}
	*keys = out;
	*count = total;
	return 0;
}

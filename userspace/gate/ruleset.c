/* SPDX-License-Identifier: Apache-2.0 */
/* Rulesets: grown while they are private, never changed once they are shared. */
#include "gate/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/huge.h"

static const char *const mode_names[] = {
        [PGM_MODE_UNSET] = "unset",
        [PGM_MODE_ANYWHERE] = "anywhere",
        [PGM_MODE_NOWHERE] = "nowhere",
        [PGM_MODE_LIST] = "list",
};

const char *pgm_mode_name(enum pgm_mode mode)
{
	return (unsigned)mode <= PGM_MODE_LIST ? mode_names[mode] : "unknown";
}

int pgm_mode_parse(const char *text, size_t len, enum pgm_mode *out)
{
	for (unsigned i = 0; i <= PGM_MODE_LIST; i++) {
		if (strlen(mode_names[i]) == len && memcmp(mode_names[i], text, len) == 0) {
			*out = (enum pgm_mode)i;
			return 0;
		}
	}
	return -EINVAL;
}

struct pgm_ruleset *pgm_ruleset_new(void)
{
	struct pgm_ruleset *set = calloc(1, sizeof(*set));

	if (set) {
		set->next_id = 1;
		set->refs = 1;
	}
	return set;
}

struct pgm_ruleset *pgm_ruleset_copy(const struct pgm_ruleset *from)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	if (!set)
		return NULL;
	set->mode = from->mode;
	set->generation = from->generation;
	set->next_id = from->next_id;
	set->saved_utc = from->saved_utc;
	if (from->count == 0)
		return set;
	set->rules = malloc(from->count * sizeof(*set->rules));
	if (!set->rules)
		goto fail;
	set->capacity = from->count;
	pgm_huge_hint(set->rules, from->count * sizeof(*set->rules));
	memcpy(set->rules, from->rules, from->count * sizeof(*set->rules));
	for (; set->count < from->count; set->count++) {
		struct pgm_rule *rule = &set->rules[set->count];

		if (rule->comment && !(rule->comment = strdup(rule->comment)))
			goto fail;
	}
	return set;
fail:
	pgm_ruleset_unref(set);
	return NULL;
}

int pgm_ruleset_reserve(struct pgm_ruleset *set, size_t capacity)
{
	if (capacity > PGM_RULESET_MAX)
		return -E2BIG;
	if (capacity <= set->capacity)
		return 0;
	struct pgm_rule *rules = reallocarray(set->rules, capacity, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	pgm_huge_hint(rules, capacity * sizeof(*rules));
	set->rules = rules;
	set->capacity = capacity;
	return 0;
}

/* In large steps: memory that is not used is not touched, and what is copied has to be touched anew. */
static int grow(struct pgm_ruleset *set)
{
	size_t capacity = set->capacity < 4 ? 16 : set->capacity * 4;

	if (set->count < PGM_RULESET_MAX && capacity > PGM_RULESET_MAX)
		capacity = PGM_RULESET_MAX;
	return pgm_ruleset_reserve(set, capacity);
}

int pgm_ruleset_append(struct pgm_ruleset *set, struct pgm_rule *rule)
{
	uint32_t id = rule->id ? rule->id : set->next_id;

	/* The largest number stays unused, so that next_id is always above every id. */
	if (id == UINT32_MAX)
		return -E2BIG;
	if (set->count == set->capacity) {
		int rc = grow(set);
		if (rc < 0)
			return rc;
	}
	if (id >= set->next_id)
		set->next_id = id + 1;
	rule->id = id;
	set->rules[set->count++] = *rule;
	rule->comment = NULL;
	return 0;
}

int pgm_ruleset_prepend(struct pgm_ruleset *set, struct pgm_ruleset *first)
{
	int rc = pgm_ruleset_reserve(set, set->count + first->count);

	if (rc < 0 || first->count == 0)
		return rc;
	memmove(set->rules + first->count, set->rules, set->count * sizeof(*set->rules));
	memcpy(set->rules, first->rules, first->count * sizeof(*set->rules));
	set->count += first->count;
	first->count = 0;
	if (first->next_id > set->next_id)
		set->next_id = first->next_id;
	return 0;
}

void pgm_ruleset_remove(struct pgm_ruleset *set, size_t index)
{
	struct pgm_rule *rule = &set->rules[index];

	free(rule->comment);
	memmove(rule, rule + 1, (set->count - index - 1) * sizeof(*rule));
	set->count--;
}

size_t pgm_ruleset_filter(struct pgm_ruleset *set, bool (*drop)(const struct pgm_rule *rule, void *arg), void *arg)
{
	size_t kept = 0;
	size_t before = set->count;

	for (size_t i = 0; i < before; i++) {
		if (drop(&set->rules[i], arg)) {
			free(set->rules[i].comment);
			continue;
		}
		if (kept != i)
			set->rules[kept] = set->rules[i];
		kept++;
	}
	set->count = kept;
	return before - kept;
}

struct pgm_ruleset *pgm_ruleset_ref(struct pgm_ruleset *set)
{
	__atomic_add_fetch(&set->refs, 1, __ATOMIC_RELAXED);
	return set;
}

void pgm_ruleset_unref(struct pgm_ruleset *set)
{
	if (!set || __atomic_sub_fetch(&set->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < set->count; i++)
		free(set->rules[i].comment);
	free(set->rules);
	free(set);
}

void pgm_implicit_rule(const struct pgm_config *config, size_t i, struct pgm_rule *out)
{
	*out = (struct pgm_rule){
	        .range = config->system[i].range,
	        .class_id = config->system[i].class_id,
	        .scopes = PGM_ALL_SCOPES,
	        .from_config = true,
	};
}

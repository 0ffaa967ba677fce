/* SPDX-License-Identifier: Apache-2.0 */
/* Rulesets: growing, copying, removing, ids, keys. */
#include "gate/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

static struct pgm_rule v4_rule(uint32_t addr, const char *comment)
{
	struct pgm_rule rule = {.range = {.family = AF_INET, .prefix_len = 32}, .scopes = PGM_ALL_SCOPES};
	uint32_t wire = htonl(addr);

	memcpy(rule.range.lo, &wire, 4);
	memcpy(rule.range.hi, &wire, 4);
	rule.comment = comment ? strdup(comment) : NULL;
	return rule;
}

static struct pgm_ruleset *filled(uint32_t count)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	CHECK(set);
	for (uint32_t i = 0; i < count; i++) {
		struct pgm_rule rule = v4_rule(i, i % 3 ? "a comment" : NULL);
		CHECK_INT(pgm_ruleset_append(set, &rule), 0);
		CHECK(!rule.comment);
		CHECK_INT(rule.id, i + 1);
	}
	return set;
}

static void modes(void)
{
	enum pgm_mode mode = PGM_MODE_UNSET;

	CHECK_STR(pgm_mode_name(PGM_MODE_UNSET), "unset");
	CHECK_STR(pgm_mode_name(PGM_MODE_LIST), "list");
	CHECK_INT(pgm_mode_parse("nowhere", 7, &mode), 0);
	CHECK_INT(mode, PGM_MODE_NOWHERE);
	CHECK_INT(pgm_mode_parse("nowher", 6, &mode), -EINVAL);
	CHECK_INT(pgm_mode_parse("", 0, &mode), -EINVAL);
	CHECK_INT(mode, PGM_MODE_NOWHERE);
}

static void ids(void)
{
	struct pgm_ruleset *set = filled(3);
	struct pgm_rule rule = v4_rule(9, NULL);

	rule.id = 100;
	CHECK_INT(pgm_ruleset_append(set, &rule), 0);
	CHECK_INT(set->next_id, 101);
	rule = v4_rule(10, NULL);
	CHECK_INT(pgm_ruleset_append(set, &rule), 0);
	CHECK_INT(rule.id, 101);
	rule = v4_rule(11, NULL);
	rule.id = 50;
	CHECK_INT(pgm_ruleset_append(set, &rule), 0);
	CHECK_INT(set->next_id, 102);
	pgm_ruleset_remove(set, 5);
	pgm_ruleset_remove(set, 4);
	CHECK_INT(set->next_id, 102);
	set->next_id = UINT32_MAX;
	rule = v4_rule(12, "kept by the caller");
	CHECK_INT(pgm_ruleset_append(set, &rule), -E2BIG);
	CHECK(rule.comment);
	free(rule.comment);
	pgm_ruleset_unref(set);
}

static void copy_is_deep(void)
{
	struct pgm_ruleset *set = filled(1000);

	set->mode = PGM_MODE_LIST;
	set->generation = 7;
	set->saved_utc = 8;
	struct pgm_ruleset *copy = pgm_ruleset_copy(set);
	CHECK(copy);
	CHECK_INT(copy->mode, PGM_MODE_LIST);
	CHECK_INT(copy->generation, 7);
	CHECK_INT(copy->saved_utc, 8);
	CHECK_INT(copy->next_id, 1001);
	CHECK(copy->rules[1].comment != set->rules[1].comment);
	pgm_ruleset_unref(set);
	CHECK_INT(copy->count, 1000);
	CHECK_STR(copy->rules[998].comment, "a comment");
	struct pgm_rule rule = v4_rule(5000, "new");
	CHECK_INT(pgm_ruleset_append(copy, &rule), 0);
	CHECK_INT(rule.id, 1001);
	pgm_ruleset_unref(copy);

	set = pgm_ruleset_new();
	copy = pgm_ruleset_copy(set);
	CHECK_INT(copy->count, 0);
	pgm_ruleset_unref(copy);
	pgm_ruleset_unref(set);
	pgm_ruleset_unref(NULL);
}

static void counted(void)
{
	struct pgm_ruleset *set = filled(2);

	CHECK(pgm_ruleset_ref(set) == set);
	pgm_ruleset_unref(set);
	CHECK_INT(set->count, 2);
	pgm_ruleset_unref(set);
}

static bool odd_address(const struct pgm_rule *rule, void *arg)
{
	++*(size_t *)arg;
	return rule->range.lo[3] & 1;
}

static void removing_keeps_order(void)
{
	struct pgm_ruleset *set = filled(100);
	size_t calls = 0;

	pgm_ruleset_remove(set, 99);
	pgm_ruleset_remove(set, 0);
	CHECK_INT(set->count, 98);
	CHECK_INT(set->rules[0].id, 2);
	CHECK_INT(set->rules[97].id, 99);
	CHECK_INT(pgm_ruleset_filter(set, odd_address, &calls), 49);
	CHECK_INT(calls, 98);
	CHECK_INT(set->count, 49);
	for (uint32_t i = 0; i < 49; i++)
		CHECK_INT(set->rules[i].id, 2 * i + 3);
	pgm_ruleset_unref(set);
}

static void keys_count_equal_rules(void)
{
	struct pgm_system_rule system[2] = {{.class_id = PGM_CLASS_MONITORING}, {.class_id = PGM_CLASS_MONITORING}};
	struct pgm_config config = {.system = system, .system_count = 2};
	struct pgm_ruleset *set = pgm_ruleset_new();
	uint64_t *keys, *again;
	size_t count;

	system[0].range = system[1].range = v4_rule(3, NULL).range;
	for (uint32_t i = 0; i < 6; i++) {
		struct pgm_rule rule = v4_rule(i % 3, NULL);
		CHECK_INT(pgm_ruleset_append(set, &rule), 0);
	}
	CHECK_INT(pgm_ruleset_keys(set, &config, &keys, &count), 0);
	CHECK_INT(count, 8);
	for (size_t i = 0; i < count; i++) {
		struct pgm_rule rule;

		if (i < set->count)
			rule = set->rules[i];
		else
			pgm_implicit_rule(&config, i - set->count, &rule);
		CHECK(keys[i] == pgm_rule_key(&rule, i < 3 || i == 6 ? 0 : 1));
		for (size_t j = 0; j < i; j++)
			CHECK(keys[i] != keys[j]);
	}
	/* Another rule in front changes no key. */
	pgm_ruleset_remove(set, 1);
	CHECK_INT(pgm_ruleset_keys(set, &config, &again, &count), 0);
	CHECK(again[0] == keys[0] && again[1] == keys[2] && again[2] == keys[3] && again[3] == keys[1]);
	free(again);
	free(keys);
	pgm_ruleset_unref(set);
}

/* Ascending rules can't equal one another, but implicit ones can; those never equal stored ones. */
static void keys_of_ascending_rules(void)
{
	struct pgm_system_rule system[3] = {
	        {.class_id = PGM_CLASS_MONITORING, .range = v4_rule(1, NULL).range},
	        {.class_id = PGM_CLASS_MONITORING, .range = v4_rule(9, NULL).range},
	        {.class_id = PGM_CLASS_MONITORING, .range = v4_rule(1, NULL).range},
	};
	struct pgm_config config = {.system = system, .system_count = 3};
	struct pgm_ruleset *set = pgm_ruleset_new();
	uint32_t ordinals[] = {0, 0, 0, 0, 0, 1};
	uint64_t *keys;
	size_t count;

	for (uint32_t i = 0; i < 3; i++) {
		struct pgm_rule rule = v4_rule(i, NULL);
		rule.class_id = PGM_CLASS_MONITORING;
		CHECK_INT(pgm_ruleset_append(set, &rule), 0);
	}
	CHECK_INT(pgm_ruleset_keys(set, &config, &keys, &count), 0);
	CHECK_INT(count, 6);
	for (size_t i = 0; i < count; i++) {
		struct pgm_rule rule = set->rules[i < 3 ? i : 0];

		if (i >= 3)
			pgm_implicit_rule(&config, i - 3, &rule);
		CHECK(keys[i] == pgm_rule_key(&rule, ordinals[i]));
	}
	free(keys);
	pgm_ruleset_unref(set);
}

static void room(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	CHECK_INT(pgm_ruleset_reserve(set, 1000), 0);
	CHECK(set->capacity >= 1000);
	CHECK_INT(pgm_ruleset_reserve(set, 10), 0);
	CHECK(set->capacity >= 1000);
	CHECK_INT(pgm_ruleset_reserve(set, PGM_RULESET_MAX + 1), -E2BIG);
	CHECK_INT(set->count, 0);
	pgm_ruleset_unref(set);
}

static void prepending(void)
{
	struct pgm_ruleset *set = filled(2), *first = pgm_ruleset_new(), *none = pgm_ruleset_new();
	struct pgm_rule rule = v4_rule(7, "first");

	rule.id = 40;
	CHECK_INT(pgm_ruleset_append(first, &rule), 0);
	CHECK_INT(pgm_ruleset_prepend(set, first), 0);
	CHECK_INT(pgm_ruleset_prepend(set, none), 0);
	CHECK_INT(first->count, 0);
	CHECK_INT(set->count, 3);
	CHECK_INT(set->next_id, 41);
	CHECK_STR(set->rules[0].comment, "first");
	CHECK_INT(set->rules[0].id, 40);
	CHECK_INT(set->rules[1].id, 1);
	CHECK_INT(set->rules[2].id, 2);
	pgm_ruleset_unref(none);
	pgm_ruleset_unref(first);
	pgm_ruleset_unref(set);
}

static void implicit_rule(void)
{
	struct pgm_system_rule system = {.class_id = PGM_CLASS_REPLICATION, .range = v4_rule(3, NULL).range};
	struct pgm_config config = {.system = &system, .system_count = 1};
	struct pgm_rule rule;

	pgm_implicit_rule(&config, 0, &rule);
	CHECK(rule.from_config);
	CHECK_INT(rule.class_id, PGM_CLASS_REPLICATION);
	CHECK_INT(rule.scopes, PGM_ALL_SCOPES);
	CHECK_INT(rule.id, 0);
	CHECK_INT(pgm_rule_until(&rule, 1, 1), PGM_FOREVER);
	CHECK(!rule.comment);
}

/* A million equal lines must not take quadratic time: this would not end if they did. */
static void many_equal_rules(void)
{
	enum { COUNT = 1000 * 1000 };
	struct pgm_ruleset *set = pgm_ruleset_new();
	struct pgm_config config = {0};
	uint64_t *keys;
	size_t count;

	for (uint32_t i = 0; i < COUNT; i++) {
		struct pgm_rule rule = v4_rule(1, NULL);
		CHECK_INT(pgm_ruleset_append(set, &rule), 0);
	}
	CHECK_INT(pgm_ruleset_keys(set, &config, &keys, &count), 0);
	CHECK_INT(count, COUNT);
	CHECK(keys[COUNT - 1] == pgm_rule_key(&set->rules[0], COUNT - 1));
	free(keys);
	pgm_ruleset_unref(set);
}

CHECK_MAIN(CASE(modes), CASE(ids), CASE(copy_is_deep), CASE(counted), CASE(removing_keeps_order),
           CASE(keys_count_equal_rules), CASE(keys_of_ascending_rules), CASE(room), CASE(prepending),
           CASE(implicit_rule), CASE(many_equal_rules))

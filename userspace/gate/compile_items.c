/* SPDX-License-Identifier: Apache-2.0 */
/* Rules to sorted prefixes: a range becomes the fewest prefixes, and a sorted list is never sorted again. */
#include "gate/compile_items.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/huge.h"

static int reserve(struct pgm_items *items, size_t capacity)
{
	struct pgm_item *grown = reallocarray(items->items, capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	pgm_huge_hint(grown, capacity * sizeof(*grown));
	items->items = grown;
	items->capacity = capacity;
	return 0;
}

static int push(struct pgm_items *items, const struct pgm_item *item)
{
	int rc = items->count == items->capacity ? reserve(items, items->capacity * 2) : 0;

	if (rc < 0)
		return rc;
	items->items[items->count++] = *item;
	return 0;
}

static pgm_u128 to_number(const uint8_t addr[16])
{
	uint64_t word[2];

	memcpy(word, addr, sizeof(word));
	return (pgm_u128)__builtin_bswap64(word[0]) << 64 | __builtin_bswap64(word[1]);
}

/* The host part of a prefix as a mask. */
static pgm_u128 host_mask(unsigned prefix_len)
{
	return prefix_len == 0 ? ~(pgm_u128)0 : ((pgm_u128)1 << (128 - prefix_len)) - 1;
}

static int push_prefix(struct pgm_items *items, struct pgm_item *item, pgm_u128 addr, unsigned prefix_len)
{
	item->high = (uint64_t)(addr >> 64);
	item->low = (uint64_t)addr;
	item->prefix_len = (uint8_t)prefix_len;
	return push(items, item);
}

/* From the low end on, always the widest prefix that starts there and does not reach beyond hi. */
static int push_range(struct pgm_items *items, struct pgm_item *item, pgm_u128 lo, pgm_u128 hi)
{
	for (;;) {
		unsigned prefix_len = 128;

		while (prefix_len > 0 && !(lo & host_mask(prefix_len - 1)) && (lo | host_mask(prefix_len - 1)) <= hi)
			prefix_len--;
		int rc = push_prefix(items, item, lo, prefix_len);
		if (rc < 0)
			return rc;
		lo |= host_mask(prefix_len);
		if (lo == hi)
			return 0;
		lo++;
	}
}

static int push_rule(struct pgm_items *items, const struct pgm_rule *rule, size_t counter, uint32_t until)
{
	struct pgm_item item = {
	        .counter = (uint32_t)counter,
	        .until = until,
	        .scopes = rule->scopes,
	        .kclass = (uint8_t)pgm_class_kernel(rule->class_id),
	};
	pgm_u128 lo = to_number(rule->range.lo);
	pgm_u128 hi = to_number(rule->range.hi);

	if (rule->range.prefix_len >= 0)
		return push_prefix(items, &item, lo, (unsigned)rule->range.prefix_len);
	if (pgm_addr_len(rule->range.family) == 4)
		hi |= host_mask(32);
	return push_range(items, &item, lo, hi);
}

static bool is_after(const struct pgm_item *a, const struct pgm_item *b)
{
	if (a->high != b->high)
		return a->high > b->high;
	if (a->low != b->low)
		return a->low > b->low;
	return a->prefix_len > b->prefix_len;
}

static bool is_sorted(const struct pgm_items *items)
{
	for (size_t i = 1; i < items->count; i++) {
		if (is_after(&items->items[i - 1], &items->items[i]))
			return false;
	}
	return true;
}

/* The sort key's bytes from the least significant on: the length, then the address. */
#define KEY_BYTES 17
static unsigned key_byte(const struct pgm_item *item, unsigned i)
{
	if (i == 0)
		return item->prefix_len;
	return (unsigned)((i <= 8 ? item->low : item->high) >> ((i - 1) % 8 * 8)) & 0xff;
}

/*
 * Radix sort: linear, and stable, so that equal prefixes stay in the order of their rules. A byte that is the same in
 * every key costs no pass: IPv4 takes five.
 */
static int sort(struct pgm_items *items)
{
	PGM_FREE size_t(*places)[256] = calloc(KEY_BYTES, sizeof(*places));
	struct pgm_item *from = items->items;
	struct pgm_item *to = malloc(items->count * sizeof(*to));

	if (!places || !to) {
		free(to);
		return -ENOMEM;
	}
	pgm_huge_hint(to, items->count * sizeof(*to));
	for (size_t i = 0; i < items->count; i++) {
		for (unsigned byte = 0; byte < KEY_BYTES; byte++)
			places[byte][key_byte(&from[i], byte)]++;
	}
	for (unsigned byte = 0; byte < KEY_BYTES; byte++) {
		size_t sum = 0;

		if (places[byte][key_byte(&from[0], byte)] == items->count)
			continue;
		for (unsigned value = 0; value < 256; value++) {
			size_t n = places[byte][value];

			places[byte][value] = sum;
			sum += n;
		}
		for (size_t i = 0; i < items->count; i++)
			to[places[byte][key_byte(&from[i], byte)]++] = from[i];
		struct pgm_item *sorted = to;
		to = from;
		from = sorted;
	}
	free(to);
	items->items = from;
	items->capacity = items->count;
	return 0;
}

int pgm_items_collect(const struct pgm_ruleset *set, const struct pgm_config *config, int family, uint64_t utc_now,
                      uint64_t boot_now_s, struct pgm_items *items)
{
	size_t expected = config->system_count + 64;

	for (size_t i = 0; i < set->count; i++)
		expected += set->rules[i].range.family == family;
	int rc = reserve(items, expected);
	for (size_t i = 0; i < set->count && rc == 0; i++) {
		const struct pgm_rule *rule = &set->rules[i];

		if (rule->range.family == family)
			rc = push_rule(items, rule, i, pgm_rule_until(rule, utc_now, boot_now_s));
	}
	for (size_t i = 0; i < config->system_count && rc == 0; i++) {
		struct pgm_rule rule;

		pgm_implicit_rule(config, i, &rule);
		if (rule.range.family == family)
			rc = push_rule(items, &rule, set->count + i, PGM_FOREVER);
	}
	if (rc < 0 || is_sorted(items))
		return rc;
	return sort(items);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Random lists that are hard on a matcher: nested, overlapping, touching, scoped, expiring, with many ties. */
#include "lib/random_rules.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

static size_t bits_of(int family)
{
	return family == AF_INET ? 32 : 128;
}

static void any_addr(int family, uint8_t *addr)
{
	memset(addr, 0, 16);
	for (size_t i = 0; i < bits_of(family) / 8; i++)
		addr[i] = (uint8_t)check_random();
}

/* Add step to the address as one big number; it wraps. */
static void step_addr(int family, uint8_t *addr, int step)
{
	for (size_t i = bits_of(family) / 8; i-- > 0 && step;) {
		int sum = addr[i] + step;
		addr[i] = (uint8_t)sum;
		step = sum < 0 ? -1 : sum > 255 ? 1 : 0;
	}
}

static const struct pgm_rule *pick(const struct pgm_ruleset *set, int family)
{
	for (int tries = 0; set->count && tries < 8; tries++) {
		const struct pgm_rule *rule = &set->rules[check_below(set->count)];
		if (rule->range.family == family)
			return rule;
	}
	return NULL;
}

void random_source(const struct pgm_ruleset *set, int family, uint8_t *addr)
{
	const struct pgm_rule *rule = check_below(16) ? pick(set, family) : NULL;

	if (!rule) {
		any_addr(family, addr);
		return;
	}
	memcpy(addr, check_below(2) ? rule->range.lo : rule->range.hi, 16);
	switch (check_below(4)) {
	case 0:
		step_addr(family, addr, 1);
		break;
	case 1:
		step_addr(family, addr, -1);
		break;
	case 2: {
		size_t bit = check_below(bits_of(family));
		addr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		break;
	}
	}
}

/* Sets host bits of the two ends. */
static void spread(struct pgm_range *range, size_t prefix_len)
{
	for (size_t bit = prefix_len; bit < bits_of(range->family); bit++) {
		uint8_t mask = (uint8_t)(0x80u >> bit % 8);
		range->lo[bit / 8] &= (uint8_t)~mask;
		range->hi[bit / 8] |= mask;
	}
}

static struct pgm_range random_range(const struct pgm_ruleset *set, int family)
{
	struct pgm_range range = {.family = (uint8_t)family, .prefix_len = -1};
	size_t bits = bits_of(family);
	char text[PGM_RANGE_TEXT];
	uint8_t other[16];

	random_source(set, family, range.lo);
	memcpy(range.hi, range.lo, 16);
	if (check_below(4) == 0) {
		random_source(set, family, other);
		memcpy(memcmp(other, range.lo, 16) < 0 ? range.lo : range.hi, other, 16);
		/* Through the text, so that an a-b that is a network gets its length. */
		pgm_range_format(&range, text);
		CHECK_INT(pgm_range_parse(text, strlen(text), &range, NULL, NULL), 0);
		if (range.family == family)
			return range;
	}
	size_t prefix_len = check_below(3) ? bits - check_below(bits < 40 ? 12 : 40) : check_below(bits + 1);
	range.prefix_len = (int16_t)prefix_len;
	spread(&range, prefix_len);
	return range;
}

static void random_expiry(struct pgm_rule *rule)
{
	uint64_t offset = check_below(2 * RANDOM_SPAN + 1);

	switch (check_below(3)) {
	case 0:
		rule->this_boot = true;
		rule->expires_boot = RANDOM_BOOT - RANDOM_SPAN + offset;
		rule->expires_utc = RANDOM_UTC - RANDOM_SPAN + offset;
		break;
	case 1:
		/* Sometimes long before this boot. */
		rule->expires_utc = RANDOM_UTC - RANDOM_SPAN + offset - (check_below(8) ? 0 : 2 * RANDOM_BOOT);
		break;
	}
}

struct pgm_rule random_rule(const struct pgm_ruleset *set, int family)
{
	struct pgm_rule rule = {.scopes = PGM_ALL_SCOPES};

	if (!family)
		family = check_below(2) ? AF_INET : AF_INET6;
	rule.range = random_range(set, family);
	rule.class_id = check_below(2) ? PGM_CLASS_CLIENT : (uint8_t)check_below(PGM_CLASSES);
	if (check_below(2))
		rule.scopes = (uint8_t)(1 + check_below(255));
	random_expiry(&rule);
	return rule;
}

struct pgm_ruleset *random_rules(size_t count, int family)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	if (!set)
		abort();
	set->mode = PGM_MODE_LIST;
	while (set->count < count) {
		struct pgm_rule rule = random_rule(set, family);
		if (pgm_ruleset_append(set, &rule) < 0)
			abort();
	}
	return set;
}

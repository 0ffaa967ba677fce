/* SPDX-License-Identifier: Apache-2.0 */
/* A list of rules as the benchmark reads it, and source addresses inside, outside and beside it. */
#ifndef PGM_BENCH_SOURCES_H
#define PGM_BENCH_SOURCES_H

#include <arpa/inet.h>
#include <stdbool.h>

#include "bench.h"
#include "common/cleanup.h"
#include "gate/ruleset.h"

/* Permanent rules of one family, disjoint and ascending. */
static inline struct pgm_ruleset *list_read(const char *path, const struct pgm_config *config)
{
	PGM_FCLOSE FILE *file = fopen(path, "re");
	PGM_FREE char *line = NULL;
	size_t room = 0;
	struct pgm_ruleset *set = pgm_ruleset_new();
	struct pgm_rule rule;
	struct pgm_error err;

	if (!file || !set)
		DIE("%s: %s", path, strerror(errno));
	for (ssize_t len; (len = getline(&line, &room, file)) > 0;) {
		if (pgm_rule_parse_line(config, line, (size_t)len - (line[len - 1] == '\n'), 0, 0, &rule, NULL, &err) <
		    1)
			DIE("%s: %s", path, err.what);
		need(pgm_ruleset_append(set, &rule), "pgm_ruleset_append");
	}
	set->mode = PGM_MODE_LIST;
	set->generation = 1;
	return set;
}

static inline bool list_covers(const struct pgm_ruleset *set, const uint8_t addr[16])
{
	size_t low = 0, high = set->count;

	while (low < high) { /* the last rule that begins at or before addr */
		size_t middle = (low + high) / 2;

		if (memcmp(set->rules[middle].range.lo, addr, 16) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && memcmp(addr, set->rules[low - 1].range.hi, 16) <= 0;
}

enum kind { INSIDE, OUTSIDE, SIBLING };

/* Random bits behind the prefix, which may be flipped in its last bit. */
static inline void draw_near(const struct pgm_rule *rule, bool flip, uint8_t addr[16])
{
	int bits = (int)pgm_addr_len(rule->range.family) * 8, length = rule->range.prefix_len;

	memcpy(addr, rule->range.lo, 16);
	for (int bit = length; bit < bits; bit++)
		addr[bit / 8] |= (uint8_t)((random_next() & 1) << (7 - bit % 8));
	if (flip)
		addr[(length - 1) / 8] ^= (uint8_t)(1u << (7 - (length - 1) % 8));
}

static inline void draw_anywhere(int family, uint8_t addr[16])
{
	uint64_t words[2] = {random_next(), random_next()};

	memset(addr, 0, 16);
	memcpy(addr, words, pgm_addr_len(family));
	if (family == AF_INET6)
		addr[0] = (addr[0] & 0x1f) | 0x20; /* global unicast, as the lists */
}

/* An address of that kind; bytes behind the family's length are zero. */
static inline void source_draw(const struct pgm_ruleset *set, int family, enum kind kind, uint8_t addr[16])
{
	do {
		if (kind == OUTSIDE)
			draw_anywhere(family, addr);
		else
			draw_near(&set->rules[random_next() % set->count], kind == SIBLING, addr);
	} while (list_covers(set, addr) != (kind == INSIDE));
}

#endif

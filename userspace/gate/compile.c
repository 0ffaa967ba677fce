/* SPDX-License-Identifier: Apache-2.0 */
/* Sorted prefixes to trie entries: each one takes over what the wider ones around it allow. */
#include "gate/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/compile_items.h"

/* A prefix around the current one, with its closed grant. */
struct level {
	pgm_u128 last; /* the last address in it */
	struct pgm_grant grant;
};

struct pgm_compiled {
	struct pgm_items items;
	size_t at;
	unsigned depth;
	/* stack[0] is the world outside every prefix, where nobody is allowed; lengths 0 to 128 can nest in it. */
	struct level stack[1 + 129];
};

int pgm_compile(const struct pgm_ruleset *set, const struct pgm_config *config, int family, uint64_t utc_now,
                uint64_t boot_now_s, struct pgm_compiled **out)
{
	struct pgm_compiled *compiled = calloc(1, sizeof(*compiled));

	if (!compiled)
		return -ENOMEM;
	compiled->stack[0].last = ~(pgm_u128)0;
	int rc = pgm_items_collect(set, config, family, utc_now, boot_now_s, &compiled->items);
	if (rc < 0) {
		pgm_compiled_free(compiled);
		return rc;
	}
	*out = compiled;
	return 0;
}

size_t pgm_compiled_bound(const struct pgm_compiled *compiled)
{
	return compiled->items.count - compiled->at;
}

/*
 * Put one rule into the cells it covers. own has a bit for each cell that a rule of this very prefix holds: against an
 * inherited cell it wins a tie, because it is narrower; against an own one it loses it, because it came later.
 */
static void merge(struct pgm_grant *grant, uint8_t own[PGM_KCLASSES], const struct pgm_item *item)
{
	struct pgm_cell *cells = grant->cell[item->kclass];

	for (unsigned scope = 0; scope < PGM_SCOPES; scope++) {
		uint8_t bit = (uint8_t)(1u << scope);

		if (!(item->scopes & bit) || item->until < cells[scope].until)
			continue;
		if (item->until == cells[scope].until && (own[item->kclass] & bit))
			continue;
		cells[scope] = (struct pgm_cell){item->until, item->counter};
		own[item->kclass] |= bit;
	}
}

static pgm_u128 last_of(const struct pgm_item *item)
{
	pgm_u128 addr = pgm_item_addr(item);

	return item->prefix_len == 128 ? addr : addr | ~(pgm_u128)0 >> item->prefix_len;
}

static void fill_entry(struct pgm_entry *entry, const struct pgm_item *item, const struct pgm_grant *grant)
{
	uint64_t word[2] = {__builtin_bswap64(item->high), __builtin_bswap64(item->low)};

	memcpy(entry->addr, word, sizeof(word));
	entry->prefix_len = item->prefix_len;
	entry->grant = *grant;
}

/* Takes all items of the next prefix. False if the prefix says the same as the one around it. */
static bool next_prefix(struct pgm_compiled *compiled, struct pgm_entry *out)
{
	const struct pgm_item *items = compiled->items.items;
	const struct pgm_item *first = &items[compiled->at];
	uint8_t own[PGM_KCLASSES] = {0};

	/* Items ascend, so a prefix that ends before this one contains none of the following either. */
	while (compiled->stack[compiled->depth].last < pgm_item_addr(first))
		compiled->depth--;

	const struct level *around = &compiled->stack[compiled->depth];
	struct level level = {.last = last_of(first), .grant = around->grant};

	while (compiled->at < compiled->items.count) {
		const struct pgm_item *item = &items[compiled->at];

		if (item->high != first->high || item->low != first->low || item->prefix_len != first->prefix_len)
			break;
		merge(&level.grant, own, item);
		compiled->at++;
	}
	if (memcmp(&level.grant, &around->grant, sizeof(level.grant)) == 0)
		return false;
	compiled->stack[++compiled->depth] = level;
	fill_entry(out, first, &level.grant);
	return true;
}

size_t pgm_compiled_next(struct pgm_compiled *compiled, struct pgm_entry *out, size_t max)
{
	size_t n = 0;

	while (n < max && compiled->at < compiled->items.count)
		n += next_prefix(compiled, &out[n]);
	return n;
}

void pgm_compiled_free(struct pgm_compiled *compiled)
{
	if (!compiled)
		return;
	free(compiled->items.items);
	free(compiled);
}

size_t pgm_counter_count(const struct pgm_ruleset *set, const struct pgm_config *config)
{
	return set->count + config->system_count;
}

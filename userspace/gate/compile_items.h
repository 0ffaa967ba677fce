/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's input: every prefix of every rule of one family, small and sorted. */
#ifndef PGM_GATE_COMPILE_ITEMS_H
#define PGM_GATE_COMPILE_ITEMS_H

#include "gate/ruleset.h"

/* An address of either family as a number; IPv4 stands in the uppermost 32 bits, so that both compare and split alike.
 */
typedef unsigned __int128 pgm_u128;

struct pgm_item {
	uint64_t high; /* of the address */
	uint64_t low;
	uint32_t counter;
	uint32_t until;
	uint8_t prefix_len;
	uint8_t scopes;
	uint8_t kclass; /* enum pgm_kclass */
};

struct pgm_items {
	struct pgm_item *items;
	size_t count;
	size_t capacity;
};

static inline pgm_u128 pgm_item_addr(const struct pgm_item *item)
{
	return (pgm_u128)item->high << 64 | item->low;
}

/*
 * Collect the prefixes of the stored and implicit rules of one family, ascending by address, then length, then counter.
 * 0 or -ENOMEM; the caller frees items->items in both cases.
 */
int pgm_items_collect(const struct pgm_ruleset *set, const struct pgm_config *config, int family, uint64_t utc_now,
                      uint64_t boot_now_s, struct pgm_items *items);

#endif

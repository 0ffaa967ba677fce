/* SPDX-License-Identifier: Apache-2.0 */
/* Carries a rule's counts from the old list's counters to the new list's, without losing a packet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/kernel_internal.h"

#define NOBODY UINT32_MAX

struct seed {
	uint32_t from;
	uint32_t to;
	uint64_t packets; /* what was written into the new counters */
	uint64_t connections;
};

struct pgm_carry {
	size_t count;
	struct seed seeds[];
};

/* Old counters by rule key: open addressing over their indices. Keys are hashes already. */
struct index {
	size_t mask;
	uint32_t slots[];
};

static uint64_t key_of(const struct pgm_counters *counters, size_t i)
{
	return pgm_counters_own(counters, i)->rule_key;
}

static struct index *index_new(const struct pgm_counters *counters)
{
	size_t size = 16;

	while (size < counters->count * 2)
		size *= 2;
	struct index *index = malloc(sizeof(*index) + size * sizeof(index->slots[0]));
	if (!index)
		return NULL;
	index->mask = size - 1;
	memset(index->slots, 0xff, size * sizeof(index->slots[0]));
	for (size_t i = 0; i < counters->count; i++) {
		size_t at = key_of(counters, i) & index->mask;

		while (index->slots[at] != NOBODY)
			at = (at + 1) & index->mask;
		index->slots[at] = (uint32_t)i;
	}
	return index;
}

static uint32_t index_find(const struct index *index, const struct pgm_counters *counters, uint64_t key)
{
	for (size_t at = key & index->mask; index->slots[at] != NOBODY; at = (at + 1) & index->mask)
		if (key_of(counters, index->slots[at]) == key)
			return index->slots[at];
	return NOBODY;
}

static void seed_one(const struct pgm_counters *from, const struct pgm_counters *to, struct seed *seed)
{
	struct pgm_hits total = pgm_counters_total(from, seed->from);
	struct pgm_counter *cell = pgm_counters_own(to, seed->to);

	seed->packets = cell->packets = total.packets;
	seed->connections = cell->connections = total.connections;
	cell->last_connection = total.last_connection;
}

int pgm_carry_seed(const struct pgm_counters *from, const struct pgm_counters *to, const uint64_t *keys,
                   struct pgm_carry **out)
{
	struct index *index = index_new(from);
	struct pgm_carry *carry = malloc(sizeof(*carry) + to->count * sizeof(carry->seeds[0]));

	if (!index || !carry) {
		free(index);
		free(carry);
		return -ENOMEM;
	}
	carry->count = 0;
	for (size_t i = 0; i < to->count; i++) {
		struct seed *seed = &carry->seeds[carry->count];

		pgm_counters_own(to, i)->rule_key = keys[i];
		seed->from = index_find(index, from, keys[i]);
		seed->to = (uint32_t)i;
		if (seed->from == NOBODY)
			continue;
		seed_one(from, to, seed);
		carry->count++;
	}
	free(index);
	*out = carry;
	return 0;
}

static void raise_to(__u64 *word, uint64_t value)
{
	__u64 seen = __atomic_load_n(word, __ATOMIC_RELAXED);

	while (seen < value &&
	       !__atomic_compare_exchange_n(word, &seen, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void pgm_carry_finish(const struct pgm_carry *carry, const struct pgm_counters *from, const struct pgm_counters *to)
{
	for (size_t i = 0; i < carry->count; i++) {
		const struct seed *seed = &carry->seeds[i];
		struct pgm_hits total = pgm_counters_total(from, seed->from);
		struct pgm_counter *cell = pgm_counters_own(to, seed->to);

		/* Atomic: where shards are few, programs add to this cell too. */
		__atomic_fetch_add(&cell->packets, total.packets - seed->packets, __ATOMIC_RELAXED);
		__atomic_fetch_add(&cell->connections, total.connections - seed->connections, __ATOMIC_RELAXED);
		raise_to(&cell->last_connection, total.last_connection);
	}
}

void pgm_carry_free(struct pgm_carry *carry)
{
	free(carry);
}

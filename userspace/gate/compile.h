/* SPDX-License-Identifier: Apache-2.0 */
/* Rules to trie entries: ranges become prefixes, and each prefix carries what every wider rule allows. */
#ifndef PGM_GATE_COMPILE_H
#define PGM_GATE_COMPILE_H

#include "gate/ruleset.h"

/* One entry of a trie. addr is network order, host bits zero. */
struct pgm_entry {
	uint8_t addr[16];
	uint8_t prefix_len;
	struct pgm_grant grant;
};

/* A compiled policy of one family, produced in ascending (address, length) order without being held whole. */
struct pgm_compiled;

/*
 * Compile the stored rules plus the config's system rules for one family. Counter index of a stored rule is its
 * position in the set; implicit rules follow. A cell belongs to the rule with the latest until; on a tie to the
 * narrowest, then the first. Entries that say the same as the next wider one are left out.
 * 0, -ENOMEM. The set must outlive the result.
 */
int pgm_compile(const struct pgm_ruleset *set, const struct pgm_config *config, int family, uint64_t utc_now,
                uint64_t boot_now_s, struct pgm_compiled **out);

/* An upper bound of the entries still to come; for map sizes and progress. */
size_t pgm_compiled_bound(const struct pgm_compiled *compiled);

/* The next up to max entries; returns how many, 0 at the end. */
size_t pgm_compiled_next(struct pgm_compiled *compiled, struct pgm_entry *out, size_t max);

void pgm_compiled_free(struct pgm_compiled *compiled);

/* Number of counters that the set needs: stored and implicit rules. */
size_t pgm_counter_count(const struct pgm_ruleset *set, const struct pgm_config *config);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher that no cleverness can spoil: walks all rules for every question. Shares no code with the compiler. */
#ifndef PGM_TESTS_NAIVE_H
#define PGM_TESTS_NAIVE_H

#include "gate/ruleset.h"

struct naive;

/* Takes what it needs from the set (and the config's system rules); frees with naive_free. utc_now and boot_now_s are
 * those of compiling: they tie the rules of other boots to the boot clock. Aborts when out of memory. */
struct naive *naive_new(const struct pgm_ruleset *set, const struct pgm_config *config, uint64_t utc_now,
                        uint64_t boot_now_s);
void naive_free(struct naive *naive);

/* What the rules say of one source in one kernel class and scope at boot second `at`. */
struct naive_answer {
	bool covered;   /* some rule of any class and scope covers the source: a trie entry must match */
	bool in_scope;  /* one of this class and scope does, live or expired */
	bool allowed;   /* one of those is live */
	bool permanent; /* one of those never ends */
	int64_t ends;   /* else the latest boot second at which one of those ends; may be negative */
};

/* addr in network order, 4 or 16 bytes by family. */
struct naive_answer naive_ask(const struct naive *naive, int family, const uint8_t *addr, enum pgm_kclass kclass,
                              unsigned scope, uint64_t at);

/* May a hit (or a refusal by expiry) in this class and scope be booked on the rule with this counter index? True for
 * each of the rules that cover the source there and end last. */
bool naive_may_own(const struct naive *naive, int family, const uint8_t *addr, enum pgm_kclass kclass, unsigned scope,
                   size_t counter);

/* The verdict on an unfragmented TCP packet from addr to a guarded port of this scope. */
enum pgm_verdict naive_verdict(const struct naive *naive, enum pgm_mode mode, int family, const uint8_t *addr,
                               unsigned scope, uint64_t at);

#endif

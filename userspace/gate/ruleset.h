/* SPDX-License-Identifier: Apache-2.0 */
/* A whole policy as an immutable, counted object: mode, generation and the rules in the order they were given. */
#ifndef PGM_GATE_RULESET_H
#define PGM_GATE_RULESET_H

#include "gate/rule.h"

#define PGM_RULESET_MAX (16u * 1024 * 1024) /* rules */

struct pgm_ruleset {
	enum pgm_mode mode;
	uint32_t generation;
	uint32_t next_id;
	uint64_t saved_utc; /* when it was written to disk; 0 never */
	size_t count;
	size_t capacity;
	struct pgm_rule *rules; /* stored rules only; implicit ones are added by the compiler from the config */
	int refs;               /* atomic */
};

/* "unset", "anywhere", "nowhere", "list" and back (-EINVAL). */
const char *pgm_mode_name(enum pgm_mode mode);
int pgm_mode_parse(const char *text, size_t len, enum pgm_mode *out);

/* A new, empty, writable ruleset with one reference, or NULL. */
struct pgm_ruleset *pgm_ruleset_new(void);
/* A writable deep copy. */
struct pgm_ruleset *pgm_ruleset_copy(const struct pgm_ruleset *from);
/* Appends; takes rule->comment over on success (and sets it to NULL). Gives the rule the next id if its id is 0.
 * 0, -ENOMEM, or -E2BIG: too many rules, or the 32-bit ids are used up. */
int pgm_ruleset_append(struct pgm_ruleset *set, struct pgm_rule *rule);
/* Room for so many rules at once: growing by and by copies a long list, and touches twice its memory. 0, -ENOMEM or
 * -E2BIG. */
int pgm_ruleset_reserve(struct pgm_ruleset *set, size_t capacity);
/* Moves the rules of first, which is empty then, in front of those of set. 0, -ENOMEM or -E2BIG. */
int pgm_ruleset_prepend(struct pgm_ruleset *set, struct pgm_ruleset *first);
/* Remove the rule at index; order is kept. */
void pgm_ruleset_remove(struct pgm_ruleset *set, size_t index);
/* Removes every rule for which drop() is true, in one pass. Returns how many. */
size_t pgm_ruleset_filter(struct pgm_ruleset *set, bool (*drop)(const struct pgm_rule *rule, void *arg), void *arg);
struct pgm_ruleset *pgm_ruleset_ref(struct pgm_ruleset *set);
/* NULL is fine. */
void pgm_ruleset_unref(struct pgm_ruleset *set);

/* The i-th rule out of [system], i < config->system_count: every scope, permanent, id 0, no comment. */
void pgm_implicit_rule(const struct pgm_config *config, size_t i, struct pgm_rule *out);

/* Keys of all rules of the set, ordinals counted, in rule order: keys[count]. Implicit rules follow the stored ones.
 * 0 or -ENOMEM. */
int pgm_ruleset_keys(const struct pgm_ruleset *set, const struct pgm_config *config, uint64_t **keys, size_t *count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* RULE of the control protocol, and the moments and indexes that go with it. */
#ifndef PGM_DAEMON_RULE_JSON_H
#define PGM_DAEMON_RULE_JSON_H

#include <jansson.h>

#include "daemon/daemon.h"
#include "gate/kernel.h"

/* One moment on the three clocks that rules and counters use. */
struct pgmd_now {
	uint64_t utc;       /* s */
	uint64_t rules_utc; /* what rules go by: never before the list was saved, as in pgm_kernel_build */
	uint64_t boot_s;
	uint64_t mono_ns;
};
struct pgmd_now pgmd_now(const struct pgm_ruleset *set);

/* UTC text of a counter's time (CLOCK_MONOTONIC ns), or JSON null for 0. */
json_t *pgmd_moment(uint64_t mono_ns, const struct pgmd_now *now);

/* The rule with counter index i: a stored one, or one out of the config behind them. Its comment stays the owner's.
 * False if there is none. */
bool pgmd_rule_at(const struct pgmd_daemon *daemon, const struct pgm_ruleset *set, size_t i, struct pgm_rule *out);

/* NULL without memory. */
json_t *pgmd_rule_json(const struct pgm_config *config, const struct pgm_rule *rule, const struct pgm_hits *hits,
                       const struct pgmd_now *now);

#endif

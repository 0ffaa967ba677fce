/* SPDX-License-Identifier: Apache-2.0 */
/* Random lists that are hard on a matcher: nested, overlapping, touching, scoped, expiring, with many ties. */
#ifndef PGM_TESTS_RANDOM_RULES_H
#define PGM_TESTS_RANDOM_RULES_H

#include "gate/ruleset.h"

#define RANDOM_UTC  1795500000u /* the moment of compiling: utc_now and boot_now_s */
#define RANDOM_BOOT 5000u
#define RANDOM_SPAN 8u /* temporary rules end within so many seconds before or after it */

/* count rules of one family (AF_INET, AF_INET6) or of both (0), mode list. Aborts when out of memory. */
struct pgm_ruleset *random_rules(size_t count, int family);

/* One random rule near those that the set has already. */
struct pgm_rule random_rule(const struct pgm_ruleset *set, int family);

/* A source worth asking about: an edge of a rule, one beside it, one inside, or just any. addr holds 16 bytes. */
void random_source(const struct pgm_ruleset *set, int family, uint8_t *addr);

#endif

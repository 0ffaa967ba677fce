/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of filter.rules share: a configuration with an own state folder, and a small list. */
#ifndef PGM_TESTS_RULESFILE_FIX_H
#define PGM_TESTS_RULESFILE_FIX_H

#include <stdlib.h>
#include <sys/stat.h>

#include "gate/rulesfile.h"
#include "lib/check.h"
#include "lib/random_rules.h"
#include "lib/sandbox.h"

static struct pgm_config config; /* of the case that runs; fresh() fills it */

static inline void use_scopes(struct pgm_config *to, const char *scopes)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "[scopes]\n%s", scopes);

	pgm_config_free(to);
	CHECK_INT(pgm_config_parse(text, (size_t)len, "test", stderr, to), 0);
}

/* A new state folder. */
static inline void fresh(void)
{
	static unsigned number;
	static struct pgm_config parsed;

	use_scopes(&parsed, "direct = 5432\npooler = 6432\nreports = 7000\n");
	config = parsed;
	snprintf(config.state_dir, sizeof(config.state_dir), "%s/%u", sandbox_folder(), number++);
	CHECK_INT(mkdir(config.state_dir, 0700), 0);
}

static inline void append(struct pgm_ruleset *set, const char *address, unsigned scopes, uint64_t seconds,
                          const char *comment)
{
	struct pgm_rule rule = {.scopes = (uint8_t)scopes, .comment = comment ? strdup(comment) : NULL};

	CHECK_INT(pgm_range_parse(address, strlen(address), &rule.range, NULL, NULL), 0);
	if (seconds) {
		rule.expires_utc = RANDOM_UTC + seconds;
		rule.expires_boot = RANDOM_BOOT + seconds;
		rule.this_boot = true;
	}
	CHECK_INT(pgm_ruleset_append(set, &rule), 0);
}

static inline struct pgm_ruleset *small(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	set->mode = PGM_MODE_LIST;
	set->generation = 42;
	set->saved_utc = RANDOM_UTC;
	append(set, "203.0.113.7", PGM_ALL_SCOPES, 0, "B\xc3\xbcro # 7");
	append(set, "2001:db8::/32", 3, 7200, NULL);
	append(set, "10.0.0.3-10.0.0.9", 4, 60, "x");
	set->rules[2].class_id = PGM_CLASS_MONITORING;
	set->next_id = 900;
	return set;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the line of a list: whatever is taken must print as a line that means the same. */
#include <stdlib.h>
#include <string.h>

#include "gate/rule.h"

#define UTC  1795500000u
#define BOOT 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void check_rule(const struct pgm_config *config, const struct pgm_rule *rule)
{
	char line[PGM_RULE_TEXT];
	struct pgm_rule back;

	need(rule->scopes && pgm_rule_key(rule, 0));
	int len = pgm_rule_format_line(config, rule, UTC, line, sizeof(line));
	need(len > 0 && (size_t)len < sizeof(line));
	need(pgm_rule_parse_line(config, line, (size_t)len, UTC, BOOT, &back, NULL, NULL) == 1);
	need(memcmp(&rule->range, &back.range, sizeof(back.range)) == 0);
	need(rule->scopes == back.scopes && rule->expires_utc == back.expires_utc);
	need(rule->expires_boot == back.expires_boot && rule->this_boot == back.this_boot);
	need(!rule->comment == !back.comment && (!rule->comment || strcmp(rule->comment, back.comment) == 0));
	free(back.comment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pgm_config config;
	struct pgm_error err = {0};
	struct pgm_rule rule;

	if (config.scope_count == 0)
		need(pgm_config_parse("", 0, "fuzz", stderr, &config) == 0);
	int rc = pgm_rule_parse_line(&config, (const char *)data, size, UTC, BOOT, &rule, NULL, &err);
	need(rc == 0 || rc == 1 || err.what[0]);
	if (rc == 1) {
		check_rule(&config, &rule);
		free(rule.comment);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A RULE of the control protocol, told to people. */
#include "cli/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

void pgm_cli_rule_expiry(const json_t *rule, uint64_t now, char buf[static PGM_CLI_RULE_TEXT])
{
	const char *expires = json_string_value(json_object_get(rule, "expires"));
	json_int_t remaining = json_integer_value(json_object_get(rule, "remaining"));
	char span[PGM_TIME_TEXT];
	uint64_t then;

	if (json_is_true(json_object_get(rule, "expired"))) {
		if (!expires || pgm_utc_parse(expires, strlen(expires), &then) < 0 || then > now) {
			snprintf(buf, PGM_CLI_RULE_TEXT, "expired");
			return;
		}
		pgm_duration_format(now - then, span, sizeof(span));
		snprintf(buf, PGM_CLI_RULE_TEXT, "expired %s ago", span);
	} else if (!expires) {
		snprintf(buf, PGM_CLI_RULE_TEXT, "never");
	} else {
		pgm_duration_format(remaining > 0 ? (uint64_t)remaining : 0, span, sizeof(span));
		snprintf(buf, PGM_CLI_RULE_TEXT, "in %s", span);
	}
}

void pgm_cli_rule_name(const json_t *rule, char buf[static PGM_CLI_RULE_TEXT])
{
	if (json_is_true(json_object_get(rule, "implicit")))
		snprintf(buf, PGM_CLI_RULE_TEXT, "config");
	else
		snprintf(buf, PGM_CLI_RULE_TEXT, "%" JSON_INTEGER_FORMAT,
		         json_integer_value(json_object_get(rule, "id")));
}

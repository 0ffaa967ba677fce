/* SPDX-License-Identifier: Apache-2.0 */
/* Why a probe was answered as it was, in one sentence. */
#include "daemon/check_reason.h"

#include <stdio.h>

#include "daemon/verdict_text.h"

static const char *text_of(const json_t *rule, const char *key)
{
	const char *text = json_string_value(json_object_get(rule, key));

	return text ? text : "";
}

/* "rule 7 (10.0.0.0/8, client)", "[system] monitoring (10.9.0.0/16)". */
static void name_rule(const json_t *rule, char *buf, size_t len)
{
	if (!json_is_object(rule))
		snprintf(buf, len, "a rule");
	else if (json_is_true(json_object_get(rule, "implicit")))
		snprintf(buf, len, "[system] %s of the config file (%s)", text_of(rule, "class"),
		         text_of(rule, "address"));
	else
		snprintf(buf, len, "rule %lld (%s, %s)", (long long)json_integer_value(json_object_get(rule, "id")),
		         text_of(rule, "address"), text_of(rule, "class"));
}

void pgmd_check_reason(const struct pgm_probe *probe, const json_t *rule, const char *scope, uint16_t port, char *buf,
                       size_t len)
{
	char name[256];

	name_rule(rule, name, sizeof(name));
	switch (probe->verdict) {
	case PGM_VERDICT_ALLOWED_LIST:
	case PGM_VERDICT_ALLOWED_SYSTEM:
		snprintf(buf, len, "%s lets it in", name);
		break;
	case PGM_VERDICT_ALLOWED_MODE:
		snprintf(buf, len, "the mode lets everybody in");
		break;
	case PGM_VERDICT_PORT_NOT_GUARDED:
		snprintf(buf, len, "port %u is not guarded", port);
		break;
	case PGM_VERDICT_REFUSED_EXPIRED:
		snprintf(buf, len, "%s covers it, but has expired", name);
		break;
	case PGM_VERDICT_REFUSED_OUT_OF_SCOPE:
		snprintf(buf, len, "a rule covers it, but not in scope %s", scope);
		break;
	case PGM_VERDICT_REFUSED_NOWHERE:
		snprintf(buf, len, "the mode is nowhere, and no system class covers it");
		break;
	default:
		snprintf(buf, len, "%s", pgmd_verdict_help(probe->verdict));
	}
}

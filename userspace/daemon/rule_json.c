/* SPDX-License-Identifier: Apache-2.0 */
/* RULE of the control protocol, and the moments and indexes that go with it. */
#include "daemon/rule_json.h"

#include "daemon/texts.h"

#define NS_PER_S 1000000000ull

struct pgmd_now pgmd_now(const struct pgm_ruleset *set)
{
	uint64_t utc = pgm_utc_now();

	return (struct pgmd_now){
	        .utc = utc,
	        .rules_utc = utc > set->saved_utc ? utc : set->saved_utc,
	        .boot_s = pgm_boottime_now_ns() / NS_PER_S,
	        .mono_ns = pgm_monotonic_now_ns(),
	};
}

json_t *pgmd_moment(uint64_t mono_ns, const struct pgmd_now *now)
{
	char text[PGM_TIME_TEXT];
	/* Rounded up: what has happened must not be told as still to come. */
	uint64_t ago_s = now->mono_ns > mono_ns ? (now->mono_ns - mono_ns + NS_PER_S - 1) / NS_PER_S : 0;

	if (mono_ns == 0)
		return json_null();
	pgm_utc_format(now->utc > ago_s ? now->utc - ago_s : 0, text);
	return json_string(text);
}

bool pgmd_rule_at(const struct pgmd_daemon *daemon, const struct pgm_ruleset *set, size_t i, struct pgm_rule *out)
{
	if (i < set->count)
		*out = set->rules[i];
	else if (i - set->count < daemon->config->system_count)
		pgm_implicit_rule(daemon->config, i - set->count, out);
	else
		return false;
	return true;
}

json_t *pgmd_rule_json(const struct pgm_config *config, const struct pgm_rule *rule, const struct pgm_hits *hits,
                       const struct pgmd_now *now)
{
	uint32_t until = pgm_rule_until(rule, now->rules_utc, now->boot_s);
	bool expired = until != PGM_FOREVER && until <= now->boot_s;
	json_t *expires = json_null(), *remaining = json_null();
	char address[PGM_RANGE_TEXT], scopes[PGM_SCOPES * (PGM_SCOPE_NAME + 1)], when[PGM_TIME_TEXT];

	pgm_range_format(&rule->range, address);
	pgm_scopes_format(config, rule->scopes, scopes, sizeof(scopes));
	if (until != PGM_FOREVER) {
		pgm_utc_format(rule->expires_utc, when);
		expires = json_string(when);
		remaining = json_integer(expired ? 0 : (json_int_t)(until - now->boot_s));
	}
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:b, s:o, s:b, s:I, s:I, s:o}", "id", (json_int_t)rule->id,
	                 "address", address, "class", pgm_class_name((enum pgm_class)rule->class_id), "scopes", scopes,
	                 "expires", expires, "remaining", remaining, "expired", (int)expired, "comment",
	                 rule->comment ? pgmd_text(rule->comment) : json_null(), "implicit", (int)rule->from_config,
	                 "packets", (json_int_t)hits->packets, "connections", (json_int_t)hits->connections,
	                 "last_connection", pgmd_moment(hits->last_connection, now));
}

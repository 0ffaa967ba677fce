/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher that no cleverness can spoil: walks all rules for every question. Shares no code with the compiler. */
#include "lib/naive.h"

#include <stdlib.h>
#include <string.h>

struct naive_rule {
	int family;
	size_t len; /* bytes of an address */
	uint8_t lo[16];
	uint8_t hi[16];
	enum pgm_kclass kclass;
	uint8_t scopes;
	bool permanent;
	int64_t ends; /* boot second; the first one at which it no longer allows */
};

struct naive {
	size_t count;
	struct naive_rule rules[];
};

static struct naive_rule flatten(const struct pgm_range *range, unsigned class_id, uint8_t scopes)
{
	struct naive_rule rule = {
	        .family = range->family,
	        .len = range->family == 2 ? 4 : 16,
	        .kclass = class_id == PGM_CLASS_CLIENT ? PGM_KCLASS_CLIENT : PGM_KCLASS_SYSTEM,
	        .scopes = scopes,
	        .permanent = true,
	};
	memcpy(rule.lo, range->lo, sizeof(rule.lo));
	memcpy(rule.hi, range->hi, sizeof(rule.hi));
	return rule;
}

struct naive *naive_new(const struct pgm_ruleset *set, const struct pgm_config *config, uint64_t utc_now,
                        uint64_t boot_now_s)
{
	size_t count = set->count + config->system_count;
	struct naive *naive = malloc(sizeof(*naive) + count * sizeof(naive->rules[0]));

	if (!naive)
		abort();
	naive->count = count;
	for (size_t i = 0; i < set->count; i++) {
		const struct pgm_rule *from = &set->rules[i];
		struct naive_rule *to = &naive->rules[i];

		*to = flatten(&from->range, from->class_id, from->scopes);
		to->permanent = from->expires_utc == 0;
		to->ends = from->this_boot ? (int64_t)from->expires_boot
		                           : (int64_t)from->expires_utc - (int64_t)utc_now + (int64_t)boot_now_s;
	}
	for (size_t i = 0; i < config->system_count; i++)
		naive->rules[set->count + i] = flatten(&config->system[i].range, config->system[i].class_id, 0xff);
	return naive;
}

void naive_free(struct naive *naive)
{
	free(naive);
}

static bool covers(const struct naive_rule *rule, int family, const uint8_t *addr)
{
	return rule->family == family && memcmp(rule->lo, addr, rule->len) <= 0 &&
	       memcmp(addr, rule->hi, rule->len) <= 0;
}

static bool speaks_of(const struct naive_rule *rule, enum pgm_kclass kclass, unsigned scope)
{
	return rule->kclass == kclass && (rule->scopes & 1u << scope);
}

struct naive_answer naive_ask(const struct naive *naive, int family, const uint8_t *addr, enum pgm_kclass kclass,
                              unsigned scope, uint64_t at)
{
	struct naive_answer answer = {.ends = INT64_MIN};

	for (size_t i = 0; i < naive->count; i++) {
		const struct naive_rule *rule = &naive->rules[i];

		if (!covers(rule, family, addr))
			continue;
		answer.covered = true;
		if (!speaks_of(rule, kclass, scope))
			continue;
		answer.in_scope = true;
		if (rule->permanent)
			answer.permanent = true;
		else if (rule->ends > answer.ends)
			answer.ends = rule->ends;
		if (rule->permanent || (int64_t)at < rule->ends)
			answer.allowed = true;
	}
	return answer;
}

bool naive_may_own(const struct naive *naive, int family, const uint8_t *addr, enum pgm_kclass kclass, unsigned scope,
                   size_t counter)
{
	if (counter >= naive->count)
		return false;

	const struct naive_rule *rule = &naive->rules[counter];
	struct naive_answer answer = naive_ask(naive, family, addr, kclass, scope, 0);
	if (!covers(rule, family, addr) || !speaks_of(rule, kclass, scope))
		return false;
	if (answer.permanent)
		return rule->permanent;
	/* Ends before second 1 of this boot are all the same to the kernel: long ago. */
	int64_t latest = answer.ends > 1 ? answer.ends : 1;
	int64_t mine = rule->ends > 1 ? rule->ends : 1;
	return mine == latest;
}

enum pgm_verdict naive_verdict(const struct naive *naive, enum pgm_mode mode, int family, const uint8_t *addr,
                               unsigned scope, uint64_t at)
{
	struct naive_answer client = naive_ask(naive, family, addr, PGM_KCLASS_CLIENT, scope, at);
	struct naive_answer system = naive_ask(naive, family, addr, PGM_KCLASS_SYSTEM, scope, at);

	if (mode == PGM_MODE_UNSET || mode == PGM_MODE_ANYWHERE)
		return PGM_VERDICT_ALLOWED_MODE;
	if (mode == PGM_MODE_LIST && client.allowed)
		return PGM_VERDICT_ALLOWED_LIST;
	if (system.allowed)
		return PGM_VERDICT_ALLOWED_SYSTEM;
	if (system.in_scope || (mode == PGM_MODE_LIST && client.in_scope))
		return PGM_VERDICT_REFUSED_EXPIRED;
	if (mode == PGM_MODE_NOWHERE)
		return PGM_VERDICT_REFUSED_NOWHERE;
	return client.covered ? PGM_VERDICT_REFUSED_OUT_OF_SCOPE : PGM_VERDICT_REFUSED_NOT_LISTED;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One rule: its class, comment, identity and the moment when it ends. */
#include "gate/rule.h"

#include <errno.h>
#include <string.h>

static const char *const class_names[PGM_CLASSES] = {"client", "replication", "monitoring", "private"};

const char *pgm_class_name(enum pgm_class class_id)
{
	return (unsigned)class_id < PGM_CLASSES ? class_names[class_id] : "unknown";
}

int pgm_class_parse(const char *text, size_t len, enum pgm_class *out)
{
	for (unsigned i = 0; i < PGM_CLASSES; i++) {
		if (strlen(class_names[i]) == len && memcmp(class_names[i], text, len) == 0) {
			*out = (enum pgm_class)i;
			return 0;
		}
	}
	return -EINVAL;
}

static uint64_t stir(uint64_t state, uint64_t word)
{
	uint64_t z = (state ^ word) + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t pgm_rule_key(const struct pgm_rule *rule, uint32_t ordinal)
{
	uint64_t words[4];
	uint64_t what = (uint64_t)rule->range.family << 24 | (uint64_t)rule->class_id << 16 |
	                (uint64_t)rule->scopes << 8 | rule->from_config;
	uint64_t key = stir(what, ordinal);

	memcpy(&words[0], rule->range.lo, 16);
	memcpy(&words[2], rule->range.hi, 16);
	for (unsigned i = 0; i < 4; i++)
		key = stir(key, words[i]);
	return key ? key : 1;
}

static uint32_t clamp_until(uint64_t seconds)
{
	if (seconds < 1)
		return 1;
	return seconds < PGM_FOREVER ? (uint32_t)seconds : PGM_FOREVER - 1;
}

uint32_t pgm_rule_until(const struct pgm_rule *rule, uint64_t utc_now, uint64_t boot_now_s)
{
	if (!rule->expires_utc)
		return PGM_FOREVER;
	if (rule->this_boot)
		return clamp_until(rule->expires_boot);
	if (rule->expires_utc > utc_now)
		return clamp_until(boot_now_s + (rule->expires_utc - utc_now));

	uint64_t ago = utc_now - rule->expires_utc;
	return clamp_until(boot_now_s > ago ? boot_now_s - ago : 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One rule: who may come in, to which scopes, until when. */
#ifndef PGM_GATE_RULE_H
#define PGM_GATE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/clock.h"
#include "common/config.h"
#include "pgmoat/gate_abi.h"

/* "client", "replication", ... and back (-EINVAL). */
const char *pgm_class_name(enum pgm_class class_id);
int pgm_class_parse(const char *text, size_t len, enum pgm_class *out);
static inline enum pgm_kclass pgm_class_kernel(enum pgm_class class_id)
{
	return class_id == PGM_CLASS_CLIENT ? PGM_KCLASS_CLIENT : PGM_KCLASS_SYSTEM;
}

#define PGM_COMMENT_MAX 255                                 /* bytes of UTF-8, no control characters */
#define PGM_SCOPES_TEXT (PGM_SCOPES * (PGM_SCOPE_NAME + 1)) /* holds what pgm_scopes_format prints */

struct pgm_rule {
	struct pgm_range range;
	uint8_t class_id;      /* enum pgm_class */
	uint8_t scopes;        /* bit mask; PGM_ALL_SCOPES: every scope, also ones configured later */
	bool from_config;      /* implicit: out of [system], not removable by command */
	uint32_t id;           /* what "filter remove ID" takes; never used again; 0 for implicit rules */
	uint64_t expires_utc;  /* whole seconds; 0: permanent */
	uint64_t expires_boot; /* CLOCK_BOOTTIME seconds, valid only in the boot named by the ruleset's boot_id of that
	                          time */
	bool this_boot;        /* expires_boot belongs to the running boot */
	char *comment;         /* owned by the ruleset; NULL if none */
};

/* Identity across lists: range, class and scopes, not id, expiry or comment. Equal rules in one list get different
 * keys by their ordinal (0, 1, ...). Never 0. */
uint64_t pgm_rule_key(const struct pgm_rule *rule, uint32_t ordinal);

/*
 * Trim blanks off, check (length, UTF-8, no control characters) and copy a comment. *out is malloc'ed, or NULL if
 * nothing is left. 0, -EINVAL or -ENOMEM.
 */
int pgm_comment_take(const char *text, size_t len, char **out, struct pgm_error *err);

/*
 * The `until` of a rule's cells at this moment: PGM_FOREVER, or boot seconds (at least 1: expired, not never).
 * In another boot than the one that made the rule, the UTC value rules. Trap: a machine may boot with its clock in the
 * past, which would revive what has expired. So pass as utc_now the later of the clock and the set's saved_utc.
 */
uint32_t pgm_rule_until(const struct pgm_rule *rule, uint64_t utc_now, uint64_t boot_now_s);

/*
 * Parse one line of a list: "ADDR [scope=a,b] [for=2h] [# comment]". Returns 1 for a rule, 0 for a blank or
 * comment-only line, -EINVAL (or -ENOMEM) with err. The line must not contain its newline. for= counts from utc_now /
 * boot_now_s, rounded up to whole seconds. Class is client. out->comment is malloc'ed by this call (caller frees) or
 * NULL. *folded as in pgm_range_parse.
 */
int pgm_rule_parse_line(const struct pgm_config *config, const char *line, size_t len, uint64_t utc_now,
                        uint64_t boot_now_s, struct pgm_rule *out, bool *folded, struct pgm_error *err);

/* The line that pgm_rule_parse_line would read back ("filter list --plain"); an expired rule becomes a comment-only
 * line. PGM_RULE_TEXT bytes hold any. Returns its length, as snprintf. */
#define PGM_RULE_TEXT 1024
int pgm_rule_format_line(const struct pgm_config *config, const struct pgm_rule *rule, uint64_t utc_now, char *buf,
                         size_t len);

#endif

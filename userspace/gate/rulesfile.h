/* SPDX-License-Identifier: Apache-2.0 */
/* filter.rules: the stored policy as readable, checksummed text. */
#ifndef PGM_GATE_RULESFILE_H
#define PGM_GATE_RULESFILE_H

#include "gate/ruleset.h"

#define PGM_RULES_FILE     "filter.rules"
#define PGM_RULES_FILE_MAX (2048ull * 1024 * 1024)

/*
 * Parse the whole text. Any deviation (cut, bit flip, unknown version, bad checksum, trailing bytes) is -EBADMSG with
 * the reason; nothing is guessed. An intact file whose rules name scopes that the configuration no longer has is
 * -ENOENT, naming them: they must neither widen nor get lost. boot_id is the running boot's, for rule->this_boot.
 */
int pgm_rulesfile_parse(const char *buf, size_t len, const struct pgm_config *config, const char *boot_id,
                        struct pgm_ruleset **out, struct pgm_error *err);

enum pgm_rules_source { PGM_RULES_CURRENT, PGM_RULES_PREVIOUS, PGM_RULES_ABSENT, PGM_RULES_DAMAGED };

/*
 * Load state_dir/filter.rules, or its ".prev" when the file is damaged or missing. *source says which; ABSENT: neither
 * file exists (first start), *out is NULL; DAMAGED: no usable one, *out is NULL. An intact file with
 * unknown scopes is DAMAGED too, never a reason to go back to an older list. problem is filled for everything but
 * CURRENT and ABSENT. Returns 0, or -errno for trouble other than the content (EACCES, EIO, ...).
 */
int pgm_rulesfile_load(const struct pgm_config *config, struct pgm_ruleset **out, enum pgm_rules_source *source,
                       struct pgm_error *problem);

/*
 * Write it durably, the old one kept as ".prev" if keep_previous; a damaged one is not worth the last good one.
 * Streams; memory is bounded. set->saved_utc is what is written.
 */
int pgm_rulesfile_save(const struct pgm_config *config, const struct pgm_ruleset *set, bool keep_previous,
                       struct pgm_error *err);

/*
 * After a failed flip: make ".prev" the current file again. If it does not exist (-ENOENT: that was the first save) or
 * is not sound (-EBADMSG, ...), nothing is touched, and the caller saves the old ruleset instead.
 */
int pgm_rulesfile_restore(const struct pgm_config *config, struct pgm_error *err);

#endif

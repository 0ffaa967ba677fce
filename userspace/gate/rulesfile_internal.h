/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader and the writer of filter.rules share. */
#ifndef PGM_GATE_RULESFILE_INTERNAL_H
#define PGM_GATE_RULESFILE_INTERNAL_H

#include "gate/rulesfile.h"

/*
 * The format, one line each:
 *   pgmoat-rules 1
 *   generation N / mode NAME / next-id N / saved UTC-or-"-" / boot BOOTID / rules N
 *   (empty line)
 *   ID CLASS ADDR SCOPES EXPIRES[ # comment]         N times
 *   sha256 HEX                                       over everything before this line
 * SCOPES is "all" or names joined by commas. EXPIRES is "-", or UTC, or UTC@BOOTSECONDS for a rule made in that boot.
 */
#define PGM_RULES_MAGIC  "pgmoat-rules 1\n"
#define PGM_RULES_SHA    "sha256 "
#define PGM_RULES_DIGEST 64 /* hex digits */
#define PGM_RULES_TAIL   (sizeof(PGM_RULES_SHA) - 1 + PGM_RULES_DIGEST + 1)

/* Lower-case hex of the 32 bytes of a SHA-256. */
void pgm_rules_hex(const unsigned char digest[static 32], char out[static PGM_RULES_DIGEST]);

/* The same for a whole text at once. 0 or -ENOMEM. */
int pgm_rules_seal(const char *text, size_t len, char out[static PGM_RULES_DIGEST]);

/* Where the writer's bytes go. Returns 0 or -errno, which ends the writing. */
typedef int (*pgm_rules_sink)(void *arg, const char *buf, size_t len);

/* Write the whole text into sink through a buffer of fixed size. 0, -ENOMEM, -EINVAL (a comment that is too long) or
 * what sink returned. */
int pgm_rulesfile_write(const struct pgm_config *config, const struct pgm_ruleset *set, const char *boot_id,
                        pgm_rules_sink sink, void *arg);

#endif

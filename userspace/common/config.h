/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: one INI file and its conf.d, read whole, every error reported with file and line. */
#ifndef PGM_COMMON_CONFIG_H
#define PGM_COMMON_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/addr.h"

#define PGM_CONFIG_DEFAULT "/etc/pgmoat/pgmoat.conf"
#define PGM_SCOPE_NAME     32

/* A named group of guarded ports. A port belongs to one scope at most. */
struct pgm_scope {
	char name[PGM_SCOPE_NAME];
	uint64_t ports[1024]; /* bitmap as in struct pgm_table */
};

enum pgm_attach_mode { PGM_ATTACH_AUTO, PGM_ATTACH_NATIVE, PGM_ATTACH_TC, PGM_ATTACH_GENERIC };
#define PGM_ATTACH_MODES 4
/* "auto", "native", "tc", "generic", by enum pgm_attach_mode. */
extern const char *const pgm_attach_mode_names[PGM_ATTACH_MODES];

enum pgm_class { PGM_CLASS_CLIENT, PGM_CLASS_REPLICATION, PGM_CLASS_MONITORING, PGM_CLASS_PRIVATE, PGM_CLASSES };

/* A network of a system class out of [system]. */
struct pgm_system_rule {
	struct pgm_range range;
	uint8_t class_id; /* enum pgm_class */
};

struct pgm_config {
	char path[PATH_MAX]; /* the file that was read */
	char state_dir[PATH_MAX];
	char run_dir[PATH_MAX];

	bool interfaces_auto;
	char **interfaces; /* names, when not auto */
	size_t interface_count;
	enum pgm_attach_mode attach_mode;
	char pin_dir[PATH_MAX];
	char metrics_group[64]; /* default "pgmoat" */

	struct pgm_scope scopes[8];
	unsigned scope_count; /* default: direct = 5432, pooler = 6432 */

	struct pgm_system_rule *system;
	size_t system_count;
};

/*
 * Read path and the *.conf files of the conf.d folder beside it, in name order. A missing default file is an empty
 * one; a missing file that was named is an error. All errors are printed to errors (one "FILE:LINE: text" each) before
 * it returns -EINVAL. Unknown sections and keys are errors, and so is a file that others than root or the caller can
 * write. On success the caller frees with pgm_config_free; out is unchanged on error.
 */
int pgm_config_load(const char *path, bool named, FILE *errors, struct pgm_config *out);

/* The same for one buffer instead of files: for tests and the fuzzer. name is used in messages. */
int pgm_config_parse(const char *buf, size_t len, const char *name, FILE *errors, struct pgm_config *out);

/* Prints the effective configuration as a file that pgm_config_load would read. */
void pgm_config_dump(const struct pgm_config *config, FILE *out);

void pgm_config_free(struct pgm_config *config);

/* Scope names to bits and back. Unknown names: -EINVAL with the known ones in err. "a,b" sets both; mask of all
 * configured scopes becomes PGM_ALL_SCOPES. */
int pgm_scopes_parse(const struct pgm_config *config, const char *text, size_t len, uint8_t *mask,
                     struct pgm_error *err);
/* "all", or names joined by commas; cut to len bytes, as is the next. PGM_SCOPES * PGM_SCOPE_NAME bytes always do. */
void pgm_scopes_format(const struct pgm_config *config, uint8_t mask, char *buf, size_t len);
/* "6432, 50001-50032"; ends in "..." if it was cut. */
void pgm_ports_format(const uint64_t ports[1024], char *buf, size_t len);

#endif

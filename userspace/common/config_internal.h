/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that read the configuration: files, lines, keys, scopes. */
#ifndef PGM_COMMON_CONFIG_INTERNAL_H
#define PGM_COMMON_CONFIG_INTERNAL_H

#include "common/config.h"
#include "pgmoat/gate_abi.h"

/* Longest line, its end included. The longest that pgm_config_dump can write, every other port lone in one scope, is
 * shorter: what was dumped can be read. */
#define PGM_CONFIG_LINE (256u * 1024)
/* Most items of one list, for the same reason: 1024 of the longest ranges fit into a line. */
#define PGM_CONFIG_LIST 1024

#define PGM_CONFIG_KEYS 8

/* Where a key was set last; file is NULL if it was not. */
struct pgm_seen {
	const char *file;
	unsigned line;
};

/* One load: what was read so far and where the reader stands. */
struct pgm_loader {
	struct pgm_config *config;
	FILE *errors;
	unsigned error_count;
	bool out_of_memory;

	const char *file; /* lives as long as the loader: seen points to it */
	unsigned line;

	struct pgm_seen seen[PGM_CONFIG_KEYS]; /* by the key's place in the table of config_keys.c */
	struct pgm_seen seen_scope[PGM_SCOPES];
	struct pgm_seen scopes_section; /* the first [scopes] */
};

/* Reports "FILE:LINE: text" and makes the load fail. */
void pgm_config_complain(struct pgm_loader *loader, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for an error that somebody else filled. */
void pgm_config_complain_error(struct pgm_loader *loader, const struct pgm_error *err);
/* The same when there is no memory left. */
void pgm_config_no_memory(struct pgm_loader *loader);

void pgm_config_forget_interfaces(struct pgm_config *config);

/* config_lines.c: feeds every section and every "key = value" of the buffer to config_keys.c. */
void pgm_config_read_lines(struct pgm_loader *loader, const char *buf, size_t len);

/* config_keys.c */
void pgm_config_enter_section(struct pgm_loader *loader, const char *name, size_t len);
void pgm_config_set(struct pgm_loader *loader, const char *section, const char *key, const char *value);

/* scopes.c */
void pgm_config_default_scopes(struct pgm_config *config);
void pgm_config_set_scope(struct pgm_loader *loader, const char *name, const char *value);
/* What can only be judged when everything was read: no scope at all, a port in two scopes. */
void pgm_config_check_scopes(struct pgm_loader *loader);

/* ports.c: "6432, 50001-50032". Returns 0 or -EINVAL; out is unchanged on error. */
int pgm_ports_parse(const char *text, uint64_t out[1024], struct pgm_error *err);
/* The next run of ports from *first on: true with its ends. To go on, start behind *last. */
bool pgm_ports_run(const uint64_t ports[1024], unsigned *first, unsigned *last);

/* The next item of a comma list, blanks around it cut. *cursor starts at the text and becomes NULL at its end. */
bool pgm_list_next(const char **cursor, const char **item, size_t *len);

#endif

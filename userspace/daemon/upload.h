/* SPDX-License-Identifier: Apache-2.0 */
/* A list on its way in: text cut anywhere becomes lines, lines become rules, and every error is kept. */
#ifndef PGM_DAEMON_UPLOAD_H
#define PGM_DAEMON_UPLOAD_H

#include <jansson.h>

#include "gate/ruleset.h"

#define PGMD_LINE_MAX   4096 /* bytes of a line */
#define PGMD_ERRORS_MAX 100  /* that are told; the others are only counted */

struct pgmd_upload {
	const struct pgm_config *config;
	struct pgm_ruleset *set; /* what was parsed, with class client; ids mean nothing */
	size_t folded;           /* addresses that were IPv4 in IPv6 clothes */
	json_t *errors;          /* [{"line", "text"}] */
	size_t error_count;
	uint64_t utc_now; /* that for= counts from */
	uint64_t boot_now_s;

	uint64_t line; /* number of the line that is being put together, from 1 */
	char partial[PGMD_LINE_MAX];
	size_t partial_len;
	bool too_long; /* the line is over the limit: skip to its end */
};

/* NULL without memory. The config must outlive it. */
struct pgmd_upload *pgmd_upload_new(const struct pgm_config *config);
void pgmd_upload_free(struct pgmd_upload *upload);

/* The next piece of text. */
void pgmd_upload_text(struct pgmd_upload *upload, const char *text, size_t len);

/* After the last piece: the last line may lack its newline. */
void pgmd_upload_end(struct pgmd_upload *upload);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, told in three parts: the object and cause, and what to do next. */
#ifndef PGM_COMMON_ERROR_H
#define PGM_COMMON_ERROR_H

struct pgm_error {
	char what[768]; /* names the object and the cause */
	char hint[384]; /* the next step; empty if there is none */
};

/* Fill err (may be NULL) and return code, which is a negative errno; an errno text is not added by itself. */
int pgm_fail(struct pgm_error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Set the hint of an error already filled. err may be NULL. */
void pgm_hint(struct pgm_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, told in three parts: the object and cause, and what to do next. */
#ifndef PGM_COMMON_ERROR_H
#define PGM_COMMON_ERROR_H

struct pgm_error {
	char what[768]; /* names the object and the cause */
	char hint[384]; /* the next step; empty if there is none */
};

/* Fill what of err (may be NULL) and empty its hint. */
void pgm_describe(struct pgm_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * pgm_fail(err, code, fmt, ...): fill err (may be NULL) and return code, which is a negative errno; an errno text is
 * not added by itself. A macro, so that whoever reads the caller (a compiler, an analyzer) sees which code comes back.
 */
#define pgm_fail(err, code, ...)                                                                                       \
	({                                                                                                             \
		int code_ = (code);                                                                                    \
		pgm_describe((err), __VA_ARGS__);                                                                      \
		code_;                                                                                                 \
	})

/* Set the hint of an error already filled. err may be NULL. */
void pgm_hint(struct pgm_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Between addr.c, which parses, and addr_explain.c, which says what was wrong. */
#ifndef PGM_COMMON_ADDR_INTERNAL_H
#define PGM_COMMON_ADDR_INTERNAL_H

#include "common/addr.h"

struct pgm_addr {
	uint8_t bytes[16]; /* network order; IPv4 uses the first 4, the rest is zero */
	uint8_t family;
};

/* Is this one bare address? */
bool pgm_addr_is(const char *text, size_t len);

/* Says why text, which did not parse as one address, is none. Returns -EINVAL. */
int pgm_addr_explain(const char *text, size_t len, struct pgm_error *err);

/* The same for one end of the range that is the whole text. */
int pgm_addr_explain_range(const char *whole, size_t whole_len, const char *end, size_t len, struct pgm_error *err);

#endif

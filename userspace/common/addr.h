/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, networks and ranges as people write them: parsed from (buf, len), printed canonically. */
#ifndef PGM_COMMON_ADDR_H
#define PGM_COMMON_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* An inclusive range of addresses of one family, network byte order; IPv4 uses the first 4 bytes, the rest is zero. */
struct pgm_range {
	uint8_t lo[16];
	uint8_t hi[16];
	uint8_t family;     /* AF_INET or AF_INET6 */
	int16_t prefix_len; /* 0..32 or 0..128, or -1 for an a-b range that is not one network */
};

#define PGM_RANGE_TEXT 96 /* bytes that hold any printed range, the zero included */

/*
 * Parse a bare address, a CIDR or "a-b". IPv4-mapped IPv6 becomes IPv4 and *folded (may be NULL) is set. Refused, each
 * with its own reason in err: host bits under the mask (the hint names the network meant), zone ids, ports, brackets,
 * names, leading zeros, a > b, mixed families. An a-b that is exactly one network gets that prefix_len.
 * Returns 0 or -EINVAL; *out is unchanged on error.
 */
int pgm_range_parse(const char *text, size_t len, struct pgm_range *out, bool *folded, struct pgm_error *err);

/* Canonical text: bare address for /32 and /128, RFC 5952 for IPv6. buf holds PGM_RANGE_TEXT bytes. */
void pgm_range_format(const struct pgm_range *range, char *buf);

static inline size_t pgm_addr_len(int family)
{
	return family == 2 /* AF_INET */ ? 4 : 16;
}

#endif

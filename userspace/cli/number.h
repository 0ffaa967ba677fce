/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers from the command line. */
#ifndef PGM_CLI_NUMBER_H
#define PGM_CLI_NUMBER_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Digits only, no sign, no blanks, least to most. *out is unchanged if it is something else. */
static inline bool pgm_cli_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	uint64_t n = strtoull(text, &end, 10);
	if (errno || *end || n < least || n > most)
		return false;
	*out = n;
	return true;
}

#endif

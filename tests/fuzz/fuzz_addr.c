/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an address: what is accepted prints, and what is printed parses as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pgm_range range, again;
	char text[PGM_RANGE_TEXT];
	struct pgm_error err;
	bool folded;

	if (pgm_range_parse((const char *)data, size, &range, &folded, &err) < 0)
		return 0;
	pgm_range_format(&range, text);
	if (pgm_range_parse(text, strlen(text), &again, &folded, &err) < 0 || folded ||
	    memcmp(&range, &again, sizeof(range)) != 0)
		abort();
	return 0;
}

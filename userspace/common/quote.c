/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside, made fit to stand in a message. */
#include "common/quote.h"

#include <stdio.h>
#include <string.h>

const char *pgm_quote(const char *text, size_t len, char *buf)
{
	static const char cut[] = "...\"";
	char *out = buf;
	/* Whatever comes next, an escape and the longest ending must still fit. */
	const char *last = buf + PGM_QUOTE_TEXT - sizeof(cut) - 4;

	*out++ = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (out > last) {
			memcpy(out, cut, sizeof(cut));
			return buf;
		}
		if (c >= 0x20 && c < 0x7f)
			*out++ = (char)c;
		else
			out += sprintf(out, "\\x%02x", (unsigned)c);
	}
	memcpy(out, "\"", 2);
	return buf;
}

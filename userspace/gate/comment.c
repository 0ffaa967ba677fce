/* SPDX-License-Identifier: Apache-2.0 */
/* Comments of rules: trimmed, bounded, valid UTF-8 that can't play tricks on a terminal. */
#include "gate/rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at text and its code point; 0 if it is not valid (Unicode 15, table 3-7). */
static size_t utf8_next(const uint8_t *text, size_t len, uint32_t *code)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t head = text[0];
	size_t n = head < 0x80 ? 1 : head >> 5 == 6 ? 2 : head >> 4 == 14 ? 3 : head >> 3 == 30 ? 4 : 0;

	if (n == 0 || n > len)
		return 0;
	*code = n == 1 ? head : head & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return n;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

static int check_text(const char *text, size_t len, struct pgm_error *err)
{
	if (len > PGM_COMMENT_MAX)
		return pgm_fail(err, -EINVAL, "the comment is %zu bytes long, more than %d", len, PGM_COMMENT_MAX);
	for (size_t i = 0; i < len;) {
		uint32_t code;
		size_t n = utf8_next((const uint8_t *)text + i, len - i, &code);

		if (n == 0)
			return pgm_fail(err, -EINVAL, "the comment is not valid UTF-8 at its byte %zu", i + 1);
		if (is_control(code))
			return pgm_fail(err, -EINVAL, "the comment has a control character (0x%02x) at its byte %zu",
			                code, i + 1);
		i += n;
	}
	return 0;
}

int pgm_comment_take(const char *text, size_t len, char **out, struct pgm_error *err)
{
	char *copy = NULL;

	while (len && (text[0] == ' ' || text[0] == '\t')) {
		text++;
		len--;
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	int rc = check_text(text, len, err);
	if (rc < 0)
		return rc;
	if (len) {
		copy = malloc(len + 1);
		if (!copy)
			return pgm_fail(err, -ENOMEM, "out of memory for a comment");
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	*out = copy;
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A list to upload, whole in memory: it is checked to its end before the first byte is sent. */
#include "cli/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/text.h"
#include "common/cleanup.h"

#define FIRST_SIZE (64u * 1024)

static int grow(char **text, size_t *size)
{
	size_t next = *size ? 2 * *size : FIRST_SIZE;
	char *more;

	if (*size > PGM_CLI_INPUT_MAX)
		return -EFBIG;
	more = realloc(*text, next);
	if (!more)
		return -ENOMEM;
	*text = more;
	*size = next;
	return 0;
}

int pgm_cli_input_read(int fd, struct pgm_cli_input *input)
{
	PGM_FREE char *text = NULL;
	size_t size = 0, len = 0;

	for (;;) {
		int result = len == size ? grow(&text, &size) : 0;
		if (result < 0)
			return result;
		ssize_t got = read(fd, text + len, size - len);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		len += got > 0 ? (size_t)got : 0;
	}
	if (len > PGM_CLI_INPUT_MAX)
		return -EFBIG;
	input->text = PGM_TAKE(text);
	input->len = len;
	return 0;
}

void pgm_cli_input_free(struct pgm_cli_input *input)
{
	free(input->text);
	*input = (struct pgm_cli_input){0};
}

size_t pgm_cli_input_check(const struct pgm_cli_input *input, size_t lines[static PGM_CLI_INPUT_ERRORS])
{
	size_t at = 0, line = 0, bad = 0;

	while (at < input->len) {
		const char *start = input->text + at;
		const char *newline = memchr(start, '\n', input->len - at);
		size_t len = newline ? (size_t)(newline - start) : input->len - at;

		line++;
		if (pgm_cli_text_check(start, len) < len) {
			if (bad < PGM_CLI_INPUT_ERRORS)
				lines[bad] = line;
			bad++;
		}
		at += len + 1;
	}
	return bad;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people out of data that others wrote: escaped, and times told as UTC and as distance from now. */
#include "cli/text.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"

/* Bytes of the control character at text, 0 if there is none. C1 (U+0080 to U+009F) is 0xc2 0x80..0x9f in UTF-8. */
static size_t control_length(const unsigned char *text)
{
	if (text[0] < 0x20 || text[0] == 0x7f)
		return 1;
	return text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f ? 2 : 0;
}

char *pgm_cli_escape(const char *text)
{
	const unsigned char *from = (const unsigned char *)text;
	char *copy = malloc(4 * strlen(text) + 1);
	char *to = copy;

	if (!copy)
		return NULL;
	while (*from) {
		size_t control = control_length(from);
		if (control == 0)
			*to++ = (char)*from++;
		for (; control > 0; control--)
			to += sprintf(to, "\\x%02x", *from++);
	}
	*to = '\0';
	return copy;
}

void pgm_cli_put(FILE *out, const char *text)
{
	PGM_FREE char *safe = pgm_cli_escape(text);

	fputs(safe ? safe : "(out of memory)", out);
}

size_t pgm_cli_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* Length of the UTF-8 sequence at text, 0 if it is none: no overlong forms, no surrogates, nothing past U+10FFFF. */
static size_t sequence_length(const unsigned char *text, size_t len)
{
	unsigned char first = text[0];
	size_t need = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;

	if (first == 0 || need == 0 || need > len)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
	    (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
		return 0;
	return need;
}

size_t pgm_cli_text_check(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t step = sequence_length((const unsigned char *)text + at, len - at);
		if (step == 0)
			break;
		at += step;
	}
	return at;
}

void pgm_cli_when(const char *utc, uint64_t now, char buf[static PGM_CLI_WHEN])
{
	uint64_t then;
	char distance[PGM_TIME_TEXT];

	buf[0] = '\0';
	if (!utc)
		return;
	if (pgm_utc_parse(utc, strlen(utc), &then) < 0) {
		snprintf(buf, PGM_CLI_WHEN, "%s", utc);
		return;
	}
	pgm_duration_format(then > now ? then - now : now - then, distance, sizeof(distance));
	if (then > now)
		snprintf(buf, PGM_CLI_WHEN, "%.31s (in %s)", utc, distance);
	else
		snprintf(buf, PGM_CLI_WHEN, "%.31s (%s ago)", utc, distance);
}

const char *pgm_cli_mode_meaning(const char *mode)
{
	static const char *const meanings[][2] = {
	        {"unset", "mode unset: nothing is configured, EVERYONE may connect"},
	        {"anywhere", "mode anywhere: EVERYONE may connect, the stored list is not in force"},
	        {"nowhere", "mode nowhere: no client may connect, system classes only"},
	        {"list", "mode list: only these may connect"},
	};

	for (size_t i = 0; mode && i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strcmp(mode, meanings[i][0]) == 0)
			return meanings[i][1];
	return "mode unknown to this version of pgmoat";
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of sentences for people: problems, warnings and notes, as JSON arrays of strings. */
#include "daemon/texts.h"

#include <stdarg.h>
#include <string.h>

#include "common/cleanup.h"

json_t *pgmd_text(const char *text)
{
	json_t *string = json_string(text);

	if (string)
		return string;
	/* Names of interfaces and words of drivers are only bytes to the kernel. */
	PGM_FREE char *copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(copy);
}

void pgmd_say(json_t *array, const char *fmt, ...)
{
	PGM_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	int len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		text = NULL;
		return;
	}
	json_array_append_new(array, pgmd_text(text));
}

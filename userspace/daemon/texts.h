/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of sentences for people: problems, warnings and notes, as JSON arrays of strings. */
#ifndef PGM_DAEMON_TEXTS_H
#define PGM_DAEMON_TEXTS_H

#include <jansson.h>

/* Append a sentence to array. Bytes that are not valid UTF-8 are replaced. Without memory it is left out. */
void pgmd_say(json_t *array, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string of any bytes: those that are not valid UTF-8 become '?'. NULL without memory. */
json_t *pgmd_text(const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people out of data that others wrote: escaped, and times told as UTC and as distance from now. */
#ifndef PGM_CLI_TEXT_H
#define PGM_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A malloc'ed copy in which control characters (C0, DEL, C1) are written as \xHH, so that data can't drive a terminal.
 * NULL when out of memory. */
char *pgm_cli_escape(const char *text);
/* The same, printed. */
void pgm_cli_put(FILE *out, const char *text);

/* Characters, not bytes, of UTF-8 text: its width in a table. */
size_t pgm_cli_width(const char *text);

/* The offset of the first byte that is not UTF-8 (RFC 3629) or is NUL, or len if all of it is text. */
size_t pgm_cli_text_check(const char *text, size_t len);

#define PGM_CLI_WHEN 96
/* "2026-11-24T05:00:00Z (3m ago)" from a UTC text of the daemon; utc may be NULL, then buf is empty. */
void pgm_cli_when(const char *utc, uint64_t now, char buf[static PGM_CLI_WHEN]);

/* "mode list: only these may connect"; a mode that this program does not know is named as it is. */
const char *pgm_cli_mode_meaning(const char *mode);

#endif

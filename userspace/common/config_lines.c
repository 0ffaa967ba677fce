/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a configuration file: libinih splits them, and what it would pass over in silence is refused here. */
#include <ctype.h>
#include <ini.h>
#include <string.h>

#include "common/config_internal.h"
#include "common/quote.h"

/* libinih wants it writable. */
static char comment_marks[] = ";#";

struct reader {
	struct pgm_loader *loader;
	const char *next;
	const char *end;
};

/* No section has this name, and the keys of unknown sections are not looked at. */
#define BROKEN_SECTION "[?]"

static bool is_comment(char c)
{
	return c == ';' || c == '#';
}

static void skip_blanks(const char **text, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)**text)) {
		(*text)++;
		(*len)--;
	}
}

/* libinih takes "[a] anything" for "[a]", and cuts a long name. */
static bool section_is_clean(struct pgm_loader *loader, const char *line, size_t len)
{
	const char *end = memchr(line, ']', len);
	const char *rest = end ? end + 1 : NULL;
	char quoted[PGM_QUOTE_TEXT];

	while (rest && rest < line + len && isspace((unsigned char)*rest))
		rest++;
	if (!end || (rest < line + len && !is_comment(*rest))) {
		pgm_config_complain(loader, "%s is not a section; write [NAME] on a line of its own",
		                    pgm_quote(line, len, quoted));
		return false;
	}
	pgm_config_enter_section(loader, line + 1, (size_t)(end - line - 1));
	return true;
}

/* libinih stops at a zero; other controls have no business in a configuration. */
static bool has_control(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return true;
	return false;
}

/* Reports what is wrong with a line that libinih must not see, or could not report: it tells only of its first error.
 */
static bool line_is_clean(struct pgm_loader *loader, const char *line, size_t len)
{
	char quoted[PGM_QUOTE_TEXT];

	if (len + sizeof("\n") + 1 > PGM_CONFIG_LINE) {
		pgm_config_complain(loader, "the line is longer than %u KiB", PGM_CONFIG_LINE / 1024);
		return false;
	}
	if (has_control(line, len)) {
		pgm_config_complain(loader, "the line holds a control character");
		return false;
	}
	if (loader->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3;
		len -= 3;
	}
	skip_blanks(&line, &len);
	if (len == 0 || is_comment(*line))
		return true;
	if (*line == '[')
		return section_is_clean(loader, line, len);
	/* An equals sign within a comment behind the key is none; libinih reads "a ; = b" as no pair at all. */
	for (size_t i = 0; i < len && !(i > 0 && isspace((unsigned char)line[i - 1]) && is_comment(line[i])); i++)
		if (line[i] == '=' || line[i] == ':')
			return true;
	pgm_config_complain(loader, "%s is neither a [section] nor KEY = VALUE", pgm_quote(line, len, quoted));
	return false;
}

/* fgets for libinih: one call is one line. A refused line becomes an empty one. */
static char *read_line(char *out, int size, void *stream)
{
	struct reader *reader = stream;
	struct pgm_loader *loader = reader->loader;

	if (reader->next == reader->end)
		return NULL;
	const char *line = reader->next;
	const char *newline = memchr(line, '\n', (size_t)(reader->end - line));
	size_t len = (size_t)((newline ? newline : reader->end) - line);
	reader->next = newline ? newline + 1 : reader->end;
	loader->line++;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	if (!line_is_clean(loader, line, len) || len + 2 > (size_t)size) {
		/* The keys behind a broken section are not those of the section before it. */
		skip_blanks(&line, &len);
		line = len > 0 && *line == '[' ? BROKEN_SECTION : "";
		len = strlen(line);
	}
	memcpy(out, line, len);
	memcpy(out + len, "\n", 2);
	return out;
}

static int take_pair(void *user, const char *section, const char *key, const char *value)
{
	pgm_config_set(user, section, key, value);
	return 1;
}

void pgm_config_read_lines(struct pgm_loader *loader, const char *buf, size_t len)
{
	struct reader reader = {loader, buf, buf + len};

	loader->line = 0;
	/* Debian's libinih takes at run time what others fix when it is built. By default it cuts a line at 200 bytes
	 * without a word, and takes an indented "key = value" for more of the value above it. */
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_initial_alloc = PGM_CONFIG_LINE;
	ini_max_line = PGM_CONFIG_LINE;
	ini_allow_multiline = false;
	ini_allow_inline_comments = true;
	ini_inline_comment_prefixes = comment_marks;
	if (ini_parse_stream(read_line, &reader, take_pair, loader) == -2)
		pgm_config_no_memory(loader);
}

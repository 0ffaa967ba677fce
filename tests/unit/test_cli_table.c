/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and text of the command line: alignment, streaming, and data that would like to drive the terminal. */
#include <stdlib.h>

#include "cli/table.h"
#include "cli/text.h"
#include "lib/check.h"

static const struct pgm_cli_column columns[] = {
        {"ID", true, 4},
        {"NAME", false, 8},
        {"NOTE", false, 0},
};

static char *text;
static size_t text_len;
static FILE *out;

static struct pgm_cli_table *begin(void)
{
	free(text);
	text = NULL;
	out = open_memstream(&text, &text_len);
	struct pgm_cli_table *table = pgm_cli_table_new(out, columns, 3);
	CHECK(out && table);
	return table;
}

static const char *end(struct pgm_cli_table *table)
{
	pgm_cli_table_end(table);
	fclose(out);
	return text;
}

static void row(struct pgm_cli_table *table, const char *id, const char *name, const char *note)
{
	const char *const cells[] = {id, name, note};

	CHECK_INT(pgm_cli_table_row(table, cells), 0);
}

static void aligned(void)
{
	struct pgm_cli_table *table = begin();

	row(table, "1", "short", "a note");
	row(table, "1000", "a longer name", NULL);
	CHECK_STR(end(table), "  ID  NAME           NOTE\n"
	                      "   1  short          a note\n"
	                      "1000  a longer name  -\n");
}

static void column_without_values_is_left_out(void)
{
	struct pgm_cli_table *table = begin();

	row(table, "1", "a", NULL);
	row(table, "2", "bc", NULL);
	CHECK_STR(end(table), "ID  NAME\n 1  a\n 2  bc\n");
}

static void empty(void)
{
	CHECK_STR(end(begin()), "");
}

static void widths_count_characters(void)
{
	struct pgm_cli_table *table = begin();

	row(table, "1", "b\xc3\xbcro", "x"); /* 5 bytes, 4 characters */
	row(table, "2", "abcd", "y");
	CHECK_STR(end(table), "ID  NAME  NOTE\n 1  b\xc3\xbcro  x\n 2  abcd  y\n");
}

static void long_tables_stream(void)
{
	struct pgm_cli_table *table = begin();
	char id[16];

	for (unsigned i = 0; i < PGM_CLI_TABLE_HELD; i++) {
		snprintf(id, sizeof(id), "%u", i);
		row(table, id, "a", NULL);
	}
	fflush(out);
	CHECK_INT(text_len, 0);
	row(table, "last", "longer than its column", "note");
	fflush(out);
	CHECK_HAS(text, "  ID  NAME      NOTE\n   0  a         -\n");
	CHECK_HAS(text, "1023  a         -\nlast  longer than its column  note\n");
	size_t before = text_len;
	CHECK_INT(strlen(end(table)), before);
}

static void control_characters_are_written_out(void)
{
	struct pgm_cli_table *table = begin();

	row(table, "1", "a\033[2Jb", "tab\there, DEL \x7f, C1 \xc2\x9b");
	CHECK_STR(end(table), "ID  NAME       NOTE\n 1  a\\x1b[2Jb  tab\\x09here, DEL \\x7f, C1 \\xc2\\x9b\n");
}

static void text_check_finds_the_first_bad_byte(void)
{
	static const struct {
		const char *bytes;
		size_t len, bad;
	} rows[] = {
	        {"plain", 5, 5},
	        {"", 0, 0},
	        {"b\xc3\xbcro", 5, 5},
	        {"\xf4\x8f\xbf\xbf", 4, 4},
	        {"a\xff", 2, 1},
	        {"a\xc3", 2, 1},            /* cut */
	        {"\xc0\x80", 2, 0},         /* overlong */
	        {"\xe0\x9f\xbf", 3, 0},     /* overlong */
	        {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong */
	        {"ab\xed\xa0\x80", 5, 2},   /* surrogate */
	        {"\xf4\x90\x80\x80", 4, 0}, /* past U+10FFFF */
	        {"\x80", 1, 0},             /* a continuation alone */
	        {"ab\0cd", 5, 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_INT(pgm_cli_text_check(rows[i].bytes, rows[i].len), rows[i].bad);
}

static void times(void)
{
	char buf[PGM_CLI_WHEN];
	const uint64_t now = 1795496700; /* 2026-11-24T05:05:00Z */

	pgm_cli_when("2026-11-24T05:02:00Z", now, buf);
	CHECK_HAS(buf, "2026-11-24T05:02:00Z (3m");
	CHECK_HAS(buf, " ago)");
	pgm_cli_when("2026-11-24T06:05:00Z", now, buf);
	CHECK_HAS(buf, "2026-11-24T06:05:00Z (in 1h");
	pgm_cli_when("yesterday", now, buf);
	CHECK_STR(buf, "yesterday");
	pgm_cli_when(NULL, now, buf);
	CHECK_STR(buf, "");
}

CHECK_MAIN(CASE(aligned), CASE(column_without_values_is_left_out), CASE(empty), CASE(widths_count_characters),
           CASE(long_tables_stream), CASE(control_characters_are_written_out),
           CASE(text_check_finds_the_first_bad_byte), CASE(times))

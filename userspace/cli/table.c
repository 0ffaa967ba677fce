/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned tables of any length in bounded memory. */
#include "cli/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

struct pgm_cli_table {
	FILE *out;
	const struct pgm_cli_column *columns;
	size_t count;
	bool streaming;
	bool used[PGM_CLI_TABLE_COLUMNS];
	size_t width[PGM_CLI_TABLE_COLUMNS];
	size_t held;
	char **cells; /* PGM_CLI_TABLE_HELD rows of count cells */
};

struct pgm_cli_table *pgm_cli_table_new(FILE *out, const struct pgm_cli_column *columns, size_t count)
{
	struct pgm_cli_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->cells = calloc(PGM_CLI_TABLE_HELD * count, sizeof(*table->cells));
	if (!table->cells) {
		free(table);
		return NULL;
	}
	table->out = out;
	table->columns = columns;
	table->count = count;
	for (size_t i = 0; i < count; i++)
		table->width[i] = pgm_cli_width(columns[i].title);
	return table;
}

static size_t last_used(const struct pgm_cli_table *table)
{
	size_t last = 0;

	for (size_t i = 0; i < table->count; i++)
		if (table->used[i])
			last = i;
	return last;
}

/* No blanks behind the last column: lines stay as short as they are. */
static void print_row(const struct pgm_cli_table *table, const char *const *cells)
{
	size_t last = last_used(table);

	for (size_t i = 0; i <= last; i++) {
		const char *cell = cells[i] ? cells[i] : "-";
		size_t width = pgm_cli_width(cell);
		size_t pad = table->width[i] > width ? table->width[i] - width : 0;

		if (!table->used[i])
			continue;
		if (table->columns[i].right)
			fprintf(table->out, "%*s%s", (int)pad, "", cell);
		else
			fprintf(table->out, "%s%*s", cell, i == last ? 0 : (int)pad, "");
		fputs(i == last ? "\n" : "  ", table->out);
	}
}

static void flush(struct pgm_cli_table *table)
{
	const char *titles[PGM_CLI_TABLE_COLUMNS] = {0};

	for (size_t i = 0; i < table->count; i++)
		titles[i] = table->columns[i].title;
	print_row(table, titles);
	for (size_t row = 0; row < table->held; row++) {
		char **cells = table->cells + row * table->count;
		print_row(table, (const char *const *)cells);
		for (size_t i = 0; i < table->count; i++)
			free(cells[i]);
	}
	table->held = 0;
}

static void begin_streaming(struct pgm_cli_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		table->used[i] = true;
		if (table->width[i] < table->columns[i].streamed)
			table->width[i] = table->columns[i].streamed;
	}
	flush(table);
	table->streaming = true;
}

static int escape_row(const struct pgm_cli_table *table, const char *const *cells, char **copies)
{
	for (size_t i = 0; i < table->count; i++) {
		copies[i] = cells[i] ? pgm_cli_escape(cells[i]) : NULL;
		if (cells[i] && !copies[i]) {
			while (i-- > 0)
				free(copies[i]);
			return -ENOMEM;
		}
	}
	return 0;
}

static void measure(struct pgm_cli_table *table, char *const *cells)
{
	for (size_t i = 0; i < table->count; i++) {
		size_t width = cells[i] ? pgm_cli_width(cells[i]) : 0;
		table->used[i] |= cells[i] != NULL;
		if (width > table->width[i])
			table->width[i] = width;
	}
}

int pgm_cli_table_row(struct pgm_cli_table *table, const char *const *cells)
{
	char *copies[PGM_CLI_TABLE_COLUMNS];

	if (escape_row(table, cells, copies) < 0)
		return -ENOMEM;
	if (!table->streaming && table->held == PGM_CLI_TABLE_HELD)
		begin_streaming(table);
	if (table->streaming) {
		print_row(table, (const char *const *)copies);
		for (size_t i = 0; i < table->count; i++)
			free(copies[i]);
		return 0;
	}
	measure(table, copies);
	memcpy(table->cells + table->held * table->count, copies, table->count * sizeof(*copies));
	table->held++;
	return 0;
}

void pgm_cli_table_end(struct pgm_cli_table *table)
{
	if (!table)
		return;
	if (!table->streaming && table->held > 0)
		flush(table);
	free(table->cells);
	free(table);
}

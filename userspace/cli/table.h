/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned tables of any length in bounded memory. */
#ifndef PGM_CLI_TABLE_H
#define PGM_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* So many rows are held to find the widths; what follows is printed at once, with these widths. */
#define PGM_CLI_TABLE_HELD    1024
#define PGM_CLI_TABLE_COLUMNS 12

struct pgm_cli_column {
	const char *title;
	bool right;      /* numbers */
	size_t streamed; /* at least so wide in a table that is longer than what is held; 0 if the held rows will do */
};

struct pgm_cli_table;

/* columns must outlive the table; at most PGM_CLI_TABLE_COLUMNS. NULL when out of memory. */
struct pgm_cli_table *pgm_cli_table_new(FILE *out, const struct pgm_cli_column *columns, size_t count);

/* One row of count cells, copied and escaped. NULL is an empty cell; a column without any value is left out of a table
 * that is held whole. 0 or -ENOMEM. */
int pgm_cli_table_row(struct pgm_cli_table *table, const char *const *cells);

/* Prints what is still held and frees the table. NULL is fine. */
void pgm_cli_table_end(struct pgm_cli_table *table);

#endif

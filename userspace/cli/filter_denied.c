/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter denied: who is being refused. */
#include <errno.h>

#include "cli/ask.h"
#include "cli/number.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/clock.h"
#include "pgmoat/gate_abi.h"

#define DEFAULT_TOP 20
#define MOST        (2 * PGM_DENIED_MAX) /* IPv4 and IPv6 */

static const struct pgm_cli_column columns[] = {
        {"ADDRESS", false, 39}, {"REFUSED", true, 9}, {"FIRST", false, 29},
        {"LAST", false, 29},    {"PORT", true, 5},    {"REASON", false, 0},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int print_source(struct pgm_cli_table *table, const json_t *source, uint64_t now)
{
	json_int_t port_number = json_integer_value(json_object_get(source, "port"));
	char count[24], port[24], first[PGM_CLI_WHEN], last[PGM_CLI_WHEN];

	snprintf(count, sizeof(count), "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(source, "count")));
	snprintf(port, sizeof(port), "%" JSON_INTEGER_FORMAT, port_number);
	pgm_cli_when(text_of(source, "first"), now, first);
	pgm_cli_when(text_of(source, "last"), now, last);
	const char *const cells[COLUMNS] = {
	        text_of(source, "address"), count, first, last, port_number ? port : NULL, text_of(source, "reason"),
	};
	return pgm_cli_table_row(table, cells);
}

static int print_sources(const json_t *sources)
{
	struct pgm_cli_table *table = pgm_cli_table_new(stdout, columns, COLUMNS);
	uint64_t now = pgm_utc_now();
	const json_t *source;
	size_t i;
	int result = table ? 0 : -ENOMEM;

	json_array_foreach (sources, i, source) {
		if (result == 0)
			result = print_source(table, source, now);
	}
	pgm_cli_table_end(table);
	return result;
}

static int print_answer(const json_t *final)
{
	const json_t *sources = json_object_get(final, "sources");
	json_int_t unrecorded = json_integer_value(json_object_get(final, "unrecorded"));
	struct pgm_error err;

	int result = print_sources(sources);
	if (result < 0) {
		pgm_fail(&err, result, "out of memory");
		return pgm_cli_complain(&err);
	}
	printf("%zu of %" JSON_INTEGER_FORMAT " refused sources", json_array_size(sources),
	       json_integer_value(json_object_get(final, "known")));
	if (unrecorded)
		printf("; %" JSON_INTEGER_FORMAT " refused packets came too fast for their sources to be recorded",
		       unrecorded);
	putchar('\n');
	return PGM_CLI_DONE;
}

static int run(struct pgm_cli *cli)
{
	uint64_t top = DEFAULT_TOP;
	json_t *final;

	if (cli->top && !pgm_cli_number(cli->top, 1, MOST, &top))
		return pgm_cli_usage(cli, "--top %s: give a number from 1 to %u", cli->top, MOST);
	int result = pgm_cli_ask(cli, json_pack("{s:s, s:I}", "cmd", "filter.denied", "top", (json_int_t)top), &final);
	if (result != PGM_CLI_DONE)
		return result;
	if (cli->json)
		pgm_cli_print_final(final);
	else
		result = print_answer(final);
	json_decref(final);
	return result;
}

const struct pgm_cli_command pgm_cli_filter_denied = {
        .operands = "",
        .options = PGM_CLI_TOP,
        .about = "who is being refused, most refused first",
        .details =
                "Lists the sources that the gate refused, most refused first, with the first and the last time, the\n"
                "last port that was tried and the reason. The table is bounded: under a flood of new sources the\n"
                "oldest are forgotten, and packets whose source found no room are counted in the last line.\n",
        .run = run,
};

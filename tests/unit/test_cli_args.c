/* SPDX-License-Identifier: Apache-2.0 */
/* The command line taken apart: words, options before and behind operands, and what is refused with exit code 2. */
#include <stdlib.h>

#include "cli/cli.h"
#include "lib/check.h"

#define ARGS_MAX 16

static struct pgm_cli cli;
static char *errors;

/* The words of line, separated by blanks, as argv. */
static int parse(const char *line)
{
	static char copy[512];
	char *argv[ARGS_MAX + 1] = {(char[]){"pgmoat"}};
	static char *kept[ARGS_MAX + 1];
	int argc = 1;
	size_t len;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	memcpy(kept, argv, sizeof(kept)); /* cli points into it */
	kept[argc] = NULL;
	free(errors);
	errors = NULL;
	FILE *out = open_memstream(&errors, &len);
	CHECK(out);
	int result = pgm_cli_parse(argc, kept, out, &cli);
	fclose(out);
	return result;
}

static void words_find_their_command(void)
{
	for (size_t i = 0; i < pgm_cli_command_count; i++) {
		const struct pgm_cli_entry *entry = &pgm_cli_table_of_commands[i];
		char line[128];

		snprintf(line, sizeof(line), "%s%s", entry->words, entry->command->least_operands ? " x" : "");
		CHECK_INT(parse(line), PGM_CLI_DONE);
		CHECK(cli.entry == entry);
		CHECK(entry->command->run);
		CHECK_INT(cli.operand_count, entry->command->least_operands);
	}
}

static void options_stand_anywhere(void)
{
	static const char *const lines[] = {
	        "filter add 192.0.2.1 --comment hello --for 2h --scope direct --class client --json --config f",
	        "filter add --comment hello --for 2h --scope direct --class client --json --config f 192.0.2.1",
	        "--json --config f filter --comment=hello add --for=2h --scope=direct 192.0.2.1 --class=client",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CHECK_INT(parse(lines[i]), PGM_CLI_DONE);
		CHECK_STR(cli.entry->words, "filter add");
		CHECK_INT(cli.operand_count, 1);
		CHECK_STR(cli.operands[0], "192.0.2.1");
		CHECK_STR(cli.comment, "hello");
		CHECK_STR(cli.duration, "2h");
		CHECK_STR(cli.scope, "direct");
		CHECK_STR(cli.class_name, "client");
		CHECK_STR(cli.config_path, "f");
		CHECK(cli.json && !cli.plain && !cli.help);
	}
}

static void operands_that_look_odd(void)
{
	CHECK_INT(parse("filter set -"), PGM_CLI_DONE);
	CHECK_STR(cli.operands[0], "-");
	CHECK_INT(parse("filter add -- -x"), PGM_CLI_DONE);
	CHECK_STR(cli.operands[0], "-x");
	CHECK_INT(parse("filter check 192.0.2.1 5432"), PGM_CLI_DONE);
	CHECK_INT(cli.operand_count, 2);
	CHECK_STR(cli.operands[1], "5432");
}

static void help_and_version(void)
{
	CHECK_INT(parse("--help"), PGM_CLI_DONE);
	CHECK(cli.help && !cli.entry && !cli.group);
	CHECK_INT(parse("--version"), PGM_CLI_DONE);
	CHECK(cli.version && !cli.entry);
	CHECK_INT(parse("filter --help"), PGM_CLI_DONE);
	CHECK_STR(cli.group, "filter");
	CHECK_INT(parse("filter add --help"), PGM_CLI_DONE); /* without the operand that it needs otherwise */
	CHECK(cli.help && cli.entry);
}

static void wrong_usage(void)
{
	static const struct {
		const char *line, *says, *sees;
	} rows[] = {
	        {"", "no command", "see pgmoat --help"},
	        {"nonsense", "no such command: nonsense", "see pgmoat --help"},
	        {"filter", "second word", "see pgmoat filter --help"},
	        {"filter nonsense", "no such command: filter nonsense", "see pgmoat filter --help"},
	        {"filter nonsense --help", "no such command: filter nonsense", "see pgmoat filter --help"},
	        {"filter add", "filter add needs ADDR", "see pgmoat filter add --help"},
	        {"filter add a b", "one argument too many: b", "see pgmoat filter add --help"},
	        {"status now", "one argument too many: now", "see pgmoat status --help"},
	        {"filter check a 1 2", "one argument too many: 2", "see pgmoat filter check --help"},
	        {"status --nonsense", "no such option: --nonsense", "see pgmoat status --help"},
	        {"status -x", "no such option: -x", "see pgmoat status --help"},
	        {"status -xyz", "no such option: -x", "see pgmoat status --help"},
	        {"status --json=yes", "no such option: --json=yes", "see pgmoat status --help"},
	        {"status --top 3", "--top is no option of status", "see pgmoat status --help"},
	        {"filter add a --version", "--version is no option", "see pgmoat filter add --help"},
	        {"filter add a --comment", "--comment needs a value", "see pgmoat filter add --help"},
	        {"filter add a\033[2J b", "one argument too many: b", "see pgmoat filter add --help"},
	        {"a\033[2J", "no such command: a\\x1b[2J", "see pgmoat --help"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(parse(rows[i].line), PGM_CLI_USAGE);
		CHECK_HAS(errors, rows[i].says);
		CHECK_HAS(errors, rows[i].sees);
	}
	free(errors);
	errors = NULL;
}

CHECK_MAIN(CASE(words_find_their_command), CASE(options_stand_anywhere), CASE(operands_that_look_odd),
           CASE(help_and_version), CASE(wrong_usage))

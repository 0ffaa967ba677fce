/* SPDX-License-Identifier: Apache-2.0 */
/* The options of all commands in one table, and argv taken apart by it. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "cli/text.h"

struct option_row {
	unsigned bit;
	const char *name;
	const char *value; /* NULL: a switch */
	const char *help;
	size_t offset; /* of a const char * or, for a switch, a bool in struct pgm_cli */
};
static const struct option_row rows[] = {
        {PGM_CLI_PLAIN, "plain", NULL, "only the client rules, as lines that filter set reads back",
         offsetof(struct pgm_cli, plain)},
        {PGM_CLI_COMMENT, "comment", "TEXT", "a note that is kept with the rule", offsetof(struct pgm_cli, comment)},
        {PGM_CLI_FOR, "for", "TIME", "let in for this long only: 90s, 15m, 2h, 7d, 2h30m",
         offsetof(struct pgm_cli, duration)},
        {PGM_CLI_SCOPE, "scope", "NAMES", "only into these scopes, joined by commas (default: all)",
         offsetof(struct pgm_cli, scope)},
        {PGM_CLI_CLASS, "class", "CLASS", "client (default), replication, monitoring or private",
         offsetof(struct pgm_cli, class_name)},
        {PGM_CLI_TOP, "top", "N", "how many sources to show (default 20)", offsetof(struct pgm_cli, top)},
        {PGM_CLI_JSON, "json", NULL, "print the answer as JSON", offsetof(struct pgm_cli, json)},
        {PGM_CLI_CONFIG, "config", "FILE", "the configuration (default " PGM_CONFIG_DEFAULT ")",
         offsetof(struct pgm_cli, config_path)},
        {PGM_CLI_HELP, "help", NULL, "this text", offsetof(struct pgm_cli, help)},
        {PGM_CLI_VERSION, "version", NULL, "the version of pgmoat", offsetof(struct pgm_cli, version)},
};
#define ROWS        (sizeof(rows) / sizeof(rows[0]))
#define COMMON      (PGM_CLI_JSON | PGM_CLI_CONFIG | PGM_CLI_HELP)
#define GETOPT_BASE 256 /* above every character, so that no row is taken for a short option */

static int usage(FILE *errors, const struct pgm_cli *cli, const char *fmt, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	fputs("pgmoat: ", errors);
	pgm_cli_put(errors, text);
	fprintf(errors, "\nsee pgmoat %s%s--help\n",
	        cli->entry   ? cli->entry->words
	        : cli->group ? cli->group
	                     : "",
	        cli->entry || cli->group ? " " : "");
	return PGM_CLI_USAGE;
}

static int usage_to(FILE *errors, const struct pgm_cli *cli, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
static int usage_to(FILE *errors, const struct pgm_cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int result = usage(errors, cli, fmt, args);
	va_end(args);
	return result;
}

int pgm_cli_usage(const struct pgm_cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int result = usage(stderr, cli, fmt, args);
	va_end(args);
	return result;
}

/* What getopt_long found besides operands. */
struct found {
	unsigned used;
	char unknown[64];          /* first argument that is no option of any command */
	const char *without_value; /* first option that lacks its value */
};

static void take_option(const struct option_row *row, struct pgm_cli *cli, struct found *found)
{
	void *field = (char *)cli + row->offset;

	found->used |= row->bit;
	if (row->value)
		*(const char **)field = optarg;
	else
		*(bool *)field = true;
}

/* Inside a cluster of short options getopt has not moved on yet: only optopt tells which one it is. */
static void name_unknown(char **argv, struct found *found)
{
	if (optopt > 0 && optopt < GETOPT_BASE)
		snprintf(found->unknown, sizeof(found->unknown), "-%c", optopt);
	else
		snprintf(found->unknown, sizeof(found->unknown), "%s", argv[optind - 1]);
}

/* Goes on after an error, so that all operands are known when help is offered. */
static void scan(int argc, char **argv, struct pgm_cli *cli, struct found *found)
{
	struct option options[ROWS + 1] = {0};
	int got;

	for (size_t i = 0; i < ROWS; i++)
		options[i] = (struct option){rows[i].name, rows[i].value != NULL, NULL, GETOPT_BASE + (int)i};
	opterr = 0;
	optind = 0; /* GNU: start anew, also when called twice in one process */
	while ((got = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (got == '?' && !found->unknown[0])
			name_unknown(argv, found);
		else if (got == ':' && !found->without_value)
			found->without_value = argv[optind - 1];
		else if (got >= GETOPT_BASE)
			take_option(&rows[got - GETOPT_BASE], cli, found);
	}
	cli->operands = argv + optind;
	cli->operand_count = argc - optind;
}

/* Does words ("filter add") stand at the front of the operands? Returns how many operands that takes, or 0. */
static int words_match(const struct pgm_cli *cli, const char *words)
{
	int taken = 0;

	while (*words) {
		size_t len = strcspn(words, " ");
		if (taken >= cli->operand_count || strlen(cli->operands[taken]) != len ||
		    memcmp(cli->operands[taken], words, len) != 0)
			return 0;
		taken++;
		words += len;
		words += *words == ' ';
	}
	return taken;
}

static void find_command(struct pgm_cli *cli)
{
	for (size_t i = 0; i < pgm_cli_command_count; i++) {
		const struct pgm_cli_entry *entry = &pgm_cli_table_of_commands[i];
		int taken = words_match(cli, entry->words);
		if (taken > 0) {
			cli->entry = entry;
			cli->operands += taken;
			cli->operand_count -= taken;
			return;
		}
	}
	for (size_t i = 0; cli->operand_count > 0 && i < pgm_cli_command_count; i++) {
		const char *words = pgm_cli_table_of_commands[i].words;
		size_t len = strlen(cli->operands[0]);
		if (strncmp(words, cli->operands[0], len) == 0 && words[len] == ' ')
			cli->group = cli->operands[0];
	}
}

static int check_command(const struct pgm_cli *cli, const struct found *found, FILE *errors)
{
	const struct pgm_cli_command *command = cli->entry->command;
	unsigned foreign = found->used & ~(command->options | COMMON);

	for (size_t i = 0; i < ROWS; i++)
		if (foreign & rows[i].bit)
			return usage_to(errors, cli, "--%s is no option of %s", rows[i].name, cli->entry->words);
	if (cli->help)
		return PGM_CLI_DONE;
	if (cli->operand_count < command->least_operands)
		return usage_to(errors, cli, "%s needs %s", cli->entry->words, command->operands);
	if (cli->operand_count > command->most_operands)
		return usage_to(errors, cli, "%s: one argument too many: %s", cli->entry->words,
		                cli->operands[command->most_operands]);
	return PGM_CLI_DONE;
}

static int check_no_command(const struct pgm_cli *cli, FILE *errors)
{
	if (cli->operand_count > (cli->group ? 1 : 0))
		return usage_to(errors, cli, "no such command: %s%s%s", cli->operands[0],
		                cli->operand_count > 1 ? " " : "", cli->operand_count > 1 ? cli->operands[1] : "");
	if (cli->help || cli->version)
		return PGM_CLI_DONE;
	if (cli->group)
		return usage_to(errors, cli, "%s needs a second word", cli->group);
	return usage_to(errors, cli, "no command was given");
}

int pgm_cli_parse(int argc, char **argv, FILE *errors, struct pgm_cli *cli)
{
	struct found found = {0};

	memset(cli, 0, sizeof(*cli));
	scan(argc, argv, cli, &found);
	find_command(cli);
	if (found.unknown[0])
		return usage_to(errors, cli, "no such option: %s", found.unknown);
	if (found.without_value)
		return usage_to(errors, cli, "%s needs a value", found.without_value);
	return cli->entry ? check_command(cli, &found, errors) : check_no_command(cli, errors);
}

void pgm_cli_synopsis(const struct pgm_cli_entry *entry, char *buf, size_t len)
{
	const struct pgm_cli_command *command = entry->command;
	FILE *out = fmemopen(buf, len, "w");

	buf[0] = '\0';
	if (!out)
		return;
	fprintf(out, "pgmoat %s%s%s", entry->words, *command->operands ? " " : "", command->operands);
	for (size_t i = 0; i < ROWS; i++)
		if ((command->options | PGM_CLI_JSON | PGM_CLI_CONFIG) & rows[i].bit)
			fprintf(out, " [--%s%s%s]", rows[i].name, rows[i].value ? " " : "",
			        rows[i].value ? rows[i].value : "");
	fclose(out);
}

void pgm_cli_print_help(const struct pgm_cli_entry *entry, FILE *out)
{
	char synopsis[512];

	pgm_cli_synopsis(entry, synopsis, sizeof(synopsis));
	fprintf(out, "usage: %s\n\n%s\n", synopsis, entry->command->details);
	for (size_t i = 0; i < ROWS; i++) {
		char name[40];
		if (!((entry->command->options | COMMON) & rows[i].bit))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
		         rows[i].value ? rows[i].value : "");
		fprintf(out, "  %-16s %s\n", name, rows[i].help);
	}
}

void pgm_cli_print_overview(const char *group, FILE *out)
{
	size_t len = group ? strlen(group) : 0;

	fprintf(out, "usage: pgmoat %s%sCOMMAND [OPTION]...\n\n", group ? group : "", group ? " " : "");
	for (size_t i = 0; i < pgm_cli_command_count; i++) {
		const struct pgm_cli_entry *entry = &pgm_cli_table_of_commands[i];
		char call[64];
		if (strncmp(entry->words, group ? group : "", len) != 0)
			continue;
		snprintf(call, sizeof(call), "%s %s", entry->words, entry->command->operands);
		fprintf(out, "  %-26s %s\n", call, entry->command->about);
	}
	fputs("\nEvery command takes --json, --config FILE and --help; pgmoat --version names the version.\n", out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every subcommand of pgmoat gets and gives: the parsed command line, exit codes, messages. */
#ifndef PGM_CLI_CLI_H
#define PGM_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "common/config.h"
#include "common/error.h"

enum pgm_cli_exit {
	PGM_CLI_DONE = 0,
	PGM_CLI_FAILED = 1,
	PGM_CLI_USAGE = 2,
	PGM_CLI_NOT_ASKED = 3, /* filter check only: the gate could not be asked */
};

/* Options that a command may take besides --json, --config and --help, which all commands take. */
enum pgm_cli_option {
	PGM_CLI_PLAIN = 1 << 0,
	PGM_CLI_COMMENT = 1 << 1,
	PGM_CLI_FOR = 1 << 2,
	PGM_CLI_SCOPE = 1 << 3,
	PGM_CLI_CLASS = 1 << 4,
	PGM_CLI_TOP = 1 << 5,
	PGM_CLI_JSON = 1 << 6,
	PGM_CLI_CONFIG = 1 << 7,
	PGM_CLI_HELP = 1 << 8,
	PGM_CLI_VERSION = 1 << 9,
};

struct pgm_cli;

struct pgm_cli_command {
	const char *operands; /* as the synopsis shows them: "ADDR [PORT]", or "" */
	int least_operands;
	int most_operands;
	unsigned options;                /* enum pgm_cli_option */
	const char *about;               /* one line of the overview */
	const char *details;             /* paragraphs of --help, ends in a newline */
	int (*run)(struct pgm_cli *cli); /* returns an enum pgm_cli_exit */
};

/* One row of the table that maps words to functions. */
struct pgm_cli_entry {
	const char *words; /* "filter add" */
	const struct pgm_cli_command *command;
};
extern const struct pgm_cli_entry pgm_cli_table_of_commands[];
extern const size_t pgm_cli_command_count;

struct pgm_cli {
	const struct pgm_cli_entry *entry; /* NULL when no command was named (--help, --version) */
	const char *group;                 /* "filter" when only that was said, with --help; else NULL */

	/* Options: NULL or false when not given. */
	const char *config_path;
	const char *comment;
	const char *duration;
	const char *scope;
	const char *class_name;
	const char *top;
	bool json;
	bool plain;
	bool help;
	bool version;

	char **operands;
	int operand_count;

	struct pgm_config config; /* loaded before run */
};

/*
 * Reorders argv and fills cli (its config excepted). Options may stand anywhere. Returns PGM_CLI_DONE, or PGM_CLI_USAGE
 * after a message on errors.
 */
int pgm_cli_parse(int argc, char **argv, FILE *errors, struct pgm_cli *cli);

/* "pgmoat filter add ADDR [--comment TEXT] ... [--json] [--config FILE]": what --help starts with and the man page
 * shows. */
void pgm_cli_synopsis(const struct pgm_cli_entry *entry, char *buf, size_t len);
/* --help of one command. */
void pgm_cli_print_help(const struct pgm_cli_entry *entry, FILE *out);
/* --help of the program, or of one group of commands ("filter") if group is not NULL. */
void pgm_cli_print_overview(const char *group, FILE *out);

/* The whole program: parses, loads the configuration, runs the command. Returns the exit code. */
int pgm_cli_main(int argc, char **argv);

/* Says on standard error what is wrong with the request and where help is. Returns PGM_CLI_USAGE. */
int pgm_cli_usage(const struct pgm_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "pgmoat: WHAT" and "HINT: ..." on standard error, control characters escaped. Returns PGM_CLI_FAILED. */
int pgm_cli_complain(const struct pgm_error *err);

/* The subcommands, one file each. */
extern const struct pgm_cli_command pgm_cli_status;
extern const struct pgm_cli_command pgm_cli_filter_list;
extern const struct pgm_cli_command pgm_cli_filter_show;
extern const struct pgm_cli_command pgm_cli_filter_set;
extern const struct pgm_cli_command pgm_cli_filter_add;
extern const struct pgm_cli_command pgm_cli_filter_remove;
extern const struct pgm_cli_command pgm_cli_filter_anywhere;
extern const struct pgm_cli_command pgm_cli_filter_nowhere;
extern const struct pgm_cli_command pgm_cli_filter_enforce;
extern const struct pgm_cli_command pgm_cli_filter_check;
extern const struct pgm_cli_command pgm_cli_filter_denied;
extern const struct pgm_cli_command pgm_cli_metrics;
extern const struct pgm_cli_command pgm_cli_audit_log_verify;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The table that maps words to subcommands, and the way from argv to one of them. */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "cli/text.h"

const struct pgm_cli_entry pgm_cli_table_of_commands[] = {
        {"status", &pgm_cli_status},
        {"filter list", &pgm_cli_filter_list},
        {"filter show", &pgm_cli_filter_show},
        {"filter set", &pgm_cli_filter_set},
        {"filter add", &pgm_cli_filter_add},
        {"filter remove", &pgm_cli_filter_remove},
        {"filter anywhere", &pgm_cli_filter_anywhere},
        {"filter nowhere", &pgm_cli_filter_nowhere},
        {"filter enforce", &pgm_cli_filter_enforce},
        {"filter check", &pgm_cli_filter_check},
        {"filter denied", &pgm_cli_filter_denied},
        {"metrics", &pgm_cli_metrics},
        {"audit-log verify", &pgm_cli_audit_log_verify},
};
const size_t pgm_cli_command_count = sizeof(pgm_cli_table_of_commands) / sizeof(pgm_cli_table_of_commands[0]);

/* A command that failed has told its reason. */
static int finish_output(int result)
{
	struct pgm_error err = {0};

	if ((fflush(stdout) == 0 && !ferror(stdout)) || result != PGM_CLI_DONE)
		return result;
	pgm_fail(&err, -errno, "the output could not be written: %s", strerror(errno));
	return pgm_cli_complain(&err);
}

static int run_command(struct pgm_cli *cli)
{
	const char *path = cli->config_path ? cli->config_path : PGM_CONFIG_DEFAULT;

	/* The configuration's own errors are printed by the loader, with file and line. */
	if (pgm_config_load(path, cli->config_path != NULL, stderr, &cli->config) < 0)
		return PGM_CLI_FAILED;
	int result = cli->entry->command->run(cli);
	pgm_config_free(&cli->config);
	return result;
}

int pgm_cli_main(int argc, char **argv)
{
	struct pgm_cli cli;
	int result = pgm_cli_parse(argc, argv, stderr, &cli);

	if (result != PGM_CLI_DONE)
		return result;
	if (cli.version)
		printf("pgmoat %s\n", PGM_VERSION);
	else if (!cli.entry)
		pgm_cli_print_overview(cli.group, stdout);
	else if (cli.help)
		pgm_cli_print_help(cli.entry, stdout);
	else
		result = run_command(&cli);
	return finish_output(result);
}

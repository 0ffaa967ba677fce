/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter anywhere, nowhere, enforce: the mode, without touching the list. */
#include "cli/change.h"

static int set_mode(struct pgm_cli *cli, const char *mode, const char *verb)
{
	return pgm_cli_change(cli, json_pack("{s:s, s:s}", "cmd", "filter.mode", "mode", mode), verb);
}

static int run_anywhere(struct pgm_cli *cli)
{
	return set_mode(cli, "anywhere", "everyone may connect");
}

static int run_nowhere(struct pgm_cli *cli)
{
	return set_mode(cli, "nowhere", "no client may connect");
}

static int run_enforce(struct pgm_cli *cli)
{
	return set_mode(cli, "list", "the list is in force");
}

const struct pgm_cli_command pgm_cli_filter_anywhere = {
        .operands = "",
        .about = "let everyone in, keep the list",
        .details = "Opens the guarded ports to everyone. The list is kept; pgmoat filter enforce returns to it.\n",
        .run = run_anywhere,
};

const struct pgm_cli_command pgm_cli_filter_nowhere = {
        .operands = "",
        .about = "let no client in, keep the list",
        .details = "Closes the guarded ports to all clients. The system classes (replication, monitoring, private)\n"
                   "still pass. The list is kept; pgmoat filter enforce returns to it.\n",
        .run = run_nowhere,
};

const struct pgm_cli_command pgm_cli_filter_enforce = {
        .operands = "",
        .about = "return to the stored list",
        .details = "Puts the stored list back in force after pgmoat filter anywhere or nowhere.\n",
        .run = run_enforce,
};

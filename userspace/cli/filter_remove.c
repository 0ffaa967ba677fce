/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter remove: take rules off the list. */
#include "cli/change.h"

static int run(struct pgm_cli *cli)
{
	json_t *request = json_pack("{s:s}", "cmd", "filter.remove");
	int result = pgm_cli_put_text(cli, request, "target", cli->operands[0]);

	if (result == PGM_CLI_DONE)
		return pgm_cli_change(cli, request, "removed");
	json_decref(request);
	return result;
}

const struct pgm_cli_command pgm_cli_filter_remove = {
        .operands = "ADDR|ID",
        .least_operands = 1,
        .most_operands = 1,
        .about = "take a rule off the list",
        .details = "Removes the rule with this ID, or the rules for exactly this address, network or range. Removing\n"
                   "the last rule leaves an empty list that admits nobody; it does not open the ports.\n",
        .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter add: let one more address in. */
#include <string.h>

#include "cli/change.h"
#include "common/clock.h"

static int put_duration(const struct pgm_cli *cli, json_t *request)
{
	uint64_t seconds;

	if (!cli->duration)
		return PGM_CLI_DONE;
	if (pgm_duration_parse(cli->duration, strlen(cli->duration), &seconds) < 0)
		return pgm_cli_usage(cli, "--for %s: a time looks like 90s, 15m, 2h, 7d or 2h30m, at most 10 years",
		                     cli->duration);
	json_object_set_new(request, "for", json_integer((json_int_t)seconds));
	return PGM_CLI_DONE;
}

static int run(struct pgm_cli *cli)
{
	json_t *request = json_pack("{s:s}", "cmd", "filter.add");
	int result = pgm_cli_put_text(cli, request, "address", cli->operands[0]);

	if (result == PGM_CLI_DONE)
		result = pgm_cli_put_text(cli, request, "comment", cli->comment);
	if (result == PGM_CLI_DONE)
		result = pgm_cli_put_text(cli, request, "scopes", cli->scope);
	if (result == PGM_CLI_DONE)
		result = pgm_cli_put_text(cli, request, "class", cli->class_name);
	if (result == PGM_CLI_DONE)
		result = put_duration(cli, request);
	if (result == PGM_CLI_DONE)
		return pgm_cli_change(cli, request, "added");
	json_decref(request);
	return result;
}

const struct pgm_cli_command pgm_cli_filter_add = {
        .operands = "ADDR",
        .least_operands = 1,
        .most_operands = 1,
        .options = PGM_CLI_COMMENT | PGM_CLI_FOR | PGM_CLI_SCOPE | PGM_CLI_CLASS,
        .about = "let an address, network or range in",
        .details = "ADDR is an IPv4 or IPv6 address (203.0.113.7), a network (203.0.113.0/24, 2001:db8::/48) or a\n"
                   "range (203.0.113.5-203.0.113.9). A rule with --for stops working by itself, also when the\n"
                   "daemon does not run. The mode stays as it is, except that the first rule ends mode unset.\n",
        .run = run,
};

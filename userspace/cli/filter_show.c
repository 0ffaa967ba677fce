/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter show: all that is known about one rule. */
#include <string.h>

#include "cli/ask.h"
#include "cli/number.h"
#include "cli/rule.h"
#include "cli/text.h"
#include "common/clock.h"

static void line(const char *label, const char *value)
{
	printf("%-17s ", label);
	pgm_cli_put(stdout, value && *value ? value : "-");
	putchar('\n');
}

static void count(const char *label, const json_t *rule, const char *key)
{
	printf("%-17s %" JSON_INTEGER_FORMAT "\n", label, json_integer_value(json_object_get(rule, key)));
}

static const char *text_of(const json_t *rule, const char *key)
{
	return json_string_value(json_object_get(rule, key));
}

static void print_rule(const json_t *rule)
{
	char name[PGM_CLI_RULE_TEXT], expiry[PGM_CLI_RULE_TEXT], when[PGM_CLI_WHEN];
	uint64_t now = pgm_utc_now();

	pgm_cli_rule_name(rule, name);
	pgm_cli_rule_expiry(rule, now, expiry);
	line("rule", name);
	line("address", text_of(rule, "address"));
	line("class", text_of(rule, "class"));
	line("scopes", text_of(rule, "scopes"));
	pgm_cli_when(text_of(rule, "expires"), now, when);
	line("expires", when[0] ? when : expiry);
	count("packets", rule, "packets");
	count("connections", rule, "connections");
	pgm_cli_when(text_of(rule, "last_connection"), now, when);
	line("last connection", when);
	line("comment", text_of(rule, "comment"));
}

static int run(struct pgm_cli *cli)
{
	uint64_t id;
	json_t *final;

	if (!pgm_cli_number(cli->operands[0], 1, UINT32_MAX, &id))
		return pgm_cli_usage(cli, "%s is no rule ID; pgmoat filter list shows them", cli->operands[0]);
	int result = pgm_cli_ask(cli, json_pack("{s:s, s:I}", "cmd", "filter.show", "id", (json_int_t)id), &final);
	if (result != PGM_CLI_DONE)
		return result;
	if (cli->json)
		pgm_cli_print_json(json_object_get(final, "rule"));
	else
		print_rule(json_object_get(final, "rule"));
	json_decref(final);
	return PGM_CLI_DONE;
}

const struct pgm_cli_command pgm_cli_filter_show = {
        .operands = "ID",
        .least_operands = 1,
        .most_operands = 1,
        .about = "one rule: scopes, expiry, hits, last seen",
        .details = "Shows all that is known about the rule with this ID (pgmoat filter list shows the IDs).\n",
        .run = run,
};

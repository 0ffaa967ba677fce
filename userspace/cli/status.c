/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat status: one screen that tells whether the promises stand. */
#include <errno.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/offline.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/clock.h"

static const struct pgm_cli_column columns[] = {
        {"INTERFACE", false, 0},
        {"GUARD", false, 0},
        {"WHY", false, 0},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* label, then text that came from the daemon. */
static void line(const char *label, const char *text)
{
	printf("%-10s ", label);
	pgm_cli_put(stdout, text);
	putchar('\n');
}

static void print_daemon(const json_t *daemon)
{
	char since[PGM_CLI_WHEN];
	char text[512];

	pgm_cli_when(text_of(daemon, "started"), pgm_utc_now(), since);
	snprintf(text, sizeof(text), "pgmoatd %s, pid %" JSON_INTEGER_FORMAT ", since %s", text_of(daemon, "version"),
	         number(daemon, "pid"), since);
	line("daemon", text);
	line("config", text_of(daemon, "config"));
}

static void print_gate(const json_t *gate)
{
	const json_t *scope;
	size_t i;

	line("gate", pgm_cli_mode_meaning(json_string_value(json_object_get(gate, "mode"))));
	printf("%-10s generation %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT " rule%s", "policy",
	       number(gate, "generation"), number(gate, "rules"), number(gate, "rules") == 1 ? "" : "s");
	printf(" (%" JSON_INTEGER_FORMAT " expired), %" JSON_INTEGER_FORMAT " from the configuration\n",
	       number(gate, "expired"), number(gate, "implicit"));
	json_array_foreach (json_object_get(gate, "scopes"), i, scope) {
		fputs(i ? ", " : "scopes     ", stdout);
		pgm_cli_put(stdout, text_of(scope, "name"));
		fputs(" = ", stdout);
		pgm_cli_put(stdout, text_of(scope, "ports"));
	}
	puts(i ? "" : "scopes     none");
	line("pins", text_of(gate, "pin_dir"));
}

/* "native, no frags": what guards an interface; or why nothing has to. */
static void describe_guard(const json_t *interface, char *buf, size_t len)
{
	const char *guard = text_of(interface, "guard");

	if (strcmp(guard, "none") != 0)
		snprintf(buf, len, "%s%s", guard,
		         strcmp(guard, "native") == 0 && !json_is_true(json_object_get(interface, "frags"))
		                 ? " (no multi-buffer)"
		                 : "");
	else if (!json_is_true(json_object_get(interface, "wanted")))
		snprintf(buf, len, "not wanted");
	else
		snprintf(buf, len, "UNGUARDED");
}

static int print_interfaces(const json_t *interfaces)
{
	struct pgm_cli_table *table = pgm_cli_table_new(stdout, columns, COLUMNS);
	const json_t *interface;
	size_t i;

	if (!table)
		return -ENOMEM;
	if (json_array_size(interfaces) > 0)
		putchar('\n');
	json_array_foreach (interfaces, i, interface) {
		char guard[64];
		const char *why = text_of(interface, "why");
		describe_guard(interface, guard, sizeof(guard));
		const char *const cells[COLUMNS] = {text_of(interface, "name"), guard, *why ? why : NULL};
		if (pgm_cli_table_row(table, cells) < 0)
			break;
	}
	pgm_cli_table_end(table);
	return 0;
}

static void print_texts(const char *prefix, const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach (texts, i, text) {
		const char *value = json_string_value(text);
		printf("%s%s", i ? "" : "\n", prefix);
		pgm_cli_put(stdout, value ? value : "");
		putchar('\n');
	}
}

static void print_verdict(const json_t *final)
{
	size_t problems = json_array_size(json_object_get(final, "problems"));
	json_int_t unguarded = number(json_object_get(final, "gate"), "unguarded");

	if (problems == 0 && unguarded == 0)
		line("problems", "none");
	else
		printf("%-10s %zu, see below; %" JSON_INTEGER_FORMAT " interface%s UNGUARDED\n", "problems", problems,
		       unguarded, unguarded == 1 ? "" : "s");
}

static void print_status(const json_t *final)
{
	const json_t *gate = json_object_get(final, "gate");

	print_daemon(json_object_get(final, "daemon"));
	print_gate(gate);
	print_verdict(final);
	if (print_interfaces(json_object_get(gate, "interfaces")) < 0)
		puts("(out of memory)");
	print_texts("PROBLEM: ", json_object_get(final, "problems"));
	print_texts("WARNING: ", json_object_get(final, "warnings"));
}

/* Scripts get an object in both cases; "daemon" is null when it does not answer. */
static void print_offline_json(const struct pgm_config *config)
{
	json_t *answer = json_pack("{s:n, s:o}", "daemon", "gate", pgm_cli_offline_json(config));

	pgm_cli_print_json(answer);
	json_decref(answer);
}

static int run(struct pgm_cli *cli)
{
	const struct pgm_cli_asker asker = {0};
	json_t *final;
	int result = pgm_cli_ask_raw(cli, json_pack("{s:s}", "cmd", "status"), &asker, &final);

	if (result == PGM_CLI_NOT_ASKED && cli->json)
		print_offline_json(&cli->config);
	if (result != PGM_CLI_DONE)
		return PGM_CLI_FAILED;
	if (cli->json)
		pgm_cli_print_final(final);
	else
		print_status(final);
	json_decref(final);
	return PGM_CLI_DONE;
}

const struct pgm_cli_command pgm_cli_status = {
        .operands = "",
        .about = "one screen: does the gate stand, and on what",
        .details =
                "Shows the daemon, the mode, the policy in force, the guarded ports and every interface. Exits 0 when\n"
                "the daemon answers, whatever it says, and 1 when it does not; then it tells from the pinned maps\n"
                "whether the gate is still enforcing.\n",
        .run = run,
};

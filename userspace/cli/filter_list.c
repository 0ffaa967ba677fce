/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter list: the mode, the rules with their use, and what is implicitly allowed. */
#include <errno.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/rule.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/clock.h"

/* The streamed widths hold the longest IPv6 network and a dozen digits, so that a long list stays in line. */
static const struct pgm_cli_column columns[] = {
        {"ID", true, 7},           {"ADDRESS", false, 43},   {"SCOPE", false, 6},
        {"CLASS", false, 11},      {"EXPIRES", false, 9},    {"PACKETS", true, 12},
        {"CONNECTIONS", true, 11}, {"LAST SEEN", false, 29}, {"COMMENT", false, 0},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

struct listing {
	struct pgm_cli_table *table;
	uint64_t now;
	size_t printed;
	json_int_t generation; /* of the policy whose mode was told */
};

static const char *text_of(const json_t *rule, const char *key)
{
	return json_string_value(json_object_get(rule, key));
}

static int print_row(const json_t *rule, struct listing *listing)
{
	char id[PGM_CLI_RULE_TEXT], expires[PGM_CLI_RULE_TEXT], packets[24], connections[24], seen[PGM_CLI_WHEN];
	const char *class_name = text_of(rule, "class");

	pgm_cli_rule_name(rule, id);
	pgm_cli_rule_expiry(rule, listing->now, expires);
	snprintf(packets, sizeof(packets), "%" JSON_INTEGER_FORMAT,
	         json_integer_value(json_object_get(rule, "packets")));
	snprintf(connections, sizeof(connections), "%" JSON_INTEGER_FORMAT,
	         json_integer_value(json_object_get(rule, "connections")));
	pgm_cli_when(text_of(rule, "last_connection"), listing->now, seen);
	const char *const cells[COLUMNS] = {
	        id,          text_of(rule, "address"), text_of(rule, "scopes"),  class_name, expires, packets,
	        connections, seen[0] ? seen : NULL,    text_of(rule, "comment"),
	};
	return pgm_cli_table_row(listing->table, cells);
}

static int print_rows(const json_t *part, void *arg)
{
	struct listing *listing = arg;
	const json_t *rule;
	size_t i;

	json_array_foreach (json_object_get(part, "rules"), i, rule) {
		int result = print_row(rule, listing);
		if (result < 0)
			return result;
	}
	return ferror(stdout) ? -EIO : 0;
}

/* One line as filter set reads it. Only the client list can be set; an expired rule can't be written as one. */
static void print_plain(const json_t *rule)
{
	const char *scopes = text_of(rule, "scopes"), *comment = text_of(rule, "comment");
	const char *address = text_of(rule, "address"), *class_name = text_of(rule, "class");

	if (json_is_true(json_object_get(rule, "implicit")) || !class_name || strcmp(class_name, "client") != 0)
		return;
	fputs(json_is_true(json_object_get(rule, "expired")) ? "# expired: " : "", stdout);
	pgm_cli_put(stdout, address ? address : "");
	if (scopes && strcmp(scopes, "all") != 0) {
		fputs(" scope=", stdout);
		pgm_cli_put(stdout, scopes);
	}
	if (json_is_integer(json_object_get(rule, "remaining")) && !json_is_true(json_object_get(rule, "expired")))
		printf(" for=%" JSON_INTEGER_FORMAT "s", json_integer_value(json_object_get(rule, "remaining")));
	if (comment) {
		fputs(" # ", stdout);
		pgm_cli_put(stdout, comment);
	}
	putchar('\n');
}

static int print_plain_rows(const json_t *part, void *arg)
{
	const json_t *rule;
	size_t i;

	(void)arg;
	json_array_foreach (json_object_get(part, "rules"), i, rule)
		print_plain(rule);
	return ferror(stdout) ? -EIO : 0;
}

static int print_json_rows(const json_t *part, void *arg)
{
	struct listing *listing = arg;
	const json_t *rule;
	size_t i;

	json_array_foreach (json_object_get(part, "rules"), i, rule) {
		fputs(listing->printed++ ? ",\n" : "{\"rules\": [\n", stdout);
		json_dumpf(rule, stdout, JSON_COMPACT);
	}
	return ferror(stdout) ? -EIO : 0;
}

/* The rest of the object whose rules were printed as they came. */
static void end_json(const struct listing *listing, json_t *final)
{
	const char *key;
	json_t *value;

	fputs(listing->printed ? "\n]" : "{\"rules\": []", stdout);
	json_object_foreach (final, key, value) {
		if (strcmp(key, "ok") == 0)
			continue;
		printf(", \"%s\": ", key);
		json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	}
	fputs("}\n", stdout);
}

static int ask(struct pgm_cli *cli, const struct pgm_cli_asker *asker, json_t **final)
{
	int result = pgm_cli_ask_raw(cli, json_pack("{s:s}", "cmd", "filter.list"), asker, final);

	return result == PGM_CLI_NOT_ASKED ? PGM_CLI_FAILED : result;
}

static int list_json(struct pgm_cli *cli)
{
	struct listing listing = {0};
	const struct pgm_cli_asker asker = {.part = print_json_rows, .arg = &listing};
	json_t *final;
	int result = ask(cli, &asker, &final);

	if (result != PGM_CLI_DONE)
		return result;
	end_json(&listing, final);
	json_decref(final);
	return PGM_CLI_DONE;
}

static int list_plain(struct pgm_cli *cli)
{
	const struct pgm_cli_asker asker = {.part = print_plain_rows};
	json_t *final;
	int result = ask(cli, &asker, &final);

	if (result == PGM_CLI_DONE)
		json_decref(final);
	return result;
}

/* The mode stands above the rows, but an answer names it behind them: status is asked first. */
static int tell_mode(struct pgm_cli *cli, struct listing *listing)
{
	json_t *final;
	int result = pgm_cli_ask(cli, json_pack("{s:s}", "cmd", "status"), &final);

	if (result != PGM_CLI_DONE)
		return result;
	const json_t *gate = json_object_get(final, "gate");
	puts(pgm_cli_mode_meaning(json_string_value(json_object_get(gate, "mode"))));
	listing->generation = json_integer_value(json_object_get(gate, "generation"));
	json_decref(final);
	return PGM_CLI_DONE;
}

static int list_table(struct pgm_cli *cli)
{
	struct listing listing = {.now = pgm_utc_now()};
	const struct pgm_cli_asker asker = {.part = print_rows, .arg = &listing};
	json_t *final;
	int result = tell_mode(cli, &listing);

	if (result != PGM_CLI_DONE)
		return result;
	listing.table = pgm_cli_table_new(stdout, columns, COLUMNS);
	if (!listing.table) {
		struct pgm_error err;
		pgm_fail(&err, -ENOMEM, "out of memory");
		return pgm_cli_complain(&err);
	}
	result = ask(cli, &asker, &final);
	pgm_cli_table_end(listing.table);
	if (result != PGM_CLI_DONE)
		return result;
	if (json_integer_value(json_object_get(final, "generation")) != listing.generation)
		printf("The policy changed meanwhile: %s\n",
		       pgm_cli_mode_meaning(json_string_value(json_object_get(final, "mode"))));
	json_decref(final);
	return PGM_CLI_DONE;
}

static int run(struct pgm_cli *cli)
{
	if (cli->plain && cli->json)
		return pgm_cli_usage(cli, "--plain and --json exclude each other");
	return cli->plain ? list_plain(cli) : cli->json ? list_json(cli) : list_table(cli);
}

const struct pgm_cli_command pgm_cli_filter_list = {
        .operands = "",
        .options = PGM_CLI_PLAIN,
        .about = "the mode, and every rule with its use",
        .details = "Shows who may connect: the mode in the first line, then each rule with its packets, new\n"
                   "connections and the time of the last new one. Rules with the ID \"config\" come from the\n"
                   "[system] section of the configuration. With --plain only the client rules are printed, as\n"
                   "pgmoat filter set reads them; rules that have expired become comments.\n",
        .run = run,
};

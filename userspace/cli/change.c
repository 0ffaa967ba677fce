/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that change the policy: one question, and the CHANGE that it caused. */
#include "cli/change.h"

#include "cli/text.h"

static json_int_t number(const json_t *final, const char *key)
{
	return json_integer_value(json_object_get(final, key));
}

static void print_texts(const char *prefix, const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach (texts, i, text) {
		const char *value = json_string_value(text);
		fputs(prefix, stdout);
		pgm_cli_put(stdout, value ? value : "");
		putchar('\n');
	}
}

static void print_ids(const json_t *ids)
{
	const json_t *id;
	size_t i;

	json_array_foreach (ids, i, id)
		printf("%s%" JSON_INTEGER_FORMAT,
		       i                          ? ", "
		       : json_array_size(ids) > 1 ? " as rules "
		                                  : " as rule ",
		       json_integer_value(id));
}

void pgm_cli_change_print(struct pgm_cli *cli, json_t *final, const char *verb)
{
	const char *mode = json_string_value(json_object_get(final, "mode"));
	json_int_t rules = number(final, "rules");

	if (cli->json) {
		pgm_cli_print_final(final);
		return;
	}
	fputs(verb, stdout);
	print_ids(json_object_get(final, "ids"));
	printf(": %" JSON_INTEGER_FORMAT " rule%s (%" JSON_INTEGER_FORMAT " added, %" JSON_INTEGER_FORMAT
	       " removed, %" JSON_INTEGER_FORMAT " unchanged), mode ",
	       rules, rules == 1 ? "" : "s", number(final, "added"), number(final, "removed"),
	       number(final, "unchanged"));
	pgm_cli_put(stdout, mode ? mode : "unknown");
	printf(", generation %" JSON_INTEGER_FORMAT "\n", number(final, "generation"));
	print_texts("note: ", json_object_get(final, "notes"));
	print_texts("WARNING: ", json_object_get(final, "warnings"));
}

int pgm_cli_change(struct pgm_cli *cli, json_t *request, const char *verb)
{
	json_t *final;
	int result = pgm_cli_ask(cli, request, &final);

	if (result != PGM_CLI_DONE)
		return result;
	pgm_cli_change_print(cli, final, verb);
	json_decref(final);
	return PGM_CLI_DONE;
}

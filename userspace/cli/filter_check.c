/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter check: would this address get in? Asks the live program in the kernel. */
#include <string.h>

#include "cli/ask.h"
#include "cli/number.h"
#include "cli/text.h"
#include "common/clock.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The reason names the rule; what it leaves out is the note that somebody made. */
static void print_comment(const json_t *rule)
{
	if (!*text_of(rule, "comment"))
		return;
	fputs("; comment \"", stdout);
	pgm_cli_put(stdout, text_of(rule, "comment"));
	putchar('"');
}

static void print_scope(const json_t *answer)
{
	json_int_t port = json_integer_value(json_object_get(answer, "port"));
	const char *scope = text_of(answer, "scope");

	fputs("; ", stdout);
	if (*scope && strcmp(scope, "-") != 0) { /* "-": a port that is not guarded has none */
		fputs("scope ", stdout);
		pgm_cli_put(stdout, scope);
		printf(" (port %" JSON_INTEGER_FORMAT ")", port);
	} else {
		printf("port %" JSON_INTEGER_FORMAT, port);
	}
	if (*text_of(answer, "interfaces")) {
		fputs(" on ", stdout);
		pgm_cli_put(stdout, text_of(answer, "interfaces"));
	}
}

static void print_remaining(const json_t *answer)
{
	const json_t *remaining = json_object_get(answer, "remaining");
	char span[PGM_TIME_TEXT];

	if (json_is_integer(remaining) && json_integer_value(remaining) > 0) {
		pgm_duration_format((uint64_t)json_integer_value(remaining), span, sizeof(span));
		printf("; %s left", span);
	} else if (json_is_true(json_object_get(answer, "allowed")) &&
	           json_is_object(json_object_get(answer, "rule"))) {
		fputs("; permanent", stdout);
	}
}

static void print_answer(const json_t *answer)
{
	fputs(json_is_true(json_object_get(answer, "allowed")) ? "allowed  " : "refused  ", stdout);
	pgm_cli_put(stdout, text_of(answer, "reason"));
	print_comment(json_object_get(answer, "rule"));
	print_scope(answer);
	print_remaining(answer);
	putchar('\n');
}

static bool all_allowed(const json_t *answers)
{
	const json_t *answer;
	size_t i;

	json_array_foreach (answers, i, answer)
		if (!json_is_true(json_object_get(answer, "allowed")))
			return false;
	return true;
}

static int make_request(struct pgm_cli *cli, json_t *request)
{
	uint64_t port;
	int result = pgm_cli_put_text(cli, request, "address", cli->operands[0]);

	if (result != PGM_CLI_DONE || cli->operand_count == 1)
		return result;
	if (!pgm_cli_number(cli->operands[1], 1, 65535, &port))
		return pgm_cli_usage(cli, "%s is no port (1 to 65535)", cli->operands[1]);
	json_object_set_new(request, "port", json_integer((json_int_t)port));
	return PGM_CLI_DONE;
}

static int run(struct pgm_cli *cli)
{
	const struct pgm_cli_asker asker = {0};
	json_t *request = json_pack("{s:s}", "cmd", "filter.check");
	json_t *final;
	int result = make_request(cli, request);

	if (result != PGM_CLI_DONE) {
		json_decref(request);
		return result;
	}
	result = pgm_cli_ask_raw(cli, request, &asker, &final);
	if (result != PGM_CLI_DONE) /* 1 says "refused" and must not also say "could not ask" */
		return result == PGM_CLI_USAGE ? PGM_CLI_USAGE : PGM_CLI_NOT_ASKED;

	const json_t *answers = json_object_get(final, "answers"), *answer;
	size_t i;
	if (cli->json)
		pgm_cli_print_json(answers);
	else
		json_array_foreach (answers, i, answer)
			print_answer(answer);
	/* No answer at all is no permission. */
	result = json_array_size(answers) == 0 ? PGM_CLI_NOT_ASKED
	         : all_allowed(answers)        ? PGM_CLI_DONE
	                                       : PGM_CLI_FAILED;
	json_decref(final);
	return result;
}

const struct pgm_cli_command pgm_cli_filter_check = {
        .operands = "ADDR [PORT]",
        .least_operands = 1,
        .most_operands = 2,
        .about = "would this address get in?",
        .details =
                "Asks the live program in the kernel with a made-up connection from ADDR; nothing is counted. Without\n"
                "PORT it prints a line for each scope. A line starts with \"allowed\" or \"refused\", followed by the\n"
                "reason with the matching rule, the scope and the remaining time. Exits 0 if all is allowed, 1 if\n"
                "something is refused, 2 for a wrong request, 3 if the gate could not be asked.\n",
        .run = run,
};

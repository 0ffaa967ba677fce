/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat audit-log verify: is the chain of changes whole? Reads the file itself, without the daemon. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/number.h"
#include "cli/text.h"
#include "common/audit_chain.h"
#include "common/cleanup.h"
#include "common/clock.h"

/* The last entry of a log that was verified, so its lines are short; NULL if there is none or it can't be read. */
static json_t *last_entry(const char *path)
{
	PGM_FCLOSE FILE *in = fopen(path, "re");
	PGM_FREE char *line = malloc(PGM_AUDIT_LINE_MAX + 2);
	PGM_FREE char *last = NULL;

	while (in && line && fgets(line, PGM_AUDIT_LINE_MAX + 2, in)) {
		free(last);
		last = strdup(line);
	}
	return last ? json_loads(last, 0, NULL) : NULL;
}

/* The generation in the header of filter.rules. It takes root to read it: false for everybody else. */
static bool stored_generation(const struct pgm_config *config, uint64_t *out)
{
	static const char field[] = "generation ";
	char path[PATH_MAX + 16], line[128];

	snprintf(path, sizeof(path), "%s/filter.rules", config->state_dir);
	PGM_FCLOSE FILE *in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in) && line[0] != '\n') {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, field, sizeof(field) - 1) == 0)
			return pgm_cli_number(line + sizeof(field) - 1, 0, UINT32_MAX, out);
	}
	return false;
}

struct result {
	uint64_t lines;
	json_t *last;      /* NULL if the log is empty */
	char warning[256]; /* empty if there is none */
};

static void compare_with_rules(const struct pgm_config *config, struct result *result)
{
	json_int_t logged = json_integer_value(json_object_get(result->last, "generation"));
	uint64_t stored;

	if (stored_generation(config, &stored) && (json_int_t)stored > logged)
		snprintf(result->warning, sizeof(result->warning),
		         "filter.rules has generation %" PRIu64 ", the last line of the log %" JSON_INTEGER_FORMAT
		         ": changes are missing at the end of the log",
		         stored, logged);
}

static void print_last(const json_t *last)
{
	const json_t *uid = json_object_get(last, "uid");
	char when[PGM_CLI_WHEN];

	if (!last)
		return;
	pgm_cli_when(json_string_value(json_object_get(last, "time")), pgm_utc_now(), when);
	fputs(", last change ", stdout);
	pgm_cli_put(stdout, when);
	if (json_is_integer(uid))
		printf(" by uid %" JSON_INTEGER_FORMAT, json_integer_value(uid));
}

static void print_text(const struct result *result)
{
	printf("audit log whole: %" PRIu64 " line%s", result->lines, result->lines == 1 ? "" : "s");
	print_last(result->last);
	putchar('\n');
	if (result->warning[0])
		printf("WARNING: %s\n", result->warning);
}

static void print_json(const struct result *result)
{
	json_t *answer = json_pack("{s:b, s:I, s:O?, s:s?}", "whole", 1, "lines", (json_int_t)result->lines, "last",
	                           result->last, "warning", result->warning[0] ? result->warning : NULL);

	pgm_cli_print_json(answer);
	json_decref(answer);
}

static int run(struct pgm_cli *cli)
{
	char path[PATH_MAX + 16];
	struct result result = {0};
	struct pgm_error err = {0};

	snprintf(path, sizeof(path), "%s/" PGM_AUDIT_FILE, cli->config.state_dir);
	int rc = pgm_audit_verify(path, &result.lines, &err);
	if (rc == -ENOENT)
		pgm_hint(&err, "pgmoatd makes it at its first start; state_dir is %s", cli->config.state_dir);
	if (rc < 0)
		return pgm_cli_complain(&err);
	result.last = last_entry(path);
	compare_with_rules(&cli->config, &result);
	if (cli->json)
		print_json(&result);
	else
		print_text(&result);
	json_decref(result.last);
	return PGM_CLI_DONE;
}

const struct pgm_cli_command pgm_cli_audit_log_verify = {
        .operands = "",
        .about = "is the chain of changes whole?",
        .details = "Checks that every line of the audit log carries the SHA-256 of the line before it, and names the\n"
                   "first line that does not. Works without the daemon. Root is also warned when the stored rules are\n"
                   "newer than the last line.\n",
        .run = run,
};

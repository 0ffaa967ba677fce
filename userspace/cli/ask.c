/* SPDX-License-Identifier: Apache-2.0 */
/* A question to pgmoatd and its answer, as every subcommand asks it. */
#include "cli/ask.h"

#include <errno.h>
#include <string.h>

#include "cli/offline.h"
#include "cli/progress.h"
#include "cli/text.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void tell_refusal(const json_t *final)
{
	struct pgm_error err;

	pgm_fail(&err, 0, "%s", text_of(final, "error"));
	pgm_hint(&err, "%s", text_of(final, "hint"));
	pgm_cli_complain(&err);
}

static void show_progress(struct pgm_cli_progress *progress, const json_t *news)
{
	json_int_t done = json_integer_value(json_object_get(news, "done"));
	json_int_t total = json_integer_value(json_object_get(news, "total"));

	pgm_cli_progress_show(progress, text_of(news, "stage"), done > 0 ? (uint64_t)done : 0,
	                      total > 0 ? (uint64_t)total : 0);
}

/* Frames until the final one, which is given. */
static int collect(struct pgm_cli_client *client, const struct pgm_cli_asker *asker, struct pgm_cli_progress *progress,
                   json_t **final, struct pgm_error *err)
{
	for (;;) {
		json_t *frame;
		int result = pgm_cli_client_receive(client, &frame, err);

		if (result < 0)
			return result;
		if (json_object_get(frame, "ok")) {
			*final = frame;
			return 0;
		}
		const json_t *part = json_object_get(frame, "part");
		if (part && asker->part)
			result = asker->part(part, asker->arg);
		else if (!part)
			show_progress(progress, json_object_get(frame, "progress"));
		json_decref(frame);
		if (result < 0) {
			pgm_fail(err, result, "the answer could not be printed: %s", strerror(-result));
			pgm_hint(err, "what was printed is not whole");
			return result;
		}
	}
}

static int converse(struct pgm_cli_client *client, const json_t *request, const struct pgm_cli_asker *asker,
                    struct pgm_cli_progress *progress, json_t **final, struct pgm_error *err)
{
	struct pgm_error early;
	int result = pgm_cli_client_send(client, request, err);

	if (result == 0 && asker->upload)
		result = asker->upload(client, asker->arg, err);
	if (result == 0)
		return collect(client, asker, progress, final, err);
	/* The daemon says why before it hangs up. */
	if (result == -EPIPE && collect(client, asker, progress, final, &early) == 0)
		return 0;
	return result;
}

static int judge(json_t *frame, const struct pgm_cli_asker *asker, json_t **final)
{
	if (json_is_true(json_object_get(frame, "ok"))) {
		*final = frame;
		return PGM_CLI_DONE;
	}
	if (asker->refused)
		asker->refused(frame, asker->arg);
	else
		tell_refusal(frame);
	int result = strcmp(text_of(frame, "kind"), "usage") == 0 ? PGM_CLI_USAGE : PGM_CLI_FAILED;
	json_decref(frame);
	return result;
}

int pgm_cli_ask_raw(struct pgm_cli *cli, json_t *request, const struct pgm_cli_asker *asker, json_t **final)
{
	struct pgm_cli_progress progress;
	struct pgm_cli_client *client = NULL;
	struct pgm_error err = {0};
	json_t *frame = NULL;

	int result = pgm_cli_client_open(&cli->config, &client, &err);
	if (result < 0) {
		pgm_cli_complain(&err);
		if (result != -EACCES)
			pgm_cli_offline_tell(&cli->config, stderr);
		json_decref(request);
		return PGM_CLI_NOT_ASKED;
	}
	pgm_cli_progress_start(&progress);
	result = converse(client, request, asker, &progress, &frame, &err);
	pgm_cli_progress_end(&progress);
	pgm_cli_client_close(client);
	json_decref(request);
	if (result == 0)
		return judge(frame, asker, final);
	if (!err.hint[0])
		pgm_hint(&err,
		         "look at the daemon with: systemctl status pgmoatd; a change that was asked for may have "
		         "happened or not: pgmoat filter list");
	pgm_cli_complain(&err);
	if (result == -ETIMEDOUT)
		pgm_cli_offline_tell(&cli->config, stderr);
	return PGM_CLI_NOT_ASKED;
}

int pgm_cli_ask(struct pgm_cli *cli, json_t *request, json_t **final)
{
	const struct pgm_cli_asker asker = {0};
	int result = pgm_cli_ask_raw(cli, request, &asker, final);

	return result == PGM_CLI_NOT_ASKED ? PGM_CLI_FAILED : result;
}

int pgm_cli_put_text(const struct pgm_cli *cli, json_t *request, const char *key, const char *text)
{
	if (!text)
		return PGM_CLI_DONE;
	if (json_object_set_new(request, key, json_string(text)) < 0)
		return pgm_cli_usage(cli, "the %s is not UTF-8 text", key);
	return PGM_CLI_DONE;
}

void pgm_cli_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

void pgm_cli_print_final(json_t *final)
{
	json_object_del(final, "ok");
	pgm_cli_print_json(final);
}

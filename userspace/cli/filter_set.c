/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoat filter set: replace the whole client list at once. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cli/change.h"
#include "cli/input.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "common/cleanup.h"
#include "common/frame.h"

/* JSON writes a control character in six bytes: the worst chunk still fits into a frame. */
#define CHUNK (40u * 1024)
_Static_assert(6 * CHUNK + 64 <= PGM_FRAME_MAX, "a chunk of escaped bytes fits into a frame");

struct upload {
	const char *name; /* of the file, in messages */
	struct pgm_cli_input input;
};

static int send_lines(struct pgm_cli_client *client, const char *lines, size_t len, struct pgm_error *err)
{
	json_t *frame = json_object();

	if (!frame || json_object_set_new(frame, "lines", json_stringn(lines, len)) < 0) {
		json_decref(frame);
		return pgm_fail(err, -ENOMEM, "out of memory");
	}
	int result = pgm_cli_client_send(client, frame, err);
	json_decref(frame);
	return result;
}

static int send_end(struct pgm_cli_client *client, struct pgm_error *err)
{
	json_t *frame = json_pack("{s:b}", "end", 1);
	int result = pgm_cli_client_send(client, frame, err);

	json_decref(frame);
	return result;
}

/* At most CHUNK bytes that end with a whole character. */
static size_t chunk_length(const char *text, size_t len)
{
	if (len <= CHUNK)
		return len;
	len = CHUNK;
	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static int upload_lines(struct pgm_cli_client *client, void *arg, struct pgm_error *err)
{
	const struct upload *upload = arg;
	struct pgm_cli_progress progress;
	size_t at = 0;
	int result = 0;

	pgm_cli_progress_start(&progress);
	/* An answer before the end is a refusal: the rest is not worth sending. */
	while (result == 0 && at < upload->input.len && !pgm_cli_client_pending(client)) {
		size_t len = chunk_length(upload->input.text + at, upload->input.len - at);
		result = send_lines(client, upload->input.text + at, len, err);
		at += len;
		pgm_cli_progress_show(&progress, "sending the list", at, upload->input.len);
	}
	pgm_cli_progress_end(&progress);
	return result < 0 || at < upload->input.len ? result : send_end(client, err);
}

static void print_line_error(const char *name, json_int_t line, const char *text)
{
	pgm_cli_put(stderr, name);
	fprintf(stderr, ":%" JSON_INTEGER_FORMAT ": ", line);
	pgm_cli_put(stderr, text);
	fputc('\n', stderr);
}

static void print_refusal(const json_t *final, void *arg)
{
	const struct upload *upload = arg;
	const json_t *errors = json_object_get(final, "errors"), *error;
	const char *what = json_string_value(json_object_get(final, "error"));
	const char *hint = json_string_value(json_object_get(final, "hint"));
	json_int_t count = json_integer_value(json_object_get(final, "error_count"));
	struct pgm_error err;
	size_t i;

	json_array_foreach (errors, i, error) {
		const char *text = json_string_value(json_object_get(error, "text"));
		print_line_error(upload->name, json_integer_value(json_object_get(error, "line")), text ? text : "");
	}
	if (count > (json_int_t)json_array_size(errors))
		fprintf(stderr, "and %" JSON_INTEGER_FORMAT " more errors\n",
		        count - (json_int_t)json_array_size(errors));
	what = what ? what : "the list was refused";
	pgm_fail(&err, 0, "%s%s", what, strstr(what, "nothing was changed") ? "" : "; nothing was changed");
	pgm_hint(&err, "%s", hint ? hint : "");
	pgm_cli_complain(&err);
}

static int read_named(const char *name, struct pgm_cli_input *input)
{
	PGM_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : pgm_cli_input_read(fd, input);
}

static int load(struct pgm_cli *cli, struct upload *upload)
{
	struct pgm_error err = {0};
	bool standard = strcmp(cli->operands[0], "-") == 0;

	upload->name = standard ? "standard input" : cli->operands[0];
	int result =
	        standard ? pgm_cli_input_read(STDIN_FILENO, &upload->input) : read_named(upload->name, &upload->input);
	if (result == 0)
		return PGM_CLI_DONE;
	pgm_fail(&err, result, "%s: %s; nothing was changed", upload->name,
	         result == -EFBIG ? "larger than 1 GiB" : strerror(-result));
	return pgm_cli_complain(&err);
}

/* JSON carries UTF-8 only, so what is not text is told here, with the number of its line. */
static int check_text(const struct upload *upload)
{
	size_t bad_lines[PGM_CLI_INPUT_ERRORS];
	struct pgm_error err = {0};
	size_t count = pgm_cli_input_check(&upload->input, bad_lines);

	if (count == 0)
		return PGM_CLI_DONE;
	for (size_t i = 0; i < count && i < PGM_CLI_INPUT_ERRORS; i++)
		print_line_error(upload->name, (json_int_t)bad_lines[i], "not UTF-8 text");
	if (count > PGM_CLI_INPUT_ERRORS)
		fprintf(stderr, "and %zu more errors\n", count - PGM_CLI_INPUT_ERRORS);
	pgm_fail(&err, 0, "%zu line%s of %s %s not UTF-8 text; nothing was changed", count, count == 1 ? "" : "s",
	         upload->name, count == 1 ? "is" : "are");
	pgm_cli_complain(&err);
	return PGM_CLI_USAGE;
}

static int set_list(struct pgm_cli *cli, struct upload *upload)
{
	const struct pgm_cli_asker asker = {.upload = upload_lines, .refused = print_refusal, .arg = upload};
	json_t *final;
	int result = pgm_cli_ask_raw(cli, json_pack("{s:s}", "cmd", "filter.set"), &asker, &final);

	if (result == PGM_CLI_DONE) {
		pgm_cli_change_print(cli, final, "list set");
		json_decref(final);
	}
	return result == PGM_CLI_NOT_ASKED ? PGM_CLI_FAILED : result;
}

static int run(struct pgm_cli *cli)
{
	struct upload upload = {0};
	int result = load(cli, &upload);

	if (result == PGM_CLI_DONE)
		result = check_text(&upload);
	if (result == PGM_CLI_DONE)
		result = set_list(cli, &upload);
	pgm_cli_input_free(&upload.input);
	return result;
}

const struct pgm_cli_command pgm_cli_filter_set = {
        .operands = "FILE|-",
        .least_operands = 1,
        .most_operands = 1,
        .about = "replace the whole client list at once",
        .details =
                "Reads one rule a line: ADDR [scope=a,b] [for=2h] [# comment]; empty lines and lines that start with\n"
                "# are skipped. With one wrong line nothing is changed, and every wrong line is told. No packet ever\n"
                "sees half a list, and rules that stay keep their counters. Other classes are not touched. An empty\n"
                "file is an error; pgmoat filter nowhere closes the ports, pgmoat filter anywhere opens them.\n",
        .run = run,
};

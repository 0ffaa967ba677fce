/* SPDX-License-Identifier: Apache-2.0 */
/* A list on its way in: text cut anywhere becomes lines, lines become rules, and every error is kept. */
#include "daemon/upload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/texts.h"

struct pgmd_upload *pgmd_upload_new(const struct pgm_config *config)
{
	struct pgmd_upload *upload = calloc(1, sizeof(*upload));

	if (!upload)
		return NULL;
	upload->config = config;
	upload->set = pgm_ruleset_new();
	upload->errors = json_array();
	upload->line = 1;
	/* Whole seconds, rounded up: nobody gets less time than the list says. */
	upload->utc_now = pgm_utc_now() + 1;
	upload->boot_now_s = pgm_boottime_now_ns() / 1000000000u + 1;
	if (upload->set && upload->errors)
		return upload;
	pgmd_upload_free(upload);
	return NULL;
}

void pgmd_upload_free(struct pgmd_upload *upload)
{
	if (!upload)
		return;
	pgm_ruleset_unref(upload->set);
	json_decref(upload->errors);
	free(upload);
}

static void add_error(struct pgmd_upload *upload, const struct pgm_error *err)
{
	char text[sizeof(err->what) + sizeof(err->hint) + 4];

	if (upload->error_count++ >= PGMD_ERRORS_MAX)
		return;
	snprintf(text, sizeof(text), err->hint[0] ? "%s (%s)" : "%s%s", err->what, err->hint);
	json_array_append_new(upload->errors,
	                      json_pack("{s:I, s:o}", "line", (json_int_t)upload->line, "text", pgmd_text(text)));
}

static void take_rule(struct pgmd_upload *upload, struct pgm_rule *rule)
{
	struct pgm_error err = {0};

	/* Nothing will be applied after an error: from then on, rules are only checked. */
	int code = upload->error_count ? 0 : pgm_ruleset_append(upload->set, rule);
	if (code == -E2BIG)
		pgm_fail(&err, code, "the list has more than %u rules", PGM_RULESET_MAX);
	else if (code < 0)
		pgm_fail(&err, code, "out of memory");
	if (code < 0)
		add_error(upload, &err);
	free(rule->comment);
}

static void take_line(struct pgmd_upload *upload, const char *line, size_t len)
{
	struct pgm_error err = {0};
	struct pgm_rule rule = {0};
	bool folded = false;

	int code = pgm_rule_parse_line(upload->config, line, len, upload->utc_now, upload->boot_now_s, &rule, &folded,
	                               &err);
	upload->folded += folded;
	if (code < 0)
		add_error(upload, &err);
	else if (code > 0)
		take_rule(upload, &rule);
}

static void line_too_long(struct pgmd_upload *upload)
{
	struct pgm_error err = {0};

	if (!upload->too_long) {
		pgm_fail(&err, 0, "the line is longer than %d bytes", PGMD_LINE_MAX);
		add_error(upload, &err);
	}
	upload->too_long = true;
	upload->partial_len = 0;
}

/* A piece without a newline: it waits for the rest of its line. */
static void keep_partial(struct pgmd_upload *upload, const char *text, size_t len)
{
	if (upload->too_long || len > sizeof(upload->partial) - upload->partial_len) {
		line_too_long(upload);
		return;
	}
	memcpy(upload->partial + upload->partial_len, text, len);
	upload->partial_len += len;
}

static void end_line(struct pgmd_upload *upload, const char *text, size_t len)
{
	if (upload->too_long || upload->partial_len) {
		keep_partial(upload, text, len);
		text = upload->partial;
		len = upload->partial_len;
	} else if (len > PGMD_LINE_MAX) {
		line_too_long(upload);
	}
	if (!upload->too_long)
		take_line(upload, text, len);
	upload->partial_len = 0;
	upload->too_long = false;
	upload->line++;
}

void pgmd_upload_text(struct pgmd_upload *upload, const char *text, size_t len)
{
	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t part = newline ? (size_t)(newline - text) : len;
		if (!newline) {
			keep_partial(upload, text, part);
			return;
		}
		end_line(upload, text, part);
		text += part + 1;
		len -= part + 1;
	}
}

void pgmd_upload_end(struct pgmd_upload *upload)
{
	if (upload->partial_len || upload->too_long)
		end_line(upload, "", 0);
}

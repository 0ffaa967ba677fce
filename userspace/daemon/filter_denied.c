/* SPDX-License-Identifier: Apache-2.0 */
/* filter.denied: who is being refused. */
#include "daemon/filter_denied.h"

#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/client.h"
#include "daemon/daemon.h"
#include "daemon/rule_json.h"
#include "daemon/verdict_text.h"

#define TOP_MAX 1000 /* a row has at most 230 bytes; the answer is one frame */

static json_t *denied_row(const struct pgm_denied_row *row, const struct pgmd_now *now)
{
	char address[PGM_RANGE_TEXT];

	pgm_range_format(&row->source, address);
	return json_pack("{s:s, s:I, s:o, s:o, s:i, s:s}", "address", address, "count", (json_int_t)row->info.count,
	                 "first", pgmd_moment(row->info.first, now), "last", pgmd_moment(row->info.last, now), "port",
	                 (int)row->info.port, "reason", pgmd_verdict_help(row->info.verdict));
}

static json_t *denied_rows(const struct pgmd_daemon *daemon, const struct pgm_denied_row *rows, size_t count)
{
	struct pgmd_now now = pgmd_now(daemon->current);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(array, denied_row(&rows[i], &now)) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

void pgmd_filter_denied(struct pgmd_client *client, json_t *request)
{
	const struct pgmd_gate *gate = &client->daemon->gate;
	json_t *wanted = json_object_get(request, "top");
	json_int_t top = wanted ? json_integer_value(wanted) : 20;
	struct pgm_metrics metrics = {0};
	size_t known = 0;

	if (top < 1) {
		pgmd_client_refuse(client, "usage", NULL, "\"top\" is a number from 1");
		return;
	}
	if (top > TOP_MAX)
		top = TOP_MAX;
	PGM_FREE struct pgm_denied_row *rows = calloc((size_t)top, sizeof(*rows));
	if (!rows) {
		pgmd_client_refuse(client, "failed", NULL, "out of memory");
		return;
	}
	ssize_t count = gate->calls->denied(gate->gate, rows, (size_t)top, &known);
	int code = count < 0 ? (int)count : gate->calls->metrics(gate->gate, &metrics);
	if (code < 0) {
		pgmd_client_refuse(client, "failed", NULL, "cannot read the refused sources: %s", strerror(-code));
		return;
	}
	pgmd_client_finish(client,
	                   json_pack("{s:o, s:I, s:I}", "sources", denied_rows(client->daemon, rows, (size_t)count),
	                             "known", (json_int_t)known, "unrecorded", (json_int_t)metrics.sources_unrecorded));
}

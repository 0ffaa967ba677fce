/* SPDX-License-Identifier: Apache-2.0 */
/* filter.set: a whole new list, uploaded in pieces. */
#include "daemon/filter_set.h"

#include "daemon/client.h"
#include "daemon/job.h"
#include "daemon/change.h"
#include "daemon/replace.h"

void pgmd_filter_set(struct pgmd_client *client, json_t *request)
{
	(void)request;
	client->upload = pgmd_upload_new(client->daemon->config);
	if (!client->upload) {
		pgmd_client_refuse(client, "failed", NULL, "out of memory");
		return;
	}
	client->config_version = client->daemon->config_version;
	client->state = PGMD_UPLOADING;
}

/* What was parsed knows scopes by their numbers, and those are the old config's. */
static bool outdated(struct pgmd_client *client)
{
	if (client->config_version == client->daemon->config_version)
		return false;
	pgmd_client_refuse(client, "failed", "run it again",
	                   "the config was reloaded while the list came in; nothing was changed");
	return true;
}

static void start_change(struct pgmd_client *client)
{
	if (outdated(client))
		return;
	struct pgmd_change *change = pgmd_change_new(client->daemon, client, "filter set");
	if (!change) {
		pgmd_client_refuse(client, "failed", NULL, "out of memory");
		return;
	}
	pgmd_replace_list(change, client->upload);
	client->upload = NULL;
	pgmd_job_start(client->daemon, change);
}

static void tell_errors(struct pgmd_client *client)
{
	const struct pgmd_upload *upload = client->upload;
	struct pgm_error err = {0};

	pgm_fail(&err, 0, "%zu line%s of the list %s wrong", upload->error_count, upload->error_count == 1 ? "" : "s",
	         upload->error_count == 1 ? "is" : "are");
	pgmd_client_fail_with(client, "usage",
	                      json_pack("{s:s, s:O, s:I}", "error", err.what, "errors", upload->errors, "error_count",
	                                (json_int_t)upload->error_count));
}

static void end_upload(struct pgmd_client *client)
{
	struct pgmd_upload *upload = client->upload;

	pgmd_upload_end(upload);
	if (upload->error_count)
		tell_errors(client);
	else if (upload->set->count == 0)
		pgmd_client_refuse(client, "usage",
		                   "to let nobody in, run: pgmoat filter nowhere; or remove rules one by one: pgmoat "
		                   "filter remove ADDRESS",
		                   "the list has no rules");
	else if (pgmd_job_running(client->daemon))
		pgmd_job_wait(client, start_change);
	else
		start_change(client);
}

void pgmd_upload_frame(struct pgmd_client *client, json_t *frame)
{
	json_t *lines = json_object_get(frame, "lines");

	if (outdated(client))
		return;
	if (json_object_size(frame) == 1 && json_is_string(lines))
		pgmd_upload_text(client->upload, json_string_value(lines), json_string_length(lines));
	else if (json_object_size(frame) == 1 && json_is_true(json_object_get(frame, "end")))
		end_upload(client);
	else
		pgmd_client_refuse(client, "usage", NULL, "a list is sent as {\"lines\": TEXT} ... {\"end\": true}");
}

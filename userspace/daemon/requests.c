/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the control protocol: which command is done where, and who may ask for it. */
#include "daemon/requests.h"

#include <stdbool.h>
#include <string.h>

#include "common/quote.h"
#include "daemon/client.h"
#include "daemon/daemon.h"
#include "daemon/filter_change.h"
#include "daemon/filter_check.h"
#include "daemon/filter_denied.h"
#include "daemon/filter_read.h"
#include "daemon/filter_set.h"
#include "daemon/job.h"
#include "daemon/report.h"

/* When a request may run. */
enum turn {
	AT_ONCE,
	WHEN_CONSISTENT, /* not between a switch in the kernel and its end here: counters would belong to other rules */
	WHEN_FREE,       /* no change is running */
};

static const struct command {
	const char *name;
	const char *fields; /* besides "cmd": a field that is not known is a mistake, not a wish to be ignored */
	bool changes;       /* root only */
	enum turn turn;
	void (*handle)(struct pgmd_client *client, json_t *request);
} commands[] = {
        {"status", "", false, AT_ONCE, pgmd_report_status},
        {"filter.list", "", false, WHEN_CONSISTENT, pgmd_filter_list},
        {"filter.show", "id", false, WHEN_CONSISTENT, pgmd_filter_show},
        {"filter.check", "address port", false, WHEN_CONSISTENT, pgmd_filter_check},
        {"filter.denied", "top", false, AT_ONCE, pgmd_filter_denied},
        {"filter.set", "", true, AT_ONCE, pgmd_filter_set}, /* waits for its turn after the upload */
        {"filter.add", "address scopes for comment class", true, WHEN_FREE, pgmd_filter_add},
        {"filter.remove", "target", true, WHEN_FREE, pgmd_filter_remove},
        {"filter.mode", "mode", true, WHEN_FREE, pgmd_filter_mode},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool is_field(const struct command *command, const char *name)
{
	size_t len = strlen(name);

	for (const char *field = command->fields; *field; field += strspn(field, " ")) {
		size_t field_len = strcspn(field, " ");
		if (field_len == len && memcmp(field, name, len) == 0)
			return true;
		field += field_len;
	}
	return strcmp(name, "cmd") == 0;
}

static bool fields_are_known(struct pgmd_client *client, const struct command *command, json_t *request)
{
	char quoted[PGM_QUOTE_TEXT];
	const char *name;
	json_t *value;

	json_object_foreach (request, name, value) {
		if (is_field(command, name))
			continue;
		pgmd_client_refuse(client, "usage", "are pgmoat and pgmoatd of the same version?", "%s has no field %s",
		                   command->name, pgm_quote(name, strlen(name), quoted));
		return false;
	}
	return true;
}

static bool may(struct pgmd_client *client, const struct command *command)
{
	const struct pgmd_peer *peer = &client->peer;

	if (command->changes && !peer->root)
		pgmd_client_refuse(client, "denied", "run it as root",
		                   "only root may change the filter (you are uid %u)", peer->uid);
	else if (!peer->reader)
		pgmd_client_refuse(client, "denied", "run it as root, or join the group " PGMD_GROUP,
		                   "only root and the group " PGMD_GROUP " may ask (you are uid %u)", peer->uid);
	else
		return true;
	return false;
}

static void run_waiting(struct pgmd_client *client)
{
	json_t *request = client->request;

	client->request = NULL;
	pgmd_dispatch(client, request);
	json_decref(request);
}

static void take_turn(struct pgmd_client *client, const struct command *command, json_t *request)
{
	struct pgmd_daemon *daemon = client->daemon;
	bool running = pgmd_job_running(daemon);
	bool held = running && command->turn == WHEN_CONSISTENT && pgmd_job_hold_switch(daemon);

	if (running && command->turn != AT_ONCE && !held) {
		client->request = json_incref(request);
		pgmd_job_wait(client, run_waiting);
		return;
	}
	command->handle(client, request);
	if (held)
		pgmd_job_let_switch(daemon);
}

void pgmd_dispatch(struct pgmd_client *client, json_t *request)
{
	json_t *cmd = json_object_get(request, "cmd");
	char quoted[PGM_QUOTE_TEXT];

	if (!json_is_string(cmd)) {
		pgmd_client_refuse(client, "usage", NULL, "the request has no \"cmd\"");
		return;
	}
	const struct command *command = find_command(json_string_value(cmd));
	if (!command) {
		pgmd_client_refuse(client, "usage", "are pgmoat and pgmoatd of the same version?",
		                   "the command %s does not exist",
		                   pgm_quote(json_string_value(cmd), json_string_length(cmd), quoted));
		return;
	}
	if (!may(client, command) || !fields_are_known(client, command, request))
		return;
	take_turn(client, command, request);
}

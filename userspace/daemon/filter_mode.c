/* SPDX-License-Identifier: Apache-2.0 */
/* filter.mode: anywhere, nowhere, or back to the list. */
#include <errno.h>
#include <string.h>

#include "daemon/change.h"
#include "daemon/filter_change.h"
#include "daemon/job.h"
#include "daemon/texts.h"

static const struct {
	enum pgm_mode mode;
	const char *command;
} modes[] = {
        {PGM_MODE_ANYWHERE, "filter anywhere"},
        {PGM_MODE_NOWHERE, "filter nowhere"},
        {PGM_MODE_LIST, "filter enforce"},
};

static int prepare_mode(struct pgmd_change *change, struct pgm_error *err)
{
	enum pgm_mode mode = *(const enum pgm_mode *)change->data;

	change->unchanged = change->base->count;
	if (mode == PGM_MODE_LIST && change->base->mode == PGM_MODE_UNSET && change->base->count == 0) {
		pgm_fail(err, -EINVAL, "there is no list to enforce yet");
		pgm_hint(err, "give one: pgmoat filter set FILE, or pgmoat filter add ADDRESS; to let nobody in: "
		              "pgmoat filter "
		              "nowhere");
		return -EINVAL;
	}
	if (mode == change->base->mode) {
		pgmd_say(change->notes, "the mode is %s already", pgm_mode_name(mode));
		return 0;
	}
	int code = pgmd_change_copy_base(change, err);
	if (code == 0)
		change->next->mode = mode;
	return code;
}

void pgmd_filter_mode(struct pgmd_client *client, json_t *request)
{
	const char *name = NULL;
	json_error_t where;
	size_t i = 0;

	if (json_unpack_ex(request, &where, 0, "{s:s}", "mode", &name) < 0) {
		pgmd_client_refuse(client, "usage", NULL, "bad request: %s", where.text);
		return;
	}
	while (i < 3 && strcmp(name, pgm_mode_name(modes[i].mode)) != 0)
		i++;
	if (i == 3) {
		pgmd_client_refuse(client, "usage", NULL, "the mode is one of anywhere, nowhere, list");
		return;
	}
	struct pgmd_change *change = pgmd_change_new(client->daemon, client, modes[i].command);
	if (!change) {
		pgmd_client_refuse(client, "failed", NULL, "out of memory");
		return;
	}
	change->prepare = prepare_mode;
	change->data = (void *)&modes[i].mode;
	pgmd_job_start(client->daemon, change);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One client's conversation, without its socket: bytes in, frames, one request, bytes out. */
#include "daemon/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/frame.h"
#include "common/log.h"
#include "daemon/filter_read.h"
#include "daemon/filter_set.h"
#include "daemon/job.h"
#include "daemon/requests.h"
#include "daemon/texts.h"

struct pgmd_client *pgmd_client_new(struct pgmd_daemon *daemon, const struct pgmd_peer *peer)
{
	struct pgmd_client *client = calloc(1, sizeof(*client));

	if (client) {
		client->daemon = daemon;
		client->peer = *peer;
	}
	return client;
}

void pgmd_client_free(struct pgmd_client *client)
{
	if (!client)
		return;
	pgmd_job_forget(client);
	pgmd_upload_free(client->upload);
	pgmd_listing_free(client->listing);
	json_decref(client->request);
	free(client->in);
	free(client->out);
	free(client);
}

static void changed(struct pgmd_client *client)
{
	if (client->changed)
		client->changed(client, client->arg);
}

static bool out_reserve(struct pgmd_client *client, size_t more)
{
	if (client->out_sent == client->out_len)
		client->out_sent = client->out_len = 0;
	size_t need = client->out_len + more;
	if (need <= client->out_capacity)
		return true;
	uint8_t *out = realloc(client->out, need * 2);
	if (!out)
		return false;
	client->out = out;
	client->out_capacity = need * 2;
	return true;
}

/* Nothing more can be said to this client; its socket is closed once what is queued is out. */
static void give_up(struct pgmd_client *client, const char *why)
{
	pgm_log(LOG_ERR, "control socket: no answer for pid %d: %s", (int)client->peer.pid, why);
	client->state = PGMD_FINISHED;
}

static void queue(struct pgmd_client *client, json_t *frame)
{
	PGM_FREE char *text = frame ? json_dumps(frame, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;

	json_decref(frame);
	if (len > PGM_FRAME_MAX) {
		give_up(client, "the answer does not fit into a frame");
	} else if (!text || !out_reserve(client, len + 4)) {
		give_up(client, "out of memory");
	} else {
		pgm_frame_header((uint32_t)len, client->out + client->out_len);
		memcpy(client->out + client->out_len + 4, text, len);
		client->out_len += len + 4;
	}
	changed(client);
}

void pgmd_client_send(struct pgmd_client *client, json_t *frame)
{
	queue(client, frame);
}

static void finish_with(struct pgmd_client *client, json_t *final, bool ok)
{
	client->state = PGMD_FINISHED;
	if (final && json_object_set_new(final, "ok", json_boolean(ok)) < 0) {
		json_decref(final);
		final = NULL;
	}
	queue(client, final);
}

void pgmd_client_finish(struct pgmd_client *client, json_t *final)
{
	finish_with(client, final, true);
}

void pgmd_client_fail_with(struct pgmd_client *client, const char *kind, json_t *final)
{
	json_object_set_new(final, "kind", json_string(kind));
	finish_with(client, final, false);
}

void pgmd_client_fail(struct pgmd_client *client, const char *kind, const struct pgm_error *err)
{
	json_t *final = json_pack("{s:o}", "error", pgmd_text(err->what));

	if (err->hint[0])
		json_object_set_new(final, "hint", pgmd_text(err->hint));
	pgmd_client_fail_with(client, kind, final);
}

void pgmd_client_refuse(struct pgmd_client *client, const char *kind, const char *hint, const char *fmt, ...)
{
	PGM_FREE char *text = NULL;
	struct pgm_error err = {0};
	va_list args;

	va_start(args, fmt);
	int len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		text = NULL;
	pgm_fail(&err, 0, "%s", text ? text : "out of memory");
	if (hint)
		pgm_hint(&err, "%s", hint);
	pgmd_client_fail(client, kind, &err);
}

void pgmd_client_sent(struct pgmd_client *client, size_t len)
{
	client->out_sent += len;
	if (client->state == PGMD_LISTING)
		pgmd_listing_pump(client);
}

static void handle_frame(struct pgmd_client *client, const uint8_t *body, size_t len)
{
	json_error_t where;
	json_t *object = json_loadb((const char *)body, len, JSON_REJECT_DUPLICATES, &where);

	if (!json_is_object(object))
		pgmd_client_refuse(client, "usage", NULL, "the request is not a JSON object: %s",
		                   object ? "another kind of value" : where.text);
	else if (client->state == PGMD_UPLOADING)
		pgmd_upload_frame(client, object);
	else
		pgmd_dispatch(client, object);
	json_decref(object);
}

/* Everything that is whole in the buffer; the rest moves to its front. */
static void handle_input(struct pgmd_client *client)
{
	size_t at = 0;

	while (client->state == PGMD_READING || client->state == PGMD_UPLOADING) {
		const uint8_t *body;
		size_t body_len, used;
		int result = pgm_frame_next(client->in + at, client->in_len - at, &body, &body_len, &used);
		if (result == 0)
			break;
		if (result < 0) {
			pgmd_client_refuse(client, "usage", "is this program speaking pgmoat's control protocol?",
			                   result == -EMSGSIZE ? "a frame is larger than 256 KiB" : "a frame is empty");
			break;
		}
		at += used;
		handle_frame(client, body, body_len);
	}
	client->in_len -= at;
	memmove(client->in, client->in + at, client->in_len);
}

static bool in_reserve(struct pgmd_client *client, size_t len)
{
	size_t need = client->in_len + len;

	if (need <= client->in_capacity)
		return true;
	size_t capacity = client->in_capacity ? client->in_capacity : 4096;
	while (capacity < need)
		capacity *= 2;
	uint8_t *in = realloc(client->in, capacity);
	if (!in)
		return false;
	client->in = in;
	client->in_capacity = capacity;
	return true;
}

void pgmd_client_receive(struct pgmd_client *client, const uint8_t *bytes, size_t len)
{
	/* One connection carries one request: what comes after it is not looked at. */
	if (client->state != PGMD_READING && client->state != PGMD_UPLOADING)
		return;
	if (!in_reserve(client, len)) {
		give_up(client, "out of memory");
		changed(client);
		return;
	}
	memcpy(client->in + client->in_len, bytes, len);
	client->in_len += len;
	handle_input(client);
}

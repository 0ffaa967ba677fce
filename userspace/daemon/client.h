/* SPDX-License-Identifier: Apache-2.0 */
/* One client's conversation, without its socket: bytes in, frames, one request, bytes out. */
#ifndef PGM_DAEMON_CLIENT_H
#define PGM_DAEMON_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "daemon/peer.h"

struct pgmd_daemon;
struct pgmd_upload;
struct pgmd_listing;
struct pgmd_change;

enum pgmd_client_state {
	PGMD_READING,   /* its request is not whole yet */
	PGMD_UPLOADING, /* filter.set: lines are coming in */
	PGMD_WAITING,   /* for the change that is running */
	PGMD_WORKING,   /* its own change is running */
	PGMD_LISTING,   /* rows go out as the socket drains */
	PGMD_FINISHED,  /* the final frame is queued; whatever still comes in is thrown away */
};

struct pgmd_client {
	struct pgmd_daemon *daemon;
	struct pgmd_peer peer;
	enum pgmd_client_state state;

	uint8_t *in; /* bytes of a frame that is not whole yet: at most header and PGM_FRAME_MAX */
	size_t in_len;
	size_t in_capacity;

	uint8_t *out; /* frames that wait for the socket: [out_sent, out_len) */
	size_t out_sent;
	size_t out_len;
	size_t out_capacity;

	struct pgmd_upload *upload;
	struct pgmd_listing *listing;
	uint64_t config_version;    /* that upload or listing began with */
	struct pgmd_change *change; /* its own, while WORKING; owned by the job */

	json_t *request;                      /* WAITING: what to run when the change is done */
	void (*resume)(struct pgmd_client *); /* WAITING: how */
	uint64_t waiting_since;               /* monotonic ns */
	struct pgmd_client *next_waiting;

	/* Called when output was queued or the state has changed; NULL in tests. arg is the transport's. */
	void (*changed)(struct pgmd_client *client, void *arg);
	void *arg;
};

/* NULL without memory. Free with pgmd_client_free, at any time: a change that runs for it goes on without it. */
struct pgmd_client *pgmd_client_new(struct pgmd_daemon *daemon, const struct pgmd_peer *peer);
void pgmd_client_free(struct pgmd_client *client);

/* Bytes from the socket, cut anywhere. */
void pgmd_client_receive(struct pgmd_client *client, const uint8_t *bytes, size_t len);

/* The socket took len bytes of output: make more if the client is LISTING. */
void pgmd_client_sent(struct pgmd_client *client, size_t len);

/* Queue a frame before the final one; frame is taken over, NULL is a lack of memory and ends the client. */
void pgmd_client_send(struct pgmd_client *client, json_t *frame);

/* Queue the final frame with "ok": true; final is taken over. */
void pgmd_client_finish(struct pgmd_client *client, json_t *final);

/* Queue the final frame of a failure. kind as in docs/control-protocol.md. */
void pgmd_client_fail(struct pgmd_client *client, const char *kind, const struct pgm_error *err);
void pgmd_client_refuse(struct pgmd_client *client, const char *kind, const char *hint, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
/* The same for an object that already has "error" and so on; taken over. */
void pgmd_client_fail_with(struct pgmd_client *client, const char *kind, json_t *final);

/* Output that the client has not taken yet. */
static inline size_t pgmd_client_pending(const struct pgmd_client *client)
{
	return client->out_len - client->out_sent;
}

#endif

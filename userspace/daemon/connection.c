/* SPDX-License-Identifier: Apache-2.0 */
/* One client's socket: bytes in and out as it is ready, a deadline for progress, a quiet end. */
#include "daemon/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/daemon.h"

#define DEADLINE_US (10u * 1000 * 1000)
#define READ_BYTES  (64u * 1024)
#define SEND_BYTES  (512u * 1024)

struct pgmd_connection {
	struct pgmd_connections *owner;
	struct pgmd_connection *next, *prev;
	struct pgmd_client *client;
	int fd;
	sd_event_source *io;
	sd_event_source *deadline;
	bool input_ended; /* the client shut its sending side */
	bool output_shut; /* the final frame is out, and so is our end of the stream */
};

static void drop(struct pgmd_connection *conn)
{
	struct pgmd_connections *owner = conn->owner;

	if (conn->prev)
		conn->prev->next = conn->next;
	else if (owner->first == conn)
		owner->first = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	owner->count--;
	sd_event_source_disable_unref(conn->io);
	sd_event_source_disable_unref(conn->deadline);
	pgmd_client_free(conn->client);
	close(conn->fd);
	free(conn);
}

/* Nobody owes us bytes while we work for them; otherwise every byte buys another ten seconds. */
static void set_deadline(struct pgmd_connection *conn)
{
	const struct pgmd_client *client = conn->client;
	bool ours = (client->state == PGMD_WAITING || client->state == PGMD_WORKING) && !pgmd_client_pending(client);

	if (ours || sd_event_source_set_time_relative(conn->deadline, DEADLINE_US) < 0)
		sd_event_source_set_enabled(conn->deadline, SD_EVENT_OFF);
	else
		sd_event_source_set_enabled(conn->deadline, SD_EVENT_ONESHOT);
}

static void set_events(struct pgmd_connection *conn)
{
	const struct pgmd_client *client = conn->client;
	bool reads = client->state == PGMD_READING || client->state == PGMD_UPLOADING || client->state == PGMD_FINISHED;
	uint32_t events = 0;

	if (reads && !conn->input_ended)
		events |= EPOLLIN;
	if (pgmd_client_pending(client) || (client->state == PGMD_FINISHED && !conn->output_shut))
		events |= EPOLLOUT;
	sd_event_source_set_io_events(conn->io, events);
}

static void on_changed(struct pgmd_client *client, void *arg)
{
	struct pgmd_connection *conn = arg;
	int enabled = SD_EVENT_OFF;

	(void)client;
	/* Progress frames must not buy a client that does not read more time. */
	sd_event_source_get_enabled(conn->deadline, &enabled);
	if (enabled == SD_EVENT_OFF)
		set_deadline(conn);
	set_events(conn);
}

/* False if the client is gone. */
static bool receive(struct pgmd_connection *conn)
{
	static uint8_t buf[READ_BYTES]; /* one thread, and nothing is kept in it */
	ssize_t n = recv(conn->fd, buf, sizeof(buf), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0) {
		conn->input_ended = true;
		/* A request that is not whole never will be. */
		return conn->client->state != PGMD_READING && conn->client->state != PGMD_UPLOADING;
	}
	pgmd_client_receive(conn->client, buf, (size_t)n);
	/* What is thrown away after the answer is no progress. */
	if (!conn->output_shut)
		set_deadline(conn);
	return true;
}

static bool transmit(struct pgmd_connection *conn)
{
	struct pgmd_client *client = conn->client;

	/* A long list to a fast reader may not keep the event loop from everybody else. */
	for (size_t turn = 0; pgmd_client_pending(client) && turn < SEND_BYTES;) {
		ssize_t n = send(conn->fd, client->out + client->out_sent, pgmd_client_pending(client), MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		turn += (size_t)n;
		pgmd_client_sent(client, (size_t)n);
		set_deadline(conn);
	}
	if (client->state == PGMD_FINISHED && !pgmd_client_pending(client) && !conn->output_shut) {
		shutdown(conn->fd, SHUT_WR);
		conn->output_shut = true;
	}
	return true;
}

/*
 * After its answer a client may still be sending a list. Closing now would break its pipe before it has read the
 * answer; so the rest is read and thrown away until it closes, or its time is up.
 */
static bool ended(const struct pgmd_connection *conn)
{
	return conn->output_shut && conn->input_ended;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct pgmd_connection *conn = userdata;
	bool alive = true;

	(void)source;
	(void)fd;
	if (events & EPOLLIN)
		alive = receive(conn);
	if (alive && (events & EPOLLOUT))
		alive = transmit(conn);
	if (alive && (events & (EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN))
		alive = false;
	if (!alive || ended(conn))
		drop(conn);
	else
		set_events(conn);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pgmd_connection *conn = userdata;

	(void)source;
	(void)usec;
	if (!conn->output_shut)
		pgm_log(LOG_INFO, "control socket: pid %d made no progress for 10 seconds and is cut off",
		        (int)conn->client->peer.pid);
	drop(conn);
	return 0;
}

static int watch(struct pgmd_connection *conn)
{
	sd_event *event = conn->owner->daemon->event;
	int code = sd_event_add_io(event, &conn->io, conn->fd, EPOLLIN, on_io, conn);

	if (code >= 0)
		code = sd_event_add_time_relative(event, &conn->deadline, CLOCK_MONOTONIC, DEADLINE_US, 0, on_deadline,
		                                  conn);
	/* Work for others comes before clients that have already kept us busy. */
	if (code >= 0)
		code = sd_event_source_set_priority(conn->io, SD_EVENT_PRIORITY_IDLE);
	return code;
}

void pgmd_connection_add(struct pgmd_connections *connections, int fd, const struct pgmd_peer *peer)
{
	size_t most = PGMD_CLIENTS_MAX + (peer->root ? PGMD_CLIENTS_ROOT : 0);
	struct pgmd_connection *conn = calloc(1, sizeof(*conn));
	struct pgmd_client *client = conn ? pgmd_client_new(connections->daemon, peer) : NULL;

	if (!client) {
		free(conn);
		close(fd);
		return;
	}
	*conn = (struct pgmd_connection){.owner = connections, .client = client, .fd = fd, .next = connections->first};
	if (connections->first)
		connections->first->prev = conn;
	connections->first = conn;
	connections->count++;
	if (watch(conn) < 0) {
		drop(conn);
		return;
	}
	client->changed = on_changed;
	client->arg = conn;
	if (connections->count > most) {
		pgmd_client_refuse(client, "busy", "try again in a moment", "%zu clients are connected already", most);
		if (!transmit(conn) || !pgmd_client_pending(client))
			drop(conn);
	}
}

void pgmd_connections_close(struct pgmd_connections *connections)
{
	while (connections->first) {
		transmit(connections->first);
		drop(connections->first);
	}
}

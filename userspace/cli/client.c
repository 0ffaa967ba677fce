/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to pgmoatd: frames out, frames in, nothing waited for without end. */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/frame.h"

/* Taking a connection or bytes is the event loop's work, which never blocks; an answer may wait for a change in the
 * kernel, which tells its progress on the way. */
#define SEND_SECONDS    15
#define RECEIVE_SECONDS 120

struct pgm_cli_client {
	int fd;
	size_t start; /* received and not looked at: buf[start .. start + len) */
	size_t len;
	uint8_t buf[4 + PGM_FRAME_MAX];
};

static int set_timeouts(int fd)
{
	const struct timeval out = {.tv_sec = SEND_SECONDS};
	const struct timeval in = {.tv_sec = RECEIVE_SECONDS};

	/* The send timeout also bounds connect() when the queue of the listener is full. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &out, sizeof(out)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &in, sizeof(in)) < 0)
		return -errno;
	return 0;
}

static int fill_address(const struct pgm_config *config, struct sockaddr_un *addr, struct pgm_error *err)
{
	addr->sun_family = AF_UNIX;
	int len = snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/control.sock", config->run_dir);

	if (len < 0 || (size_t)len >= sizeof(addr->sun_path))
		return pgm_fail(err, -ENAMETOOLONG, "%s/control.sock: the path is too long for a socket",
		                config->run_dir);
	return 0;
}

static int explain_connect(int cause, const char *path, struct pgm_error *err)
{
	if (cause == EACCES || cause == EPERM) {
		pgm_fail(err, 0, "%s: permission denied", path);
		pgm_hint(err, "run this as root, or join the group pgmoat (changes need root)");
		return -EACCES;
	}
	if (cause == EAGAIN || cause == EINPROGRESS) {
		pgm_fail(err, 0, "%s: pgmoatd does not take connections", path);
		pgm_hint(err, "look at it with: systemctl status pgmoatd");
		return -ETIMEDOUT;
	}
	pgm_fail(err, 0, "pgmoatd does not answer on %s: %s", path, strerror(cause));
	if (cause == ENOENT || cause == ECONNREFUSED)
		pgm_hint(err,
		         "the daemon is not running; start its unit pgmoatd.service with: systemctl start pgmoatd");
	return -cause;
}

int pgm_cli_client_open(const struct pgm_config *config, struct pgm_cli_client **out, struct pgm_error *err)
{
	struct sockaddr_un addr = {0};
	PGM_CLOSE int fd = -1;
	int result = fill_address(config, &addr, err);

	if (result < 0)
		return result;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return pgm_fail(err, -errno, "no socket could be made: %s", strerror(errno));
	result = set_timeouts(fd);
	if (result < 0)
		return pgm_fail(err, result, "no timeout could be set on the socket: %s", strerror(-result));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return explain_connect(errno, addr.sun_path, err);
	struct pgm_cli_client *client = malloc(sizeof(*client));
	if (!client)
		return pgm_fail(err, -ENOMEM, "out of memory");
	client->start = client->len = 0;
	client->fd = PGM_TAKE_FD(fd);
	*out = client;
	return 0;
}

void pgm_cli_client_close(struct pgm_cli_client *client)
{
	if (!client)
		return;
	close(client->fd);
	free(client);
}

static int send_all(int fd, const void *data, size_t len, struct pgm_error *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return pgm_fail(err, -ETIMEDOUT, "pgmoatd took no data for %d seconds", SEND_SECONDS);
		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return pgm_fail(err, -EPIPE, "pgmoatd closed the connection");
		if (sent < 0)
			return pgm_fail(err, -errno, "sending to pgmoatd failed: %s", strerror(errno));
		at += sent;
		len -= (size_t)sent;
	}
	return 0;
}

int pgm_cli_client_send(struct pgm_cli_client *client, const json_t *message, struct pgm_error *err)
{
	PGM_FREE char *text = json_dumps(message, JSON_COMPACT);
	uint8_t head[4];

	if (!text)
		return pgm_fail(err, -ENOMEM, "the request could not be written as JSON");
	size_t len = strlen(text);
	if (len > PGM_FRAME_MAX)
		return pgm_fail(err, -EMSGSIZE, "the request is larger than %u bytes", PGM_FRAME_MAX);
	pgm_frame_header((uint32_t)len, head);
	int result = send_all(client->fd, head, sizeof(head), err);
	return result < 0 ? result : send_all(client->fd, text, len, err);
}

static int receive_more(struct pgm_cli_client *client, struct pgm_error *err)
{
	memmove(client->buf, client->buf + client->start, client->len);
	client->start = 0;
	for (;;) {
		ssize_t got = recv(client->fd, client->buf + client->len, sizeof(client->buf) - client->len, 0);
		if (got > 0) {
			client->len += (size_t)got;
			return 0;
		}
		if (got == 0 || errno == ECONNRESET)
			return pgm_fail(err, -EPIPE, "pgmoatd closed the connection without an answer");
		if (errno == EAGAIN)
			return pgm_fail(err, -ETIMEDOUT, "pgmoatd did not answer for %d seconds", RECEIVE_SECONDS);
		if (errno != EINTR)
			return pgm_fail(err, -errno, "receiving from pgmoatd failed: %s", strerror(errno));
	}
}

static int parse_frame(const uint8_t *body, size_t len, json_t **frame, struct pgm_error *err)
{
	json_error_t why;
	json_t *object = json_loadb((const char *)body, len, 0, &why);

	if (!json_is_object(object)) {
		json_decref(object);
		return pgm_fail(err, -EBADMSG, "the answer is not what pgmoatd would send: it is no JSON object");
	}
	*frame = object;
	return 0;
}

int pgm_cli_client_receive(struct pgm_cli_client *client, json_t **frame, struct pgm_error *err)
{
	for (;;) {
		const uint8_t *body;
		size_t body_len, used;
		int got = pgm_frame_next(client->buf + client->start, client->len, &body, &body_len, &used);

		if (got < 0)
			return pgm_fail(err, -EBADMSG, "the answer is not what pgmoatd would send: bad frame length");
		if (got > 0) {
			client->start += used;
			client->len -= used;
			return parse_frame(body, body_len, frame, err);
		}
		got = receive_more(client, err);
		if (got < 0)
			return got;
	}
}

bool pgm_cli_client_pending(const struct pgm_cli_client *client)
{
	struct pollfd poller = {.fd = client->fd, .events = POLLIN};

	return client->len > 0 || poll(&poller, 1, 0) > 0;
}

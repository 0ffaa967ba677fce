/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: listens, knows who calls, moves bytes, and cuts off who is too slow. */
#include "daemon/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "daemon/connection.h"
#include "daemon/daemon.h"

#define BACKLOG 64

struct pgmd_server {
	struct pgmd_daemon *daemon;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd;
	bool has_group;
	gid_t group;
	sd_event_source *source;
	struct pgmd_connections connections;
};

static int socket_address(const char *run_dir, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	int len = snprintf(out->sun_path, sizeof(out->sun_path), "%s/" PGMD_SOCKET, run_dir);
	return len < 0 || (size_t)len >= sizeof(out->sun_path) ? -ENAMETOOLONG : 0;
}

pid_t pgmd_server_other(const char *run_dir)
{
	struct sockaddr_un address;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	PGM_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || socket_address(run_dir, &address) < 0)
		return 0;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return 0;
	/* Of a listening socket, these are the credentials of the process that called listen(). */
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 ? cred.pid : 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct pgmd_server *server = userdata;

	(void)source;
	(void)events;
	PGM_CLOSE int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (conn < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pgm_log(LOG_WARNING, "control socket: cannot accept a client: %s", strerror(errno));
		return 0;
	}
	struct pgmd_peer peer;
	if (pgmd_peer_read(conn, server->has_group ? &server->group : NULL, &peer) < 0)
		return 0;
	pgmd_connection_add(&server->connections, PGM_TAKE_FD(conn), &peer);
	return 0;
}

/* The socket appears under its name with its final owner and mode: made beside it, then renamed. */
static int bind_socket(struct pgmd_server *server, struct pgm_error *err)
{
	const char *run_dir = server->daemon->config->run_dir;
	struct sockaddr_un final, aside;

	if (socket_address(run_dir, &final) < 0) {
		pgm_fail(err, -ENAMETOOLONG, "run_dir %s is too long for a socket's path", run_dir);
		pgm_hint(err, "choose a run_dir of at most 90 characters");
		return -ENAMETOOLONG;
	}
	aside = final;
	aside.sun_path[strlen(aside.sun_path) - 1] = '_';
	pid_t other = pgmd_server_other(run_dir);
	if (other) {
		pgm_fail(err, -EADDRINUSE, "pgmoatd is running already (pid %d): it answers on %s", (int)other,
		         final.sun_path);
		pgm_hint(err, "stop it first, or give this one its own run_dir, state_dir and pin_dir");
		return -EADDRINUSE;
	}
	unlink(aside.sun_path);
	if (bind(server->fd, (const struct sockaddr *)&aside, sizeof(aside)) < 0 ||
	    (server->has_group && chown(aside.sun_path, (uid_t)-1, server->group) < 0) ||
	    chmod(aside.sun_path, server->has_group ? 0660 : 0600) < 0 || listen(server->fd, BACKLOG) < 0 ||
	    rename(aside.sun_path, final.sun_path) < 0)
		return pgm_fail(err, -errno, "cannot make the control socket %s: %s", final.sun_path, strerror(errno));
	memcpy(server->path, final.sun_path, sizeof(server->path));
	return 0;
}

int pgmd_server_start(struct pgmd_daemon *daemon, const gid_t *group, struct pgmd_server **out, struct pgm_error *err)
{
	struct pgmd_server *server = calloc(1, sizeof(*server));

	if (!server)
		return pgm_fail(err, -ENOMEM, "out of memory");
	server->daemon = daemon;
	server->has_group = group != NULL;
	server->group = group ? *group : 0;
	server->connections.daemon = daemon;
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int code = server->fd < 0 ? pgm_fail(err, -errno, "cannot make a socket: %s", strerror(errno))
	                          : bind_socket(server, err);
	if (code == 0) {
		code = sd_event_add_io(daemon->event, &server->source, server->fd, EPOLLIN, on_connect, server);
		if (code < 0)
			pgm_fail(err, code, "cannot watch the control socket: %s", strerror(-code));
	}
	if (code < 0) {
		pgmd_server_free(server);
		return code;
	}
	*out = server;
	return 0;
}

void pgmd_server_free(struct pgmd_server *server)
{
	if (!server)
		return;
	if (server->path[0])
		unlink(server->path);
	sd_event_source_disable_unref(server->source);
	pgm_cleanup_close(&server->fd);
	pgmd_connections_close(&server->connections);
	free(server);
}

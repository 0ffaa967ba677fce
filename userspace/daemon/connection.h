/* SPDX-License-Identifier: Apache-2.0 */
/* One client's socket: bytes in and out as it is ready, a deadline for progress, a quiet end. */
#ifndef PGM_DAEMON_CONNECTION_H
#define PGM_DAEMON_CONNECTION_H

#include "daemon/client.h"

#define PGMD_CLIENTS_MAX  64 /* at the same time; root has PGMD_CLIENTS_ROOT more, so that it is never locked out */
#define PGMD_CLIENTS_ROOT 16

struct pgmd_connection;

struct pgmd_connections {
	struct pgmd_daemon *daemon;
	struct pgmd_connection *first;
	size_t count;
};

/* Talk to a client; fd is taken over. One too many is told that we are busy. */
void pgmd_connection_add(struct pgmd_connections *connections, int fd, const struct pgmd_peer *peer);

/* End all of them, after a last try to send what is queued. */
void pgmd_connections_close(struct pgmd_connections *connections);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: listens, knows who calls, moves bytes, and cuts off who is too slow. */
#ifndef PGM_DAEMON_SERVER_H
#define PGM_DAEMON_SERVER_H

#include <sys/types.h>

#include "common/error.h"

#define PGMD_SOCKET "control.sock" /* in run_dir */

struct pgmd_daemon;
struct pgmd_server;

/*
 * Listen on run_dir/control.sock, mode 0660, of the group (NULL: root alone). A socket that nobody listens on any more
 * is replaced; -EADDRINUSE if another daemon answers there. The daemon must outlive the server.
 */
int pgmd_server_start(struct pgmd_daemon *daemon, const gid_t *group, struct pgmd_server **out, struct pgm_error *err);

/* Tells waiting clients what is queued for them, as far as their sockets take it at once, and removes the socket. */
void pgmd_server_free(struct pgmd_server *server);

/* The process that listens on run_dir/control.sock, or 0 if nobody does. */
pid_t pgmd_server_other(const char *run_dir);

#endif

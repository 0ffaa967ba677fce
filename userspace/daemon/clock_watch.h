/* SPDX-License-Identifier: Apache-2.0 */
/* Notices that the wall clock was set: rules of an earlier boot end by it, so they are built again. */
#ifndef PGM_DAEMON_CLOCK_WATCH_H
#define PGM_DAEMON_CLOCK_WATCH_H

#include "daemon/daemon.h"

/* Watch on the daemon's event loop until it ends. 0 or -errno. */
int pgmd_clock_watch(struct pgmd_daemon *daemon, struct pgm_error *err);

#endif

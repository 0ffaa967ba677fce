/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: the config is read again; a bad one changes nothing. */
#ifndef PGM_DAEMON_RELOAD_H
#define PGM_DAEMON_RELOAD_H

#include "daemon/daemon.h"

/* Runs when no change is running (see pgmd_job_when_free). gate is a struct pgmd_live. */
void pgmd_reload(struct pgmd_daemon *daemon);

/* Build the same list again because circumstances changed: the wall clock was set. Also for pgmd_job_when_free. */
void pgmd_rebuild(struct pgmd_daemon *daemon);

#endif

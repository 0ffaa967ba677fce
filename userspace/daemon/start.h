/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the policy in force at startup: what was stored, what is pinned, or what is safe. */
#ifndef PGM_DAEMON_START_H
#define PGM_DAEMON_START_H

#include "daemon/daemon.h"

/*
 * Decide (state.h) and switch to the decision, before anything is attached. adopted and superseding: what the gate
 * found pinned. Sets current, list_lost and problems. 0 or -errno.
 */
int pgmd_start_policy(struct pgmd_daemon *daemon, bool adopted, bool superseding, struct pgm_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's life: start, serve, stop. */
#ifndef PGM_DAEMON_RUN_H
#define PGM_DAEMON_RUN_H

#include <stdbool.h>

#include "common/config.h"

/* Runs until a signal ends it. config is taken over (malloc'ed). strict: end with 1 if a wanted interface can't be
 * guarded at start. Returns the exit code. */
int pgmd_run(struct pgm_config *config, bool named, bool strict);

#endif

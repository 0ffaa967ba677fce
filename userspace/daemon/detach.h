/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoatd --detach: takes the whole gate off, after saying what that opens. */
#ifndef PGM_DAEMON_DETACH_H
#define PGM_DAEMON_DETACH_H

#include "common/config.h"

/* Returns the exit code. */
int pgmd_detach(const struct pgm_config *config);

#endif

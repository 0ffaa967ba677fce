/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's folders: made with the right owner and mode, and state_dir held by one daemon. */
#ifndef PGM_DAEMON_FOLDERS_H
#define PGM_DAEMON_FOLDERS_H

#include <sys/types.h>

#include "common/config.h"

/*
 * Make state_dir (0750, the group may read) and run_dir (0755) if they are missing, refuse a state_dir that others may
 * write to, and lock it. group: NULL if it does not exist. Returns a descriptor that holds the lock, or -errno.
 */
int pgmd_folders_open(const struct pgm_config *config, const gid_t *group, struct pgm_error *err);

#endif

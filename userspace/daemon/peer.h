/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of the control socket, and what that allows. */
#ifndef PGM_DAEMON_PEER_H
#define PGM_DAEMON_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#define PGMD_GROUP "pgmoat" /* its members may read */

struct pgmd_peer {
	pid_t pid;
	uid_t uid;
	bool root;   /* may change things */
	bool reader; /* may ask: root, or a member of the group */
};

/* A group's id. Returns 0 or -ENOENT. */
int pgmd_group_find(const char *name, gid_t *out);

/* Read the credentials that the kernel recorded at connect. group: PGMD_GROUP, or NULL if it does not exist (then only
 * root gets in). 0 or -errno. */
int pgmd_peer_read(int fd, const gid_t *group, struct pgmd_peer *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of the control socket, and what that allows. */
#include "daemon/peer.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/cleanup.h"

int pgmd_group_find(const char *name, gid_t *out)
{
	struct group entry, *found = NULL;
	char buf[16384];

	if (getgrnam_r(name, &entry, buf, sizeof(buf), &found) != 0 || !found)
		return -ENOENT;
	*out = found->gr_gid;
	return 0;
}

/* SO_PEERCRED has the primary group only; the supplementary ones are asked for with SO_PEERGROUPS. */
static bool has_supplementary(int fd, gid_t group)
{
	socklen_t bytes = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &bytes) == 0 || errno != ERANGE)
		return false;
	PGM_FREE gid_t *groups = malloc(bytes);
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) < 0)
		return false;
	for (size_t i = 0; i < bytes / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

int pgmd_peer_read(int fd, const gid_t *group, struct pgmd_peer *out)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	out->pid = cred.pid;
	out->uid = cred.uid;
	out->root = cred.uid == 0;
	out->reader = out->root || (group && (cred.gid == *group || has_supplementary(fd, *group)));
	return 0;
}

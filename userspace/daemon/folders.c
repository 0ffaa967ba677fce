/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's folders: made with the right owner and mode, and state_dir held by one daemon. */
#include "daemon/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"

/* The umask is strict, so a new folder gets its mode here; one that exists keeps what its owner chose. */
static int make_folder(const char *path, mode_t mode, const gid_t *group, struct pgm_error *err)
{
	bool is_new = access(path, F_OK) < 0;
	int code = pgm_make_dir(path, mode, err);

	if (code < 0 || !is_new)
		return code;
	if ((group && chown(path, (uid_t)-1, *group) < 0) || chmod(path, mode) < 0)
		return pgm_fail(err, -errno, "cannot set owner and mode of %s: %s", path, strerror(errno));
	return 0;
}

/* Who can write there can put any list in force at the next start. */
static int check_safe(int fd, const char *path, struct pgm_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pgm_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	pgm_fail(err, -EPERM, "state_dir %s can be written to by others than root", path);
	pgm_hint(err, "chown root %s && chmod 0750 %s", path, path);
	return -EPERM;
}

int pgmd_folders_open(const struct pgm_config *config, const gid_t *group, struct pgm_error *err)
{
	int code = make_folder(config->state_dir, 0750, group, err);

	if (code == 0)
		code = make_folder(config->run_dir, 0755, NULL, err);
	if (code < 0)
		return code;
	PGM_CLOSE int fd = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return pgm_fail(err, -errno, "cannot open %s: %s", config->state_dir, strerror(errno));
	code = check_safe(fd, config->state_dir, err);
	if (code < 0)
		return code;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		pgm_fail(err, -EBUSY, "another pgmoatd holds %s", config->state_dir);
		pgm_hint(err, "stop it first, or give this one its own state_dir, run_dir and pin_dir");
		return -EBUSY;
	}
	return PGM_TAKE_FD(fd);
}

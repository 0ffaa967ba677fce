/* SPDX-License-Identifier: Apache-2.0 */
/* Durable files: either the old content or the new one is there after a crash, never a mix. */
#include "common/durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

/* A temporary name is ".NAME.", this many hex digits, ".tmp". */
#define RANDOM_DIGITS 8
#define TEMP_SUFFIX   ".tmp"
#define TEMP_EXTRA    (2 + RANDOM_DIGITS + sizeof(TEMP_SUFFIX) - 1)
#define TEMP_TRIES    100

static int fail_errno(struct pgm_error *err, const char *what, const char *name)
{
	int code = errno;

	pgm_fail(err, 0, "%s %s: %s", what, name, strerror(code));
	if (code == ENOSPC || code == EDQUOT)
		pgm_hint(err, "make room on the file system, then try again");
	else if (code == EROFS)
		pgm_hint(err, "the file system is mounted read-only; look for disk errors in the kernel log");
	return -code;
}

static bool is_temp_of(const char *entry, const char *name)
{
	size_t len = strlen(name);

	if (strlen(entry) != len + TEMP_EXTRA || entry[0] != '.' || strncmp(entry + 1, name, len) != 0 ||
	    entry[len + 1] != '.' || strcmp(entry + len + 2 + RANDOM_DIGITS, TEMP_SUFFIX) != 0)
		return false;
	return strspn(entry + len + 2, "0123456789abcdef") == RANDOM_DIGITS;
}

/* A living writer holds a lock on its temporary file; the kernel drops that of a killed one. */
static void remove_if_stale(int dirfd, const char *entry)
{
	PGM_CLOSE int fd = openat(dirfd, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(dirfd, entry, 0);
}

static void remove_stale(int dirfd, const char *name)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return; /* leftovers take room, no more; what really fails here fails in begin too */
	}
	while ((entry = readdir(dir)))
		if (is_temp_of(entry->d_name, name))
			remove_if_stale(dirfd, entry->d_name);
	closedir(dir);
}

static int temp_name(const char *name, char *out, size_t size)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	snprintf(out, size, ".%s.%0*x" TEMP_SUFFIX, name, RANDOM_DIGITS, random);
	return 0;
}

/* Creates a locked temporary file. -EAGAIN: somebody else has that name, or took this file for a stale one. */
static int create_temp(struct pgm_durable *file, mode_t mode)
{
	struct stat st;
	int r = temp_name(file->name, file->temp, sizeof(file->temp));

	if (r < 0)
		return r;
	PGM_CLOSE int fd = openat(file->dirfd, file->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	/* fchmod: the umask took its bits from open's mode. */
	if (flock(fd, LOCK_EX) < 0 || fchmod(fd, mode) < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		unlinkat(file->dirfd, file->temp, 0);
		return r;
	}
	if (st.st_nlink == 0)
		return -EAGAIN;
	file->fd = PGM_TAKE_FD(fd);
	return 0;
}

static bool is_file_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len + TEMP_EXTRA <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

int pgm_durable_begin(const char *dir, const char *name, mode_t mode, struct pgm_durable *out, struct pgm_error *err)
{
	struct pgm_durable file = {.dirfd = -1, .fd = -1};
	int r = -EAGAIN;

	if (!is_file_name(name))
		return pgm_fail(err, -EINVAL, "cannot write a file named \"%.64s\" in %s: not a usable file name", name,
		                dir);
	snprintf(file.name, sizeof(file.name), "%s", name);
	PGM_CLOSE int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return fail_errno(err, "cannot open the folder", dir);
	file.dirfd = dirfd;
	remove_stale(dirfd, name);
	for (int i = 0; i < TEMP_TRIES && r == -EAGAIN; i++)
		r = create_temp(&file, mode);
	if (r < 0) {
		errno = -r;
		return fail_errno(err, "cannot create a file in the folder", dir);
	}
	PGM_TAKE_FD(dirfd);
	*out = file;
	return 0;
}

/* Gives the present target a second name. 1: done, 0: there is no target. */
static int link_target(const struct pgm_durable *file, char *second, size_t size)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		int r = temp_name(file->name, second, size);
		if (r < 0)
			return r;
		if (linkat(file->dirfd, file->name, file->dirfd, second, 0) == 0)
			return 1;
		if (errno == ENOENT)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int save_previous(const struct pgm_durable *file)
{
	char prev[sizeof(file->name) + 8], second[sizeof(file->temp)];
	int r = link_target(file, second, sizeof(second));

	if (r <= 0)
		return r;
	snprintf(prev, sizeof(prev), "%s.prev", file->name);
	r = renameat(file->dirfd, second, file->dirfd, prev) < 0 ? -errno : 0;
	/* rename(2) does nothing when both names are the same file already, as after a commit that failed behind here:
	 * then the second name is still there. */
	unlinkat(file->dirfd, second, 0);
	return r;
}

/* Renames the new file into place and makes that durable, or puts the old one back. */
static int replace_target(const struct pgm_durable *file)
{
	char second[sizeof(file->temp)];
	int had = link_target(file, second, sizeof(second));
	int r = 0;

	if (had < 0)
		return had;
	if (renameat(file->dirfd, file->temp, file->dirfd, file->name) < 0) {
		r = -errno;
	} else if (fsync(file->dirfd) < 0) {
		r = -errno;
		if (had)
			renameat(file->dirfd, second, file->dirfd, file->name);
		else
			unlinkat(file->dirfd, file->name, 0);
	}
	if (had)
		unlinkat(file->dirfd, second, 0);
	return r;
}

int pgm_durable_commit(struct pgm_durable *file, bool keep_previous, struct pgm_error *err)
{
	int r = fsync(file->fd) < 0 ? -errno : 0;

	if (r == 0 && keep_previous)
		r = save_previous(file);
	if (r == 0)
		r = replace_target(file);
	if (r == 0)
		file->temp[0] = '\0';
	else {
		errno = -r;
		fail_errno(err, "cannot save", file->name);
	}
	pgm_durable_abort(file);
	return r;
}

void pgm_durable_abort(struct pgm_durable *file)
{
	if (!file->name[0])
		return;
	if (file->temp[0])
		unlinkat(file->dirfd, file->temp, 0);
	close(file->fd);
	close(file->dirfd);
	file->name[0] = '\0';
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a whole file, and making folders with their parents. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"

#define FIRST_READ 4096u

/* Room for one more byte than max, which tells "as large as allowed" from "larger", and for the zero. */
static int grow(char **buf, size_t *size, size_t max)
{
	size_t want = *size ? *size * 2 : FIRST_READ;

	if (want > max + 2 || want < *size)
		want = max + 2;
	char *bigger = realloc(*buf, want);
	if (!bigger)
		return -ENOMEM;
	*buf = bigger;
	*size = want;
	return 0;
}

int pgm_read_fd(int fd, size_t max, char **out, size_t *len)
{
	PGM_FREE char *buf = NULL;
	size_t size = 0, used = 0;

	if (max > SSIZE_MAX - 2)
		return -EINVAL;
	for (;;) {
		if (used + 1 >= size && grow(&buf, &size, max) < 0)
			return -ENOMEM;
		ssize_t n = read(fd, buf + used, size - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return -EFBIG;
	}
	buf[used] = '\0';
	*out = PGM_TAKE(buf);
	*len = used;
	return 0;
}

int pgm_read_file(const char *path, size_t max, char **out, size_t *len)
{
	PGM_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : pgm_read_fd(fd, max, out, len);
}

/* A new folder lasts only once the folder that it stands in is synced; EINVAL: that file system has nothing to sync. */
static int sync_folder(int parent, const char *name, mode_t mode)
{
	PGM_CLOSE int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchmod(fd, mode) < 0 || (fsync(parent) < 0 && errno != EINVAL))
		return -errno;
	return 0;
}

/* Opens folder name below parent, made if it is missing. Returns a descriptor or -errno. */
static int enter(int parent, const char *name, mode_t mode)
{
	if (mkdirat(parent, name, mode) == 0) {
		int r = sync_folder(parent, name, mode);
		if (r < 0)
			return r;
	} else if (errno != EEXIST) {
		return -errno;
	}
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int pgm_make_dir(const char *path, mode_t mode, struct pgm_error *err)
{
	char copy[PATH_MAX];
	char *rest = copy;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy) || !path[0])
		return pgm_fail(err, -ENAMETOOLONG, "cannot make the folder \"%.64s\": its path is empty or too long",
		                path);
	PGM_CLOSE int at = open(path[0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return pgm_fail(err, -errno, "cannot make the folder %s: %s", path, strerror(errno));
	for (;;) {
		rest += strspn(rest, "/");
		char *name = rest;
		if (!*name)
			return 0;
		rest += strcspn(rest, "/");
		bool last = rest[strspn(rest, "/")] == '\0';
		if (*rest)
			*rest++ = '\0';
		int next = enter(at, name, last ? mode : 0755);
		if (next < 0)
			return pgm_fail(err, next, "cannot make the folder %s: %s: %s", path, name, strerror(-next));
		close(at);
		at = next;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Durable files: either the old content or the new one is there after a crash, never a mix. */
#ifndef PGM_COMMON_DURABLE_H
#define PGM_COMMON_DURABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * A file being written aside in the folder of its target, with its final mode from the start. The caller writes to fd,
 * or to a stream over a dup of it, and sees to it that every write (fflush and fclose too) is checked before the
 * commit. All zeros means "none", so an owner that starts with {0} may always abort.
 */
struct pgm_durable {
	int dirfd;
	int fd;
	char name[256];
	char temp[288];
};

/* Open a temporary file in folder dir for target name; those that a killed process left behind are removed. Two
 * writers of one target must take turns by themselves. Returns 0 or -errno. */
int pgm_durable_begin(const char *dir, const char *name, mode_t mode, struct pgm_durable *out, struct pgm_error *err);

/*
 * fsync the file, keep the target it replaces as "NAME.prev" if keep_previous, rename it into place, fsync the folder.
 * At no moment is there no target if there was one. On error the target is what it was and the temporary file is gone.
 */
int pgm_durable_commit(struct pgm_durable *file, bool keep_previous, struct pgm_error *err);

/* Throw the temporary file away; harmless after a commit, whose end it is too. */
void pgm_durable_abort(struct pgm_durable *file);

/* Read a whole file of at most max bytes; *out is malloc'ed, zero-terminated behind its *len bytes. 0 or -errno
 * (-EFBIG when larger). */
int pgm_read_file(const char *path, size_t max, char **out, size_t *len);

/* The same for an open file, from where it stands. */
int pgm_read_fd(int fd, size_t max, char **out, size_t *len);

/* mkdir with missing parents, like "mkdir -p -m MODE". Existing folders are left as they are. */
int pgm_make_dir(const char *path, mode_t mode, struct pgm_error *err);

#endif

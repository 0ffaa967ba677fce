/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the pins: on a bpffs, with the right owner and mode, and locked by one daemon. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/durable.h"
#include "common/log.h"
#include "gate/kernel_internal.h"

#define BPFFS "/sys/fs/bpf"

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

static int mount_bpffs(const char *pin_dir, struct pgm_error *err)
{
	size_t len = strlen(BPFFS);

	if (strncmp(pin_dir, BPFFS, len) != 0 || (pin_dir[len] != 0 && pin_dir[len] != '/') || is_bpffs(BPFFS))
		return 0;
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") == 0)
		return 0;
	int code = -errno;
	pgm_fail(err, code, "cannot mount bpffs on " BPFFS ": %s", strerror(-code));
	pgm_hint(err, "The gate needs root and a kernel with BPF.");
	return code;
}

static int make_folder(const char *pin_dir, struct pgm_error *err)
{
	int code = pgm_make_dir(pin_dir, 0750, err);

	if (code == -EPERM && strchr(pin_dir, '.'))
		pgm_hint(err, "Names on a bpffs cannot contain a dot: choose another pin_dir.");
	if (code < 0)
		return code;
	if (is_bpffs(pin_dir))
		return 0;
	pgm_fail(err, -EINVAL, "pin_dir %s is not on a bpffs", pin_dir);
	pgm_hint(err, "Use a folder below " BPFFS ", or mount one there: mount -t bpf bpf %s", pin_dir);
	return -EINVAL;
}

static gid_t find_group(const char *name)
{
	char buf[16384];
	struct group entry, *found = NULL;

	if (getgrnam_r(name, &entry, buf, sizeof(buf), &found) == 0 && found)
		return found->gr_gid;
	pgm_log(LOG_WARNING, "group \"%s\" (metrics_group) does not exist: only root can read the metrics", name);
	return 0;
}

/* Who holds a flock on this file, from /proc/locks; 0 if it cannot be seen. */
static pid_t lock_holder(int fd)
{
	PGM_FCLOSE FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	struct stat st;

	if (!locks || fstat(fd, &st) < 0)
		return 0;
	while (fgets(line, sizeof(line), locks)) {
		unsigned major_id, minor_id;
		unsigned long long inode;
		int pid;

		if (sscanf(line, "%*s FLOCK %*s WRITE %d %x:%x:%llu", &pid, &major_id, &minor_id, &inode) == 4 &&
		    inode == st.st_ino && makedev(major_id, minor_id) == st.st_dev)
			return pid;
	}
	return 0;
}

/* systemd mounts bpffs with mode 0700, which shuts the metrics group out from what is its to read. */
static void open_path(const char *pin_dir)
{
	char path[PATH_MAX];
	struct stat st;

	for (const char *slash = strchr(pin_dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(path, sizeof(path), "%.*s", (int)(slash - pin_dir), pin_dir);
		if (!is_bpffs(path) || stat(path, &st) < 0 || (st.st_mode & S_IXOTH))
			continue;
		if (chmod(path, (st.st_mode & 07777) | S_IXOTH) == 0)
			pgm_log(LOG_NOTICE, "others may now pass through %s, so that the metrics group reaches %s",
			        path, pin_dir);
		else
			pgm_log(LOG_WARNING, "cannot let the metrics group pass through %s: %s", path, strerror(errno));
	}
}

static int lock_folder(int fd, const char *pin_dir, struct pgm_error *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return pgm_fail(err, -errno, "cannot lock %s: %s", pin_dir, strerror(errno));
	pid_t pid = lock_holder(fd);
	if (pid > 0)
		pgm_fail(err, -EBUSY, "another pgmoatd (pid %d) holds %s", pid, pin_dir);
	else
		pgm_fail(err, -EBUSY, "another pgmoatd holds %s", pin_dir);
	pgm_hint(err, "Stop it first, or give this one its own pin_dir, state_dir and run_dir.");
	return -EBUSY;
}

int pgm_pindir_open(const struct pgm_config *config, gid_t *group, struct pgm_error *err)
{
	const char *pin_dir = config->pin_dir;
	int code = mount_bpffs(pin_dir, err);

	if (code == 0)
		code = make_folder(pin_dir, err);
	if (code < 0)
		return code;
	PGM_CLOSE int fd = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return pgm_fail(err, -errno, "cannot open %s: %s", pin_dir, strerror(errno));
	code = lock_folder(fd, pin_dir, err);
	if (code < 0)
		return code;
	*group = find_group(config->metrics_group);
	if (fchown(fd, 0, *group) < 0 || fchmod(fd, 0750) < 0)
		return pgm_fail(err, -errno, "cannot set owner and mode of %s: %s", pin_dir, strerror(errno));
	if (*group != 0)
		open_path(pin_dir);
	return PGM_TAKE_FD(fd);
}

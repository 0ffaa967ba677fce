/* SPDX-License-Identifier: Apache-2.0 */
/* Durable files under real trouble: full file systems, size limits, failing fsync, kills at every step. */
#include "common/durable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "lib/check.h"
#include "lib/sandbox.h"

/* Stand before libc's functions: the step that is counted down to zero fails with step_errno, or kills the process. */
static int steps_left;
static int step_errno;

static bool step(void)
{
	if (steps_left == 0 || --steps_left > 0)
		return true;
	if (step_errno == 0)
		kill(getpid(), SIGKILL);
	errno = step_errno;
	return false;
}

int fsync(int fd)
{
	return step() ? (int)syscall(SYS_fsync, fd) : -1;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return step() ? (int)syscall(SYS_renameat, from_dir, from, to_dir, to) : -1;
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	return step() ? (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags) : -1;
}

int unlinkat(int dir, const char *name, int flags)
{
	return step() ? (int)syscall(SYS_unlinkat, dir, name, flags) : -1;
}

static char dir[PATH_MAX];

static void fresh_dir(void)
{
	snprintf(dir, sizeof(dir), "%s/d", sandbox_folder());
	sandbox_sh("rm -rf %s && mkdir -m 755 %s", dir, dir);
}

static const char *in_dir(const char *name)
{
	static char path[PATH_MAX + 320];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static unsigned entries(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void has(const char *name, const char *want)
{
	PGM_FREE char *text = NULL;
	size_t len;
	int r = pgm_read_file(in_dir(name), 1 << 20, &text, &len);

	if (r < 0)
		check_fail(__FILE__, __LINE__, "%s: %s", name, strerror(-r));
	if (strcmp(text, want) != 0)
		check_fail(__FILE__, __LINE__, "%s holds \"%.40s\", not \"%.40s\"", name, text, want);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int save(const char *text, bool keep_previous, struct pgm_error *err)
{
	struct pgm_durable file;
	int r = pgm_durable_begin(dir, "f", 0640, &file, err);

	if (r < 0)
		return r;
	r = write_all(file.fd, text, strlen(text));
	if (r < 0) {
		pgm_durable_abort(&file);
		return r;
	}
	return pgm_durable_commit(&file, keep_previous, err);
}

static void saves_and_keeps_the_previous(void)
{
	struct stat st;

	fresh_dir();
	CHECK_INT(save("one", true, NULL), 0);
	has("f", "one");
	CHECK_INT(entries(), 1);
	CHECK_INT(save("two", true, NULL), 0);
	has("f", "two");
	has("f.prev", "one");
	CHECK_INT(save("three", false, NULL), 0);
	has("f", "three");
	has("f.prev", "one");
	CHECK_INT(save("four", true, NULL), 0);
	has("f.prev", "three");
	CHECK_INT(entries(), 2);
	CHECK(stat(in_dir("f"), &st) == 0);
	CHECK_INT(st.st_nlink, 1);
}

static void mode_in_spite_of_umask(void)
{
	struct pgm_durable file;
	struct stat st;

	fresh_dir();
	mode_t before = umask(0777);
	int r = pgm_durable_begin(dir, "f", 0664, &file, NULL);
	umask(before);
	CHECK_INT(r, 0);
	CHECK(fstat(file.fd, &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0664);
	CHECK(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
	CHECK_INT(pgm_durable_commit(&file, false, NULL), 0);
	CHECK(stat(in_dir("f"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0664);
}

static void abort_leaves_nothing(void)
{
	struct pgm_durable file, none = {0};

	fresh_dir();
	CHECK_INT(save("old", false, NULL), 0);
	CHECK_INT(pgm_durable_begin(dir, "f", 0600, &file, NULL), 0);
	CHECK_INT(entries(), 2);
	pgm_durable_abort(&file);
	CHECK_INT(entries(), 1);
	has("f", "old");
	pgm_durable_abort(&file);
	pgm_durable_abort(&none);
	CHECK(fcntl(0, F_GETFD) >= 0); /* all zeros is no descriptor 0 */
	CHECK_INT(pgm_durable_begin(dir, "f", 0600, &file, NULL), 0);
	CHECK_INT(pgm_durable_commit(&file, false, NULL), 0);
	pgm_durable_abort(&file);
	has("f", "");
}

static void bad_names(void)
{
	static const char *const names[] = {"", ".", "..", "a/b", "/a"};
	char longest[300];
	struct pgm_durable file;
	struct pgm_error err;

	fresh_dir();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_INT(pgm_durable_begin(dir, names[i], 0600, &file, &err), -EINVAL);
		CHECK_HAS(err.what, "not a usable file name");
	}
	memset(longest, 'n', sizeof(longest));
	longest[242] = '\0';
	CHECK_INT(pgm_durable_begin(dir, longest, 0600, &file, &err), -EINVAL);
	longest[241] = '\0';
	CHECK_INT(pgm_durable_begin(dir, longest, 0600, &file, &err), 0);
	CHECK_INT(pgm_durable_commit(&file, false, &err), 0);
	CHECK_INT(pgm_durable_begin(in_dir("missing"), "f", 0600, &file, &err), -ENOENT);
	CHECK_HAS(err.what, "missing: No such file or directory");
	CHECK_INT(pgm_durable_begin(in_dir(longest), "f", 0600, &file, &err), -ENOTDIR);
}

static void target_is_a_folder(void)
{
	struct pgm_error err;

	fresh_dir();
	CHECK(mkdir(in_dir("f"), 0755) == 0);
	CHECK(save("x", false, &err) < 0);
	CHECK_HAS(err.what, "cannot save f: ");
	CHECK_INT(entries(), 1);
}

static void symlink_is_replaced_not_followed(void)
{
	struct stat st;

	fresh_dir();
	sandbox_sh("printf other > %s/other && ln -s other %s/f", dir, dir);
	CHECK_INT(save("x", true, NULL), 0);
	CHECK(lstat(in_dir("f"), &st) == 0 && S_ISREG(st.st_mode));
	has("f", "x");
	has("other", "other");
	CHECK_INT(entries(), 3);
}

/* Every call that a commit makes fails once: the old content stays, and nothing else is left. */
static void each_step_fails(void)
{
	for (int keep = 0; keep <= 1; keep++) {
		for (int had = 0; had <= 1; had++) {
			unsigned failed = 0;

			for (int n = 1; n < 20; n++) {
				struct pgm_error err;

				fresh_dir();
				if (had)
					CHECK_INT(save("old", false, NULL), 0);
				steps_left = n;
				step_errno = EIO;
				int r = save("new", keep, &err);
				bool reached = steps_left == 0;
				steps_left = 0;
				if (!reached)
					break;
				if (r == 0) { /* a second name could not be removed: the save itself is whole */
					has("f", "new");
					CHECK_INT(save("newer", false, NULL), 0);
					continue;
				}
				failed++;
				CHECK_INT(r, -EIO);
				CHECK_HAS(err.what, "cannot save f: Input/output error");
				if (had)
					has("f", "old");
				else
					CHECK(access(in_dir("f"), F_OK) < 0);
				if (access(in_dir("f.prev"), F_OK) == 0)
					has("f.prev", "old");
				CHECK_INT(entries(), had + (access(in_dir("f.prev"), F_OK) == 0));
				CHECK_INT(save("next", true, NULL), 0);
				if (had)
					has("f.prev", "old");
			}
			CHECK(failed >= (had ? 4 : 3)); /* at least: fsync, link, rename, fsync of the folder */
		}
	}
}

static void full_file_system(void)
{
	PGM_FREE char *big = calloc(1, 512 * 1024);
	struct pgm_durable file;
	struct pgm_error err;

	fresh_dir();
	memset(big, 'x', 512 * 1024 - 1);
	CHECK(mount("tmpfs", dir, "tmpfs", 0, "size=128k,mode=0755") == 0);
	CHECK_INT(save("old", false, NULL), 0);
	CHECK_INT(save(big, true, NULL), -ENOSPC);
	CHECK_INT(entries(), 1);
	has("f", "old");

	/* no room for another name */
	umount2(dir, MNT_DETACH);
	CHECK(mount("tmpfs", dir, "tmpfs", 0, "size=128k,nr_inodes=3,mode=0755") == 0);
	CHECK_INT(save("old", false, NULL), 0);
	CHECK_INT(pgm_durable_begin(dir, "other", 0600, &file, &err), 0);
	CHECK_INT(save("new", false, &err), -ENOSPC);
	CHECK_HAS(err.what, "cannot create a file in the folder");
	CHECK_HAS(err.what, "No space left on device");
	CHECK_HAS(err.hint, "make room");
	pgm_durable_abort(&file);
	has("f", "old");
	CHECK_INT(entries(), 1);
	umount2(dir, MNT_DETACH);
}

static void file_size_limit(void)
{
	PGM_FREE char *big = calloc(1, 64 * 1024);
	struct rlimit before, tight;

	fresh_dir();
	memset(big, 'x', 64 * 1024 - 1);
	CHECK_INT(save("old", false, NULL), 0);
	signal(SIGXFSZ, SIG_IGN);
	CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
	tight = before;
	tight.rlim_cur = 10000;
	CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0);
	int r = save(big, true, NULL);
	CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
	signal(SIGXFSZ, SIG_DFL);
	CHECK_INT(r, -EFBIG);
	has("f", "old");
	CHECK_INT(entries(), 1);
}

static void read_only_file_system(void)
{
	struct pgm_error err;

	fresh_dir();
	CHECK_INT(save("old", false, NULL), 0);
	CHECK(mount(dir, dir, NULL, MS_BIND, NULL) == 0);
	CHECK(mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0);
	int r = save("new", true, &err);
	umount2(dir, MNT_DETACH);
	CHECK_INT(r, -EROFS);
	CHECK_HAS(err.what, "Read-only file system");
	CHECK_HAS(err.hint, "read-only");
	has("f", "old");
}

static void stale_files_go_living_ones_stay(void)
{
	struct pgm_durable one, two;

	fresh_dir();
	sandbox_sh(
	        "cd %s && touch .f.01234567.tmp .f.89abcdef.tmp .f.tmp .f.0123456.tmp .f.0123456x.tmp .g.01234567.tmp "
	        "f.prev",
	        dir);
	CHECK_INT(pgm_durable_begin(dir, "f", 0600, &one, NULL), 0);
	CHECK_INT(entries(), 6);
	CHECK_INT(pgm_durable_begin(dir, "f", 0600, &two, NULL), 0);
	CHECK_INT(entries(), 7);
	CHECK_INT(write_all(one.fd, "1", 1), 0);
	CHECK_INT(write_all(two.fd, "2", 1), 0);
	CHECK_INT(pgm_durable_commit(&two, false, NULL), 0);
	has("f", "2");
	CHECK_INT(pgm_durable_commit(&one, false, NULL), 0);
	has("f", "1");
	CHECK_INT(entries(), 6);
}

/* Version n: its number, then a length of one letter that both follow from it. */
static void version_text(unsigned n, char *out)
{
	size_t used = (size_t)sprintf(out, "%u\n", n);
	size_t len = n * 7919u % 30000u;

	memset(out + used, 'a' + (int)(n % 26), len);
	out[used + len] = '\0';
}

/* The version that a file holds whole; the case fails if it is a mix. */
static unsigned version_of(const char *name)
{
	PGM_FREE char *text = NULL, *want = malloc(32768);
	size_t len;

	CHECK_INT(pgm_read_file(in_dir(name), 1 << 20, &text, &len), 0);
	unsigned n = (unsigned)strtoul(text, NULL, 10);
	version_text(n, want);
	CHECK(strcmp(text, want) == 0);
	return n;
}

static volatile unsigned *committed; /* shared with the child */

static _Noreturn void keep_saving(void)
{
	char *text = malloc(32768);

	for (unsigned n = *committed + 1;; n++) {
		version_text(n, text);
		if (save(text, true, NULL) != 0)
			_exit(1);
		*committed = n;
	}
}

static void kill_and_look(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	if (access(in_dir("f"), F_OK) < 0) {
		CHECK_INT(*committed, 0);
		return;
	}
	unsigned n = version_of("f");
	CHECK(n == *committed || n == *committed + 1);
	if (n > 1) {
		unsigned prev = version_of("f.prev");
		CHECK(prev == n || prev == n - 1);
	}
	*committed = n;
}

static void killed_at_each_step(void)
{
	unsigned reached = 0;

	fresh_dir();
	*committed = 0;
	for (int n = 1; n <= 40; n++) {
		pid_t child = fork();
		if (child == 0) {
			steps_left = n;
			step_errno = 0;
			keep_saving();
		}
		kill_and_look(child);
		reached++;
	}
	CHECK_INT(reached, 40);
	CHECK_INT(save("0\n", true, NULL), 0);
	CHECK_INT(entries(), 2);
}

static void killed_at_random(void)
{
	fresh_dir();
	*committed = 0;
	for (unsigned round = 0; round < 100 * check_scale(); round++) {
		pid_t child = fork();
		if (child == 0)
			keep_saving();
		usleep((useconds_t)check_below(5000)); /* the random moment itself, nothing is awaited */
		kill(child, SIGKILL);
		kill_and_look(child);
	}
	CHECK(*committed > 0);
	CHECK_INT(save("0\n", true, NULL), 0);
	CHECK_INT(entries(), 2);
}

static void reading(void)
{
	PGM_FREE char *text = NULL, *kept = NULL;
	size_t len = 7;

	fresh_dir();
	for (size_t size = 0; size < 20000; size = size * 2 + 1) {
		sandbox_sh("head -c %zu /dev/zero > %s/z", size, dir);
		CHECK_INT(pgm_read_file(in_dir("z"), size, &text, &len), 0);
		CHECK_INT(len, size);
		CHECK_INT(text[len], 0);
		free(text);
		text = NULL;
		if (size == 0)
			continue;
		CHECK_INT(pgm_read_file(in_dir("z"), size - 1, &kept, &len), -EFBIG);
		CHECK(!kept && len == size);
	}
	CHECK_INT(pgm_read_file("/proc/self/status", 1 << 20, &text, &len), 0); /* says it is empty */
	CHECK(len > 100);
	CHECK_INT(pgm_read_file(in_dir("none"), 10, &kept, &len), -ENOENT);
	CHECK_INT(pgm_read_file(dir, 10, &kept, &len), -EISDIR);
}

static void folders(void)
{
	struct pgm_error err;
	struct stat st;

	fresh_dir();
	mode_t before = umask(0027);
	int r = pgm_make_dir(in_dir("a//b/c/"), 02775, &err);
	umask(before);
	CHECK_INT(r, 0);
	CHECK(stat(in_dir("a/b"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0755);
	CHECK(stat(in_dir("a/b/c"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 02775);
	CHECK_INT(pgm_make_dir(in_dir("a/b"), 0700, &err), 0);
	CHECK(stat(in_dir("a/b"), &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0755); /* what exists stays as it is */
	sandbox_sh("ln -s b %s/a/link && touch %s/a/file", dir, dir);
	CHECK_INT(pgm_make_dir(in_dir("a/link/d"), 0700, &err), 0);
	CHECK(stat(in_dir("a/b/d"), &st) == 0);
	CHECK_INT(pgm_make_dir(in_dir("a/file/d"), 0700, &err), -ENOTDIR);
	CHECK_HAS(err.what, "a/file/d: file: Not a directory");
	CHECK_INT(pgm_make_dir(in_dir("a/file"), 0700, &err), -ENOTDIR);
	CHECK_INT(pgm_make_dir("", 0700, &err), -ENAMETOOLONG);
	CHECK_INT(pgm_make_dir("/", 0700, &err), 0);
}

static void folders_on_a_bpffs(void)
{
	struct stat st;

	CHECK_INT(pgm_make_dir("/sys/fs/bpf/a/b", 0750, NULL), 0);
	CHECK(stat("/sys/fs/bpf/a/b", &st) == 0);
	CHECK_INT(st.st_mode & 07777, 0750);
	CHECK_INT(pgm_make_dir("/sys/fs/bpf/a.b", 0750, NULL), -EPERM);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(saves_and_keeps_the_previous),
	        CASE(mode_in_spite_of_umask),
	        CASE(abort_leaves_nothing),
	        CASE(bad_names),
	        CASE(target_is_a_folder),
	        CASE(symlink_is_replaced_not_followed),
	        CASE(each_step_fails),
	        CASE(full_file_system),
	        CASE(file_size_limit),
	        CASE(read_only_file_system),
	        CASE(stale_files_go_living_ones_stay),
	        CASE(killed_at_each_step),
	        CASE(killed_at_random),
	        CASE(reading),
	        CASE(folders),
	        CASE(folders_on_a_bpffs),
	};

	sandbox_enter();
	committed = mmap(NULL, sizeof(*committed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return committed == MAP_FAILED ? 1 : check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A private world for one test program: own mounts with an own bpffs, own network, own scratch folder. */
#include "lib/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/check.h"

static void need(int result, const char *what)
{
	if (result == 0)
		return;
	fprintf(stderr, "sandbox: %s: %s\n", what, strerror(errno));
	exit(1);
}

void sandbox_enter(void)
{
	need(unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare (the gate's tests run as root)");
	need(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "make mounts private");
	need(mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0755"), "mount bpffs");
	need(mount("tmpfs", "/run", "tmpfs", 0, "mode=0755"), "mount /run");
	need(mkdir("/run/netns", 0755), "mkdir /run/netns");
	need(system("ip link set lo up"), "ip link set lo up");
}

static char folder[] = "/run/pgmoat-test-XXXXXX";

const char *sandbox_folder(void)
{
	static bool made;

	if (!made && !mkdtemp(folder))
		need(-1, "mkdtemp");
	made = true;
	return folder;
}

void sandbox_sh(const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		check_fail(__FILE__, __LINE__, "failed: %s", command);
}

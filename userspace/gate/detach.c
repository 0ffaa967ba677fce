/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the whole gate off: links, filters, pins and reserved ports, from what is pinned and found. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "gate/attach_internal.h"
#include "gate/reserved.h"
#include "gate/rtnl.h"

struct sweep {
	const struct pgm_config *config;
	FILE *out;
	struct pgm_error *err;
	int result; /* the first error; the sweep goes on */
};

static void failed(struct sweep *sweep, int code, const char *what, const char *object)
{
	if (sweep->result == 0)
		sweep->result = pgm_fail(sweep->err, code, "%s %s: %s", what, object, strerror(-code));
}

static const char *name_of(int ifindex, char buf[static IF_NAMESIZE])
{
	return if_indextoname((unsigned)ifindex, buf) ? buf : "that is gone";
}

static void take_link_off(struct sweep *sweep, int ifindex)
{
	struct pgm_guard guard = {.ifindex = ifindex, .link_fd = -1};
	char name[IF_NAMESIZE];
	enum pgm_hook hook = pgm_xdp_find(sweep->config, &guard);

	if (hook == PGM_HOOK_NONE)
		return;
	fprintf(sweep->out, "interface %s: %s XDP link taken off\n", name_of(ifindex, name), pgm_hook_name(hook));
	pgm_xdp_take_off(sweep->config, &guard);
}

static void take_filter_off(struct sweep *sweep, int ifindex)
{
	char name[IF_NAMESIZE];
	int r = pgm_tc_take_off(ifindex);

	if (r > 0)
		fprintf(sweep->out, "interface %s: tc filter taken off\n", name_of(ifindex, name));
	else if (r < 0 && r != -ENODEV)
		failed(sweep, r, "cannot take the tc filter off interface", name_of(ifindex, name));
}

static int each_link(struct nlmsghdr *message, void *arg)
{
	const struct ifinfomsg *info = nlmsg_data(message);

	if (message->nlmsg_type == RTM_NEWLINK && nlmsg_valid_hdr(message, sizeof(*info)))
		take_filter_off(arg, info->ifi_index);
	return 0;
}

static void take_filters_off(struct sweep *sweep)
{
	struct ifinfomsg head = {0};
	int r, tries = 0;

	do
		r = pgm_rtnl_request(pgm_rtnl_message(RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head)), each_link, sweep,
		                     NULL, 0);
	while (r == -EINTR && ++tries < 10);
	if (r < 0)
		failed(sweep, r, "cannot list the machine's", "interfaces");
}

static void remove_pins(struct sweep *sweep, DIR *dir)
{
	struct dirent *entry;
	unsigned removed = 0;

	while ((entry = readdir(dir))) {
		int ifindex;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (sscanf(entry->d_name, "link_%d", &ifindex) == 1)
			take_link_off(sweep, ifindex);
		if (unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			removed++;
		else if (errno != ENOENT)
			failed(sweep, -errno, "cannot remove the pin", entry->d_name);
	}
	if (removed)
		fprintf(sweep->out, "%s: %u pinned maps and programs removed\n", sweep->config->pin_dir, removed);
}

/* A daemon that runs would put back within milliseconds what is taken off here. */
static int lock_pins(const struct pgm_config *config, DIR *dir, struct pgm_error *err)
{
	if (flock(dirfd(dir), LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return pgm_fail(err, -errno, "cannot lock %s: %s", config->pin_dir, strerror(errno));
	pgm_fail(err, -EBUSY, "pgmoatd is running and guards what %s holds", config->pin_dir);
	pgm_hint(err, "Stop it first (systemctl stop pgmoatd): stopping alone changes no verdict.");
	return -EBUSY;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

int pgm_detach_all(const struct pgm_config *config, FILE *out, struct pgm_error *err)
{
	struct sweep sweep = {.config = config, .out = out, .err = err};
	__attribute__((cleanup(close_dir))) DIR *dir = opendir(config->pin_dir);
	int r = 0;

	if (!dir && errno != ENOENT)
		return pgm_fail(err, -errno, "cannot open %s: %s", config->pin_dir, strerror(errno));
	if (dir)
		r = lock_pins(config, dir, err);
	if (r < 0)
		return r;
	take_filters_off(&sweep);
	if (dir) {
		remove_pins(&sweep, dir);
		if (rmdir(config->pin_dir) < 0 && errno != ENOENT)
			failed(&sweep, -errno, "cannot remove the folder", config->pin_dir);
	}
	r = pgm_reserved_remove(config, sweep.result ? NULL : err);
	if (r > 0)
		fprintf(out, "reserved ports that pgmoat had added: given back\n");
	return sweep.result ? sweep.result : r < 0 ? r : 0;
}

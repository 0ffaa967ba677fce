/* SPDX-License-Identifier: Apache-2.0 */
/* XDP through a pinned bpf_link: made, found again, given a new program in place, taken off. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "gate/attach_internal.h"
#include "gate/rtnl.h"

void pgm_xdp_pin_path(const struct pgm_config *config, int ifindex, char *buf, size_t len)
{
	snprintf(buf, len, "%s/link_%d", config->pin_dir, ifindex);
}

static bool read_link(int fd, struct bpf_link_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &len) == 0 && info->type == BPF_LINK_TYPE_XDP;
}

/* A link whose device is gone, or that was detached by force, has ifindex 0. */
static bool on_interface(int fd, int ifindex)
{
	struct bpf_link_info info;

	return fd >= 0 && read_link(fd, &info) && info.xdp.ifindex == (unsigned)ifindex;
}

static int pin(const struct pgm_config *config, int fd, int ifindex)
{
	char path[PATH_MAX + 32];

	pgm_xdp_pin_path(config, ifindex, path, sizeof(path));
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

static void forget(const struct pgm_config *config, struct pgm_guard *guard)
{
	char path[PATH_MAX + 32];

	pgm_xdp_pin_path(config, guard->ifindex, path, sizeof(path));
	(void)unlink(path);
	if (guard->link_fd >= 0)
		close(guard->link_fd);
	guard->link_fd = -1;
}

enum pgm_hook pgm_xdp_find(const struct pgm_config *config, struct pgm_guard *guard)
{
	char path[PATH_MAX + 32];
	struct pgm_link_view view;
	int fd;

	pgm_xdp_pin_path(config, guard->ifindex, path, sizeof(path));
	fd = bpf_obj_get(path);
	if (on_interface(fd, guard->ifindex)) {
		if (guard->link_fd >= 0)
			close(guard->link_fd);
		guard->link_fd = fd;
	} else {
		if (fd >= 0)
			close(fd);
		if (!on_interface(guard->link_fd, guard->ifindex))
			forget(config, guard);
	}
	if (guard->link_fd < 0 || pgm_link_query(guard->ifindex, &view) < 0)
		return PGM_HOOK_NONE;
	return view.xdp_mode == XDP_ATTACHED_SKB ? PGM_HOOK_GENERIC : PGM_HOOK_NATIVE;
}

int pgm_xdp_keep_pinned(const struct pgm_config *config, const struct pgm_guard *guard)
{
	char path[PATH_MAX + 32];

	if (guard->link_fd < 0)
		return 0;
	pgm_xdp_pin_path(config, guard->ifindex, path, sizeof(path));
	return access(path, F_OK) == 0 ? 0 : pin(config, guard->link_fd, guard->ifindex);
}

static const enum pgm_flavour flavours[] = {PGM_FLAVOUR_XDP_FRAGS, PGM_FLAVOUR_XDP};

int pgm_xdp_update(const struct pgm_kernel *kernel, struct pgm_guard *guard, char *reason)
{
	int r = -EINVAL;

	for (size_t i = 0; i < sizeof(flavours) / sizeof(flavours[0]); i++) {
		r = bpf_link_update(guard->link_fd, pgm_kernel_program(kernel, flavours[i]), NULL);
		if (r == 0) {
			guard->flavour = flavours[i];
			return 0;
		}
		r = -errno;
	}
	snprintf(reason, PGM_REASON,
	         "the driver takes no new program in place of the old one, which keeps filtering (%s)", strerror(-r));
	return r;
}

/* The program of somebody else that occupies the interface's only XDP place. */
static bool find_foreign(const struct pgm_guard *guard, char *reason)
{
	struct pgm_link_view view;
	char program[96];

	if (pgm_link_query(guard->ifindex, &view) < 0 || view.xdp_mode == XDP_ATTACHED_NONE)
		return false;
	pgm_prog_describe(view.xdp_id, program, sizeof(program));
	/* "(id 12)" becomes "(id 12, generic mode)". */
	if (program[strlen(program) - 1] == ')')
		program[strlen(program) - 1] = '\0';
	snprintf(reason, PGM_REASON, "interface %s already carries XDP program %s, %s mode)", guard->name, program,
	         view.xdp_mode == XDP_ATTACHED_SKB  ? "generic"
	         : view.xdp_mode == XDP_ATTACHED_HW ? "hardware"
	                                            : "native");
	return true;
}

/* Set the XDP program by netlink, which answers with the driver's own words; or (fd -1) clear it if it is expected. */
static int set_by_netlink(int ifindex, int fd, int expected, unsigned flags, char *said)
{
	struct ifinfomsg head = {.ifi_index = ifindex};
	struct nl_msg *message = pgm_rtnl_message(RTM_SETLINK, 0, &head, sizeof(head));
	struct nlattr *nest;

	if (!message)
		return -ENOMEM;
	nest = nla_nest_start(message, IFLA_XDP);
	if (!nest || nla_put_s32(message, IFLA_XDP_FD, fd) < 0 || nla_put_u32(message, IFLA_XDP_FLAGS, flags) < 0 ||
	    (expected >= 0 && nla_put_s32(message, IFLA_XDP_EXPECTED_FD, expected) < 0)) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	nla_nest_end(message, nest);
	return pgm_rtnl_request(message, NULL, NULL, said, said ? PGM_REASON : 0);
}

static unsigned mode_flag(enum pgm_hook hook)
{
	return hook == PGM_HOOK_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/* Never without a mode flag: 0 lets the kernel fall back to generic XDP by itself. */
static int make_link(const struct pgm_kernel *kernel, struct pgm_guard *guard, enum pgm_hook hook)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = mode_flag(hook));
	int r = -EINVAL;

	for (size_t i = 0; i < sizeof(flavours) / sizeof(flavours[0]); i++) {
		int fd = bpf_link_create(pgm_kernel_program(kernel, flavours[i]), guard->ifindex, BPF_XDP, &options);
		if (fd >= 0) {
			guard->link_fd = fd;
			guard->flavour = flavours[i];
			return 0;
		}
		r = -errno;
	}
	return r;
}

/*
 * The link syscall refuses with a bare errno. The same asked by netlink gets the driver's words; if it unexpectedly
 * works, it is undone and the caller tries the link again.
 */
static int ask_why(const struct pgm_kernel *kernel, const struct pgm_guard *guard, enum pgm_hook hook, int refusal,
                   char *reason)
{
	int fd = pgm_kernel_program(kernel, PGM_FLAVOUR_XDP);
	unsigned flags = mode_flag(hook);
	int r;

	if (find_foreign(guard, reason))
		return -EBUSY;
	r = set_by_netlink(guard->ifindex, fd, -1, flags | XDP_FLAGS_UPDATE_IF_NOEXIST, reason);
	if (r == 0)
		return set_by_netlink(guard->ifindex, -1, fd, flags | XDP_FLAGS_REPLACE, NULL);
	if (!reason[0])
		snprintf(reason, PGM_REASON, "the driver refuses (%s)", strerror(-refusal));
	return refusal;
}

int pgm_xdp_attach(const struct pgm_kernel *kernel, const struct pgm_config *config, struct pgm_guard *guard,
                   enum pgm_hook hook, char *reason)
{
	int r = make_link(kernel, guard, hook);

	if (r < 0 && ask_why(kernel, guard, hook, r, reason) == 0) {
		r = make_link(kernel, guard, hook);
		if (r < 0)
			snprintf(reason, PGM_REASON, "the kernel takes the program, but no link (%s)", strerror(-r));
	}
	if (r < 0)
		return r;
	r = pin(config, guard->link_fd, guard->ifindex);
	if (r < 0) {
		snprintf(reason, PGM_REASON, "the link can't be pinned in %.128s (%s)", config->pin_dir, strerror(-r));
		forget(config, guard);
	}
	return r;
}

void pgm_xdp_take_off(const struct pgm_config *config, struct pgm_guard *guard)
{
	/* Somebody else may hold the link too, so closing and unpinning is not enough. */
	if (guard->link_fd >= 0)
		(void)bpf_link_detach(guard->link_fd);
	forget(config, guard);
}

bool pgm_xdp_verify(const struct pgm_guard *guard, unsigned prog_id)
{
	struct bpf_link_info info;

	return guard->link_fd >= 0 && read_link(guard->link_fd, &info) &&
	       info.xdp.ifindex == (unsigned)guard->ifindex && info.prog_id == prog_id;
}

void pgm_attach_forget(const struct pgm_config *config, struct pgm_guard *guard)
{
	forget(config, guard);
	guard->hook = PGM_HOOK_NONE;
}

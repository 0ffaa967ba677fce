/* SPDX-License-Identifier: Apache-2.0 */
/* What netlink tells about interfaces: the subscription, the dumps, and a resynchronisation after a lost message. */
#include <dirent.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "gate/watch_internal.h"

/* Room for a burst of some thousand interfaces; a lost message costs a resynchronisation, nothing else. */
#define RECEIVE_BUFFER (4 * 1024 * 1024)
/* Then the event loop gets a turn. */
#define AT_ONCE 1000

int pgm_watch_listen(struct pgm_watch *watch, struct pgm_error *err)
{
	int size = RECEIVE_BUFFER, fd, r;

	watch->listener = nl_socket_alloc();
	if (!watch->listener)
		return pgm_fail(err, -ENOMEM, "cannot watch the interfaces: out of memory");
	r = nl_connect(watch->listener, NETLINK_ROUTE);
	if (r == 0)
		r = nl_socket_add_memberships(watch->listener, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		                              RTNLGRP_TC, 0);
	if (r == 0)
		r = nl_socket_set_nonblocking(watch->listener);
	if (r < 0)
		return pgm_fail(err, -EIO, "cannot watch the interfaces by netlink: %s", nl_geterror(r));
	fd = nl_socket_get_fd(watch->listener);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

static int take_link(struct pgm_watch *watch, struct nlmsghdr *message)
{
	const struct ifinfomsg *info = nlmsg_data(message);
	struct pgm_link_view view;
	int r;

	if (!nlmsg_valid_hdr(message, sizeof(*info)))
		return -EBADMSG;
	/* A bridge tells about its ports under AF_BRIDGE: a port that leaves it is no interface that goes. */
	if (info->ifi_family != AF_UNSPEC)
		return 0;
	if (message->nlmsg_type == RTM_DELLINK) {
		pgm_watch_gone(watch, info->ifi_index);
		return 0;
	}
	r = pgm_link_parse(message, &view);
	return r < 0 ? r : pgm_watch_link(watch, info->ifi_index, &view);
}

static int take_address(struct pgm_watch *watch, struct nlmsghdr *message)
{
	const struct ifaddrmsg *info = nlmsg_data(message);
	ssize_t i;

	if (!nlmsg_valid_hdr(message, sizeof(*info)))
		return -EBADMSG;
	if (message->nlmsg_type == RTM_DELADDR) {
		watch->recount = true;
		return 0;
	}
	i = pgm_watch_find(watch, (int)info->ifa_index);
	if (i >= 0 && !watch->ifaces[i].address) {
		watch->ifaces[i].address = true;
		watch->ifaces[i].dirty = true;
	}
	return 0;
}

static int take_tc(struct pgm_watch *watch, struct nlmsghdr *message)
{
	const struct tcmsg *info = nlmsg_data(message);

	if (!nlmsg_valid_hdr(message, sizeof(*info)))
		return -EBADMSG;
	/* The block may be shared by any of the interfaces. */
	if (info->tcm_ifindex == (int)TCM_IFINDEX_MAGIC_BLOCK)
		pgm_watch_all_dirty(watch);
	else
		pgm_watch_dirty(watch, info->tcm_ifindex);
	return 0;
}

static int take(struct nlmsghdr *message, void *arg)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return take_link(arg, message);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return take_address(arg, message);
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWCHAIN:
	case RTM_DELCHAIN:
		return take_tc(arg, message);
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	default:
		return 0;
	}
}

/* One datagram. False: nothing is waiting. */
static bool receive(struct pgm_watch *watch)
{
	struct sockaddr_nl from;
	unsigned char *buf = NULL;
	int left = nl_recv(watch->listener, &from, &buf, NULL);
	PGM_FREE void *owned = buf;

	if (left == 0 || left == -NLE_AGAIN)
		return false;
	if (left < 0) {
		/* libnl turns ENOBUFS, the kernel's word for lost messages, into "out of memory". */
		watch->lost = true;
		return left == -NLE_NOMEM;
	}
	if (from.nl_pid != 0)
		return true;
	for (struct nlmsghdr *message = owned; nlmsg_ok(message, left); message = nlmsg_next(message, &left))
		if (take(message, watch) < 0)
			watch->lost = true;
	return true;
}

void pgm_watch_receive(struct pgm_watch *watch)
{
	for (unsigned n = 0; n < AT_ONCE && receive(watch); n++)
		;
}

static int dump(struct pgm_watch *watch, int type, const void *head, size_t size)
{
	int r, tries = 0;

	do
		r = pgm_rtnl_request(pgm_rtnl_message(type, NLM_F_DUMP, head, size), take, watch, NULL, 0);
	while (r == -EINTR && ++tries < 10);
	return r;
}

int pgm_watch_recount(struct pgm_watch *watch)
{
	struct ifaddrmsg head = {.ifa_family = AF_UNSPEC};
	int r;

	for (size_t i = 0; i < watch->count; i++) {
		watch->ifaces[i].dirty |= watch->ifaces[i].address;
		watch->ifaces[i].address = false;
	}
	r = dump(watch, RTM_GETADDR, &head, sizeof(head));
	if (r == 0)
		watch->recount = false;
	return r;
}

/* Pins of links whose interface went while no daemon ran. */
static void drop_stale_pins(const struct pgm_watch *watch)
{
	DIR *dir = opendir(watch->config->pin_dir);
	struct dirent *entry;
	int ifindex;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (sscanf(entry->d_name, "link_%d", &ifindex) == 1 && pgm_watch_find(watch, ifindex) < 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

int pgm_watch_dump(struct pgm_watch *watch)
{
	struct ifinfomsg head = {.ifi_family = AF_UNSPEC};
	int r;

	for (size_t i = 0; i < watch->count; i++)
		watch->ifaces[i].seen = false;
	r = dump(watch, RTM_GETLINK, &head, sizeof(head));
	if (r < 0)
		return r;
	for (size_t i = watch->count; i-- > 0;)
		if (watch->rows[i].guard.ifindex && !watch->ifaces[i].seen)
			pgm_watch_gone(watch, watch->rows[i].guard.ifindex);
	drop_stale_pins(watch);
	r = pgm_watch_recount(watch);
	if (r == 0)
		watch->lost = false;
	return r;
}

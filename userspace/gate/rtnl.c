/* SPDX-License-Identifier: Apache-2.0 */
/* Rtnetlink requests over a socket of their own, with the extended acknowledgement that libnl 3.7 doesn't hand out. */
#include "gate/rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"

struct request {
	pgm_rtnl_fn each;
	void *arg;
	char *said;
	size_t said_size;
	unsigned seq;
	bool interrupted;
};

static void socket_free(struct nl_sock **socket)
{
	nl_socket_free(*socket);
}

static void message_free(struct nl_msg **message)
{
	if (*message)
		nlmsg_free(*message);
}

/* libnl folds errno values into fewer codes of its own; what is left of them is good enough for a socket that failed.
 */
static int from_libnl(int code)
{
	switch (-code) {
	case NLE_SUCCESS:
		return 0;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_PERM:
		return -EPERM;
	default:
		return -EIO;
	}
}

struct nl_msg *pgm_rtnl_message(int type, int flags, const void *head, size_t size)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags | NLM_F_REQUEST);

	if (message && nlmsg_append(message, (void *)(uintptr_t)head, size, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

static int open_socket(struct nl_sock **out)
{
	static const struct timeval patience = {.tv_sec = 5};
	int on = 1, fd, r;
	struct nl_sock *socket = nl_socket_alloc();

	if (!socket)
		return -ENOMEM;
	r = from_libnl(nl_connect(socket, NETLINK_ROUTE));
	if (r < 0) {
		nl_socket_free(socket);
		return r;
	}
	fd = nl_socket_get_fd(socket);
	/* The extended ack only adds words to an error, so a kernel that refuses it changes nothing. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*out = socket;
	return 0;
}

/* The text behind a refusal. The request is echoed between the two unless the kernel capped it. */
static void read_words(struct nlmsghdr *header, const struct nlmsgerr *refusal, char *said, size_t size)
{
	size_t skip = sizeof(*refusal);
	struct nlattr *words;

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += refusal->msg.nlmsg_len - sizeof(refusal->msg);
	if (skip >= (size_t)nlmsg_datalen(header))
		return;
	words = nlmsg_find_attr(header, (int)skip, NLMSGERR_ATTR_MSG);
	if (words)
		snprintf(said, size, "%.*s", nla_len(words), (const char *)nla_data(words));
}

/* 1: the request is answered; 0: more comes; -errno: it is refused. */
static int take(struct nlmsghdr *header, struct request *request)
{
	const struct nlmsgerr *refusal = nlmsg_data(header);

	if (header->nlmsg_seq != request->seq)
		return 0;
	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		request->interrupted = true;
	switch (header->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_DONE:
		return 1;
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	case NLMSG_ERROR:
		if (!nlmsg_valid_hdr(header, sizeof(*refusal)))
			return -EBADMSG;
		if (refusal->error && request->said)
			read_words(header, refusal, request->said, request->said_size);
		return refusal->error ? refusal->error : 1;
	default:
		return request->each ? request->each(header, request->arg) : 0;
	}
}

static int receive(struct nl_sock *socket, struct request *request)
{
	struct sockaddr_nl from;
	unsigned char *buf = NULL;
	int r = 0, left = nl_recv(socket, &from, &buf, NULL);
	PGM_FREE void *owned = buf;

	if (left < 0)
		return from_libnl(left);
	if (left == 0)
		return -EIO;
	if (from.nl_pid != 0)
		return 0;
	for (struct nlmsghdr *header = owned; r == 0 && nlmsg_ok(header, left); header = nlmsg_next(header, &left))
		r = take(header, request);
	return r;
}

int pgm_rtnl_request(struct nl_msg *message, pgm_rtnl_fn each, void *arg, char *said, size_t said_size)
{
	__attribute__((cleanup(message_free))) struct nl_msg *owned = message;
	__attribute__((cleanup(socket_free))) struct nl_sock *socket = NULL;
	struct request request = {.each = each, .arg = arg, .said = said, .said_size = said_size};
	int r;

	if (said)
		said[0] = '\0';
	if (!owned)
		return -ENOMEM;
	r = open_socket(&socket);
	if (r < 0)
		return r;
	r = nl_send_auto(socket, owned);
	if (r < 0)
		return from_libnl(r);
	request.seq = nlmsg_hdr(owned)->nlmsg_seq;
	do
		r = receive(socket, &request);
	while (r == 0);
	if (r < 0)
		return r;
	return request.interrupted ? -EINTR : 0;
}

static void parse_xdp(struct nlattr *nest, struct pgm_link_view *out)
{
	struct nlattr *attrs[IFLA_XDP_MAX + 1];

	if (nla_parse_nested(attrs, IFLA_XDP_MAX, nest, NULL) < 0 || !attrs[IFLA_XDP_ATTACHED])
		return;
	out->xdp_mode = nla_get_u8(attrs[IFLA_XDP_ATTACHED]);
	if (attrs[IFLA_XDP_PROG_ID])
		out->xdp_id = nla_get_u32(attrs[IFLA_XDP_PROG_ID]);
	else if (attrs[IFLA_XDP_DRV_PROG_ID])
		out->xdp_id = nla_get_u32(attrs[IFLA_XDP_DRV_PROG_ID]);
}

int pgm_link_parse(struct nlmsghdr *message, struct pgm_link_view *out)
{
	const struct ifinfomsg *info = nlmsg_data(message);
	struct nlattr *attrs[IFLA_MAX + 1];
	struct pgm_link_view view = {0};

	if (!nlmsg_valid_hdr(message, sizeof(*info)) ||
	    nlmsg_parse(message, sizeof(*info), attrs, IFLA_MAX, NULL) < 0 || !attrs[IFLA_IFNAME])
		return -EBADMSG;
	view.type = info->ifi_type;
	nla_strlcpy(view.name, attrs[IFLA_IFNAME], sizeof(view.name));
	if (attrs[IFLA_XDP])
		parse_xdp(attrs[IFLA_XDP], &view);
	*out = view;
	return 0;
}

static int keep_link(struct nlmsghdr *message, void *arg)
{
	return message->nlmsg_type == RTM_NEWLINK ? pgm_link_parse(message, arg) : 0;
}

int pgm_link_query(int ifindex, struct pgm_link_view *out)
{
	struct ifinfomsg head = {.ifi_index = ifindex};
	struct pgm_link_view view = {0};
	int r = ifindex > 0 ? pgm_rtnl_request(pgm_rtnl_message(RTM_GETLINK, 0, &head, sizeof(head)), keep_link, &view,
	                                       NULL, 0)
	                    : -ENODEV;

	if (r < 0)
		return r;
	*out = view;
	return 0;
}

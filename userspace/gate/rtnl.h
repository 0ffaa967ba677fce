/* SPDX-License-Identifier: Apache-2.0 */
/* One rtnetlink request at a time: sent, answered, and refused in the kernel's own words. */
#ifndef PGM_GATE_RTNL_H
#define PGM_GATE_RTNL_H

#include <netlink/msg.h>
#include <stdbool.h>
#include <stddef.h>

/* Called for each message of an answer. A negative errno ends the request with it. */
typedef int (*pgm_rtnl_fn)(struct nlmsghdr *message, void *arg);

/* A new message whose header is size bytes at head, or NULL (out of memory). flags as in NLM_F_*. */
struct nl_msg *pgm_rtnl_message(int type, int flags, const void *head, size_t size);

/*
 * Send a request, hand what comes back to each (may be NULL), and wait for the acknowledgement or the end of the dump.
 * Takes the message over; NULL is -ENOMEM. A dump that a change interrupted is -EINTR: what was handed out may lack
 * something. said (may be NULL) gets the kernel's text (extended ack) of a refusal, else it is emptied. 0 or -errno.
 */
int pgm_rtnl_request(struct nl_msg *message, pgm_rtnl_fn each, void *arg, char *said, size_t said_size);

/* What the kernel says about one interface. */
struct pgm_link_view {
	char name[16];
	unsigned type;          /* ARPHRD_* */
	unsigned char xdp_mode; /* XDP_ATTACHED_*; NONE without a program */
	unsigned xdp_id;        /* of the program; with XDP_ATTACHED_MULTI the native one's */
};
/* Returns 0, -ENODEV, or another -errno. */
int pgm_link_query(int ifindex, struct pgm_link_view *out);

/* Read name, type and XDP state out of an RTM_NEWLINK. 0 or -EBADMSG. */
int pgm_link_parse(struct nlmsghdr *message, struct pgm_link_view *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind gate/watch.h share: the table of interfaces, what netlink tells it, what is done about it. */
#ifndef PGM_GATE_WATCH_INTERNAL_H
#define PGM_GATE_WATCH_INTERNAL_H

#include <netlink/socket.h>

#include "gate/rtnl.h"
#include "gate/watch.h"

/* What is known of a row's interface besides the row. */
struct pgm_iface {
	unsigned type; /* ARPHRD_* */
	bool address;
	bool seen;  /* by the dump that runs */
	bool dirty; /* something happened: look again */
	bool fresh; /* not looked at yet: may carry a guard of an earlier run */
	bool pin_lost;
	unsigned repairs; /* since the last tick */
	char why[512];    /* what pgm_attach said */
	char logged[640]; /* what the log was told last */
};

struct pgm_watch {
	sd_event *event;
	struct pgm_kernel *kernel;
	const struct pgm_config *config;
	struct nl_sock *listener;
	sd_event_source *io;
	sd_event_source *timer;
	bool lost;    /* messages were lost: dump again */
	bool recount; /* an address went: see who has one left */
	/* Parallel: row i and iface i are one interface. Missing configured names have ifindex 0. */
	struct pgm_watch_row *rows;
	struct pgm_iface *ifaces;
	size_t count;
	size_t capacity;
};

/* --- watch_table.c --- */

/* Index of an interface, or of a missing name (ifindex 0); -1 if there is none. */
ssize_t pgm_watch_find(const struct pgm_watch *watch, int ifindex);
/* An interface is there, under this name and type. 0 or -ENOMEM. */
int pgm_watch_link(struct pgm_watch *watch, int ifindex, const struct pgm_link_view *view);
/* It is gone. */
void pgm_watch_gone(struct pgm_watch *watch, int ifindex);
void pgm_watch_dirty(struct pgm_watch *watch, int ifindex);
void pgm_watch_all_dirty(struct pgm_watch *watch);
/* Rows for configured names that no interface has; only those. 0 or -ENOMEM. */
int pgm_watch_missing(struct pgm_watch *watch);
bool pgm_watch_configured(const struct pgm_watch *watch, const char *name);

/* --- watch_guard.c --- */

/* Guard, verify or report what is dirty. */
void pgm_watch_settle(struct pgm_watch *watch);

/* --- watch_netlink.c --- */

int pgm_watch_listen(struct pgm_watch *watch, struct pgm_error *err);
/* Take in what is waiting, at most a bounded number of messages. Sets lost if some were lost. */
void pgm_watch_receive(struct pgm_watch *watch);
/* Dump links and addresses, and forget what is not there any more. 0 or -errno. */
int pgm_watch_dump(struct pgm_watch *watch);
/* Dump the addresses alone. */
int pgm_watch_recount(struct pgm_watch *watch);

#endif

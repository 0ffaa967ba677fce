/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the machine's interfaces by netlink and keeps the configured ones guarded. */
#ifndef PGM_GATE_WATCH_H
#define PGM_GATE_WATCH_H

#include <systemd/sd-event.h>

#include "gate/attach.h"

struct pgm_watch;

/*
 * Subscribe to links, addresses and tc on the event loop, dump what is there and guard what the config names (auto:
 * every Ethernet interface with an address). Resynchronises after a lost message (ENOBUFS) or an error. An interface
 * that could not be guarded is retried when it changes, and every few seconds.
 */
int pgm_watch_start(sd_event *event, struct pgm_kernel *kernel, const struct pgm_config *config, struct pgm_watch **out,
                    struct pgm_error *err);
void pgm_watch_free(struct pgm_watch *watch);

/* One line of "pgmoat status": every interface of the machine, guarded or not, and configured names that do not exist
 * (ifindex 0). */
struct pgm_watch_row {
	struct pgm_guard guard;
	bool wanted;
	bool ethernet;
};
/* Rows stay valid until the next turn of the event loop. */
size_t pgm_watch_rows(const struct pgm_watch *watch, const struct pgm_watch_row **rows);

/* Wanted interfaces without a guard. */
size_t pgm_watch_unguarded(const struct pgm_watch *watch);

#endif

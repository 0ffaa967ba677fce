/* SPDX-License-Identifier: Apache-2.0 */
/* status: what the daemon promises, and what it can't keep. */
#ifndef PGM_DAEMON_REPORT_H
#define PGM_DAEMON_REPORT_H

#include <jansson.h>
#include <stddef.h>

struct pgmd_client;
struct pgmd_daemon;

void pgmd_report_status(struct pgmd_client *client, json_t *request);

/* One line for the service manager: "list, 12 rules, 2 interfaces guarded". */
void pgmd_report_line(const struct pgmd_daemon *daemon, char *buf, size_t len);

#endif

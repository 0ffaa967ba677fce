/* SPDX-License-Identifier: Apache-2.0 */
/* filter.check: what the live program would do with a connection, and why. */
#ifndef PGM_DAEMON_FILTER_CHECK_H
#define PGM_DAEMON_FILTER_CHECK_H

#include <jansson.h>

struct pgmd_client;

void pgmd_filter_check(struct pgmd_client *client, json_t *request);

#endif

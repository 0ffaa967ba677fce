/* SPDX-License-Identifier: Apache-2.0 */
/* filter.denied: who is being refused. */
#ifndef PGM_DAEMON_FILTER_DENIED_H
#define PGM_DAEMON_FILTER_DENIED_H

#include <jansson.h>

struct pgmd_client;

void pgmd_filter_denied(struct pgmd_client *client, json_t *request);

#endif

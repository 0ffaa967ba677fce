/* SPDX-License-Identifier: Apache-2.0 */
/* filter.add, filter.remove and filter.mode: one rule more or fewer, another mode. */
#ifndef PGM_DAEMON_FILTER_CHANGE_H
#define PGM_DAEMON_FILTER_CHANGE_H

#include <jansson.h>

struct pgmd_client;

void pgmd_filter_add(struct pgmd_client *client, json_t *request);
void pgmd_filter_remove(struct pgmd_client *client, json_t *request);
void pgmd_filter_mode(struct pgmd_client *client, json_t *request);

#endif

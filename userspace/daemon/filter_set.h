/* SPDX-License-Identifier: Apache-2.0 */
/* filter.set: a whole new list, uploaded in pieces. */
#ifndef PGM_DAEMON_FILTER_SET_H
#define PGM_DAEMON_FILTER_SET_H

#include <jansson.h>

#include "daemon/upload.h"

struct pgmd_client;

void pgmd_filter_set(struct pgmd_client *client, json_t *request);

/* A frame behind the request: {"lines": TEXT} or {"end": true}. */
void pgmd_upload_frame(struct pgmd_client *client, json_t *frame);

#endif

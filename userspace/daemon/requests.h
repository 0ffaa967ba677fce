/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the control protocol: which command is done where, and who may ask for it. */
#ifndef PGM_DAEMON_REQUESTS_H
#define PGM_DAEMON_REQUESTS_H

#include <jansson.h>

struct pgmd_client;

/* Check the caller's right and hand the request (borrowed) to its handler, which answers now or later. */
void pgmd_dispatch(struct pgmd_client *client, json_t *request);

#endif

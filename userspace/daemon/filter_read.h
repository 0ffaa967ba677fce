/* SPDX-License-Identifier: Apache-2.0 */
/* filter.list and filter.show: what is in the list. */
#ifndef PGM_DAEMON_FILTER_READ_H
#define PGM_DAEMON_FILTER_READ_H

#include <jansson.h>
#include <stdbool.h>

struct pgmd_client;

void pgmd_filter_list(struct pgmd_client *client, json_t *request);
void pgmd_filter_show(struct pgmd_client *client, json_t *request);

/* A list on its way out. */
struct pgmd_listing;
/* Queue more rows while the client takes them. */
void pgmd_listing_pump(struct pgmd_client *client);
void pgmd_listing_free(struct pgmd_listing *listing);

/* Answers for a request that a lost list makes impossible; false if it is not lost. */
bool pgmd_refuse_lost(struct pgmd_client *client);

#endif

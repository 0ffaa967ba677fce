/* SPDX-License-Identifier: Apache-2.0 */
/* Puts an uploaded list in the place of the client rules; a rule that is in both keeps its id and its counters. */
#ifndef PGM_DAEMON_REPLACE_H
#define PGM_DAEMON_REPLACE_H

struct pgmd_change;
struct pgmd_upload;

/* Make change do that with upload, which is taken over. */
void pgmd_replace_list(struct pgmd_change *change, struct pgmd_upload *upload);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate does while no daemon answers, told from its pins and from the interfaces. */
#ifndef PGM_CLI_OFFLINE_H
#define PGM_CLI_OFFLINE_H

#include <jansson.h>
#include <stdio.h>

#include "common/config.h"

/* One or two plain sentences: still enforcing and with which policy, or open, or not visible for this user. */
void pgm_cli_offline_tell(const struct pgm_config *config, FILE *out);

/* The same as {"pinned", "enforcing", "mode", "generation", "rules", "interfaces"}; pinned and enforcing are null when
 * they can't be seen. A new reference. */
json_t *pgm_cli_offline_json(const struct pgm_config *config);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The pinned maps that may be read without the daemon and without root. */
#ifndef PGM_CLI_PINS_H
#define PGM_CLI_PINS_H

#include "common/config.h"
#include "common/error.h"
#include "pgmoat/gate_abi.h"

/*
 * The policy in force. Returns 0; -ENOENT if no gate is pinned, -EACCES if the caller may not read it, -EPROTO if it is
 * of another schema than PGM_SCHEMA, or another -errno.
 */
int pgm_cli_pins_policy(const struct pgm_config *config, struct pgm_policy *out, struct pgm_error *err);

/* The counters, summed over the CPUs. Errors as above; look at the policy's schema first. */
int pgm_cli_pins_metrics(const struct pgm_config *config, struct pgm_metrics *out, struct pgm_error *err);

/* The kernel's id of the program pinned under name, or 0 if it can't be told (that takes root). */
__u32 pgm_cli_pins_program_id(const struct pgm_config *config, const char *name);

/* "unset", "anywhere", "nowhere", "list"; or "unknown". */
const char *pgm_cli_mode_name(unsigned mode);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps guarded ports out of the ephemeral range (net.ipv4.ip_local_reserved_ports), and only its own. */
#ifndef PGM_GATE_RESERVED_H
#define PGM_GATE_RESERVED_H

#include "common/config.h"

/* Add the guarded ports to what is reserved; remember in state_dir/reserved-ports which of them were not there before;
 * ports no longer guarded that this program had added are taken out. 0 or -errno. */
int pgm_reserved_apply(const struct pgm_config *config, struct pgm_error *err);
/* Take out what this program added. 1 if it had noted any, 0 if not, or -errno. */
int pgm_reserved_remove(const struct pgm_config *config, struct pgm_error *err);

#endif

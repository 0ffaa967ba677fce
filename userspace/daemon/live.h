/* SPDX-License-Identifier: Apache-2.0 */
/* The real gate behind the table of calls: the kernel's part and the watched interfaces. */
#ifndef PGM_DAEMON_LIVE_H
#define PGM_DAEMON_LIVE_H

#include "daemon/gate_calls.h"

struct pgmd_live {
	struct pgm_config
	        config; /* what the gate builds with: a shallow copy, exchanged by a reload before its build */
	struct pgm_kernel *kernel;
	struct pgm_watch *watch;
};

extern const struct pgmd_gate_calls pgmd_live_calls; /* gate: struct pgmd_live */

#endif

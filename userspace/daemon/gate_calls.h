/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon asks of the gate, as a table, so that tests and the fuzzer can stand in for kernel and interfaces. */
#ifndef PGM_DAEMON_GATE_CALLS_H
#define PGM_DAEMON_GATE_CALLS_H

#include "gate/kernel.h"
#include "gate/watch.h"

/* Each entry is the function of gate/kernel.h or gate/watch.h with that name; gate is what the owner passes along. */
struct pgmd_gate_calls {
	struct pgm_policy (*policy)(void *gate);
	int (*build)(void *gate, const struct pgm_ruleset *set, struct pgm_progress *progress, struct pgm_build **out,
	             struct pgm_error *err);
	void (*flip)(void *gate, struct pgm_build *build);
	void (*build_free)(void *gate, struct pgm_build *build);
	int (*hits)(void *gate, size_t first, size_t count, struct pgm_hits *out);
	ssize_t (*denied)(void *gate, struct pgm_denied_row *out, size_t max, size_t *known);
	int (*metrics)(void *gate, struct pgm_metrics *out);
	int (*probe)(void *gate, enum pgm_flavour flavour, const struct pgm_range *addr, uint16_t port, bool *passed,
	             struct pgm_probe *answer, struct pgm_error *err);
	size_t (*rows)(void *gate, const struct pgm_watch_row **rows);
};

struct pgmd_gate {
	const struct pgmd_gate_calls *calls;
	void *gate;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own state: what the rooms' pieces hang on. */
#ifndef PGM_DAEMON_DAEMON_H
#define PGM_DAEMON_DAEMON_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "daemon/auditlog.h"
#include "daemon/gate_calls.h"
#include "gate/ruleset.h"

struct pgmd_jobs;
struct pgmd_server;

struct pgmd_daemon {
	sd_event *event;           /* NULL in tests without a loop: jobs then run inside the call that starts them */
	struct pgm_config *config; /* in force; replaced by a reload, never while a job runs; owned */
	bool config_named;         /* by --config: then its file must exist */
	uint64_t config_version;   /* goes up with every reload */
	uint64_t started;          /* UTC */
	struct pgmd_gate gate;

	struct pgm_ruleset *current; /* the policy in force; an empty list of its mode while list_lost */
	bool list_lost;              /* the stored list could not be read: only filter.set may change things */
	bool previous_in_force; /* the newest file is damaged: ".prev" is the last good one until a change is saved */
	json_t *problems;       /* found at start, until a change mends them: array of strings */
	json_t *warnings;       /* array of strings */

	size_t listing_bytes; /* of counters, held by lists on their way out */

	struct pgmd_auditlog audit;
	struct pgmd_jobs *jobs;
	struct pgmd_server *server;
};

/* The policy that the kernel holds is `current`: no job is just about to replace it. */
static inline bool pgmd_consistent(const struct pgmd_daemon *daemon)
{
	return daemon->gate.calls->policy(daemon->gate.gate).generation == daemon->current->generation;
}

/* Put a new ruleset in the place of the current one; takes the reference over. */
void pgmd_set_current(struct pgmd_daemon *daemon, struct pgm_ruleset *set);

#endif

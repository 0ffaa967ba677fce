/* SPDX-License-Identifier: Apache-2.0 */
/* One change of the policy on its way: what it wants, what it found out, how it ended. */
#ifndef PGM_DAEMON_CHANGE_H
#define PGM_DAEMON_CHANGE_H

#include <jansson.h>

#include "daemon/client.h"
#include "daemon/daemon.h"
#include "gate/rule.h"

/* Addresses that an audit line names; the rest is only counted. */
#define PGMD_CHANGE_NAMED 20

struct pgmd_change {
	struct pgmd_daemon *daemon;
	struct pgmd_client *client; /* who waits for the answer; NULL if nobody does (any more) */
	struct pgmd_peer peer;
	const char *command; /* for the audit log: "filter add" */

	/*
	 * Make next from base (in the job's thread; base is immutable). next starts as NULL; what is left NULL with 0
	 * returned means that there is nothing to change. kind may be set for errors; it is "failed" otherwise.
	 */
	int (*prepare)(struct pgmd_change *change, struct pgm_error *err);
	/* On the main thread, at the end, before the answer, whatever result is; may be NULL. */
	void (*done)(struct pgmd_change *change);
	void (*free_data)(void *data);
	void *data;
	bool rebuild; /* same list, new circumstances (config, clock): no new generation, nothing to save */
	bool whole;   /* gives a whole new list: allowed, and needed, when the stored one is lost */

	struct pgm_ruleset *base;
	struct pgm_ruleset *next;
	struct pgm_config *new_config; /* a reload's; owned until done() takes it */

	size_t added, removed, updated, unchanged;
	json_t *added_names, *removed_names; /* audit: up to PGMD_CHANGE_NAMED */
	json_t *notes, *warnings, *ids;

	struct pgm_progress progress;
	_Atomic(const char *) stage;
	int result;
	const char *kind;
	struct pgm_error err;
};

/* NULL without memory. client may be NULL. */
struct pgmd_change *pgmd_change_new(struct pgmd_daemon *daemon, struct pgmd_client *client, const char *command);
void pgmd_change_free(struct pgmd_change *change);

/* Count a rule as added or removed, and name it. */
void pgmd_change_added(struct pgmd_change *change, const struct pgm_rule *rule);
void pgmd_change_removed(struct pgmd_change *change, const struct pgm_rule *rule);

/* A copy of base to work on, as change->next. 0 or -ENOMEM with err. */
int pgmd_change_copy_base(struct pgmd_change *change, struct pgm_error *err);

/*
 * What is the same for every change, once next stands: rules expired for more than a day are dropped, generation and
 * date are set, and what the operator should know is said.
 */
void pgmd_change_complete(struct pgmd_change *change);

/* The line for the audit log, or NULL without memory. */
json_t *pgmd_change_audit(const struct pgmd_change *change);

/* The final frame of a change that worked; set is the policy now in force. NULL without memory. */
json_t *pgmd_change_answer(const struct pgmd_change *change, const struct pgm_ruleset *set);

#endif

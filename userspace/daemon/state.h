/* SPDX-License-Identifier: Apache-2.0 */
/* The decision at startup: which policy is in force, given the stored one, the pinned one and the audit log. */
#ifndef PGM_DAEMON_STATE_H
#define PGM_DAEMON_STATE_H

#include "gate/kernel.h"
#include "gate/rulesfile.h"

/* What was found. */
struct pgmd_found {
	enum pgm_rules_source source;
	struct pgm_ruleset *stored; /* NULL unless source is CURRENT or PREVIOUS */
	bool adopted;               /* a policy was pinned, and is in force now */
	bool superseding;           /* a gate of another version is in force; its policy can't be read */
	struct pgm_policy pinned;
	bool audit_changes;    /* the audit log tells of changes */
	bool audit_mode_known; /* and it is known into which mode the last one led */
	enum pgm_mode audit_mode;
	uint32_t audit_generation;
};

enum pgmd_decision {
	PGMD_USE_STORED,  /* build and switch to the stored list, in the mode that comes with the decision */
	PGMD_FIRST_START, /* nothing was ever configured: mode unset */
	PGMD_KEEP_PINNED, /* the list is lost, but the kernel still holds it: leave it alone */
	PGMD_SHUT,        /* the list is lost: mode nowhere, the system classes still get in */
};

/*
 * Pure. trouble: what the loading of the file complained about. problem gets what is wrong and what to do about it; it
 * is empty when all is well. Never decides for unset when anything shows that there once was a policy.
 */
enum pgmd_decision pgmd_state_decide(const struct pgmd_found *found, const char *state_dir, const char *trouble,
                                     enum pgm_mode *mode, struct pgm_error *problem);

#endif

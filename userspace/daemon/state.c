/* SPDX-License-Identifier: Apache-2.0 */
/* The decision at startup: which policy is in force, given the stored one, the pinned one and the audit log. */
#include "daemon/state.h"

#include <inttypes.h>
#include <string.h>

static bool pinned_counts(const struct pgmd_found *found)
{
	return found->adopted && found->pinned.mode != PGM_MODE_UNSET;
}

/* A mode was once chosen: pinned in the kernel or written down in the audit log. An unreadable log counts as yes. */
static bool was_configured(const struct pgmd_found *found)
{
	if (pinned_counts(found) || found->superseding)
		return true;
	return found->audit_changes && (!found->audit_mode_known || found->audit_mode != PGM_MODE_UNSET);
}

static enum pgmd_decision list_is_lost(const struct pgmd_found *found, const char *state_dir, const char *trouble,
                                       enum pgm_mode *mode, struct pgm_error *problem)
{
	if (pinned_counts(found)) {
		*mode = found->pinned.mode;
		pgm_fail(problem, 0,
		         "the stored list is lost (%s): the pinned policy, generation %" PRIu32
		         " in mode %s with %" PRIu32 " rules, stays in force, and can't be changed rule by rule",
		         trouble, (uint32_t)found->pinned.generation, pgm_mode_name(found->pinned.mode),
		         (uint32_t)found->pinned.rules);
		pgm_hint(problem,
		         "give a whole new list: pgmoat filter set FILE; or put a copy of %s/" PGM_RULES_FILE
		         " back and restart pgmoatd",
		         state_dir);
		return PGMD_KEEP_PINNED;
	}
	*mode = PGM_MODE_NOWHERE;
	pgm_fail(problem, 0,
	         "the stored list is lost (%s): the gate is shut (mode nowhere), and only the [system] networks get in",
	         trouble);
	pgm_hint(problem,
	         "give a whole new list: pgmoat filter set FILE, then pgmoat filter enforce; or put a copy of "
	         "%s/" PGM_RULES_FILE " back and restart pgmoatd",
	         state_dir);
	return PGMD_SHUT;
}

/*
 * The previous file is one change older than the damaged one. Which rules that change added or removed is lost, but not
 * the mode that it led to: the kernel knows it, or the audit log does. A gate that was shut stays shut.
 */
static enum pgm_mode newest_mode(const struct pgmd_found *found)
{
	if (pinned_counts(found))
		return found->pinned.mode;
	if (found->audit_mode_known && found->audit_mode != PGM_MODE_UNSET &&
	    found->audit_generation > found->stored->generation)
		return found->audit_mode;
	return found->stored->mode;
}

static enum pgmd_decision use_previous(const struct pgmd_found *found, const char *state_dir, const char *trouble,
                                       enum pgm_mode *mode, struct pgm_error *problem)
{
	*mode = newest_mode(found);
	pgm_fail(problem, 0,
	         "the newest list is lost (%s): the previous one, generation %" PRIu32
	         " with %zu rules, is in force in mode %s; what the last change added or removed is undone",
	         trouble, found->stored->generation, found->stored->count, pgm_mode_name(*mode));
	pgm_hint(problem,
	         "compare pgmoat filter list with the last lines of %s/audit.log, and make the last change again",
	         state_dir);
	return PGMD_USE_STORED;
}

enum pgmd_decision pgmd_state_decide(const struct pgmd_found *found, const char *state_dir, const char *trouble,
                                     enum pgm_mode *mode, struct pgm_error *problem)
{
	bool usable = found->source == PGM_RULES_CURRENT || found->source == PGM_RULES_PREVIOUS;

	memset(problem, 0, sizeof(*problem));
	/* Mode unset is never saved after a change, so a file that says so beside a configured gate is not ours. */
	if (usable && found->stored->mode == PGM_MODE_UNSET && was_configured(found))
		return list_is_lost(found, state_dir, PGM_RULES_FILE " says that nothing was ever configured", mode,
		                    problem);
	if (found->source == PGM_RULES_CURRENT) {
		*mode = found->stored->mode;
		return PGMD_USE_STORED;
	}
	if (found->source == PGM_RULES_PREVIOUS)
		return use_previous(found, state_dir, trouble, mode, problem);
	if (found->source == PGM_RULES_ABSENT) {
		*mode = PGM_MODE_UNSET;
		if (!was_configured(found))
			return PGMD_FIRST_START;
		trouble = PGM_RULES_FILE " is missing";
	}
	return list_is_lost(found, state_dir, trouble, mode, problem);
}

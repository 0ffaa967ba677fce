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
                                       struct pgm_error *problem)
{
	if (pinned_counts(found)) {
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
 * The previous file is older than what the damaged one said. If the kernel still holds the newer policy, that one goes
 * on: a restart may not let an address back in that was removed.
 */
static enum pgmd_decision use_previous(const struct pgmd_found *found, const char *state_dir, const char *trouble,
                                       struct pgm_error *problem)
{
	uint32_t generation = found->stored->generation;

	if (pinned_counts(found) && found->pinned.generation != generation) {
		list_is_lost(found, state_dir, trouble, problem);
		pgm_hint(problem,
		         "give a whole new list: pgmoat filter set FILE; or go back to generation %" PRIu32
		         ": cp %s/" PGM_RULES_FILE ".prev %s/" PGM_RULES_FILE " and restart pgmoatd",
		         generation, state_dir, state_dir);
		return PGMD_KEEP_PINNED;
	}
	pgm_fail(problem, 0,
	         "the stored list is lost (%s): the previous one, generation %" PRIu32 " in mode %s with %zu rules, is "
	         "in force",
	         trouble, generation, pgm_mode_name(found->stored->mode), found->stored->count);
	pgm_hint(problem, "check it with pgmoat filter list; the next change writes a whole file again");
	return PGMD_USE_STORED;
}

enum pgmd_decision pgmd_state_decide(const struct pgmd_found *found, const char *state_dir, const char *trouble,
                                     struct pgm_error *problem)
{
	bool usable = found->source == PGM_RULES_CURRENT || found->source == PGM_RULES_PREVIOUS;

	memset(problem, 0, sizeof(*problem));
	/* Mode unset is never saved after a change, so a file that says so beside a configured gate is not ours. */
	if (usable && found->stored->mode == PGM_MODE_UNSET && was_configured(found))
		return list_is_lost(found, state_dir, "the file says that nothing was ever configured", problem);
	if (found->source == PGM_RULES_CURRENT)
		return PGMD_USE_STORED;
	if (found->source == PGM_RULES_PREVIOUS)
		return use_previous(found, state_dir, trouble, problem);
	if (found->source == PGM_RULES_ABSENT) {
		if (!was_configured(found))
			return PGMD_FIRST_START;
		trouble = "the file is missing";
	}
	return list_is_lost(found, state_dir, trouble, problem);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the policy in force at startup: what was stored, what is pinned, or what is safe. */
#include "daemon/start.h"

#include <errno.h>
#include <inttypes.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/state.h"
#include "daemon/texts.h"
#include "gate/rulesfile.h"

/* An empty list that stands for what the daemon does not know. */
static struct pgm_ruleset *empty_set(enum pgm_mode mode, uint32_t generation)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	if (set) {
		set->mode = mode;
		set->generation = generation;
	}
	return set;
}

/* The stored list in another mode than its file says: no generation that was ever saved, so it gets a new number. */
static struct pgm_ruleset *stored_in_mode(struct pgm_ruleset *stored, enum pgm_mode mode, uint32_t newest)
{
	if (stored->mode == mode)
		return pgm_ruleset_ref(stored);
	struct pgm_ruleset *set = pgm_ruleset_copy(stored);
	if (set) {
		set->mode = mode;
		set->generation = newest + 1;
	}
	return set;
}

static struct pgm_ruleset *decided_set(enum pgmd_decision decision, enum pgm_mode mode, const struct pgmd_found *found)
{
	uint32_t pinned = (uint32_t)found->pinned.generation;
	uint32_t newest = found->audit_generation > pinned ? found->audit_generation : pinned;

	switch (decision) {
	case PGMD_USE_STORED:
		return stored_in_mode(found->stored, mode, newest);
	case PGMD_KEEP_PINNED:
		return empty_set(mode, pinned);
	case PGMD_SHUT:
		return empty_set(mode, newest + 1);
	case PGMD_FIRST_START:
		break;
	}
	return empty_set(mode, 0);
}

static int put_in_force(struct pgmd_daemon *daemon, struct pgm_error *err)
{
	const struct pgmd_gate *gate = &daemon->gate;
	struct pgm_progress progress = {0};
	struct pgm_build *build = NULL;

	int code = gate->calls->build(gate->gate, daemon->current, &progress, &build, err);
	if (code == 0)
		gate->calls->flip(gate->gate, build);
	return code;
}

/*
 * A crash between saving a change and writing its line leaves a file that the log does not know: the change takes
 * effect now, so the line is written now.
 */
static int audit_missing(struct pgmd_daemon *daemon, struct pgm_error *err)
{
	const struct pgm_ruleset *set = daemon->current;
	char now[PGM_TIME_TEXT];

	if (set->generation <= daemon->audit.generation)
		return 0;
	pgm_log(LOG_WARNING,
	        "generation %" PRIu32 " is stored, but not in the audit log: a crash came in between, or the log "
	        "was replaced; it is in force now",
	        set->generation);
	pgm_utc_format(pgm_utc_now(), now);
	json_t *line =
	        json_pack("{s:s, s:i, s:i, s:s, s:I, s:s, s:I, s:n, s:n, s:s}", "time", now, "uid", (int)getuid(),
	                  "pid", (int)getpid(), "command", "start", "generation", (json_int_t)set->generation, "mode",
	                  pgm_mode_name(set->mode), "rules", (json_int_t)set->count, "added", "removed", "note",
	                  "the line of this generation was missing");
	int code = line ? pgmd_auditlog_append(&daemon->audit, line, err)
	                : pgm_fail(err, -ENOMEM, "out of memory for a line of the audit log");
	json_decref(line);
	if (code == 0)
		daemon->audit.generation = set->generation;
	return code;
}

static void tell_problem(struct pgmd_daemon *daemon, const struct pgm_error *problem)
{
	if (!problem->what[0])
		return;
	pgm_log_error(LOG_CRIT, problem);
	pgmd_say(daemon->problems, problem->hint[0] ? "%s; %s" : "%s%s", problem->what, problem->hint);
}

static int decide(struct pgmd_daemon *daemon, const struct pgmd_found *found, const char *trouble,
                  struct pgm_error *err)
{
	struct pgm_error problem = {0};
	enum pgm_mode mode = PGM_MODE_UNSET;
	enum pgmd_decision decision = pgmd_state_decide(found, daemon->config->state_dir, trouble, &mode, &problem);
	struct pgm_ruleset *set = decided_set(decision, mode, found);

	if (!set)
		return pgm_fail(err, -ENOMEM, "out of memory");
	pgmd_set_current(daemon, set);
	daemon->list_lost = decision == PGMD_KEEP_PINNED || decision == PGMD_SHUT;
	daemon->previous_in_force = found->source == PGM_RULES_PREVIOUS && !daemon->list_lost;
	tell_problem(daemon, &problem);
	int code = decision == PGMD_KEEP_PINNED ? 0 : put_in_force(daemon, err);
	if (code == 0 && found->source == PGM_RULES_CURRENT && decision == PGMD_USE_STORED)
		code = audit_missing(daemon, err);
	return code;
}

int pgmd_start_policy(struct pgmd_daemon *daemon, bool adopted, bool superseding, struct pgm_error *err)
{
	const struct pgmd_gate *gate = &daemon->gate;
	struct pgm_ruleset *stored = NULL;
	struct pgm_error trouble = {0};
	struct pgmd_found found = {
	        .adopted = adopted,
	        .superseding = superseding,
	        .pinned = gate->calls->policy(gate->gate),
	        .audit_changes = daemon->audit.has_changes,
	        .audit_mode_known = daemon->audit.mode_known,
	        .audit_mode = daemon->audit.mode,
	        .audit_generation = daemon->audit.generation,
	};

	int code = pgm_rulesfile_load(daemon->config, &stored, &found.source, &trouble);
	if (code < 0) {
		/* Not the content, but the disk or the permissions: the pinned policy stays while somebody looks. */
		*err = trouble;
		return code;
	}
	found.stored = stored;
	code = decide(daemon, &found, trouble.what, err);
	pgm_ruleset_unref(stored);
	return code;
}

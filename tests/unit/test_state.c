/* SPDX-License-Identifier: Apache-2.0 */
/* The decision at startup: every way in which the stored list can be there, damaged or gone. */
#include "daemon/state.h"

#include "lib/check.h"

static struct pgm_ruleset list5 = {.mode = PGM_MODE_LIST, .generation = 5, .count = 7};
static struct pgm_ruleset unset = {.mode = PGM_MODE_UNSET};

static enum pgm_mode mode;
static struct pgm_error problem;

static enum pgmd_decision decide(const struct pgmd_found *found)
{
	mode = (enum pgm_mode)99;
	return pgmd_state_decide(found, "/state", "checksum wrong", &mode, &problem);
}

static struct pgm_policy pinned(enum pgm_mode pinned_mode, unsigned generation)
{
	return (struct pgm_policy){.mode = pinned_mode, .generation = generation, .rules = 3, .schema = PGM_SCHEMA};
}

static void the_stored_list_is_used(void)
{
	struct pgmd_found found = {.source = PGM_RULES_CURRENT, .stored = &list5};

	CHECK_INT(decide(&found), PGMD_USE_STORED);
	CHECK_INT(mode, PGM_MODE_LIST);
	CHECK_STR(problem.what, "");
	/* Also when a crash came between saving and switching, and when a copy was put back. */
	for (unsigned generation = 4; generation <= 6; generation++) {
		found.adopted = true;
		found.pinned = pinned(PGM_MODE_NOWHERE, generation);
		CHECK_INT(decide(&found), PGMD_USE_STORED);
		CHECK_INT(mode, PGM_MODE_LIST);
		CHECK_STR(problem.what, "");
	}
}

static void nothing_anywhere_is_a_first_start(void)
{
	struct pgmd_found found = {.source = PGM_RULES_ABSENT};

	CHECK_INT(decide(&found), PGMD_FIRST_START);
	CHECK_INT(mode, PGM_MODE_UNSET);
	CHECK_STR(problem.what, "");
	/* A daemon that ran before without being given a list leaves a pinned policy of mode unset. */
	found.adopted = true;
	found.pinned = pinned(PGM_MODE_UNSET, 0);
	CHECK_INT(decide(&found), PGMD_FIRST_START);
	/* And a reload in that state leaves a line in the audit log. */
	found.audit_changes = found.audit_mode_known = true;
	found.audit_mode = PGM_MODE_UNSET;
	CHECK_INT(decide(&found), PGMD_FIRST_START);
}

static void the_previous_list_is_used_loudly(void)
{
	struct pgmd_found found = {.source = PGM_RULES_PREVIOUS, .stored = &list5};

	CHECK_INT(decide(&found), PGMD_USE_STORED);
	CHECK_INT(mode, PGM_MODE_LIST);
	CHECK_HAS(problem.what, "checksum wrong");
	CHECK_HAS(problem.what, "generation 5");
	CHECK(problem.hint[0]);
}

static void the_previous_list_does_not_open_a_shut_gate(void)
{
	struct pgmd_found found = {.source = PGM_RULES_PREVIOUS, .stored = &list5};

	found.adopted = true;
	found.pinned = pinned(PGM_MODE_NOWHERE, 6);
	CHECK_INT(decide(&found), PGMD_USE_STORED);
	CHECK_INT(mode, PGM_MODE_NOWHERE);
	CHECK_HAS(problem.what, "mode nowhere");
	/* After a reboot, nothing is pinned, but the audit log knows. */
	found.adopted = false;
	found.audit_changes = found.audit_mode_known = true;
	found.audit_mode = PGM_MODE_NOWHERE;
	found.audit_generation = 6;
	CHECK_INT(decide(&found), PGMD_USE_STORED);
	CHECK_INT(mode, PGM_MODE_NOWHERE);
	/* Its lines about older generations say nothing new. */
	found.audit_generation = 5;
	CHECK_INT(decide(&found), PGMD_USE_STORED);
	CHECK_INT(mode, PGM_MODE_LIST);
}

static void a_lost_list_leaves_the_pinned_policy(void)
{
	static const enum pgm_rules_source sources[] = {PGM_RULES_ABSENT, PGM_RULES_DAMAGED};
	static const enum pgm_mode modes[] = {PGM_MODE_LIST, PGM_MODE_NOWHERE, PGM_MODE_ANYWHERE};

	for (size_t s = 0; s < 2; s++)
		for (size_t m = 0; m < 3; m++) {
			struct pgmd_found found = {
			        .source = sources[s], .adopted = true, .pinned = pinned(modes[m], 9)};
			CHECK_INT(decide(&found), PGMD_KEEP_PINNED);
			CHECK_INT(mode, modes[m]);
			CHECK_HAS(problem.what, "generation 9");
			CHECK_HAS(problem.hint, "pgmoat filter set");
		}
}

static void a_lost_list_shuts_an_open_machine(void)
{
	struct pgmd_found damaged = {.source = PGM_RULES_DAMAGED};
	struct pgmd_found unset_pinned = {
	        .source = PGM_RULES_DAMAGED, .adopted = true, .pinned = pinned(PGM_MODE_UNSET, 0)};
	struct pgmd_found gone = {.source = PGM_RULES_ABSENT,
	                          .audit_changes = true,
	                          .audit_mode_known = true,
	                          .audit_mode = PGM_MODE_LIST};
	struct pgmd_found unreadable_log = {.source = PGM_RULES_ABSENT, .audit_changes = true};
	struct pgmd_found other_version = {.source = PGM_RULES_ABSENT, .superseding = true};
	const struct pgmd_found *all[] = {&damaged, &unset_pinned, &gone, &unreadable_log, &other_version};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		CHECK_INT(decide(all[i]), PGMD_SHUT);
		CHECK_INT(mode, PGM_MODE_NOWHERE);
		CHECK_HAS(problem.what, "nowhere");
		CHECK_HAS(problem.hint, "pgmoat filter set");
	}
}

static void a_file_of_mode_unset_opens_nothing(void)
{
	struct pgmd_found found = {.source = PGM_RULES_CURRENT, .stored = &unset};

	CHECK_INT(decide(&found), PGMD_USE_STORED);
	CHECK_INT(mode, PGM_MODE_UNSET);
	found.adopted = true;
	found.pinned = pinned(PGM_MODE_LIST, 4);
	CHECK_INT(decide(&found), PGMD_KEEP_PINNED);
	found.adopted = false;
	found.audit_changes = true;
	CHECK_INT(decide(&found), PGMD_SHUT);
	found.source = PGM_RULES_PREVIOUS;
	CHECK_INT(decide(&found), PGMD_SHUT);
}

/* Whatever is found: unset comes out only if nothing shows that there once was a policy. */
static void never_back_to_unset(void)
{
	static struct pgm_ruleset *stored[] = {&list5, &unset};

	for (unsigned bits = 0; bits < 4u * 2 * 2 * 2 * 4 * 2 * 2 * 4; bits++) {
		unsigned n = bits;
		struct pgmd_found found = {.source = n % 4};
		n /= 4;
		if (found.source == PGM_RULES_CURRENT || found.source == PGM_RULES_PREVIOUS)
			found.stored = stored[n % 2];
		n /= 2;
		found.superseding = n % 2;
		n /= 2;
		found.adopted = n % 2 && !found.superseding;
		n /= 2;
		found.pinned = pinned(n % 4, 6);
		n /= 4;
		found.audit_changes = n % 2;
		n /= 2;
		found.audit_mode_known = n % 2 && found.audit_changes;
		n /= 2;
		found.audit_mode = n % 4;
		found.audit_generation = 6;
		enum pgmd_decision decision = decide(&found);
		bool once = found.superseding || (found.adopted && found.pinned.mode != PGM_MODE_UNSET) ||
		            (found.audit_changes && !(found.audit_mode_known && found.audit_mode == PGM_MODE_UNSET)) ||
		            found.source == PGM_RULES_DAMAGED || found.stored == &list5;
		CHECK((unsigned)mode <= PGM_MODE_LIST);
		if (once)
			CHECK(mode != PGM_MODE_UNSET && decision != PGMD_FIRST_START);
		if (decision == PGMD_KEEP_PINNED)
			CHECK(found.adopted && mode == found.pinned.mode);
		CHECK_INT(problem.what[0] == 0, decision == PGMD_FIRST_START || (decision == PGMD_USE_STORED &&
		                                                                 found.source == PGM_RULES_CURRENT));
	}
}

CHECK_MAIN(CASE(the_stored_list_is_used), CASE(nothing_anywhere_is_a_first_start),
           CASE(the_previous_list_is_used_loudly), CASE(the_previous_list_does_not_open_a_shut_gate),
           CASE(a_lost_list_leaves_the_pinned_policy), CASE(a_lost_list_shuts_an_open_machine),
           CASE(a_file_of_mode_unset_opens_nothing), CASE(never_back_to_unset))

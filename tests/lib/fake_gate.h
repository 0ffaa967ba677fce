/* SPDX-License-Identifier: Apache-2.0 */
/* A gate without a kernel: keeps what was put in force, and answers what it is told to answer. */
#ifndef PGM_TESTS_FAKE_GATE_H
#define PGM_TESTS_FAKE_GATE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/gate_calls.h"

struct fake_gate {
	struct pgm_policy policy;
	struct pgm_ruleset *live;
	size_t implicit; /* rules of [system], which have counters too */
	unsigned builds, flips;
	int build_error; /* returned by the next builds, if not 0 */
	struct pgm_watch_row row;
	size_t rows;
	bool passed;
	struct pgm_probe answer;
	struct pgm_range probed;
	uint16_t probed_port;
	struct pgm_denied_row denied;
	size_t denied_count;
};

/* The real one is another file's secret; this one stands in for it. */
struct pgm_build {
	struct pgm_ruleset *set;
};

static struct pgm_policy fake_policy(void *gate)
{
	return ((struct fake_gate *)gate)->policy;
}

static int fake_build(void *gate, const struct pgm_ruleset *set, struct pgm_progress *progress, struct pgm_build **out,
                      struct pgm_error *err)
{
	struct fake_gate *fake = gate;

	if (fake->build_error)
		return pgm_fail(err, fake->build_error, "the fake gate was told to fail");
	struct pgm_build *build = malloc(sizeof(*build));
	if (!build)
		return pgm_fail(err, -ENOMEM, "out of memory");
	build->set = pgm_ruleset_ref((struct pgm_ruleset *)set);
	progress->total = progress->done = set->count;
	fake->builds++;
	*out = build;
	return 0;
}

static void fake_build_free(void *gate, struct pgm_build *build)
{
	(void)gate;
	pgm_ruleset_unref(build->set);
	free(build);
}

static void fake_flip(void *gate, struct pgm_build *build)
{
	struct fake_gate *fake = gate;

	pgm_ruleset_unref(fake->live);
	fake->live = pgm_ruleset_ref(build->set);
	fake->policy.mode = build->set->mode & 7;
	fake->policy.generation = build->set->generation;
	fake->policy.rules = build->set->count & PGM_RULES_MAX;
	fake->flips++;
	fake_build_free(gate, build);
}

/* Rule i has i packets; the real gate refuses what lies behind its counters, and so does this one. */
static int fake_hits(void *gate, size_t first, size_t count, struct pgm_hits *out)
{
	const struct fake_gate *fake = gate;
	size_t have = (fake->live ? fake->live->count : 0) + fake->implicit;

	if (first > have || count > have - first)
		return -ERANGE;
	for (size_t i = 0; i < count; i++)
		out[i] = (struct pgm_hits){.packets = first + i};
	return 0;
}

static ssize_t fake_denied(void *gate, struct pgm_denied_row *out, size_t max, size_t *known)
{
	const struct fake_gate *fake = gate;
	size_t count = fake->denied_count < max ? fake->denied_count : max;

	for (size_t i = 0; i < count; i++)
		out[i] = fake->denied;
	*known = fake->denied_count;
	return (ssize_t)count;
}

static int fake_metrics(void *gate, struct pgm_metrics *out)
{
	(void)gate;
	*out = (struct pgm_metrics){.sources_unrecorded = 3};
	return 0;
}

static int fake_probe(void *gate, enum pgm_flavour flavour, const struct pgm_range *addr, uint16_t port, bool *passed,
                      struct pgm_probe *answer, struct pgm_error *err)
{
	struct fake_gate *fake = gate;

	(void)flavour;
	(void)err;
	fake->probed = *addr;
	fake->probed_port = port;
	*passed = fake->passed;
	*answer = fake->answer;
	return 0;
}

static size_t fake_rows(void *gate, const struct pgm_watch_row **rows)
{
	struct fake_gate *fake = gate;

	*rows = &fake->row;
	return fake->rows;
}

static const struct pgmd_gate_calls fake_calls = {
        .policy = fake_policy,
        .build = fake_build,
        .flip = fake_flip,
        .build_free = fake_build_free,
        .hits = fake_hits,
        .denied = fake_denied,
        .metrics = fake_metrics,
        .probe = fake_probe,
        .rows = fake_rows,
};

#endif

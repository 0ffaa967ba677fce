/* SPDX-License-Identifier: Apache-2.0 */
/* The real gate behind the table of calls: the kernel's part and the watched interfaces. */
#include "daemon/live.h"

static struct pgm_policy policy(void *gate)
{
	return pgm_kernel_policy(((struct pgmd_live *)gate)->kernel);
}

static int build(void *gate, const struct pgm_ruleset *set, struct pgm_progress *progress, struct pgm_build **out,
                 struct pgm_error *err)
{
	return pgm_kernel_build(((struct pgmd_live *)gate)->kernel, set, progress, out, err);
}

static void flip(void *gate, struct pgm_build *built)
{
	pgm_kernel_flip(((struct pgmd_live *)gate)->kernel, built);
}

static void build_free(void *gate, struct pgm_build *built)
{
	(void)gate;
	pgm_build_free(built);
}

static int hits(void *gate, size_t first, size_t count, struct pgm_hits *out)
{
	return pgm_kernel_hits(((struct pgmd_live *)gate)->kernel, first, count, out);
}

static ssize_t denied(void *gate, struct pgm_denied_row *out, size_t max, size_t *known)
{
	return pgm_kernel_denied(((struct pgmd_live *)gate)->kernel, out, max, known);
}

static int metrics(void *gate, struct pgm_metrics *out)
{
	return pgm_kernel_metrics(((struct pgmd_live *)gate)->kernel, out);
}

static int probe(void *gate, enum pgm_flavour flavour, const struct pgm_range *addr, uint16_t port, bool *passed,
                 struct pgm_probe *answer, struct pgm_error *err)
{
	return pgm_kernel_probe(((struct pgmd_live *)gate)->kernel, flavour, addr, port, passed, answer, err);
}

static size_t rows(void *gate, const struct pgm_watch_row **out)
{
	const struct pgmd_live *live = gate;

	return live->watch ? pgm_watch_rows(live->watch, out) : 0;
}

const struct pgmd_gate_calls pgmd_live_calls = {
        .policy = policy,
        .build = build,
        .flip = flip,
        .build_free = build_free,
        .hits = hits,
        .denied = denied,
        .metrics = metrics,
        .probe = probe,
        .rows = rows,
};

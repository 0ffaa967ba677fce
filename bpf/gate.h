/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The way of one packet: policy, parse, match, count. */
#ifndef PGM_BPF_GATE_H
#define PGM_BPF_GATE_H

#include "count.h"

/* The benchmark's build changes the source between parsing and matching. */
#ifndef GATE_PARSED
#define GATE_PARSED(packet)
#endif

/* True: the packet may go on. */
static __always_inline bool gate(const struct ctx *ctx)
{
	struct view view = view_policy();
	struct pgm_probe answer = {.magic = PGM_PROBE_ANSWER, .counter = ~0u};
	struct packet packet = {};

	parse(ctx, &packet);
	GATE_PARSED(&packet);
	match(&view, &packet, &answer);
	if (ctx_probed(ctx))
		ctx_answer(ctx, &answer);
	else
		count(&view, &packet, &answer);
	return !is_drop(answer.verdict);
}

#endif

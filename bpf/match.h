/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* From a parsed packet and one policy word to a verdict. */
#ifndef PGM_BPF_MATCH_H
#define PGM_BPF_MATCH_H

#include "maps.h"
#include "parse.h"

#define NS_PER_SECOND 1000000000ull

/* One load of the policy word, taken apart; everything that is done for a packet goes by it. */
struct view {
	__u32 mode;
	__u32 slot;
	const struct pgm_table *table;
};

static __always_inline struct view view_policy(void)
{
	__u32 zero = 0;
	const volatile __u64 *live = bpf_map_lookup_elem(&policy, &zero);
	__u64 word = live ? *live : PGM_MODE_NOWHERE;
	struct view view = {.mode = word & 7, .slot = word >> 3 & 1};

	view.table = bpf_map_lookup_elem(&tables, &view.slot);
	return view;
}

static __always_inline bool view_open(const struct view *view)
{
	return view->mode == PGM_MODE_UNSET || view->mode == PGM_MODE_ANYWHERE;
}

static __always_inline bool is_drop(__u32 verdict)
{
#define X(id, name, drop, help) | drop << PGM_VERDICT_##id
	return (0 PGM_VERDICTS(X)) >> verdict & 1;
#undef X
}

static __always_inline bool is_guarded(const struct pgm_table *table, __u32 port)
{
	return table->guarded[(port & 0xffff) >> 6] >> (port & 63) & 1;
}

static __always_inline const struct pgm_grant *find_grant(const struct view *view, const struct packet *packet)
{
	void *trie;

	if (packet->family == 4) {
		trie = bpf_map_lookup_elem(&v4, &view->slot);
		return trie ? bpf_map_lookup_elem(trie, &packet->key4) : NULL;
	}
	trie = bpf_map_lookup_elem(&v6, &view->slot);
	return trie ? bpf_map_lookup_elem(trie, &packet->key6) : NULL;
}

/* The clock costs more than the trie of a short list: it is read only for a cell with an end. */
static __always_inline bool cell_live(const struct pgm_cell *cell)
{
	if (cell->until == PGM_FOREVER)
		return true;
	return cell->until != PGM_NEVER && bpf_ktime_get_boot_ns() < cell->until * NS_PER_SECOND;
}

static __always_inline void answer_cell(struct pgm_probe *answer, __u32 verdict, const struct pgm_cell *cell,
                                        __u32 scope, __u32 class)
{
	answer->verdict = verdict;
	answer->counter = cell->counter;
	answer->until = cell->until;
	answer->where = scope | class << 8;
}

/* Judge a source at a guarded port. */
static __always_inline void match_scope(const struct view *view, const struct pgm_grant *grant, __u32 scope,
                                        struct pgm_probe *answer)
{
	const struct pgm_cell *client = &grant->cell[PGM_KCLASS_CLIENT][scope];
	const struct pgm_cell *system = &grant->cell[PGM_KCLASS_SYSTEM][scope];
	bool clients = view->mode == PGM_MODE_LIST;

	if (clients && cell_live(client))
		answer_cell(answer, PGM_VERDICT_ALLOWED_LIST, client, scope, PGM_KCLASS_CLIENT);
	else if (cell_live(system))
		answer_cell(answer, PGM_VERDICT_ALLOWED_SYSTEM, system, scope, PGM_KCLASS_SYSTEM);
	else if (clients && client->until != PGM_NEVER)
		answer_cell(answer, PGM_VERDICT_REFUSED_EXPIRED, client, scope, PGM_KCLASS_CLIENT);
	else if (system->until != PGM_NEVER)
		answer_cell(answer, PGM_VERDICT_REFUSED_EXPIRED, system, scope, PGM_KCLASS_SYSTEM);
	else
		answer->verdict = clients ? PGM_VERDICT_REFUSED_OUT_OF_SCOPE : PGM_VERDICT_REFUSED_NOWHERE;
}

/* The lowest scope that has ports, if the source is allowed in every scope that has; else -1. */
static __always_inline int allowed_everywhere(const struct view *view, const struct pgm_grant *grant)
{
	__u64 now = bpf_ktime_get_boot_ns();
	int lowest = -1;

#pragma unroll
	for (int scope = PGM_SCOPES - 1; scope >= 0; scope--) {
		__u32 client = view->mode == PGM_MODE_LIST ? grant->cell[PGM_KCLASS_CLIENT][scope].until : PGM_NEVER;
		__u32 system = grant->cell[PGM_KCLASS_SYSTEM][scope].until;
		__u32 until = client > system ? client : system;
		if (!(view->table->scope_mask >> scope & 1))
			continue;
		if (now >= until * NS_PER_SECOND) /* FOREVER is 136 years of uptime */
			return -1;
		lowest = scope;
	}
	return lowest;
}

/* Judge a packet whose port is not known. */
static __always_inline void match_no_port(const struct view *view, const struct packet *packet,
                                          struct pgm_probe *answer)
{
	const struct pgm_grant *grant;
	int scope;

	if (view->table && !view->table->scope_mask) {
		answer->verdict = PGM_VERDICT_PORT_NOT_GUARDED;
		return;
	}
	answer->verdict = packet->verdict;
	grant = find_grant(view, packet);
	if (!view->table || !grant)
		return;
	scope = allowed_everywhere(view, grant);
	if (scope >= 0)
		match_scope(view, grant, scope & (PGM_SCOPES - 1), answer);
}

static __always_inline void match_port(const struct view *view, const struct packet *packet, struct pgm_probe *answer)
{
	const struct pgm_grant *grant = view->table ? find_grant(view, packet) : NULL;

	if (grant)
		match_scope(view, grant, view->table->scope[packet->port & 0xffff] & (PGM_SCOPES - 1), answer);
	else
		answer->verdict =
		        view->mode == PGM_MODE_LIST ? PGM_VERDICT_REFUSED_NOT_LISTED : PGM_VERDICT_REFUSED_NOWHERE;
	if (packet->fragmented && is_drop(answer->verdict))
		answer->verdict = PGM_VERDICT_FIRST_FRAGMENT_REFUSED;
}

static __always_inline void match(const struct view *view, const struct packet *packet, struct pgm_probe *answer)
{
	bool drop_or_lookup = packet->kind != PACKET_DECIDED || is_drop(packet->verdict);

	if (packet->kind == PACKET_PORT && view->table && !is_guarded(view->table, packet->port))
		answer->verdict = PGM_VERDICT_PORT_NOT_GUARDED;
	else if (view_open(view) && drop_or_lookup)
		answer->verdict = PGM_VERDICT_ALLOWED_MODE;
	else if (packet->kind == PACKET_DECIDED)
		answer->verdict = packet->verdict;
	else if (packet->kind == PACKET_PORT)
		match_port(view, packet, answer);
	else
		match_no_port(view, packet, answer);
}

#endif

/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Counters and the table of refused sources; nothing here returns anything, so nothing here can change a verdict. */
#ifndef PGM_BPF_COUNT_H
#define PGM_BPF_COUNT_H

#include "recent.h"

static __always_inline void count_rule(const struct view *view, const struct packet *packet, __u32 index)
{
	void *array = bpf_map_lookup_elem(&counters, &view->slot);
	struct pgm_counter *counter;

	if (!array || !view->table)
		return;
	index = index * (view->table->counter_mask + 1) + (bpf_get_smp_processor_id() & view->table->counter_mask);
	counter = bpf_map_lookup_elem(array, &index);
	if (!counter)
		return;
	if (view->table->counter_owned)
		counter->packets++;
	else
		__sync_fetch_and_add(&counter->packets, 1);
	if (!packet->syn)
		return;
	if (view->table->counter_owned)
		counter->connections++;
	else
		__sync_fetch_and_add(&counter->connections, 1);
	counter->last_connection = bpf_ktime_get_coarse_ns();
}

/* Takes one new source out of this CPU's budget. A new source costs some 250 ns: a flood of forged ones must not. */
static __always_inline bool take_budget(__u64 now)
{
	__u32 zero = 0;
	struct pgm_budget *own = bpf_map_lookup_elem(&budget, &zero);

	if (!own)
		return false;
	if (own->second != now / NS_PER_SECOND) {
		own->second = now / NS_PER_SECOND;
		own->used = 0;
	}
	return own->used++ < PGM_DENIED_NEW_PER_SECOND;
}

/* True if the packet's source has a new row. */
static __always_inline bool add_denied(const struct packet *packet, __u64 now, __u32 verdict, __u32 due)
{
	struct pgm_denied fresh = {.count = due, .first = now, .last = now, .port = packet->port, .verdict = verdict};

	if (packet->family == 4)
		return !bpf_map_update_elem(&denied4, packet->key4.addr, &fresh, BPF_NOEXIST);
	return !bpf_map_update_elem(&denied6, packet->key6.addr, &fresh, BPF_NOEXIST);
}

static __always_inline void record_denied(struct pgm_metrics *totals, const struct packet *packet, __u32 verdict,
                                          __u32 due)
{
	const void *source = packet->family == 4 ? packet->key4.addr : packet->key6.addr;
	__u64 now = bpf_ktime_get_coarse_ns();
	struct pgm_denied *known = find_denied(packet->family, source);

	if (!known && take_budget(now)) {
		if (add_denied(packet, now, verdict, due))
			return;
		known = find_denied(packet->family, source); /* another CPU was faster */
	}
	if (!known) {
		totals->sources_unrecorded += due;
		return;
	}
	__sync_fetch_and_add(&known->count, due);
	known->last = now;
	known->port = packet->port;
	known->verdict = verdict;
}

static __always_inline void count(const struct view *view, const struct packet *packet, const struct pgm_probe *answer)
{
	__u32 zero = 0, verdict = answer->verdict;
	struct pgm_metrics *totals = bpf_map_lookup_elem(&metrics, &zero);

	if (!totals || verdict >= PGM_VERDICT_COUNT)
		return;
	((__u64 *)totals)[verdict]++;
	if (is_drop(verdict)) {
		__u32 due = packet->family ? recent_due(totals, packet) : 0;
		if (due)
			record_denied(totals, packet, verdict, due);
	} else if (answer->counter != ~0u) {
		count_rule(view, packet, answer->counter);
	}
}

#endif

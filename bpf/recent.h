/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Sources that this CPU refused in this very tick: a flood from one is counted here and handed on once a tick. */
#ifndef PGM_BPF_RECENT_H
#define PGM_BPF_RECENT_H

#include "match.h"

/*
 * A lookup in the table of refused sources costs some 20 ns with its clock, and CPUs that write to the same row pass a
 * cache line around. A source that sends more than RECENT_BURST refused packets within one tick of a CPU is therefore
 * counted aside, and added to its row in a later tick. Slower sources are always written through.
 */
#define RECENT_BITS  9
#define RECENT_BURST 16

struct recent {
	__u32 source[4]; /* IPv4: zeros behind the address */
	__u64 tick;      /* bpf_jiffies64 */
	__u16 family;    /* 4 or 6; 0: nobody yet */
	__u16 burst;     /* packets written through in this tick */
	__u32 pending;   /* packets to be added to the source's row */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1 << RECENT_BITS);
	__type(key, __u32);
	__type(value, struct recent);
} recent SEC(".maps");

static __always_inline struct pgm_denied *find_denied(__u32 family, const void *source)
{
	if (family == 4)
		return bpf_map_lookup_elem(&denied4, source);
	return bpf_map_lookup_elem(&denied6, source);
}

static __always_inline void recent_hand_on(struct pgm_metrics *totals, struct recent *slot)
{
	struct pgm_denied *row;

	if (!slot->pending)
		return;
	row = find_denied(slot->family, slot->source);
	if (row)
		__sync_fetch_and_add(&row->count, slot->pending);
	else
		totals->sources_unrecorded += slot->pending;
	slot->pending = 0;
}

/* True if the packet is counted here and needs no row now. */
static __always_inline bool recent_absorbs(struct pgm_metrics *totals, const struct packet *packet)
{
	__u64 tick = bpf_jiffies64();
	__u32 source[4], index;
	struct recent *slot;

	/* The packet came in zeroed: behind an IPv4 address there is nothing else. */
	__builtin_memcpy(source, packet->key6.addr, sizeof(source));
	index = (source[0] ^ source[1] ^ source[2] ^ source[3]) * 0x9e3779b1u >> (32 - RECENT_BITS);
	slot = bpf_map_lookup_elem(&recent, &index);
	if (!slot)
		return false;
	if (slot->tick != tick) {
		recent_hand_on(totals, slot);
		__builtin_memcpy(slot->source, source, sizeof(source));
		slot->tick = tick;
		slot->family = packet->family;
		slot->burst = 1;
		return false;
	}
	if (((slot->family ^ packet->family) | (slot->source[0] ^ source[0]) | (slot->source[1] ^ source[1]) |
	     (slot->source[2] ^ source[2]) | (slot->source[3] ^ source[3])) != 0)
		return false;
	if (slot->burst < RECENT_BURST) {
		slot->burst++;
		return false;
	}
	slot->pending++;
	return true;
}

#endif

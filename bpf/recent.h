/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Sources that this CPU refused in this very tick: a flood from one is counted here and handed on once a tick. */
#ifndef PGM_BPF_RECENT_H
#define PGM_BPF_RECENT_H

#include "match.h"

/*
 * A lookup in the table of refused sources costs some 20 ns with its clock, and CPUs that write to the same row pass a
 * cache line around. A source that sends more than RECENT_BURST refused packets within one tick of a CPU is therefore
 * counted aside, and added to its row once in each later tick. Slower sources are always written through.
 */
#define RECENT_BURST  16
#define RECENT_BITS   11
#define RECENT_PIECES 8 /* entries of the map: a CPU's part of one is 32 KiB at most */
#define RECENT_PAIRS  ((1 << RECENT_BITS) / RECENT_PIECES)

struct recent_slot {
	__u32 source[4]; /* IPv4: zeros behind the address */
	__u64 tick;      /* bpf_jiffies64 */
	__u16 family;    /* 4 or 6; 0: nobody yet */
	__u16 burst;     /* packets written through in this tick */
	__u32 pending;   /* packets to be added to the source's row */
};

struct recent {
	struct recent_slot slot[RECENT_PAIRS][2];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RECENT_PIECES);
	__type(key, __u32);
	__type(value, struct recent);
} recent SEC(".maps");

static __always_inline struct pgm_denied *find_denied(__u32 family, const void *source)
{
	if (family == 4)
		return bpf_map_lookup_elem(&denied4, source);
	return bpf_map_lookup_elem(&denied6, source);
}

static __always_inline void recent_hand_on(struct pgm_metrics *totals, struct recent_slot *slot)
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

static __always_inline bool recent_is(const struct recent_slot *slot, __u32 family, const __u32 source[4])
{
	if (slot->family != family || slot->source[0] != source[0])
		return false;
	return family == 4 ||
	       ((slot->source[1] ^ source[1]) | (slot->source[2] ^ source[2]) | (slot->source[3] ^ source[3])) == 0;
}

/* The source's slot, or the one of two that it may have if it has none: perhaps another's in this tick. */
static __always_inline struct recent_slot *recent_find(__u32 family, const __u32 source[4], __u64 tick)
{
	__u32 hash = (source[0] ^ source[1] ^ source[2] ^ source[3]) * 0x9e3779b1u >> (32 - RECENT_BITS);
	__u32 piece = hash % RECENT_PIECES;
	struct recent *found = bpf_map_lookup_elem(&recent, &piece);
	struct recent_slot *slot;

	if (!found)
		return NULL;
	slot = found->slot[hash / RECENT_PIECES % RECENT_PAIRS];
	if (!recent_is(slot, family, source) && (recent_is(slot + 1, family, source) || slot->tick == tick))
		slot++;
	return slot;
}

/* How many packets of this source are to be added to its row now, this one included; 0: it was counted aside. */
static __always_inline __u32 recent_due(struct pgm_metrics *totals, const struct packet *packet)
{
	__u64 tick = bpf_jiffies64();
	struct recent_slot *slot;
	__u32 source[4], due;
	bool same;

	/* The packet came in zeroed: behind an IPv4 address there is nothing else. */
	__builtin_memcpy(source, packet->key6.addr, sizeof(source));
	slot = recent_find(packet->family, source, tick);
	if (!slot)
		return 1;
	same = recent_is(slot, packet->family, source);
	if (slot->tick == tick) {
		if (!same)
			return 1;
		if (slot->burst < RECENT_BURST) {
			slot->burst++;
			return 1;
		}
		slot->pending++;
		return 0;
	}
	slot->tick = tick;
	if (same && slot->pending) { /* the flood goes on */
		due = slot->pending + 1;
		slot->pending = 0;
		return due;
	}
	recent_hand_on(totals, slot);
	__builtin_memcpy(slot->source, source, sizeof(source));
	slot->family = packet->family;
	slot->burst = 1;
	return 1;
}

#endif

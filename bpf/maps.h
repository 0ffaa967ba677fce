/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The gate's maps; user space pins them under their names and fills the inner ones. */
#ifndef PGM_BPF_MAPS_H
#define PGM_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "pgmoat/gate_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pgm_policy);
} policy SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PGM_SLOTS);
	__type(key, __u32);
	__type(value, struct pgm_table);
} tables SEC(".maps");

/*
 * Templates of the inner maps: only type, sizes and flags count; max_entries of real ones may differ. Sizes and not
 * types, because clang 14 leaves types that only a template names undefined in BTF.
 */
struct trie4 {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct pgm_key4));
	__uint(value_size, sizeof(struct pgm_grant));
};

struct trie6 {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct pgm_key6));
	__uint(value_size, sizeof(struct pgm_grant));
};

struct counter_array {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP); /* without INNER_MAP every array must have the same size */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct pgm_counter));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, PGM_SLOTS);
	__type(key, __u32);
	__array(values, struct trie4);
} v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, PGM_SLOTS);
	__type(key, __u32);
	__array(values, struct trie6);
} v6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, PGM_SLOTS);
	__type(key, __u32);
	__array(values, struct counter_array);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgm_metrics);
} metrics SEC(".maps");

/* Keys of the refused-sources tables, in network order. */
struct addr4 {
	__u8 addr[4];
};
struct addr6 {
	__u8 addr[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PGM_DENIED_MAX);
	__type(key, struct addr4);
	__type(value, struct pgm_denied);
} denied4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PGM_DENIED_MAX);
	__type(key, struct addr6);
	__type(value, struct pgm_denied);
} denied6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pgm_budget);
} budget SEC(".maps");

#endif

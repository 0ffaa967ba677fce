/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The only contract between the gate's kernel programs (bpf/) and user space: map layouts, verdicts, modes. */
#ifndef PGMOAT_GATE_ABI_H
#define PGMOAT_GATE_ABI_H

#include <linux/types.h>

/* Raised whenever a layout or a meaning below changes; kept in the pinned `policy` map and checked before adoption. */
#define PGM_SCHEMA 1

#define PGM_SCOPES     8
#define PGM_ALL_SCOPES 0xffu
#define PGM_SLOTS      2

/* `until` of a cell, in whole seconds of CLOCK_BOOTTIME. The gate lets a packet in while now < until. */
#define PGM_NEVER   0u
#define PGM_FOREVER 0xffffffffu

/* Most rules that the policy word can count (28 bits). */
#define PGM_RULES_MAX ((1u << 28) - 1)

/* Classes as the kernel knows them; user space folds replication, monitoring and private into SYSTEM. */
enum pgm_kclass { PGM_KCLASS_CLIENT = 0, PGM_KCLASS_SYSTEM = 1, PGM_KCLASSES = 2 };

enum pgm_mode { PGM_MODE_UNSET = 0, PGM_MODE_ANYWHERE = 1, PGM_MODE_NOWHERE = 2, PGM_MODE_LIST = 3 };

/*
 * Every packet adds one to exactly one of these: X(enumerator, field and metric name, 1 if the packet was dropped,
 * help). In modes unset and anywhere nothing is dropped: what would have been a drop counts as allowed_mode.
 */
#define PGM_VERDICTS(X)                                                                                                \
	X(NOT_IP, not_ip, 0, "not IPv4 or IPv6")                                                                       \
	X(NOT_TCP, not_tcp, 0, "IP but not TCP")                                                                       \
	X(PORT_NOT_GUARDED, port_not_guarded, 0, "TCP to a port that is not guarded")                                  \
	X(ALLOWED_MODE, allowed_mode, 0, "let in because the mode is unset or anywhere")                               \
	X(ALLOWED_LIST, allowed_list, 0, "let in by a client rule")                                                    \
	X(ALLOWED_SYSTEM, allowed_system, 0, "let in by a system class")                                               \
	X(REFUSED_NOT_LISTED, refused_not_listed, 1, "no rule covers the source")                                      \
	X(REFUSED_OUT_OF_SCOPE, refused_out_of_scope, 1, "a rule covers the source, but not this port")                \
	X(REFUSED_EXPIRED, refused_expired, 1, "the rule that covered the source has expired")                         \
	X(REFUSED_NOWHERE, refused_nowhere, 1, "the mode is nowhere")                                                  \
	X(MALFORMED_IPV4, malformed_ipv4, 1, "IPv4 header broken or cut")                                              \
	X(MALFORMED_IPV6, malformed_ipv6, 1, "IPv6 header or header chain broken or cut")                              \
	X(CHAIN_TOO_LONG, chain_too_long, 1, "more than eight IPv6 extension headers")                                 \
	X(TOO_MANY_VLAN_TAGS, too_many_vlan_tags, 1, "more than two VLAN tags")                                        \
	X(FIRST_FRAGMENT_REFUSED, first_fragment_refused, 1, "first fragment of a refused packet")                     \
	X(LATER_FRAGMENT_PASSED, later_fragment_passed, 0, "later fragment: harmless without its first")

enum pgm_verdict {
#define X(id, name, drop, help) PGM_VERDICT_##id,
	PGM_VERDICTS(X)
#undef X
	        PGM_VERDICT_COUNT
};

/*
 * Map `metrics`: per-CPU array of one entry. The first PGM_VERDICT_COUNT fields are indexed by enum pgm_verdict;
 * what follows is telemetry about the telemetry.
 */
struct pgm_metrics {
#define X(id, name, drop, help) __u64 name;
	PGM_VERDICTS(X)
#undef X
	__u64 sources_unrecorded; /* refused packets whose source was over the budget of the refused-sources table */
};

/*
 * Map `policy`: array of one entry, BPF_F_MMAPABLE. The first eight bytes are one aligned word that user space stores
 * at once: mode, live slot, generation and rule count of both families and the port table flip together.
 */
struct pgm_policy {
	__u64 mode : 3; /* enum pgm_mode */
	__u64 slot : 1; /* which entry of v4, v6, counters and tables is live */
	__u64 rules : 28;
	__u64 generation : 32;
	__u32 schema; /* PGM_SCHEMA; written before the first attach, never while a program runs */
	__u32 reserved;
};

/* Map `tables`: array of PGM_SLOTS. What belongs to a policy besides its tries. */
struct pgm_table {
	__u32 scope_mask;    /* bit s is set: scope s has guarded ports */
	__u32 counter_mask;  /* counter shards - 1 (shards are a power of two); index = counter * shards + (cpu & mask)
	                      */
	__u32 counter_owned; /* 1: every CPU has a shard of its own, plain adds are exact; 0: atomic adds */
	__u32 reserved;
	__u64 guarded[1024]; /* bitmap of guarded ports: port p is bit (p & 63) of word p >> 6; p in host order */
	__u8 scope[65536];   /* scope of a guarded port */
};

struct pgm_key4 {
	__u32 prefixlen;
	__u8 addr[4];
};

struct pgm_key6 {
	__u32 prefixlen;
	__u8 addr[16];
};

/* The latest time until which this prefix or any wider rule lets a class into a scope, and whose counters it feeds. */
struct pgm_cell {
	__u32 until;
	__u32 counter;
};

/* Value of the tries. Closed over wider prefixes by the compiler: the longest match alone decides. */
struct pgm_grant {
	struct pgm_cell cell[PGM_KCLASSES][PGM_SCOPES];
};

/* One shard of a rule's counters; the rule's total is the sum over its shards. Times: CLOCK_MONOTONIC_COARSE, ns. */
struct pgm_counter {
	__u64 packets;
	__u64 connections;     /* SYN without ACK */
	__u64 last_connection; /* 0: none yet */
	__u64 rule_key;        /* identity of the rule, written by user space, so that counters survive a new list */
};

/* Maps `denied4`, `denied6`: LRU hashes keyed by source address (4 or 16 bytes, network order). */
struct pgm_denied {
	__u64 count;
	__u64 first; /* CLOCK_MONOTONIC_COARSE, ns */
	__u64 last;
	__u16 port;   /* last guarded port tried, host order; 0 unknown */
	__u8 verdict; /* last enum pgm_verdict */
	__u8 reserved[5];
};
#define PGM_DENIED_MAX 16384u

/* Map `budget`: per-CPU array of one entry; bounds how many new refused sources a CPU records per second. */
struct pgm_budget {
	__u64 second;
	__u64 used;
};
#define PGM_DENIED_NEW_PER_SECOND 1000u

/*
 * A probe asks the live program without leaving a trace in counters or in the refused-sources table. BPF_PROG_TEST_RUN
 * hands it in as XDP metadata, or as cb[] of a tc context; the program answers in place. No frame from a wire can carry
 * it, and it can't change a verdict.
 */
#define PGM_PROBE_ASK    0x70676d3fu
#define PGM_PROBE_ANSWER 0x70676d21u
struct pgm_probe {
	__u32 magic; /* ASK in, with zeros behind it; ANSWER out */
	__u32 verdict;
	__u32 counter; /* of the rule that allowed, or whose expiry refused; ~0 none */
	__u32 until;   /* of the cell that decided; 0 none */
	__u32 where;   /* scope of the port | kernel class << 8; meaningful with a counter */
};

#ifdef __cplusplus
#define PGM_ASSERT(c) static_assert(c, #c)
#else
#define PGM_ASSERT(c) _Static_assert(c, #c)
#endif
PGM_ASSERT(PGM_VERDICT_COUNT == 16);
PGM_ASSERT(sizeof(struct pgm_metrics) == 17 * 8);
PGM_ASSERT(sizeof(struct pgm_policy) == 16);
PGM_ASSERT(sizeof(struct pgm_table) == 16 + 8192 + 65536);
PGM_ASSERT(sizeof(struct pgm_key4) == 8);
PGM_ASSERT(sizeof(struct pgm_key6) == 20);
PGM_ASSERT(sizeof(struct pgm_grant) == 128);
PGM_ASSERT(sizeof(struct pgm_counter) == 32);
PGM_ASSERT(sizeof(struct pgm_denied) == 32);
PGM_ASSERT(sizeof(struct pgm_probe) == 20);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The loaded gate: programs and pinned maps, adopted or made, and the one way in which a policy changes. */
#ifndef PGM_GATE_KERNEL_H
#define PGM_GATE_KERNEL_H

#include <stdatomic.h>

#include "gate/ruleset.h"

struct pgm_kernel;

/*
 * Mount bpffs if pin_dir lies under /sys/fs/bpf and nothing is mounted there, make pin_dir (0750 root:metrics_group),
 * take its lock (-EBUSY if another daemon holds it), adopt maps that are pinned with PGM_SCHEMA or make them, load the
 * programs onto those maps and pin them. Changes no verdict. A missing metrics group is a logged warning.
 */
int pgm_kernel_open(const struct pgm_config *config, struct pgm_kernel **out, struct pgm_error *err);
void pgm_kernel_close(struct pgm_kernel *kernel);

/* Build with another config from now on: its scopes and [system] rules come into force with the next flip, and its
 * folders must be the same. It must outlive the kernel. Not while a build runs. */
void pgm_kernel_use_config(struct pgm_kernel *kernel, const struct pgm_config *config);

/* Program descriptors for attaching; owned by kernel. */
enum pgm_flavour { PGM_FLAVOUR_XDP_FRAGS, PGM_FLAVOUR_XDP, PGM_FLAVOUR_TC };
int pgm_kernel_program(const struct pgm_kernel *kernel, enum pgm_flavour flavour);

/* True if the maps were found pinned, with a policy in force. */
bool pgm_kernel_adopted(const struct pgm_kernel *kernel);

/* True if another schema's gate was found pinned: it and its policy stay in force, and its pins stay, until this one's
 * first flip. Attaching before that would let everybody in. */
bool pgm_kernel_superseding(const struct pgm_kernel *kernel);

/* The live policy word and schema. */
struct pgm_policy pgm_kernel_policy(const struct pgm_kernel *kernel);

/* A policy built aside: tries, port table and counters stand ready in the slot that is not live. */
struct pgm_build;

/* Where a build stands, for progress bars; written by the building thread. */
struct pgm_progress {
	_Atomic size_t done;
	_Atomic size_t total;
	_Atomic bool cancel;
};

/*
 * Build set aside into the spare slot (after a grace period, so that no packet still reads it). May run in any thread,
 * one at a time. Counters of rules that the live policy also has are carried over. ENOMEM from the kernel's allocator
 * is retried from where it stopped for a bounded time (it is spurious on 6.13+). On error nothing has changed.
 */
int pgm_kernel_build(struct pgm_kernel *kernel, const struct pgm_ruleset *set, struct pgm_progress *progress,
                     struct pgm_build **out, struct pgm_error *err);

/* One store: the built policy is live with the set's mode and generation. Then waits for a grace period, adds what
 * the old counters got meanwhile, lets the old tries go. Frees build. Only the store matters for verdicts; it can't
 * fail. */
void pgm_kernel_flip(struct pgm_kernel *kernel, struct pgm_build *build);
void pgm_build_free(struct pgm_build *build);

/* Totals of a rule's counters. last_connection as in the ABI. */
struct pgm_hits {
	uint64_t packets;
	uint64_t connections;
	uint64_t last_connection;
};
/* Totals of counters [first, first + count) of the live policy. Returns 0 or -errno. Any thread. */
int pgm_kernel_hits(struct pgm_kernel *kernel, size_t first, size_t count, struct pgm_hits *out);

/* Refused sources, most refused first, at most max. Returns how many or -errno. */
struct pgm_denied_row {
	struct pgm_range source; /* one address */
	struct pgm_denied info;
};
ssize_t pgm_kernel_denied(struct pgm_kernel *kernel, struct pgm_denied_row *out, size_t max, size_t *known);

/* Sum over the CPUs. */
int pgm_kernel_metrics(struct pgm_kernel *kernel, struct pgm_metrics *out);

/* Ask a program (the one that is attached) what it would do with a SYN from addr to port, through BPF_PROG_TEST_RUN. */
int pgm_kernel_probe(struct pgm_kernel *kernel, enum pgm_flavour flavour, const struct pgm_range *addr, uint16_t port,
                     bool *passed, struct pgm_probe *answer, struct pgm_error *err);

/* Seam for tests: what pgm_kernel_build calls to fill a map; the default is bpf_map_update_batch. */
typedef int (*pgm_batch_fn)(int fd, const void *keys, const void *values, __u32 *count);
extern pgm_batch_fn pgm_kernel_batch;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files behind gate/kernel.h share: the loaded gate's parts and the steps that work on them. */
#ifndef PGM_GATE_KERNEL_INTERNAL_H
#define PGM_GATE_KERNEL_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <sys/types.h>

#include "gate/compile.h"
#include "gate/kernel.h"

struct gate_bpf;

/* What an inner map must look like; the kernel compares it with the template that the outer map was made from. */
struct pgm_shape {
	enum bpf_map_type type;
	__u32 key_size;
	__u32 value_size;
	__u32 flags;
};

/* The counters of one slot, mapped. Cell (counter, shard) is cells[counter * shards + shard]. */
struct pgm_counters {
	int fd;
	struct pgm_counter *cells;
	size_t bytes;
	size_t count;
	__u32 shards;
	bool owned; /* no CPU uses the last shard */
};

struct pgm_kernel {
	const struct pgm_config *config;
	int dir_fd; /* pin_dir; carries the lock */
	gid_t group;
	struct gate_bpf *skel;
	struct pgm_shape trie_shape[2]; /* IPv4, IPv6 */
	struct pgm_shape counter_shape;
	int grace_outer;
	int grace_inner;
	__u64 *policy; /* map policy, mapped: the live word, then the schema */
	bool adopted;
	bool superseding;          /* another gate's pins were found; ours take their place in the first flip */
	pthread_mutex_t live_lock; /* guards live against a flip */
	struct pgm_counters live;
	struct pgm_ruleset *live_set; /* what the live slot was built from; NULL after adoption */
	atomic_bool building;
};

enum { PGM_V4, PGM_V6 };

/* --- kernel.c --- */

/* The one store that changes what packets meet. */
void pgm_policy_store(const struct pgm_kernel *kernel, const struct pgm_policy *policy);

/* --- pindir.c: the folder of the pins --- */

/* Mounts bpffs if need be, makes pin_dir, sets its owner and mode, takes its lock. *group: metrics_group, 0 if it is
 * missing. Returns a descriptor of the folder or -errno. */
int pgm_pindir_open(const struct pgm_config *config, gid_t *group, struct pgm_error *err);

/* --- pins.c: names in that folder --- */

enum pgm_pins { PGM_PINS_NONE, PGM_PINS_ADOPTABLE, PGM_PINS_OTHER };

/* Look at what is pinned and, if it fits this program, hand it to the skeleton that is not loaded yet. */
enum pgm_pins pgm_pins_reuse(struct pgm_kernel *kernel);
/* Pin the programs, and the maps too if they are new, in place of what is there. Only the order matters to a crash: see
 * pins.c. May be tried again. */
int pgm_pins_place(struct pgm_kernel *kernel, bool maps, struct pgm_error *err);
/* Set owner and mode of the maps' final names; the group may have changed. */
int pgm_pins_access(struct pgm_kernel *kernel, struct pgm_error *err);
/* Take temporary names away. */
void pgm_pins_drop_temporary(struct pgm_kernel *kernel);

/* --- maps.c: inner maps and the outer maps' entries --- */

/* A descriptor of a new inner map, or -errno. */
int pgm_inner_new(const struct pgm_shape *shape, const char *name, size_t entries);
/* A descriptor of the inner map in a slot; -ENOENT if there is none. */
int pgm_inner_get(int outer_fd, __u32 slot);
int pgm_outer_fd(const struct pgm_kernel *kernel, int family);
int pgm_counters_outer_fd(const struct pgm_kernel *kernel);
/* Put inner maps into a slot, each waiting for a grace period. */
int pgm_slot_install(const struct pgm_kernel *kernel, __u32 slot, const int trie_fd[2], int counters_fd);
/* Take a slot's inner maps out. Nobody may still read the slot. */
void pgm_slot_clear(const struct pgm_kernel *kernel, __u32 slot);
int pgm_table_write(const struct pgm_kernel *kernel, __u32 slot, const struct pgm_counters *counters);

/* --- grace.c --- */

int pgm_grace_open(struct pgm_kernel *kernel, struct pgm_error *err);
/* Returns 0 after every program that was running when it was called has finished, or -errno. */
int pgm_grace_period(const struct pgm_kernel *kernel);

/* --- counters.c --- */

#define PGM_COUNTER_BUDGET (32u * 1024 * 1024) /* bytes for shards; a list that needs more has one shard */

/* New, zeroed counters for count rules. */
int pgm_counters_new(const struct pgm_shape *shape, size_t count, struct pgm_counters *out);
/* Map the counters of a slot. */
int pgm_counters_open(const struct pgm_kernel *kernel, __u32 slot, struct pgm_counters *out);
void pgm_counters_close(struct pgm_counters *counters);
struct pgm_hits pgm_counters_total(const struct pgm_counters *counters, size_t index);
/* Where user space writes: the rule's key, what it brought along from older lists. */
struct pgm_counter *pgm_counters_own(const struct pgm_counters *counters, size_t index);

/* --- carry.c --- */

/* What new counters took over from old ones, so that what the old ones got since can be added. */
struct pgm_carry;
/* Write keys[] and the totals of equal keys in from into to. 0 or -ENOMEM. */
int pgm_carry_seed(const struct pgm_counters *from, const struct pgm_counters *to, const uint64_t *keys,
                   struct pgm_carry **out);
/* Add what from got since the seed. Exact once no program counts into from any more. */
void pgm_carry_finish(const struct pgm_carry *carry, const struct pgm_counters *from, const struct pgm_counters *to);
void pgm_carry_free(struct pgm_carry *carry);

/* --- fill.c --- */

/* Fill a trie with the rest of compiled. -ECANCELED, -ENOMEM, ... with err. */
int pgm_trie_fill(int fd, int family, struct pgm_compiled *compiled, struct pgm_progress *progress,
                  struct pgm_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes the gate: its folder, maps found or made, programs loaded onto them. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "gate/kernel_internal.h"
#include "gate/libbpf_log.h"
#include "gate/skeleton.h"

static struct pgm_shape shape_of(struct bpf_map *outer)
{
	struct bpf_map *inner = bpf_map__inner_map(outer);

	return (struct pgm_shape){.type = bpf_map__type(inner),
	                          .key_size = bpf_map__key_size(inner),
	                          .value_size = bpf_map__value_size(inner),
	                          .flags = bpf_map__map_flags(inner)};
}

/* libbpf forgets the templates of inner maps when it has made the outer ones, so they are read before that. */
static int open_skeleton(struct pgm_kernel *kernel, struct pgm_error *err)
{
	kernel->skel = gate_bpf__open();
	if (!kernel->skel)
		return pgm_fail(err, -errno, "cannot read the gate's programs: %s", strerror(errno));
	kernel->trie_shape[PGM_V4] = shape_of(kernel->skel->maps.v4);
	kernel->trie_shape[PGM_V6] = shape_of(kernel->skel->maps.v6);
	kernel->counter_shape = shape_of(kernel->skel->maps.counters);
	return 0;
}

static int load(struct pgm_kernel *kernel, struct pgm_error *err)
{
	char words[512];

	pgm_libbpf_capture(words, sizeof(words));
	int code = gate_bpf__load(kernel->skel);
	pgm_libbpf_capture(NULL, 0);
	if (code == 0)
		return 0;
	words[strcspn(words, "\n")] = 0;
	pgm_fail(err, code, "the kernel does not take the gate's programs: %s%s%s", strerror(-code), *words ? ": " : "",
	         words);
	pgm_hint(err, "The gate needs root and Linux 6.1 or newer.");
	return code;
}

static int map_policy(struct pgm_kernel *kernel, struct pgm_error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(kernel->skel->maps.policy), 0);

	if (memory == MAP_FAILED)
		return pgm_fail(err, -errno, "cannot map the policy word: %s", strerror(errno));
	kernel->policy = memory;
	return 0;
}

void pgm_policy_store(const struct pgm_kernel *kernel, const struct pgm_policy *policy)
{
	__u64 word;

	memcpy(&word, policy, sizeof(word));
	__atomic_store_n(&kernel->policy[0], word, __ATOMIC_SEQ_CST);
}

struct pgm_policy pgm_kernel_policy(const struct pgm_kernel *kernel)
{
	__u64 words[2] = {__atomic_load_n(&kernel->policy[0], __ATOMIC_SEQ_CST),
	                  __atomic_load_n(&kernel->policy[1], __ATOMIC_SEQ_CST)};
	struct pgm_policy policy;

	memcpy(&policy, words, sizeof(policy));
	return policy;
}

/* A new gate's slots are empty but whole; mode unset, slot 0, generation 0 are the zeroes that the map begins with. */
static int fill_slots(struct pgm_kernel *kernel)
{
	PGM_CLOSE int v4 = pgm_inner_new(&kernel->trie_shape[PGM_V4], "pgm_v4", 1);
	PGM_CLOSE int v6 = pgm_inner_new(&kernel->trie_shape[PGM_V6], "pgm_v6", 1);
	struct pgm_counters counters = {0};
	int code = v4 < 0 ? v4 : v6 < 0 ? v6 : pgm_counters_new(&kernel->counter_shape, 0, &counters);

	for (__u32 slot = 0; code == 0 && slot < PGM_SLOTS; slot++) {
		code = pgm_table_write(kernel, slot, &counters);
		if (code == 0)
			code = pgm_slot_install(kernel, slot, (const int[]){v4, v6}, counters.fd);
	}
	pgm_counters_close(&counters);
	return code;
}

static int make_fresh(struct pgm_kernel *kernel, struct pgm_error *err)
{
	struct pgm_policy policy = {.schema = PGM_SCHEMA};
	int code = fill_slots(kernel);

	if (code < 0)
		return pgm_fail(err, code, "cannot fill the gate's first maps: %s", strerror(-code));
	memcpy(kernel->policy, &policy, sizeof(policy));
	return 0;
}

/* Beside another gate's pins nothing is placed before the first flip. */
static int place_pins(struct pgm_kernel *kernel, enum pgm_pins found, struct pgm_error *err)
{
	kernel->superseding = found == PGM_PINS_OTHER;
	if (kernel->superseding)
		return 0;
	int code = pgm_pins_place(kernel, found == PGM_PINS_NONE, err);
	if (code == 0 && found == PGM_PINS_ADOPTABLE)
		code = pgm_pins_access(kernel, err);
	return code;
}

static void note_found(struct pgm_kernel *kernel, enum pgm_pins found)
{
	struct pgm_policy policy = pgm_kernel_policy(kernel);

	kernel->adopted = found == PGM_PINS_ADOPTABLE && (policy.mode != PGM_MODE_UNSET || policy.generation != 0);
	if (found == PGM_PINS_OTHER)
		pgm_log(LOG_NOTICE,
		        "the gate pinned in %s is another version's; it stays until the rules are loaded anew",
		        kernel->config->pin_dir);
}

static int start(struct pgm_kernel *kernel, struct pgm_error *err)
{
	int code = open_skeleton(kernel, err);

	if (code < 0)
		return code;
	pgm_pins_drop_temporary(kernel);
	enum pgm_pins found = pgm_pins_reuse(kernel);
	if (found == PGM_PINS_OTHER) { /* some maps may have been taken over already: begin again without */
		gate_bpf__destroy(kernel->skel);
		code = open_skeleton(kernel, err);
	}
	if (code == 0)
		code = load(kernel, err);
	if (code == 0)
		code = map_policy(kernel, err);
	if (code == 0)
		code = pgm_grace_open(kernel, err);
	if (code == 0 && found != PGM_PINS_ADOPTABLE)
		code = make_fresh(kernel, err);
	if (code < 0)
		return code;
	code = pgm_counters_open(kernel, pgm_kernel_policy(kernel).slot, &kernel->live);
	if (code < 0)
		return pgm_fail(err, code, "cannot map the rules' counters: %s", strerror(-code));
	note_found(kernel, found);
	return place_pins(kernel, found, err);
}

int pgm_kernel_open(const struct pgm_config *config, struct pgm_kernel **out, struct pgm_error *err)
{
	struct pgm_kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return pgm_fail(err, -ENOMEM, "cannot open the gate: out of memory");
	pgm_libbpf_log_install();
	kernel->config = config;
	kernel->grace_inner = kernel->grace_outer = -1;
	pthread_mutex_init(&kernel->live_lock, NULL);
	kernel->dir_fd = pgm_pindir_open(config, &kernel->group, err);
	int code = kernel->dir_fd < 0 ? kernel->dir_fd : start(kernel, err);
	if (code < 0)
		pgm_kernel_close(kernel);
	else
		*out = kernel;
	return code;
}

void pgm_kernel_close(struct pgm_kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->skel)
		pgm_pins_drop_temporary(kernel);
	pgm_counters_close(&kernel->live);
	if (kernel->policy)
		munmap(kernel->policy, (size_t)sysconf(_SC_PAGESIZE));
	pgm_cleanup_close(&kernel->grace_outer);
	pgm_cleanup_close(&kernel->grace_inner);
	gate_bpf__destroy(kernel->skel);
	pgm_ruleset_unref(kernel->live_set);
	pthread_mutex_destroy(&kernel->live_lock);
	pgm_cleanup_close(&kernel->dir_fd); /* and with it the lock */
	free(kernel);
}

void pgm_kernel_use_config(struct pgm_kernel *kernel, const struct pgm_config *config)
{
	kernel->config = config;
	/* The same rules no longer make the same tries, so the next build may not be done in place. */
	pgm_ruleset_unref(kernel->live_set);
	kernel->live_set = NULL;
}

int pgm_kernel_program(const struct pgm_kernel *kernel, enum pgm_flavour flavour)
{
	switch (flavour) {
	case PGM_FLAVOUR_XDP_FRAGS:
		return bpf_program__fd(kernel->skel->progs.gate_xdp_frags);
	case PGM_FLAVOUR_XDP:
		return bpf_program__fd(kernel->skel->progs.gate_xdp);
	case PGM_FLAVOUR_TC:
		return bpf_program__fd(kernel->skel->progs.gate_tc);
	}
	return -EINVAL;
}

bool pgm_kernel_adopted(const struct pgm_kernel *kernel)
{
	return kernel->adopted;
}

bool pgm_kernel_superseding(const struct pgm_kernel *kernel)
{
	return kernel->superseding;
}

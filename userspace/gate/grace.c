/* SPDX-License-Identifier: Apache-2.0 */
/* Waits until no running program can still see what was true when the wait began. */
#include <errno.h>
#include <string.h>

#include "gate/kernel_internal.h"

/*
 * Updating a map in a map from user space returns only after synchronize_rcu(), so that the caller may let the old
 * inner map go (maybe_wait_bpf_programs() in kernel/bpf/syscall.c, since 4.12; programs run as RCU readers). A private
 * pair of maps makes a barrier of it. Putting the same inner map in again is an update like any other.
 */
int pgm_grace_open(struct pgm_kernel *kernel, struct pgm_error *err)
{
	kernel->grace_inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pgm_grace_in", 4, 4, 1, NULL);
	if (kernel->grace_inner >= 0) {
		LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = (__u32)kernel->grace_inner);
		kernel->grace_outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "pgm_grace", 4, 4, 1, &opts);
	}
	if (kernel->grace_inner >= 0 && kernel->grace_outer >= 0)
		return 0;
	return pgm_fail(err, -errno, "cannot make the grace period maps: %s", strerror(errno));
}

int pgm_grace_period(const struct pgm_kernel *kernel)
{
	__u32 zero = 0;

	return bpf_map_update_elem(kernel->grace_outer, &zero, &kernel->grace_inner, BPF_ANY);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Inner maps, and the slots of the outer maps that hold them. */
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/kernel_internal.h"
#include "gate/skeleton.h"

int pgm_inner_new(const struct pgm_shape *shape, const char *name, size_t entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = shape->flags);

	if (entries > UINT32_MAX)
		return -E2BIG;
	return bpf_map_create(shape->type, name, shape->key_size, shape->value_size, (__u32)(entries ? entries : 1),
	                      &opts);
}

int pgm_inner_get(int outer_fd, __u32 slot)
{
	__u32 id;
	int code = bpf_map_lookup_elem(outer_fd, &slot, &id);

	if (code < 0)
		return code;
	return bpf_map_get_fd_by_id(id);
}

int pgm_outer_fd(const struct pgm_kernel *kernel, int family)
{
	return bpf_map__fd(family == PGM_V4 ? kernel->skel->maps.v4 : kernel->skel->maps.v6);
}

int pgm_counters_outer_fd(const struct pgm_kernel *kernel)
{
	return bpf_map__fd(kernel->skel->maps.counters);
}

int pgm_slot_install(const struct pgm_kernel *kernel, __u32 slot, const int trie_fd[2], int counters_fd)
{
	int code = bpf_map_update_elem(pgm_outer_fd(kernel, PGM_V4), &slot, &trie_fd[PGM_V4], BPF_ANY);

	if (code == 0)
		code = bpf_map_update_elem(pgm_outer_fd(kernel, PGM_V6), &slot, &trie_fd[PGM_V6], BPF_ANY);
	if (code == 0)
		code = bpf_map_update_elem(pgm_counters_outer_fd(kernel), &slot, &counters_fd, BPF_ANY);
	return code;
}

void pgm_slot_clear(const struct pgm_kernel *kernel, __u32 slot)
{
	/* -ENOENT: nothing in it. */
	bpf_map_delete_elem(pgm_outer_fd(kernel, PGM_V4), &slot);
	bpf_map_delete_elem(pgm_outer_fd(kernel, PGM_V6), &slot);
	bpf_map_delete_elem(pgm_counters_outer_fd(kernel), &slot);
}

static void add_scope(struct pgm_table *table, const struct pgm_scope *scope, unsigned index)
{
	for (unsigned port = 0; port < 65536; port++) {
		if (!(scope->ports[port >> 6] >> (port & 63) & 1))
			continue;
		table->guarded[port >> 6] |= 1ull << (port & 63);
		table->scope[port] = (__u8)index;
		table->scope_mask |= 1u << index;
	}
}

int pgm_table_write(const struct pgm_kernel *kernel, __u32 slot, const struct pgm_counters *counters)
{
	PGM_FREE struct pgm_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (unsigned i = 0; i < kernel->config->scope_count; i++)
		add_scope(table, &kernel->config->scopes[i], i);
	table->counter_mask = counters->shards - 1;
	table->counter_owned = counters->owned;
	return bpf_map_update_elem(bpf_map__fd(kernel->skel->maps.tables), &slot, table, BPF_ANY);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The rules' counters as memory: made, mapped, summed up. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/cleanup.h"
#include "gate/kernel_internal.h"
#include "gate/skeleton.h"

/*
 * One shard more than there are CPUs, if the budget allows: then each CPU adds to its own shard without atomics, and
 * user space writes to the last one, where nothing of the kernel's can get lost under its hands.
 */
static __u32 choose_shards(size_t count, __u32 cpus)
{
	size_t limit = PGM_COUNTER_BUDGET / ((count ? count : 1) * sizeof(struct pgm_counter));
	__u32 shards = 1;

	while (shards <= cpus && shards * 2 <= limit)
		shards *= 2;
	return shards;
}

static int map_cells(struct pgm_counters *counters, size_t cells)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	counters->bytes = (cells * sizeof(struct pgm_counter) + page - 1) & ~(page - 1);
	void *memory = mmap(NULL, counters->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, counters->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	counters->cells = memory;
	return 0;
}

int pgm_counters_new(const struct pgm_shape *shape, size_t count, struct pgm_counters *out)
{
	int cpus = libbpf_num_possible_cpus();
	struct pgm_counters counters = {.count = count};

	if (cpus < 0)
		return cpus;
	counters.shards = choose_shards(count, (__u32)cpus);
	counters.owned = counters.shards > (__u32)cpus;
	counters.fd = pgm_inner_new(shape, "pgm_counters", count * counters.shards);
	if (counters.fd < 0)
		return counters.fd;
	int code = map_cells(&counters, count ? count * counters.shards : 1);
	if (code < 0)
		close(counters.fd);
	else
		*out = counters;
	return code;
}

int pgm_counters_open(const struct pgm_kernel *kernel, __u32 slot, struct pgm_counters *out)
{
	PGM_FREE struct pgm_table *table = malloc(sizeof(*table));
	struct pgm_counters counters = {0};
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	if (!table)
		return -ENOMEM;
	int code = bpf_map_lookup_elem(bpf_map__fd(kernel->skel->maps.tables), &slot, table);
	if (code < 0)
		return code;
	PGM_CLOSE int fd = pgm_inner_get(pgm_counters_outer_fd(kernel), slot);
	if (fd < 0)
		return fd;
	code = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (code < 0)
		return code;
	counters.fd = fd;
	counters.shards = table->counter_mask + 1;
	counters.owned = table->counter_owned;
	counters.count = info.max_entries / counters.shards;
	code = map_cells(&counters, info.max_entries);
	if (code < 0)
		return code;
	PGM_TAKE_FD(fd);
	*out = counters;
	return 0;
}

void pgm_counters_close(struct pgm_counters *counters)
{
	if (!counters->cells)
		return;
	munmap(counters->cells, counters->bytes);
	close(counters->fd);
	*counters = (struct pgm_counters){.fd = -1};
}

static uint64_t load(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

struct pgm_hits pgm_counters_total(const struct pgm_counters *counters, size_t index)
{
	const struct pgm_counter *cell = counters->cells + index * counters->shards;
	struct pgm_hits total = {0};

	for (__u32 shard = 0; shard < counters->shards; shard++, cell++) {
		uint64_t last = load(&cell->last_connection);

		total.packets += load(&cell->packets);
		total.connections += load(&cell->connections);
		if (last > total.last_connection)
			total.last_connection = last;
	}
	return total;
}

struct pgm_counter *pgm_counters_own(const struct pgm_counters *counters, size_t index)
{
	return counters->cells + index * counters->shards + counters->shards - 1;
}

int pgm_kernel_hits(struct pgm_kernel *kernel, size_t first, size_t count, struct pgm_hits *out)
{
	int code = 0;

	pthread_mutex_lock(&kernel->live_lock);
	if (first > kernel->live.count || count > kernel->live.count - first)
		code = -ERANGE;
	for (size_t i = 0; code == 0 && i < count; i++)
		out[i] = pgm_counters_total(&kernel->live, first + i);
	pthread_mutex_unlock(&kernel->live_lock);
	return code;
}

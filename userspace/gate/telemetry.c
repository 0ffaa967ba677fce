/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the programs count for people: verdicts, and the sources they refuse. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/kernel_internal.h"
#include "gate/skeleton.h"

int pgm_kernel_metrics(struct pgm_kernel *kernel, struct pgm_metrics *out)
{
	int cpus = libbpf_num_possible_cpus();
	__u32 zero = 0;

	if (cpus < 0)
		return cpus;
	PGM_FREE struct pgm_metrics *each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	int code = bpf_map_lookup_elem(bpf_map__fd(kernel->skel->maps.metrics), &zero, each);
	if (code < 0)
		return code;
	__u64 sum[sizeof(*each) / sizeof(__u64)] = {0};
	for (int cpu = 0; cpu < cpus; cpu++) {
		__u64 words[sizeof(*each) / sizeof(__u64)];

		memcpy(words, &each[cpu], sizeof(words));
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			sum[i] += words[i];
	}
	memcpy(out, sum, sizeof(*out));
	return 0;
}

/* The refused sources of one family, appended at *count. Entries that come or go meanwhile may be missed. */
static int read_family(int fd, int family, struct pgm_denied_row *rows, size_t room, size_t *count)
{
	uint8_t key[16], *last = NULL;

	for (; *count < room; last = key) {
		struct pgm_denied_row *row = &rows[*count];
		int code = bpf_map_get_next_key(fd, last, key);

		if (code == -ENOENT)
			return 0;
		if (code < 0)
			return code;
		if (bpf_map_lookup_elem(fd, key, &row->info) < 0)
			continue; /* the table's own ageing took it */
		row->source = (struct pgm_range){.family = (uint8_t)family, .prefix_len = family == AF_INET ? 32 : 128};
		memcpy(row->source.lo, key, pgm_addr_len(family));
		memcpy(row->source.hi, key, pgm_addr_len(family));
		(*count)++;
	}
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct pgm_denied_row *x = a, *y = b;

	if (x->info.count != y->info.count)
		return x->info.count < y->info.count ? 1 : -1;
	return x->info.last < y->info.last ? 1 : x->info.last > y->info.last ? -1 : 0;
}

ssize_t pgm_kernel_denied(struct pgm_kernel *kernel, struct pgm_denied_row *out, size_t max, size_t *known)
{
	enum { ROOM = 2 * PGM_DENIED_MAX };
	PGM_FREE struct pgm_denied_row *rows = malloc(ROOM * sizeof(*rows));
	size_t count = 0;

	if (!rows)
		return -ENOMEM;
	int code = read_family(bpf_map__fd(kernel->skel->maps.denied4), AF_INET, rows, PGM_DENIED_MAX, &count);
	if (code == 0)
		code = read_family(bpf_map__fd(kernel->skel->maps.denied6), AF_INET6, rows, ROOM, &count);
	if (code < 0)
		return code;
	qsort(rows, count, sizeof(*rows), by_count);
	*known = count;
	if (count > max)
		count = max;
	memcpy(out, rows, count * sizeof(*rows));
	return (ssize_t)count;
}

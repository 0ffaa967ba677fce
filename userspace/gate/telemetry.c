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

#define CHUNK 4096u
#define ROOM  (2 * (PGM_DENIED_MAX + CHUNK)) /* rows */

static void add_row(struct pgm_denied_row *row, int family, const uint8_t *addr, const struct pgm_denied *info)
{
	*row = (struct pgm_denied_row){.info = *info};
	row->source.family = (uint8_t)family;
	row->source.prefix_len = family == AF_INET ? 32 : 128;
	memcpy(row->source.lo, addr, pgm_addr_len(family));
	memcpy(row->source.hi, addr, pgm_addr_len(family));
}

/*
 * The refused sources of one family, appended at *count. In batches, which walk over the buckets: stepping from key to
 * key would begin again whenever the table drops the key it stands on, which under attack it always does.
 */
static int read_family(int fd, int family, struct pgm_denied_row *rows, size_t *count)
{
	PGM_FREE uint8_t *keys = malloc(CHUNK * pgm_addr_len(family));
	PGM_FREE struct pgm_denied *values = malloc(CHUNK * sizeof(*values));
	__u32 bucket, *from = NULL;
	int code = 0;

	if (!keys || !values)
		return -ENOMEM;
	while (code == 0 && *count + CHUNK <= ROOM) {
		__u32 got = CHUNK;

		code = bpf_map_lookup_batch(fd, from, &bucket, keys, values, &got, NULL);
		if (code < 0 && code != -ENOENT) /* ENOENT: these are the last */
			return code;
		for (__u32 i = 0; i < got; i++)
			add_row(&rows[(*count)++], family, keys + i * pgm_addr_len(family), &values[i]);
		from = &bucket;
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
	PGM_FREE struct pgm_denied_row *rows = malloc(ROOM * sizeof(*rows));
	size_t count = 0;

	if (!rows)
		return -ENOMEM;
	int code = read_family(bpf_map__fd(kernel->skel->maps.denied4), AF_INET, rows, &count);
	if (code == 0)
		code = read_family(bpf_map__fd(kernel->skel->maps.denied6), AF_INET6, rows, &count);
	if (code < 0)
		return code;
	qsort(rows, count, sizeof(*rows), by_count);
	*known = count;
	if (count > max)
		count = max;
	memcpy(out, rows, count * sizeof(*rows));
	return (ssize_t)count;
}

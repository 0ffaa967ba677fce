/* SPDX-License-Identifier: Apache-2.0 */
/* Moves compiled entries into a trie in chunks, patient with a kernel that is out of memory for a moment. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "gate/kernel_internal.h"

#define CHUNK        4096u
#define PATIENCE_NS  5000000000ull /* without a single entry going in */
#define PAUSE_MAX_NS 20000000

static int batch_update(int fd, const void *keys, const void *values, __u32 *count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = BPF_ANY);

	return bpf_map_update_batch(fd, keys, values, count, &opts);
}

pgm_batch_fn pgm_kernel_batch = batch_update;

/* One chunk on its way, and how patient we still are. */
struct filler {
	int fd;
	size_t key_size;
	struct pgm_progress *progress;
	struct pgm_entry *entries;
	uint8_t *keys;
	struct pgm_grant *grants;
	__u32 batch;          /* entries per call; shrinks when memory is short */
	long pause_ns;        /* before the next try; 0 after progress */
	uint64_t stuck_since; /* 0 after progress */
};

static void write_key(const struct filler *filler, size_t i)
{
	uint8_t *key = filler->keys + i * filler->key_size;
	__u32 prefix_len = filler->entries[i].prefix_len;

	memcpy(key, &prefix_len, sizeof(prefix_len));
	memcpy(key + sizeof(prefix_len), filler->entries[i].addr, filler->key_size - sizeof(prefix_len));
	filler->grants[i] = filler->entries[i].grant;
}

static bool is_momentary(int code)
{
	return code == -ENOMEM || code == -EAGAIN || code == -EINTR || code == -EBUSY;
}

/* After a failed call: wait for the allocator's refill, smaller next time. False when patience is at its end. */
static bool wait_for_memory(struct filler *filler)
{
	uint64_t now = pgm_monotonic_now_ns();

	if (filler->stuck_since == 0)
		filler->stuck_since = now;
	else if (now - filler->stuck_since > PATIENCE_NS)
		return false;
	filler->batch = filler->batch > 1 ? filler->batch / 2 : 1;
	filler->pause_ns = filler->pause_ns ? filler->pause_ns * 2 : 50000;
	if (filler->pause_ns > PAUSE_MAX_NS)
		filler->pause_ns = PAUSE_MAX_NS;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = filler->pause_ns}, NULL);
	return true;
}

static void note_progress(struct filler *filler, __u32 done)
{
	filler->stuck_since = 0;
	filler->pause_ns = 0;
	if (filler->progress)
		atomic_fetch_add(&filler->progress->done, done);
}

/*
 * One call for up to batch entries from at. Returns how many surely went in, or -errno. With an error, the kernel
 * writes the count only from inside its loop: a count as large as what was asked for says nothing then, and putting an
 * entry in twice is harmless.
 */
static int put_some(struct filler *filler, size_t at, size_t left)
{
	__u32 asked = left < filler->batch ? (__u32)left : filler->batch;
	__u32 count = asked;
	int code = pgm_kernel_batch(filler->fd, filler->keys + at * filler->key_size, filler->grants + at, &count);

	if (code == 0)
		return (int)asked;
	if (!is_momentary(code))
		return code;
	return count < asked && count > 0 ? (int)count : code;
}

static int put_chunk(struct filler *filler, size_t count)
{
	size_t at = 0;

	while (at < count) {
		if (filler->progress && atomic_load(&filler->progress->cancel))
			return -ECANCELED;
		int done = put_some(filler, at, count - at);
		if (done > 0) {
			at += (size_t)done;
			note_progress(filler, (__u32)done);
			if (filler->batch < CHUNK)
				filler->batch *= 2;
		} else if (!is_momentary(done) || !wait_for_memory(filler)) {
			return done;
		}
	}
	return 0;
}

static int fail(struct pgm_error *err, int code, int family)
{
	const char *name = family == AF_INET ? "IPv4" : "IPv6";

	if (code == -ECANCELED)
		return pgm_fail(err, code, "the new list was given up: cancelled");
	pgm_fail(err, code, "the kernel did not take the %s rules: %s", name, strerror(-code));
	if (code == -ENOMEM)
		pgm_hint(err,
		         "The old list stays in force. Free memory, or raise MemoryMax of the unit, and try again.");
	else
		pgm_hint(err, "The old list stays in force. Try again; the journal has details.");
	return code;
}

int pgm_trie_fill(int fd, int family, struct pgm_compiled *compiled, struct pgm_progress *progress,
                  struct pgm_error *err)
{
	struct filler filler = {.fd = fd, .progress = progress, .batch = CHUNK};
	int code = 0;

	filler.key_size = sizeof(__u32) + pgm_addr_len(family);
	PGM_FREE struct pgm_entry *entries = filler.entries = malloc(CHUNK * sizeof(*entries));
	PGM_FREE uint8_t *keys = filler.keys = malloc(CHUNK * filler.key_size);
	PGM_FREE struct pgm_grant *grants = filler.grants = malloc(CHUNK * sizeof(*grants));
	if (!entries || !keys || !grants)
		return fail(err, -ENOMEM, family);
	for (size_t count; code == 0 && (count = pgm_compiled_next(compiled, entries, CHUNK)) > 0;) {
		for (size_t i = 0; i < count; i++)
			write_key(&filler, i);
		code = put_chunk(&filler, count);
	}
	return code < 0 ? fail(err, code, family) : 0;
}

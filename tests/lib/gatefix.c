/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's programs with maps filled by hand: what the kernel side does, without the user space that feeds it. */
#include "lib/gatefix.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "gate/skeleton.h"
#include "lib/check.h"

enum { ROOM = 4096 };

static int map_fd(struct bpf_map *map)
{
	return bpf_map__fd(map);
}

static int new_trie(uint32_t key_size)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "trie", key_size, sizeof(struct pgm_grant), ROOM, &opts);

	CHECK(fd >= 0);
	return fd;
}

static int new_counters(uint32_t entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "counters", 4, sizeof(struct pgm_counter), entries, &opts);

	CHECK(fd >= 0);
	return fd;
}

static void put(struct bpf_map *outer, uint32_t slot, int *kept, int inner)
{
	if (*kept >= 0)
		close(*kept);
	*kept = inner;
	CHECK_INT(bpf_map_update_elem(map_fd(outer), &slot, &inner, BPF_ANY), 0);
}

static void store_table(const struct gatefix *fix)
{
	CHECK_INT(bpf_map_update_elem(map_fd(fix->skel->maps.tables), &fix->slot, fix->table, BPF_ANY), 0);
}

void gatefix_slot(struct gatefix *fix, uint32_t slot, uint32_t shards, bool owned)
{
	fix->slot = slot;
	put(fix->skel->maps.v4, slot, &fix->tries4, new_trie(sizeof(struct pgm_key4)));
	put(fix->skel->maps.v6, slot, &fix->tries6, new_trie(sizeof(struct pgm_key6)));
	put(fix->skel->maps.counters, slot, &fix->counters, new_counters(ROOM * shards));
	memset(fix->table, 0, sizeof(*fix->table));
	fix->table->counter_mask = shards - 1;
	fix->table->counter_owned = owned;
	store_table(fix);
}

static void take(struct bpf_map *outer, uint32_t slot)
{
	CHECK(bpf_map_delete_elem(map_fd(outer), &slot) == 0 || errno == ENOENT);
}

void gatefix_empty_slot(struct gatefix *fix, uint32_t slot)
{
	fix->slot = slot;
	take(fix->skel->maps.v4, slot);
	take(fix->skel->maps.v6, slot);
	take(fix->skel->maps.counters, slot);
	memset(fix->table, 0, sizeof(*fix->table));
	store_table(fix);
}

void gatefix_open(struct gatefix *fix)
{
	*fix = (struct gatefix){.tries4 = -1, .tries6 = -1, .counters = -1};
	fix->skel = gate_bpf__open_and_load();
	CHECK(fix->skel != NULL);
	fix->table = calloc(1, sizeof(*fix->table));
	CHECK(fix->table != NULL);
	fix->word = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
	                 map_fd(fix->skel->maps.policy), 0);
	CHECK(fix->word != MAP_FAILED);
	gatefix_slot(fix, 0, 1, false);
}

void gatefix_close(struct gatefix *fix)
{
	munmap(fix->word, (size_t)sysconf(_SC_PAGESIZE));
	close(fix->tries4);
	close(fix->tries6);
	close(fix->counters);
	free(fix->table);
	gate_bpf__destroy(fix->skel);
}

void gatefix_guard(struct gatefix *fix, uint16_t port, uint8_t scope)
{
	fix->table->guarded[port >> 6] |= 1ull << (port & 63);
	fix->table->scope[port] = scope;
	fix->table->scope_mask |= 1u << scope;
	store_table(fix);
}

/* Both key structs begin like this. */
struct prefix {
	uint32_t len;
	uint8_t addr[16];
};

static int parse_prefix(const char *text, struct prefix *out)
{
	char addr[64];
	const char *slash = strchr(text, '/');
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	snprintf(addr, sizeof(addr), "%.*s", slash ? (int)(slash - text) : 63, text);
	*out = (struct prefix){.len = family == AF_INET ? 32 : 128};
	if (slash)
		out->len = (uint32_t)strtoul(slash + 1, NULL, 10);
	CHECK_INT(inet_pton(family, addr, out->addr), 1);
	return family;
}

void gatefix_grant(struct gatefix *fix, const char *text, enum pgm_kclass class, unsigned scope, uint32_t until,
                   uint32_t counter)
{
	struct prefix prefix, found = {0};
	struct pgm_grant grant = {0};
	int fd = parse_prefix(text, &prefix) == AF_INET ? fix->tries4 : fix->tries6;

	/* A trie can only be asked for the longest match: copy it if it is this very prefix. */
	for (struct prefix *at = NULL; bpf_map_get_next_key(fd, at, &found) == 0; at = &found) {
		if (memcmp(&found, &prefix, sizeof(found)) == 0)
			CHECK_INT(bpf_map_lookup_elem(fd, &prefix, &grant), 0);
	}
	grant.cell[class][scope] = (struct pgm_cell){.until = until, .counter = counter};
	CHECK_INT(bpf_map_update_elem(fd, &prefix, &grant, BPF_ANY), 0);
}

void gatefix_live(struct gatefix *fix, enum pgm_mode mode)
{
	struct pgm_policy policy = {.mode = mode & 7, .slot = fix->slot & 1, .generation = ++fix->generation};
	uint64_t word;

	memcpy(&word, &policy, sizeof(word));
	__atomic_store_n(fix->word, word, __ATOMIC_RELEASE);
}

uint32_t gatefix_seconds(void)
{
	return (uint32_t)(pgm_boottime_now_ns() / 1000000000u);
}

struct pgm_metrics gatefix_metrics(const struct gatefix *fix)
{
	enum { WORDS = sizeof(struct pgm_metrics) / 8 };
	int cpus = libbpf_num_possible_cpus();
	uint32_t zero = 0;
	uint64_t total[WORDS] = {0};
	struct pgm_metrics out;

	CHECK(cpus > 0);
	uint64_t *each = calloc((size_t)cpus, sizeof(total));
	CHECK(each != NULL);
	int failed = bpf_map_lookup_elem(map_fd(fix->skel->maps.metrics), &zero, each);
	for (int i = 0; i < cpus * WORDS; i++)
		total[i % WORDS] += each[i];
	free(each);
	CHECK_INT(failed, 0);
	memcpy(&out, total, sizeof(out));
	return out;
}

struct pgm_counter gatefix_shard(const struct gatefix *fix, uint32_t counter, uint32_t shard)
{
	uint32_t index = counter * (fix->table->counter_mask + 1) + shard;
	struct pgm_counter out;

	CHECK_INT(bpf_map_lookup_elem(fix->counters, &index, &out), 0);
	return out;
}

struct pgm_counter gatefix_counter(const struct gatefix *fix, uint32_t counter)
{
	struct pgm_counter total = {0};

	for (uint32_t i = 0; i <= fix->table->counter_mask; i++) {
		struct pgm_counter shard = gatefix_shard(fix, counter, i);
		total.packets += shard.packets;
		total.connections += shard.connections;
		if (shard.last_connection > total.last_connection)
			total.last_connection = shard.last_connection;
	}
	return total;
}

bool gatefix_denied(const struct gatefix *fix, const char *address, struct pgm_denied *out)
{
	struct prefix prefix;
	int family = parse_prefix(address, &prefix);
	struct bpf_map *map = family == AF_INET ? fix->skel->maps.denied4 : fix->skel->maps.denied6;

	return bpf_map_lookup_elem(map_fd(map), prefix.addr, out) == 0;
}

static size_t walk_denied(int fd, bool forget)
{
	uint8_t key[16];
	size_t count = 0;

	for (const void *at = NULL; bpf_map_get_next_key(fd, at, key) == 0; count++) {
		at = key;
		if (forget) {
			CHECK_INT(bpf_map_delete_elem(fd, key), 0);
			at = NULL;
		}
	}
	return count;
}

size_t gatefix_denied_count(const struct gatefix *fix)
{
	return walk_denied(map_fd(fix->skel->maps.denied4), false) +
	       walk_denied(map_fd(fix->skel->maps.denied6), false);
}

void gatefix_forget_denied(const struct gatefix *fix)
{
	walk_denied(map_fd(fix->skel->maps.denied4), true);
	walk_denied(map_fd(fix->skel->maps.denied6), true);
}

int gatefix_program(const struct gatefix *fix, enum pgm_flavour flavour)
{
	switch (flavour) {
	case PGM_FLAVOUR_XDP_FRAGS:
		return bpf_program__fd(fix->skel->progs.gate_xdp_frags);
	case PGM_FLAVOUR_XDP:
		return bpf_program__fd(fix->skel->progs.gate_xdp);
	case PGM_FLAVOUR_TC:
		break;
	}
	return bpf_program__fd(fix->skel->progs.gate_tc);
}

static int run_tc(int fd, const struct pkt *pkt, struct gatefix_run *run)
{
	static uint8_t back[PKT_MAX];
	struct __sk_buff in = {.gso_size = run->gso_size}, out = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = pkt->bytes, .data_size_in = (uint32_t)pkt->len,
	            .data_out = back, .data_size_out = sizeof(back), .ctx_in = &in, .ctx_size_in = sizeof(in),
	            .ctx_out = &out, .ctx_size_out = sizeof(out), .repeat = run->repeat);

	if (run->probe)
		memcpy(in.cb, &run->answer, sizeof(run->answer));
	int result = bpf_prog_test_run_opts(fd, &opts);
	if (result)
		return result;
	run->passed = opts.retval == (uint32_t)TC_ACT_UNSPEC;
	CHECK(run->passed || opts.retval == TC_ACT_SHOT);
	memcpy(&run->answer, out.cb, sizeof(run->answer));
	CHECK_INT(opts.data_size_out, pkt->len);
	CHECK(memcmp(back, pkt->bytes, pkt->len) == 0);
	return 0;
}

static int run_xdp(int fd, const struct pkt *pkt, struct gatefix_run *run)
{
	static uint8_t data[PKT_MAX + 64], back[sizeof(data)];
	uint32_t meta = run->probe ? (uint32_t)sizeof(struct pgm_probe) + run->slack : 0;
	uint32_t size = meta + (uint32_t)pkt->len;
	struct xdp_md in = {.data = meta, .data_end = run->linear ? meta + run->linear : size};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = size, .data_out = back,
	            .data_size_out = sizeof(back), .ctx_in = meta || run->linear ? &in : NULL,
	            .ctx_size_in = meta || run->linear ? sizeof(in) : 0, .repeat = run->repeat);

	memcpy(data, &run->answer, run->probe ? sizeof(run->answer) : 0);
	memcpy(data + meta, pkt->bytes, pkt->len);
	int result = bpf_prog_test_run_opts(fd, &opts);
	if (result)
		return result;
	run->passed = opts.retval == XDP_PASS;
	CHECK(run->passed || opts.retval == XDP_DROP);
	memcpy(&run->answer, back, run->probe ? sizeof(run->answer) : 0);
	CHECK_INT(opts.data_size_out, size);
	CHECK(memcmp(back + meta, pkt->bytes, pkt->len) == 0);
	return 0;
}

int gatefix_run(const struct gatefix *fix, enum pgm_flavour flavour, const struct pkt *pkt, struct gatefix_run *run)
{
	int fd = gatefix_program(fix, flavour);

	if (run->probe && !run->answer.magic)
		run->answer.magic = PGM_PROBE_ASK;
	return flavour == PGM_FLAVOUR_TC ? run_tc(fd, pkt, run) : run_xdp(fd, pkt, run);
}

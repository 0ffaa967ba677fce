/* SPDX-License-Identifier: Apache-2.0 */
/* CPU time of one packet in the gate, in the parser alone, in parser and trie, and in nothing, by BPF_PROG_TEST_RUN. */
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "gate/kernel_internal.h"
#include "gate/skeleton.h"
#include "lib/packet.h"
#include "lib/sandbox.h"
#include "skeleton.h"
#include "sources.h"

enum { HOT = 16, SOURCES = 1024, NEW_SOURCES = 65536, WARM = 32, ROUND_NS = 25000000 };

/* One program with one set of sources; verdict: what each packet must become, if the gate counts it. */
struct row {
	const char *name;
	struct bpf_program *program;
	const uint8_t (*sources)[16];
	uint32_t count;
	bool passes;
	bool known; /* refused, and in the table of refused sources */
	enum pgm_verdict verdict;
	uint32_t repeat;
};

struct bench {
	int family;
	struct pgm_config config;
	struct pgm_ruleset *set;
	struct pgm_kernel *kernel;
	struct bench_bpf *skel;
	struct pkt packet;
	uint8_t inside[SOURCES][16], outside[SOURCES][16], sibling[SOURCES][16], fresh[NEW_SOURCES][16];
};

static void read_list(struct bench *bench, const char *path)
{
	static const char text[] =
	        "[gate]\npin_dir = /sys/fs/bpf/bench\nmetrics_group = root\n[scopes]\ndirect = 5432\n";

	need(pgm_config_parse(text, sizeof(text) - 1, "bench", stderr, &bench->config), "pgm_config_parse");
	bench->set = list_read(path, &bench->config);
}

static void open_gate(struct bench *bench)
{
	struct pgm_build *build;
	struct pgm_error err;

	if (pgm_kernel_open(&bench->config, &bench->kernel, &err) < 0 ||
	    pgm_kernel_build(bench->kernel, bench->set, NULL, &build, &err) < 0)
		DIE("%s", err.what);
	pgm_kernel_flip(bench->kernel, build);
}

static void share(struct bpf_map *map, const struct bpf_map *with)
{
	need(bpf_map__reuse_fd(map, bpf_map__fd(with)), bpf_map__name(with));
}

/* The bare trie is the very one that the gate looks into. */
static void share_trie(struct bpf_map *map, const struct bpf_map *outer, uint32_t slot)
{
	PGM_CLOSE int fd = pgm_inner_get(bpf_map__fd(outer), slot);

	need(fd, "the live trie");
	need(bpf_map__reuse_fd(map, fd), "the live trie");
}

/* The benchmark's programs on the gate's own maps. */
static void load_programs(struct bench *bench)
{
	struct gate_bpf *gate = bench->kernel->skel;
	uint32_t slot = pgm_kernel_policy(bench->kernel).slot;

	bench->skel = bench_bpf__open();
	if (!bench->skel)
		DIE("cannot open the programs");
	share(bench->skel->maps.policy, gate->maps.policy);
	share(bench->skel->maps.tables, gate->maps.tables);
	share(bench->skel->maps.v4, gate->maps.v4);
	share(bench->skel->maps.v6, gate->maps.v6);
	share(bench->skel->maps.counters, gate->maps.counters);
	share(bench->skel->maps.metrics, gate->maps.metrics);
	share(bench->skel->maps.denied4, gate->maps.denied4);
	share(bench->skel->maps.denied6, gate->maps.denied6);
	share(bench->skel->maps.budget, gate->maps.budget);
	share_trie(bench->skel->maps.bare4, gate->maps.v4, slot);
	share_trie(bench->skel->maps.bare6, gate->maps.v6, slot);
	need(bench_bpf__load(bench->skel), "load the programs");
}

static void draw_sources(struct bench *bench)
{
	for (int i = 0; i < SOURCES; i++) {
		source_draw(bench->set, bench->family, INSIDE, bench->inside[i]);
		source_draw(bench->set, bench->family, OUTSIDE, bench->outside[i]);
		source_draw(bench->set, bench->family, SIBLING, bench->sibling[i]);
	}
	for (int i = 0; i < NEW_SOURCES; i++)
		source_draw(bench->set, bench->family, OUTSIDE, bench->fresh[i]);
}

static void make_packet(struct bench *bench)
{
	pkt_start(&bench->packet);
	if (bench->family == AF_INET)
		pkt_ipv4(&bench->packet, "192.0.2.1");
	else
		pkt_ipv6(&bench->packet, "2001:db8::1");
	pkt_tcp(&bench->packet, 5432, "S");
	pkt_finish(&bench->packet);
}

static void use_sources(struct bench *bench, const struct row *row)
{
	bool ipv4 = bench->family == AF_INET;
	int fd = bpf_map__fd(ipv4 ? bench->skel->maps.sources4 : bench->skel->maps.sources6);
	int denied = bpf_map__fd(ipv4 ? bench->skel->maps.denied4 : bench->skel->maps.denied6);
	struct pgm_denied info = {.count = 1};

	for (uint32_t i = 0; i < row->count; i++) {
		need(bpf_map_update_elem(fd, &i, row->sources[i], BPF_ANY), "fill the sources");
		if (row->known)
			need(bpf_map_update_elem(denied, row->sources[i], &info, BPF_ANY), "fill the refused sources");
	}
	bench->skel->bss->source_mask = row->count - 1;
	bench->skel->bss->turn = 0;
}

/* CPU ns of repeat packets. */
static uint64_t run(const struct bench *bench, const struct row *row, uint32_t repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = bench->packet.bytes, .repeat = (int)repeat,
	            .data_size_in = (__u32)bench->packet.len);
	uint64_t start = cpu_now_ns();

	need(bpf_prog_test_run_opts(bpf_program__fd(row->program), &opts), row->name);
	if (opts.retval != (row->passes ? XDP_PASS : XDP_DROP))
		DIE("%s: the program answered %u", row->name, opts.retval);
	return cpu_now_ns() - start;
}

static uint64_t counted(const struct bench *bench, enum pgm_verdict verdict)
{
	struct pgm_metrics metrics;

	need(pgm_kernel_metrics(bench->kernel, &metrics), "pgm_kernel_metrics");
	return ((const __u64 *)&metrics)[verdict];
}

/* How many packets make a round; on the way, that every packet gets the verdict that it should. */
static void calibrate(struct bench *bench, struct row *row)
{
	bool counts = strncmp(row->name, "gate", 4) == 0;
	uint64_t before = counted(bench, row->verdict), ns;
	uint32_t packets = 8192;

	use_sources(bench, row);
	run(bench, row, packets);
	ns = run(bench, row, packets);
	if (counts && counted(bench, row->verdict) - before != 2 * packets)
		DIE("%s: not every packet got its verdict", row->name);
	row->repeat = (uint32_t)((uint64_t)ROUND_NS * packets / (ns + 1)) + 1;
}

static void measure(struct bench *bench, struct row *row, bool last)
{
	use_sources(bench, row);
	run(bench, row, row->known ? WARM * row->count : row->count);
	printf("%.2f%s", (double)run(bench, row, row->repeat) / row->repeat, last ? "\n" : "\t");
	fflush(stdout);
}

#define GATE(kind, ...)                                                                                                \
	{                                                                                                              \
		"gate " kind, skel->progs.bench_gate, __VA_ARGS__                                                      \
	}
#define TRIE(kind, ...)                                                                                                \
	{                                                                                                              \
		"trie " kind, skel->progs.bench_trie, __VA_ARGS__                                                      \
	}

/* A line of names, then a line of ns per packet for every round: rows that are compared lie side by side in time. */
static void measure_all(struct bench *bench, unsigned rounds)
{
	const struct bench_bpf *skel = bench->skel;
	struct row rows[] = {
	        {"empty", skel->progs.bench_empty, bench->inside, SOURCES, true, false, 0, 0},
	        {"parse", skel->progs.bench_parse, bench->inside, SOURCES, true, false, 0, 0},
	        TRIE("allowed_hot", bench->inside, HOT, true, false, 0, 0),
	        GATE("allowed_hot", bench->inside, HOT, true, false, PGM_VERDICT_ALLOWED_LIST, 0),
	        TRIE("allowed", bench->inside, SOURCES, true, false, 0, 0),
	        GATE("allowed", bench->inside, SOURCES, true, false, PGM_VERDICT_ALLOWED_LIST, 0),
	        TRIE("refused_hot", bench->outside, HOT, false, true, 0, 0),
	        GATE("refused_hot", bench->outside, HOT, false, true, PGM_VERDICT_REFUSED_NOT_LISTED, 0),
	        TRIE("refused", bench->outside, SOURCES, false, true, 0, 0),
	        GATE("refused", bench->outside, SOURCES, false, true, PGM_VERDICT_REFUSED_NOT_LISTED, 0),
	        TRIE("sibling", bench->sibling, SOURCES, false, true, 0, 0),
	        GATE("sibling", bench->sibling, SOURCES, false, true, PGM_VERDICT_REFUSED_NOT_LISTED, 0),
	        TRIE("new", bench->fresh, NEW_SOURCES, false, false, 0, 0),
	        GATE("new", bench->fresh, NEW_SOURCES, false, false, PGM_VERDICT_REFUSED_NOT_LISTED, 0),
	};
	size_t count = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < count; i++) {
		calibrate(bench, &rows[i]);
		printf("%s%s", rows[i].name, i + 1 < count ? "\t" : "\n");
	}
	for (unsigned round = 0; round < rounds; round++) {
		stay_on_cpu(cpu_of_round(round));
		for (size_t i = 0; i < count; i++)
			measure(bench, &rows[i], i + 1 == count);
	}
}

int main(int argc, char **argv)
{
	static struct bench bench;

	if (argc != 4)
		DIE("usage: bench_lookup LIST 4|6 ROUNDS");
	bench.family = number(argv[2]) == 4 ? AF_INET : AF_INET6;
	read_list(&bench, argv[1]);
	sandbox_enter(); /* which hides /run */
	cpus_note();
	open_gate(&bench);
	load_programs(&bench);
	draw_sources(&bench);
	make_packet(&bench);
	measure_all(&bench, (unsigned)number(argv[3]));
	bench_bpf__destroy(bench.skel);
	pgm_kernel_close(bench.kernel);
	pgm_ruleset_unref(bench.set);
	pgm_config_free(&bench.config);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A rule keeps its counts through every new list, to the packet. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>

#include "common/clock.h"
#include "lib/check.h"
#include "lib/live.h"
#include "lib/packet.h"
#include "lib/sandbox.h"

static struct live live;

static void send_many(const char *source, unsigned count, bool syn)
{
	for (unsigned i = 0; i < count; i++)
		CHECK(live_send(&live, (enum pgm_flavour)(i % 3), source, 5432, syn));
}

static void check_hits(size_t rule, uint64_t packets, uint64_t connections)
{
	struct pgm_hits hits = live_hits(&live, rule);

	CHECK_INT(hits.packets, packets);
	CHECK_INT(hits.connections, connections);
	CHECK_INT(hits.last_connection != 0, connections != 0);
}

static void packets_and_connections_are_told_apart(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7\n2001:db8::/32"));
	check_hits(0, 0, 0);
	uint64_t before = pgm_monotonic_now_ns();
	send_many("203.0.113.7", 10, true);
	send_many("203.0.113.7", 7, false);
	send_many("2001:db8::5", 3, false);
	check_hits(0, 17, 10);
	check_hits(1, 3, 0);
	struct pgm_hits hits = live_hits(&live, 0);
	/* The kernel's coarse clock lags by a tick at most. */
	CHECK(hits.last_connection + 100000000 > before && hits.last_connection <= pgm_monotonic_now_ns());
}

static void counts_outside_the_list_are_refused(void)
{
	struct pgm_hits hits[2];

	live_open(&live, NULL);
	CHECK_INT(pgm_kernel_hits(live.kernel, 0, 0, hits), 0);
	CHECK_INT(pgm_kernel_hits(live.kernel, 0, 1, hits), -ERANGE);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7\n203.0.113.8"));
	CHECK_INT(pgm_kernel_hits(live.kernel, 0, 2, hits), 0);
	CHECK_INT(pgm_kernel_hits(live.kernel, 1, 2, hits), -ERANGE);
	CHECK_INT(pgm_kernel_hits(live.kernel, SIZE_MAX, 2, hits), -ERANGE);
}

static void implicit_rules_are_counted_behind_the_list(void)
{
	live_open(&live, "[scopes]\ndirect = 5432\n[system]\nmonitoring = 198.51.100.0/24\n");
	live_apply(&live, live_rules(&live, PGM_MODE_NOWHERE, "203.0.113.7"));
	send_many("198.51.100.9", 4, true);
	check_hits(0, 0, 0);
	check_hits(1, 4, 4);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, ""));
	check_hits(0, 4, 4);
}

static void counts_follow_their_rule(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.1\n203.0.113.2\n203.0.113.3\n203.0.113.3"));
	send_many("203.0.113.1", 1, true);
	send_many("203.0.113.2", 2, true);
	send_many("203.0.113.3", 3, true);
	/* Moved, another comment and expiry, one gone, one new, another scope. */
	live_apply(&live, live_rules(&live, PGM_MODE_LIST,
	                             "203.0.113.3\n203.0.113.9\n203.0.113.1 for=2h # hello\n203.0.113.2 scope=direct"));
	check_hits(0, 3, 3);
	check_hits(1, 0, 0);
	check_hits(2, 1, 1);
	check_hits(3, 0, 0);
	/* And through a restart. */
	live_reopen(&live);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.1\n203.0.113.3"));
	check_hits(0, 1, 1);
	check_hits(1, 3, 3);
}

static void packets_between_build_and_flip_count(void)
{
	struct pgm_build *build;
	struct pgm_error err;

	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.1"));
	send_many("203.0.113.1", 5, false);
	struct pgm_ruleset *next = live_rules(&live, PGM_MODE_LIST, "203.0.113.2\n203.0.113.1");
	CHECK_INT(pgm_kernel_build(live.kernel, next, NULL, &build, &err), 0);
	send_many("203.0.113.1", 6, true);
	check_hits(0, 11, 6);
	pgm_kernel_flip(live.kernel, build);
	pgm_ruleset_unref(next);
	check_hits(0, 0, 0);
	check_hits(1, 11, 6);
}

/* --- exact while packets flow --- */

struct sender {
	int program;
	int cpu;
	bool failed;
	struct pkt frame;
	_Atomic bool stop;
	unsigned long sent;
};

static void *send_all_the_time(void *arg)
{
	struct sender *sender = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((unsigned)sender->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus); /* only spreads the work over shards */
	while (!sender->stop && !sender->failed) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = sender->frame.bytes,
		            .data_size_in = (__u32)sender->frame.len);

		sender->failed = bpf_prog_test_run_opts(sender->program, &opts) < 0 || opts.retval != XDP_PASS;
		sender->sent++;
	}
	return NULL;
}

static const char *frame_from(size_t address)
{
	static char spec[64];

	snprintf(spec, sizeof(spec), "ip4=10.%zu.%zu.%zu tcp=5432:S", address >> 16 & 255, address >> 8 & 255,
	         address & 255);
	return spec;
}

/* Lists of count rules replace each other while two threads hit the rule that is first in one and last in the other. */
static void check_exact(size_t count, unsigned flips)
{
	static struct sender senders[2];
	pthread_t threads[2];
	size_t address = 1000 + count;
	uint64_t sent = 0;

	live_open(&live, NULL);
	live_apply(&live, live_many(&live, address, count));
	for (int i = 0; i < 2; i++) {
		senders[i] = (struct sender){.program = pgm_kernel_program(live.kernel, PGM_FLAVOUR_XDP), .cpu = i};
		pkt_make(&senders[i].frame, frame_from(address));
		CHECK_INT(pthread_create(&threads[i], NULL, send_all_the_time, &senders[i]), 0);
	}
	for (unsigned i = 1; i <= flips; i++)
		live_apply(&live, live_many(&live, i % 2 ? address - count + 1 : address, count));
	for (int i = 0; i < 2; i++) {
		senders[i].stop = true;
		pthread_join(threads[i], NULL);
		CHECK(!senders[i].failed);
		sent += senders[i].sent;
	}
	printf("  %zu rules, %u flips, %llu packets\n", count, flips, (unsigned long long)sent);
	check_hits(flips % 2 ? count - 1 : 0, sent, sent);
}

static void exact_with_a_shard_for_each_cpu(void)
{
	check_exact(3, 200 * check_scale());
}

/* So many rules that the memory bound (32 MiB, 32 bytes a shard) leaves no shard over. */
static void exact_with_shared_shards(void)
{
	size_t shards = 1;

	while (shards <= (size_t)libbpf_num_possible_cpus())
		shards *= 2;
	check_exact(1048576 / shards + 1, 3 * check_scale());
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(packets_and_connections_are_told_apart),
	        CASE(counts_outside_the_list_are_refused),
	        CASE(implicit_rules_are_counted_behind_the_list),
	        CASE(counts_follow_their_rule),
	        CASE(packets_between_build_and_flip_count),
	        CASE(exact_with_a_shard_for_each_cpu),
	        CASE(exact_with_shared_shards),
	};

	sandbox_enter();
	int code = check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	live_close(&live);
	return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A list is built aside and made live at once; whatever goes wrong before that leaves the old one, whole. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>

#include "common/clock.h"
#include "lib/check.h"
#include "lib/live.h"
#include "lib/packet.h"
#include "lib/sandbox.h"

static struct live live;
static pgm_batch_fn real_batch;

static const enum pgm_flavour flavours[] = {PGM_FLAVOUR_XDP_FRAGS, PGM_FLAVOUR_XDP, PGM_FLAVOUR_TC};

static void fresh(void)
{
	pgm_kernel_batch = real_batch;
	live_open(&live, NULL);
}

/* Every flavour gives this verdict on source at 5432, and does what it says. */
static void check_verdict(const char *source, enum pgm_verdict verdict, bool passes)
{
	for (int i = 0; i < 3; i++) {
		enum pgm_verdict got = live_ask(&live, flavours[i], source, 5432).verdict;

		if (got != verdict)
			check_fail(__FILE__, __LINE__, "%s: verdict %d, not %d", source, got, verdict);
		CHECK_INT(live_send(&live, flavours[i], source, 5432, true), passes);
	}
}

static void nothing_configured_lets_everybody_in(void)
{
	fresh();
	CHECK_INT(pgm_kernel_policy(live.kernel).schema, PGM_SCHEMA);
	check_verdict("203.0.113.7", PGM_VERDICT_ALLOWED_MODE, true);
	check_verdict("2001:db8::1", PGM_VERDICT_ALLOWED_MODE, true);
}

static void a_build_changes_nothing_until_the_flip(void)
{
	struct pgm_build *build;
	struct pgm_progress progress = {0};
	struct pgm_error err;

	fresh();
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7\n2001:db8::7"));
	struct pgm_policy before = pgm_kernel_policy(live.kernel);
	struct pgm_ruleset *next = live_rules(&live, PGM_MODE_LIST, "203.0.113.8\n2001:db8::8\n198.51.100.0/24");
	CHECK_INT(pgm_kernel_build(live.kernel, next, &progress, &build, &err), 0);
	CHECK(progress.total >= 3 && progress.done == progress.total);
	check_verdict("203.0.113.7", PGM_VERDICT_ALLOWED_LIST, true);
	check_verdict("2001:db8::8", PGM_VERDICT_REFUSED_NOT_LISTED, false);
	struct pgm_policy built = pgm_kernel_policy(live.kernel);
	CHECK(memcmp(&before, &built, sizeof(before)) == 0);

	pgm_kernel_flip(live.kernel, build);
	pgm_ruleset_unref(next);
	struct pgm_policy after = pgm_kernel_policy(live.kernel);
	CHECK_INT(after.generation, live.generation);
	CHECK_INT(after.rules, 3);
	CHECK_INT(after.mode, PGM_MODE_LIST);
	CHECK_INT(after.slot, !before.slot);
	check_verdict("203.0.113.7", PGM_VERDICT_REFUSED_NOT_LISTED, false);
	check_verdict("203.0.113.8", PGM_VERDICT_ALLOWED_LIST, true);
	check_verdict("2001:db8::8", PGM_VERDICT_ALLOWED_LIST, true);
	check_verdict("198.51.100.255", PGM_VERDICT_ALLOWED_LIST, true);
}

static void the_same_rules_change_the_word_only(void)
{
	fresh();
	struct pgm_ruleset *set = live_rules(&live, PGM_MODE_LIST, "203.0.113.7\n203.0.113.8 for=2h");
	live_apply(&live, pgm_ruleset_ref(set));
	struct pgm_policy before = pgm_kernel_policy(live.kernel);
	for (int mode = PGM_MODE_LIST; mode >= PGM_MODE_ANYWHERE; mode--) {
		struct pgm_ruleset *copy = pgm_ruleset_copy(set);
		CHECK(copy != NULL);
		copy->mode = (enum pgm_mode)mode;
		copy->generation = ++live.generation;
		live_apply(&live, copy);
		struct pgm_policy after = pgm_kernel_policy(live.kernel);
		CHECK_INT(after.mode, mode);
		CHECK_INT(after.generation, live.generation);
		CHECK_INT(after.slot, before.slot);
	}
	pgm_ruleset_unref(set);
	check_verdict("203.0.113.9", PGM_VERDICT_ALLOWED_MODE, true);
	CHECK_INT(live_hits(&live, 0).packets, 0);
}

static void the_same_rules_with_another_config_are_built_anew(void)
{
	static const char text[] = "[scopes]\ndirect = 5433\n[system]\nmonitoring = 198.51.100.0/24\n";
	struct pgm_config other;

	fresh();
	CHECK_INT(pgm_config_parse(text, strlen(text), "other", stderr, &other), 0);
	strcpy(other.pin_dir, live.config.pin_dir);
	struct pgm_ruleset *set = live_rules(&live, PGM_MODE_LIST, "203.0.113.7");
	live_apply(&live, pgm_ruleset_ref(set));
	pgm_kernel_use_config(live.kernel, &other);
	CHECK_INT(live_ask(&live, PGM_FLAVOUR_XDP, "203.0.113.7", 5432).verdict, PGM_VERDICT_ALLOWED_LIST);
	live_apply(&live, set);
	CHECK_INT(live_ask(&live, PGM_FLAVOUR_XDP, "203.0.113.8", 5432).verdict, PGM_VERDICT_PORT_NOT_GUARDED);
	CHECK_INT(live_ask(&live, PGM_FLAVOUR_XDP, "203.0.113.7", 5433).verdict, PGM_VERDICT_ALLOWED_LIST);
	CHECK_INT(live_ask(&live, PGM_FLAVOUR_XDP, "198.51.100.1", 5433).verdict, PGM_VERDICT_ALLOWED_SYSTEM);
	pgm_kernel_use_config(live.kernel, &live.config);
	pgm_config_free(&other);
}

static void a_freed_build_leaves_no_trace(void)
{
	struct pgm_build *build, *second;
	struct pgm_error err;

	fresh();
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	struct pgm_ruleset *next = live_rules(&live, PGM_MODE_NOWHERE, "203.0.113.8");
	CHECK_INT(pgm_kernel_build(live.kernel, next, NULL, &build, &err), 0);
	CHECK_INT(pgm_kernel_build(live.kernel, next, NULL, &second, &err), -EBUSY);
	pgm_build_free(build);
	check_verdict("203.0.113.7", PGM_VERDICT_ALLOWED_LIST, true);
	live_apply(&live, next);
	check_verdict("203.0.113.7", PGM_VERDICT_REFUSED_NOWHERE, false);
}

/* --- a kernel without memory --- */

static size_t failures; /* how often the batch function still fails, at random */

/* The ways in which a kernel fails: part of the batch went in; nothing did; nothing did, and count says nothing. */
static int flaky_batch(int fd, const void *keys, const void *values, __u32 *count)
{
	__u32 some = (__u32)check_below(*count + 1u);

	if (failures == 0 || check_below(2) == 0)
		return real_batch(fd, keys, values, count);
	failures--;
	switch (check_below(3)) {
	case 0:
		if (some > 0 && some < *count) {
			CHECK_INT(real_batch(fd, keys, values, &some), 0);
			*count = some;
			return -ENOMEM;
		}
		/* fall through */
	case 1:
		*count = 0;
		return -ENOMEM;
	default:
		return -ENOMEM;
	}
}

/* The i-th of n addresses of live_many(first, n), as text. */
static const char *nth(size_t i)
{
	static char text[32];

	snprintf(text, sizeof(text), "10.%zu.%zu.%zu", i >> 16 & 255, i >> 8 & 255, i & 255);
	return text;
}

static void check_range_allowed(size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct pgm_probe answer = live_ask(&live, PGM_FLAVOUR_XDP, nth(first + i), 5432);

		if (answer.verdict != PGM_VERDICT_ALLOWED_LIST || answer.counter != i)
			check_fail(__FILE__, __LINE__, "%s: verdict %u, rule %u", nth(first + i), answer.verdict,
			           answer.counter);
	}
	CHECK_INT(live_ask(&live, PGM_FLAVOUR_XDP, nth(first + count), 5432).verdict, PGM_VERDICT_REFUSED_NOT_LISTED);
}

static void memory_that_comes_back_is_waited_for(void)
{
	fresh();
	for (unsigned i = 0; i < 4 * check_scale(); i++) {
		size_t first = check_below(1000), count = 1 + check_below(12000);

		failures = 1 + check_below(30);
		pgm_kernel_batch = flaky_batch;
		live_apply(&live, live_many(&live, first, count));
		pgm_kernel_batch = real_batch;
		check_range_allowed(first, count);
	}
}

static size_t successes; /* batches that still succeed */
static int failure;

static int dying_batch(int fd, const void *keys, const void *values, __u32 *count)
{
	if (successes > 0) {
		successes--;
		return real_batch(fd, keys, values, count);
	}
	*count = 0;
	return failure;
}

static void check_build_fails(struct pgm_ruleset *set, int code, struct pgm_progress *progress, struct pgm_error *err)
{
	struct pgm_build *build;
	struct pgm_policy before = pgm_kernel_policy(live.kernel), after;

	CHECK_INT(pgm_kernel_build(live.kernel, set, progress, &build, err), code);
	pgm_kernel_batch = real_batch;
	after = pgm_kernel_policy(live.kernel);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	pgm_ruleset_unref(set);
}

static void memory_that_stays_away_leaves_the_old_list(void)
{
	struct pgm_error err;

	fresh();
	live_apply(&live, live_many(&live, 0, 5000));
	pgm_kernel_batch = dying_batch;
	successes = 1;
	failure = -ENOMEM;
	check_build_fails(live_many(&live, 100000, 9000), -ENOMEM, NULL, &err);
	CHECK_HAS(err.what, "IPv4");
	CHECK_HAS(err.hint, "old list stays");
	check_range_allowed(0, 5000);
	live_apply(&live, live_many(&live, 100000, 9000));
	check_range_allowed(100000, 9000);
}

static void other_errors_are_not_waited_for(void)
{
	struct pgm_error err;

	fresh();
	live_apply(&live, live_many(&live, 0, 10));
	pgm_kernel_batch = dying_batch;
	successes = 0;
	failure = -ENOSPC;
	check_build_fails(live_many(&live, 100, 10), -ENOSPC, NULL, &err);
	check_range_allowed(0, 10);
}

static struct pgm_progress cancelled;

static int cancelling_batch(int fd, const void *keys, const void *values, __u32 *count)
{
	cancelled.cancel = true;
	return real_batch(fd, keys, values, count);
}

static void a_build_can_be_cancelled(void)
{
	struct pgm_error err;

	fresh();
	live_apply(&live, live_many(&live, 0, 10));
	cancelled.cancel = false;
	pgm_kernel_batch = cancelling_batch;
	check_build_fails(live_many(&live, 0, 20000), -ECANCELED, &cancelled, &err);
	CHECK(cancelled.done < cancelled.total);
	check_range_allowed(0, 10);
}

/* --- under traffic --- */

struct traffic {
	int program;
	struct pkt frame;
	uint32_t wanted;
	_Atomic bool stop;
	_Atomic unsigned long sent, wrong;
};

static void *send_all_the_time(void *arg)
{
	struct traffic *traffic = arg;

	while (!traffic->stop) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = traffic->frame.bytes,
		            .data_size_in = (__u32)traffic->frame.len);

		if (bpf_prog_test_run_opts(traffic->program, &opts) < 0 || opts.retval != traffic->wanted)
			traffic->wrong++;
		traffic->sent++;
	}
	return NULL;
}

static void flips_are_never_seen_halfway(void)
{
	static struct traffic traffic[2];
	pthread_t threads[2];

	fresh();
	live_apply(&live, live_many(&live, 1000, 1500));
	pkt_make(&traffic[0].frame, "ip4=10.0.7.208 tcp=5432"); /* 2000: in both lists */
	traffic[0].wanted = XDP_PASS;
	pkt_make(&traffic[1].frame, "ip4=10.0.0.1 tcp=5432"); /* in none */
	traffic[1].wanted = XDP_DROP;
	for (int i = 0; i < 2; i++) {
		traffic[i].program = pgm_kernel_program(live.kernel, PGM_FLAVOUR_XDP);
		CHECK_INT(pthread_create(&threads[i], NULL, send_all_the_time, &traffic[i]), 0);
	}
	for (unsigned i = 0; i < 200 * check_scale(); i++)
		live_apply(&live, live_many(&live, i % 2 ? 1000 : 2000, 1500));
	for (int i = 0; i < 2; i++) {
		traffic[i].stop = true;
		pthread_join(threads[i], NULL);
	}
	printf("  %lu allowed, %lu refused packets\n", traffic[0].sent, traffic[1].sent);
	CHECK(traffic[0].sent > 0 && traffic[1].sent > 0);
	CHECK_INT(traffic[0].wrong, 0);
	CHECK_INT(traffic[1].wrong, 0);
}

static void a_million_rules(void)
{
	struct pgm_build *build;
	struct pgm_error err;

	fresh();
	struct pgm_ruleset *set = live_many(&live, 0, 1000000);
	uint64_t start = pgm_monotonic_now_ns();
	CHECK_INT(pgm_kernel_build(live.kernel, set, NULL, &build, &err), 0);
	uint64_t built = pgm_monotonic_now_ns();
	pgm_kernel_flip(live.kernel, build);
	uint64_t live_at = pgm_monotonic_now_ns();
	pgm_ruleset_unref(set);
	printf("  1000000 prefixes: built in %llu ms, flipped in %llu ms\n",
	       (unsigned long long)(built - start) / 1000000, (unsigned long long)(live_at - built) / 1000000);
	for (size_t i = 0; i < 1000000; i += 997)
		CHECK_INT(live_ask(&live, PGM_FLAVOUR_XDP, nth(i), 5432).counter, i);
	live_apply(&live, live_many(&live, 0, 1));
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(nothing_configured_lets_everybody_in),
	        CASE(a_build_changes_nothing_until_the_flip),
	        CASE(the_same_rules_change_the_word_only),
	        CASE(the_same_rules_with_another_config_are_built_anew),
	        CASE(a_freed_build_leaves_no_trace),
	        CASE(memory_that_comes_back_is_waited_for),
	        CASE(memory_that_stays_away_leaves_the_old_list),
	        CASE(other_errors_are_not_waited_for),
	        CASE(a_build_can_be_cancelled),
	        CASE(flips_are_never_seen_halfway),
	        CASE(a_million_rules),
	};

	sandbox_enter();
	real_batch = pgm_kernel_batch;
	int code = check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	live_close(&live);
	return code;
}

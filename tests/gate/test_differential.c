/* SPDX-License-Identifier: Apache-2.0 */
/* Random lists, compiled, loaded and flipped: each verdict of each program against the naive matcher's. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>

#include "common/clock.h"
#include "lib/check.h"
#include "lib/live.h"
#include "lib/naive.h"
#include "lib/packet.h"
#include "lib/random_rules.h"
#include "lib/sandbox.h"

#define VERDICTS  2000000ul /* at scale 1 */
#define QUESTIONS 5000u     /* a list */
#define SAMPLE    32u       /* one in so many is also asked by a probe, and its rule's counter watched */
#define FLAVOURS  3
#define STRETCH   1000 /* seconds for each second of random_rules(): nothing ends while the test runs */

static struct live live;
static const char *const flavour_names[] = {"xdp.frags", "xdp", "tc"};
static const uint16_t ports[] = {5432, 6432, 50001}; /* by scope */

/* One list, live in the gate and known to the naive matcher. */
struct round {
	struct pgm_ruleset *set;
	struct naive *naive;
	uint64_t boot_s;
	uint64_t verdicts[PGM_VERDICT_COUNT]; /* expected since the flip */
};

/* One packet and what it must become. */
struct question {
	int family;
	uint8_t addr[16];
	unsigned scope;
	uint16_t port;
	bool syn;
	enum pgm_verdict verdict;
	bool passes;
};

/* Move the ends of temporary rules from the fixed moment of random_rules() around now. A rule that is bound to the
 * wall clock ends between the others, so that a second of rounding makes no difference. */
static void stretch(struct pgm_rule *rule, uint64_t utc, uint64_t boot_s)
{
	if (!rule->expires_utc)
		return;
	int64_t offset = ((int64_t)rule->expires_utc - (int64_t)RANDOM_UTC) * STRETCH;
	if (!rule->this_boot)
		offset += STRETCH / 2;
	rule->expires_utc = (uint64_t)((int64_t)utc + offset);
	int64_t ends = (int64_t)boot_s + offset;
	rule->expires_boot = ends > 1 ? (uint64_t)ends : 1;
}

static enum pgm_mode random_mode(void)
{
	uint64_t n = check_below(10);

	return n < 7 ? PGM_MODE_LIST : n < 8 ? PGM_MODE_UNSET : n < 9 ? PGM_MODE_ANYWHERE : PGM_MODE_NOWHERE;
}

static void begin_round(struct round *round)
{
	uint64_t utc = pgm_utc_now();

	*round = (struct round){.boot_s = pgm_boottime_now_ns() / 1000000000};
	round->set = random_rules(check_below(check_below(8) ? 40 : 400), 0);
	round->set->mode = random_mode();
	round->set->generation = ++live.generation;
	for (size_t i = 0; i < round->set->count; i++)
		stretch(&round->set->rules[i], utc, round->boot_s);
	round->naive = naive_new(round->set, &live.config, utc, round->boot_s);
	live_apply(&live, pgm_ruleset_ref(round->set));
}

static void end_round(struct round *round)
{
	naive_free(round->naive);
	pgm_ruleset_unref(round->set);
}

static void ask_naive(const struct round *round, struct question *question)
{
	question->family = check_below(2) ? AF_INET : AF_INET6;
	random_source(round->set, question->family, question->addr);
	question->scope = (unsigned)check_below(3);
	question->port = ports[question->scope];
	question->syn = check_below(2);
	question->verdict = naive_verdict(round->naive, round->set->mode, question->family, question->addr,
	                                  question->scope, round->boot_s);
	if (check_below(16) == 0) {
		question->port = (uint16_t)(question->port + 1);
		question->verdict = PGM_VERDICT_PORT_NOT_GUARDED;
	}
#define X(id, name, drop, help)                                                                                        \
	if (question->verdict == PGM_VERDICT_##id)                                                                     \
		question->passes = !drop;
	PGM_VERDICTS(X)
#undef X
}

static _Noreturn void wrong(const struct round *round, const struct question *question, int flavour, const char *what,
                            long long got, long long want)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(question->family, question->addr, text, sizeof(text));
	check_fail(__FILE__, __LINE__, "%s to %u, mode %d, %zu rules, %s: %s is %lld, not %lld", text, question->port,
	           round->set->mode, round->set->count, flavour_names[flavour], what, got, want);
}

/* --- packets --- */

static struct pkt frames[2]; /* IPv4, IPv6; only source, port and flags change */

static void make_frames(void)
{
	pkt_make(&frames[0], "ip4=192.0.2.1 tcp=5432:S");
	pkt_make(&frames[1], "ip6=2001:db8::1 tcp=5432:S");
}

static struct pkt *frame_for(const struct question *question)
{
	bool v4 = question->family == AF_INET;
	struct pkt *frame = &frames[!v4];
	uint16_t port = htons(question->port);

	memcpy(frame->bytes + frame->ip + (v4 ? 12 : 8), question->addr, v4 ? 4 : 16);
	memcpy(frame->bytes + frame->tcp + 2, &port, sizeof(port));
	frame->bytes[frame->tcp + 13] = question->syn ? 0x02 : 0x10;
	return frame;
}

static void send_all_flavours(struct round *round, const struct question *question)
{
	struct pkt *frame = frame_for(question);

	for (int flavour = 0; flavour < FLAVOURS; flavour++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->bytes, .data_size_in = (__u32)frame->len);
		CHECK_INT(bpf_prog_test_run_opts(pgm_kernel_program(live.kernel, (enum pgm_flavour)flavour), &opts), 0);
		bool passed = opts.retval == (flavour == PGM_FLAVOUR_TC ? (__u32)TC_ACT_UNSPEC : (__u32)XDP_PASS);
		if (passed != question->passes)
			wrong(round, question, flavour, "passed", passed, question->passes);
	}
	round->verdicts[question->verdict] += FLAVOURS;
}

/* --- samples --- */

static bool names_a_rule(enum pgm_verdict verdict)
{
	return verdict == PGM_VERDICT_ALLOWED_LIST || verdict == PGM_VERDICT_ALLOWED_SYSTEM ||
	       verdict == PGM_VERDICT_REFUSED_EXPIRED;
}

static struct pgm_probe check_probe(const struct round *round, const struct question *question, int flavour)
{
	struct pgm_range range = {.family = (uint8_t)question->family};
	struct pgm_probe answer;
	struct pgm_error err;
	bool passed;

	memcpy(range.lo, question->addr, sizeof(range.lo));
	CHECK_INT(pgm_kernel_probe(live.kernel, (enum pgm_flavour)flavour, &range, question->port, &passed, &answer,
	                           &err),
	          0);
	if (answer.verdict != question->verdict)
		wrong(round, question, flavour, "verdict", answer.verdict, question->verdict);
	if (passed != question->passes)
		wrong(round, question, flavour, "passed by probe", passed, question->passes);
	if ((answer.counter != UINT32_MAX) != names_a_rule(question->verdict))
		wrong(round, question, flavour, "rule", answer.counter, -1);
	if (answer.counter == UINT32_MAX)
		return answer;
	if ((answer.where & 0xff) != question->scope)
		wrong(round, question, flavour, "scope", answer.where & 0xff, question->scope);
	if (!naive_may_own(round->naive, question->family, question->addr, (enum pgm_kclass)(answer.where >> 8),
	                   question->scope, answer.counter))
		wrong(round, question, flavour, "owning rule", answer.counter, -1);
	return answer;
}

/* The same packets again, and the rule named by the probe has counted them. */
static void check_sample(struct round *round, const struct question *question)
{
	struct pgm_probe answer = {0};

	for (int flavour = 0; flavour < FLAVOURS; flavour++)
		answer = check_probe(round, question, flavour);
	if (!question->passes || answer.counter == UINT32_MAX)
		return;
	struct pgm_hits before = live_hits(&live, answer.counter);
	send_all_flavours(round, question);
	struct pgm_hits after = live_hits(&live, answer.counter);
	CHECK_INT(after.packets - before.packets, FLAVOURS);
	CHECK_INT(after.connections - before.connections, question->syn ? FLAVOURS : 0);
}

/* --- sums: reasons of all packets, hits of all rules --- */

static void count_verdicts(uint64_t counts[PGM_VERDICT_COUNT])
{
	struct pgm_metrics metrics = live_metrics(&live);

#define X(id, name, drop, help) counts[PGM_VERDICT_##id] = metrics.name;
	PGM_VERDICTS(X)
#undef X
}

static uint64_t sum_hits(const struct round *round)
{
	size_t count = round->set->count + live.config.system_count;
	struct pgm_hits *hits = calloc(count, sizeof(*hits));
	uint64_t sum = 0;

	CHECK(hits != NULL);
	CHECK_INT(pgm_kernel_hits(live.kernel, 0, count, hits), 0);
	for (size_t i = 0; i < count; i++)
		sum += hits[i].packets;
	free(hits);
	return sum;
}

static unsigned long play_round(uint64_t seen[PGM_VERDICT_COUNT])
{
	uint64_t before[PGM_VERDICT_COUNT], after[PGM_VERDICT_COUNT];
	unsigned long sent = 0;
	struct round round;

	begin_round(&round);
	count_verdicts(before);
	uint64_t hits = sum_hits(&round);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct question question;

		ask_naive(&round, &question);
		send_all_flavours(&round, &question);
		if (check_below(SAMPLE) == 0)
			check_sample(&round, &question);
	}
	count_verdicts(after);
	for (int i = 0; i < PGM_VERDICT_COUNT; i++) {
		CHECK_INT(after[i] - before[i], round.verdicts[i]);
		sent += round.verdicts[i];
		seen[i] += round.verdicts[i];
	}
	CHECK_INT(sum_hits(&round) - hits,
	          round.verdicts[PGM_VERDICT_ALLOWED_LIST] + round.verdicts[PGM_VERDICT_ALLOWED_SYSTEM]);
	end_round(&round);
	return sent;
}

static void each_verdict_is_the_naive_one(void)
{
	static const enum pgm_verdict all[] = {
	        PGM_VERDICT_PORT_NOT_GUARDED, PGM_VERDICT_ALLOWED_MODE,       PGM_VERDICT_ALLOWED_LIST,
	        PGM_VERDICT_ALLOWED_SYSTEM,   PGM_VERDICT_REFUSED_NOT_LISTED, PGM_VERDICT_REFUSED_OUT_OF_SCOPE,
	        PGM_VERDICT_REFUSED_EXPIRED,  PGM_VERDICT_REFUSED_NOWHERE,
	};
	uint64_t seen[PGM_VERDICT_COUNT] = {0};
	unsigned long sent = 0, lists = 0;

	live_open(&live, "[scopes]\ndirect = 5432\npooler = 6432\nbatch = 50001\n"
	                 "[system]\nreplication = 198.51.100.0/25, 2001:db8:5::/48\nmonitoring = 0.0.0.0/3\n");
	make_frames();
	for (; sent < VERDICTS * check_scale(); lists++)
		sent += play_round(seen);
	printf("  %lu verdicts over %lu lists\n", sent, lists);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		CHECK(seen[all[i]] > 0);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {CASE(each_verdict_is_the_naive_one)};

	sandbox_enter();
	int code = check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	live_close(&live);
	return code;
}

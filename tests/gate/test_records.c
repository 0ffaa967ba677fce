/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs write down: rule counters in shards, refused sources and their budget. */
#include <sched.h>
#include <time.h>

#include "gate/small_world.h"

/* CLOCK_MONOTONIC_COARSE, which the programs read too. */
static uint64_t coarse(void)
{
	struct timespec now;

	CHECK_INT(clock_gettime(CLOCK_MONOTONIC_COARSE, &now), 0);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void rule_counters_in(uint32_t shards, bool owned)
{
	struct gatefix fix;

	make_world(&fix);
	gatefix_slot(&fix, 1, shards, owned);
	gatefix_guard(&fix, 5432, 0);
	gatefix_guard(&fix, 6432, 5);
	gatefix_grant(&fix, "203.0.113.1/32", PGM_KCLASS_CLIENT, 0, PGM_FOREVER, 7);
	gatefix_grant(&fix, "2001:db8::1/128", PGM_KCLASS_SYSTEM, 5, PGM_FOREVER, 4095);
	gatefix_live(&fix, PGM_MODE_LIST);
	for (unsigned i = 0; i < FLAVOURS; i++) {
		uint64_t before = coarse();
		CHECK(send(&fix, flavours[i], "ip4=203.0.113.1 tcp=5432:S"));
		struct pgm_counter counter = gatefix_counter(&fix, 7);
		CHECK(counter.last_connection >= before && counter.last_connection <= coarse());
		CHECK(send(&fix, flavours[i], "ip4=203.0.113.1 tcp=5432:A zeros=9"));
		CHECK(send(&fix, flavours[i], "ip4=203.0.113.1 tcp=5432:SA"));
		CHECK(send(&fix, flavours[i], "ip4=203.0.113.1 tcp=5432:FA"));
		/* Its flags are cut: a packet, and no connection that anybody could know of. */
		CHECK(send(&fix, flavours[i], "ip6=2001:db8::1 tcp=6432:S cut=62"));
		/* So are these; what looks like flags is padding behind the packet. */
		CHECK(send(&fix, flavours[i], "ip4=203.0.113.1 tcp=5432:S total=33"));
		CHECK(send(&fix, flavours[i], "ip6=2001:db8::1 tcp=6432:SP"));
	}
	struct pgm_counter first = gatefix_counter(&fix, 7), last = gatefix_counter(&fix, 4095);
	CHECK_INT(first.packets, 5 * FLAVOURS);
	CHECK_INT(first.connections, FLAVOURS);
	CHECK_INT(last.packets, 2 * FLAVOURS);
	CHECK_INT(last.connections, FLAVOURS);
	CHECK_INT(gatefix_counter(&fix, 6).packets, 0);
	CHECK_INT(gatefix_counter(&fix, 8).packets, 0);
	gatefix_close(&fix);
}

static void rule_counters_shared(void)
{
	rule_counters_in(1, false);
}
static void rule_counters_sharded(void)
{
	rule_counters_in(4, false);
}
static void rule_counters_owned(void)
{
	rule_counters_in(64, true);
}

/* Each CPU counts in its own shard. */
static void shards_go_by_cpu(void)
{
	struct gatefix fix;
	cpu_set_t all, one;
	unsigned cpus = 0;

	CHECK_INT(sched_getaffinity(0, sizeof(all), &all), 0);
	make_world(&fix);
	gatefix_slot(&fix, 1, 64, true);
	gatefix_guard(&fix, 5432, 0);
	gatefix_grant(&fix, "203.0.113.1/32", PGM_KCLASS_CLIENT, 0, PGM_FOREVER, 3);
	gatefix_live(&fix, PGM_MODE_LIST);
	for (unsigned cpu = 0; cpu < 64; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CHECK_INT(sched_setaffinity(0, sizeof(one), &one), 0);
		for (unsigned i = 0; i <= cpu; i++)
			CHECK(send(&fix, PGM_FLAVOUR_XDP, "ip4=203.0.113.1 tcp=5432"));
		CHECK_INT(gatefix_shard(&fix, 3, cpu).packets, cpu + 1);
		cpus++;
	}
	CHECK_INT(sched_setaffinity(0, sizeof(all), &all), 0);
	CHECK(cpus > 0);
	gatefix_close(&fix);
}

/* A second refusal of a source keeps its first time and moves the rest. */
static void known_source(const struct gatefix *fix, enum pgm_flavour flavour)
{
	struct pgm_denied denied;
	uint64_t before = coarse();

	CHECK(!send(fix, flavour, "ip4=203.0.113.9 tcp=5432"));
	CHECK(gatefix_denied(fix, "203.0.113.9", &denied));
	CHECK_INT(denied.count, 1);
	CHECK_INT(denied.port, 5432);
	CHECK_INT(denied.verdict, PGM_VERDICT_REFUSED_NOT_LISTED);
	CHECK(denied.first >= before && denied.first <= coarse());
	CHECK_INT(denied.last, denied.first);
	uint64_t first = denied.first;
	while (coarse() == first)
		;
	CHECK(!send(fix, flavour, "ip4=203.0.113.9 frag=0+ tcp=6432 zeros=4"));
	CHECK(gatefix_denied(fix, "203.0.113.9", &denied));
	CHECK_INT(denied.count, 2);
	CHECK_INT(denied.port, 6432);
	CHECK_INT(denied.verdict, PGM_VERDICT_FIRST_FRAGMENT_REFUSED);
	CHECK_INT(denied.first, first);
	CHECK(denied.last > first);
}

static void refused_as(const struct gatefix *fix, enum pgm_flavour flavour, const char *spec, const char *source,
                       enum pgm_verdict verdict, uint16_t port)
{
	struct pgm_denied denied;

	CHECK(!send(fix, flavour, spec));
	CHECK(gatefix_denied(fix, source, &denied));
	CHECK_INT(denied.verdict, verdict);
	CHECK_INT(denied.port, port);
}

static void refused_sources(void)
{
	struct gatefix fix;

	make_world(&fix);
	for (unsigned i = 0; i < FLAVOURS; i++) {
		enum pgm_flavour with = flavours[i];
		gatefix_forget_denied(&fix);
		known_source(&fix, with);
		refused_as(&fix, with, "ip4=203.0.113.2 tcp=5432", "203.0.113.2", PGM_VERDICT_REFUSED_EXPIRED, 5432);
		refused_as(&fix, with, "ip6=2001:db8::9 ext=60 tcp=5432", "2001:db8::9", PGM_VERDICT_REFUSED_NOT_LISTED,
		           5432);
		/* No port, but a source. */
		refused_as(&fix, with, "ip6=2001:db8::a tcp=5432 cut=57", "2001:db8::a", PGM_VERDICT_MALFORMED_IPV6, 0);
		refused_as(&fix, with, "ip4=203.0.113.10 tcp=5432 zeros=20 ihl=4", "203.0.113.10",
		           PGM_VERDICT_MALFORMED_IPV4, 0);
		CHECK_INT(gatefix_denied_count(&fix), 5);
		/* No source was read, or nothing was refused. */
		CHECK(!send(&fix, with, "vlan vlan vlan ip4=203.0.113.11 tcp=5432"));
		CHECK(!send(&fix, with, "ip4=203.0.113.12 tcp=5432 zeros=20 version=5"));
		CHECK(send(&fix, with, "ip4=203.0.113.13 tcp=22"));
		CHECK(send(&fix, with, "ip4=203.0.113.14 frag=8 tcp=5432"));
		CHECK(send(&fix, with, "ip4=203.0.113.1 tcp=5432"));
		CHECK_INT(gatefix_denied_count(&fix), 5);
	}
	gatefix_close(&fix);
}

/* Open modes record nothing, and a refused rule's counter stands still. */
static void open_modes_record_nothing(void)
{
	struct gatefix fix;

	make_world(&fix);
	for (enum pgm_mode mode = PGM_MODE_UNSET; mode <= PGM_MODE_ANYWHERE; mode++) {
		gatefix_live(&fix, mode);
		for (unsigned i = 0; i < FLAVOURS; i++) {
			CHECK(send(&fix, flavours[i], "ip4=203.0.113.1 tcp=5432"));
			CHECK(send(&fix, flavours[i], "ip4=203.0.113.2 tcp=5432"));
			CHECK(send(&fix, flavours[i], "ip4=203.0.113.99 tcp=5432"));
		}
	}
	gatefix_live(&fix, PGM_MODE_LIST);
	CHECK(!send(&fix, PGM_FLAVOUR_XDP, "ip4=203.0.113.2 tcp=5432"));
	CHECK_INT(gatefix_counter(&fix, 7).packets, 0);
	CHECK_INT(gatefix_counter(&fix, 9).packets, 0);
	CHECK_INT(gatefix_denied_count(&fix), 1);
	gatefix_close(&fix);
}

/* Refuse count new sources; returns the seconds of the coarse clock that this touched. */
static uint64_t flood(const struct gatefix *fix, unsigned count)
{
	char spec[64];
	uint64_t start = coarse() / 1000000000u;

	for (unsigned i = 0; i < count; i++) {
		snprintf(spec, sizeof(spec), "ip4=10.1.%u.%u tcp=5432", i >> 8, i & 255);
		CHECK(!send(fix, PGM_FLAVOUR_XDP_FRAGS, spec));
	}
	return coarse() / 1000000000u - start + 1;
}

static void stay_on_one_cpu(cpu_set_t *all)
{
	cpu_set_t one;

	CHECK_INT(sched_getaffinity(0, sizeof(*all), all), 0);
	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	CHECK_INT(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* One CPU, more new sources than a second's budget: the rest is counted, not recorded; known ones always are. */
static void budget(void)
{
	enum { SOURCES = 3 * PGM_DENIED_NEW_PER_SECOND };
	struct gatefix fix;
	struct pgm_denied denied;
	cpu_set_t all;

	stay_on_one_cpu(&all);
	make_world(&fix);
	uint64_t seconds = flood(&fix, SOURCES);
	struct pgm_metrics metrics = gatefix_metrics(&fix);
	size_t recorded = gatefix_denied_count(&fix);
	CHECK_INT(metrics.refused_not_listed, SOURCES);
	CHECK_INT(recorded + metrics.sources_unrecorded, SOURCES);
	CHECK(recorded >= PGM_DENIED_NEW_PER_SECOND);
	CHECK(recorded <= seconds * PGM_DENIED_NEW_PER_SECOND);
	CHECK(!send(&fix, PGM_FLAVOUR_TC, "ip4=10.1.0.0 tcp=5432"));
	CHECK(gatefix_denied(&fix, "10.1.0.0", &denied));
	CHECK_INT(denied.count, 2);
	CHECK_INT(gatefix_metrics(&fix).sources_unrecorded, metrics.sources_unrecorded);
	/* The next second brings a new budget. */
	uint64_t second = coarse() / 1000000000u;
	while (coarse() / 1000000000u == second)
		sched_yield();
	CHECK(!send(&fix, PGM_FLAVOUR_XDP, "ip4=10.2.0.1 tcp=5432"));
	CHECK(gatefix_denied(&fix, "10.2.0.1", &denied));
	CHECK_INT(sched_setaffinity(0, sizeof(all), &all), 0);
	gatefix_close(&fix);
}

/* Two ticks of the slowest clock: whatever comes then is in another tick than what came before. */
static void await_tick(void)
{
	uint64_t then = coarse();

	while (coarse() <= then + 20000000)
		sched_yield();
}

static void send_often(const struct gatefix *fix, const char *spec, int repeat)
{
	static struct pkt pkt;
	struct gatefix_run run = {.repeat = repeat};

	pkt_make(&pkt, spec);
	CHECK_INT(gatefix_run(fix, PGM_FLAVOUR_XDP, &pkt, &run), 0);
}

/* A flood from one source is counted to the packet, if not at once: what one tick held back, a later packet hands on.
 */
static void flood_from_one_source(void)
{
	enum { FLOOD = 50000 };
	static const char *const specs[] = {"ip4=203.0.113.9 tcp=5432", "ip6=2001:db8::9 tcp=5432"};
	static const char *const sources[] = {"203.0.113.9", "2001:db8::9"};
	struct gatefix fix;
	struct pgm_denied denied;
	cpu_set_t all;

	stay_on_one_cpu(&all);
	make_world(&fix);
	for (unsigned i = 0; i < 2; i++) {
		send_often(&fix, specs[i], FLOOD);
		CHECK(gatefix_denied(&fix, sources[i], &denied));
		CHECK(denied.count > 0 && denied.count <= FLOOD);
		await_tick();
		CHECK(!send(&fix, PGM_FLAVOUR_XDP, specs[i]));
		CHECK(gatefix_denied(&fix, sources[i], &denied));
		CHECK_INT(denied.count, FLOOD + 1);
	}
	CHECK_INT(sched_setaffinity(0, sizeof(all), &all), 0);
	CHECK_INT(gatefix_metrics(&fix).refused_not_listed, 2 * (FLOOD + 1));
	CHECK_INT(gatefix_metrics(&fix).sources_unrecorded, 0);
	gatefix_close(&fix);
}

/* Source i of floods_do_not_mix. Triangular numbers are distinct below 2^16 and spread over no hash evenly; the odd
 * ones have words with the same xor, which the hash is made of, so that they crowd in one place. */
static void flooding_source(unsigned i, char *out, size_t len)
{
	unsigned n = i * (i + 1) / 2 & 0xffff;

	if (i % 2)
		snprintf(out, len, "2001:db8::%x:9:%x:9", n, n);
	else
		snprintf(out, len, "2001:db8::%x:9", n);
}

/* More flooding sources than a CPU can count aside in one place: each is counted as itself. */
static void floods_do_not_mix(void)
{
	enum { SOURCES = 900, FLOOD = 40 };
	struct gatefix fix;
	struct pgm_denied denied;
	char spec[96], source[64];
	cpu_set_t all;

	stay_on_one_cpu(&all);
	make_world(&fix);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < SOURCES; i++) {
			flooding_source(i, source, sizeof(source));
			snprintf(spec, sizeof(spec), "ip6=%s tcp=5432", source);
			send_often(&fix, spec, round ? 1 : FLOOD);
		}
		await_tick();
	}
	CHECK_INT(sched_setaffinity(0, sizeof(all), &all), 0);
	for (unsigned i = 0; i < SOURCES; i++) {
		flooding_source(i, source, sizeof(source));
		CHECK(gatefix_denied(&fix, source, &denied));
		CHECK_INT(denied.count, FLOOD + 1);
	}
	gatefix_close(&fix);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(rule_counters_shared),
	        CASE(rule_counters_sharded),
	        CASE(rule_counters_owned),
	        CASE(shards_go_by_cpu),
	        CASE(refused_sources),
	        CASE(open_modes_record_nothing),
	        CASE(budget),
	        CASE(flood_from_one_source),
	        CASE(floods_do_not_mix),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

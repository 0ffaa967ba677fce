/* SPDX-License-Identifier: Apache-2.0 */
/* Probes: the live programs answer what they would do, and nothing shows that they were asked. */
#include "gate/small_world.h"

static struct pgm_probe probe(const struct gatefix *fix, enum pgm_flavour flavour, const char *spec, bool *passed)
{
	static struct pkt pkt;
	struct gatefix_run run = {.probe = true};

	pkt_make(&pkt, spec);
	CHECK_INT(gatefix_run(fix, flavour, &pkt, &run), 0);
	CHECK_INT(run.answer.magic, PGM_PROBE_ANSWER);
	*passed = run.passed;
	return run.answer;
}

struct probe_row {
	const char *spec;
	enum pgm_mode mode;
	struct pgm_probe answer; /* without magic */
};
#define NONE ~0u

static void probes_answer(void)
{
	static const struct probe_row rows[] = {
	        {"ip4=203.0.113.1 tcp=5432", PGM_MODE_LIST, {0, PGM_VERDICT_ALLOWED_LIST, 7, PGM_FOREVER, 0}},
	        {"ip4=203.0.113.1 tcp=6432",
	         PGM_MODE_LIST,
	         {0, PGM_VERDICT_ALLOWED_SYSTEM, 8, PGM_FOREVER, 5 | 1 << 8}},
	        {"ip4=203.0.113.1 tcp=6432",
	         PGM_MODE_NOWHERE,
	         {0, PGM_VERDICT_ALLOWED_SYSTEM, 8, PGM_FOREVER, 5 | 1 << 8}},
	        {"ip4=203.0.113.1 tcp=5432", PGM_MODE_NOWHERE, {0, PGM_VERDICT_REFUSED_NOWHERE, NONE, 0, 0}},
	        {"ip4=203.0.113.2 tcp=5432", PGM_MODE_LIST, {0, PGM_VERDICT_REFUSED_EXPIRED, 9, LONG_AGO, 0}},
	        {"ip4=203.0.113.2 tcp=6432", PGM_MODE_LIST, {0, PGM_VERDICT_REFUSED_OUT_OF_SCOPE, NONE, 0, 0}},
	        {"ip4=203.0.113.9 tcp=5432", PGM_MODE_LIST, {0, PGM_VERDICT_REFUSED_NOT_LISTED, NONE, 0, 0}},
	        {"ip4=203.0.113.9 tcp=22", PGM_MODE_LIST, {0, PGM_VERDICT_PORT_NOT_GUARDED, NONE, 0, 0}},
	        {"ip4=203.0.113.9 tcp=5432", PGM_MODE_ANYWHERE, {0, PGM_VERDICT_ALLOWED_MODE, NONE, 0, 0}},
	        {"ip4=203.0.113.9 tcp=5432", PGM_MODE_UNSET, {0, PGM_VERDICT_ALLOWED_MODE, NONE, 0, 0}},
	        {"ip6=2001:db8::1 tcp=6432", PGM_MODE_LIST, {0, PGM_VERDICT_ALLOWED_LIST, 11, PGM_FOREVER, 5}},
	        {"ip6=2001:db8::1 tcp=6432 cut=57", PGM_MODE_LIST, {0, PGM_VERDICT_ALLOWED_LIST, 10, PGM_FOREVER, 0}},
	        {"ip6=2001:db8::9 tcp=5432", PGM_MODE_LIST, {0, PGM_VERDICT_REFUSED_NOT_LISTED, NONE, 0, 0}},
	        {"ip6=2001:db8::9 tcp=5432", PGM_MODE_NOWHERE, {0, PGM_VERDICT_REFUSED_NOWHERE, NONE, 0, 0}},
	};
	struct gatefix fix;

	make_world(&fix);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned f = 0; f < FLAVOURS; f++) {
			bool passed;
			gatefix_live(&fix, rows[i].mode);
			struct pgm_probe answer = probe(&fix, flavours[f], rows[i].spec, &passed);
			struct pgm_probe want = rows[i].answer;
			want.magic = PGM_PROBE_ANSWER;
			if (memcmp(&answer, &want, sizeof(want)) != 0)
				check_fail(__FILE__, __LINE__,
				           "\"%s\", mode %d: verdict %u counter %u until %u where %#x", rows[i].spec,
				           (int)rows[i].mode, answer.verdict, answer.counter, answer.until,
				           answer.where);
			CHECK_INT(send(&fix, flavours[f], rows[i].spec), passed);
		}
	}
	gatefix_close(&fix);
}

static void probes_leave_no_trace(void)
{
	static const char *const specs[] = {
	        "ip4=203.0.113.1 tcp=5432", "ip4=203.0.113.2 tcp=5432",         "ip4=203.0.113.99 tcp=5432",
	        "ip6=2001:db8::1 tcp=6432", "ip6=2001:db8::99 tcp=5432",        "ip6=2001:db8::99 tcp=5432 cut=57",
	        "type=0806 zeros=60",       "vlan vlan vlan ip4=1.1.1.1 tcp=1",
	};
	struct gatefix fix;
	struct pgm_denied before, after;

	make_world(&fix);
	CHECK(!send(&fix, PGM_FLAVOUR_XDP, "ip4=203.0.113.2 tcp=5432"));
	CHECK(send(&fix, PGM_FLAVOUR_XDP, "ip4=203.0.113.1 tcp=5432"));
	CHECK(gatefix_denied(&fix, "203.0.113.2", &before));
	struct pgm_metrics metrics = gatefix_metrics(&fix);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		for (unsigned f = 0; f < FLAVOURS; f++) {
			bool passed;
			probe(&fix, flavours[f], specs[i], &passed);
		}
	}
	struct pgm_metrics now = gatefix_metrics(&fix);
	CHECK(memcmp(&metrics, &now, sizeof(now)) == 0);
	CHECK(gatefix_denied(&fix, "203.0.113.2", &after));
	CHECK(memcmp(&before, &after, sizeof(after)) == 0);
	CHECK_INT(gatefix_denied_count(&fix), 1);
	CHECK_INT(gatefix_counter(&fix, 7).packets, 1);
	CHECK_INT(gatefix_counter(&fix, 11).packets, 0);
	gatefix_close(&fix);
}

/* Metadata that is no question is left alone, and the packet is counted. */
static void other_metadata_is_no_probe(void)
{
	static struct pkt pkt;
	struct gatefix fix;

	make_world(&fix);
	pkt_make(&pkt, "ip4=203.0.113.1 tcp=5432");
	for (unsigned f = 0; f < FLAVOURS; f++) {
		struct gatefix_run run = {.probe = true, .answer = {.magic = PGM_PROBE_ANSWER, .verdict = 99}};
		CHECK_INT(gatefix_run(&fix, flavours[f], &pkt, &run), 0);
		CHECK(run.passed);
		CHECK_INT(run.answer.verdict, 99);
		CHECK_INT(gatefix_metrics(&fix).allowed_list, f + 1);
	}
	gatefix_close(&fix);
}

/* Nor is a question that does not fill the metadata: somebody else's program put it there. */
static void longer_metadata_is_no_probe(void)
{
	static struct pkt pkt;
	struct gatefix fix;

	make_world(&fix);
	pkt_make(&pkt, "ip4=203.0.113.1 tcp=5432");
	for (unsigned slack = 4; slack <= 12; slack += 4) {
		struct gatefix_run run = {.probe = true, .slack = slack};
		CHECK_INT(gatefix_run(&fix, PGM_FLAVOUR_XDP, &pkt, &run), 0);
		CHECK_INT(run.answer.magic, PGM_PROBE_ASK);
		CHECK_INT(gatefix_run(&fix, PGM_FLAVOUR_XDP_FRAGS, &pkt, &run), 0);
		CHECK_INT(run.answer.magic, PGM_PROBE_ASK);
	}
	CHECK_INT(gatefix_metrics(&fix).allowed_list, 6);
	gatefix_close(&fix);
}

/* In tc the words are whatever was left in cb[]: the magic alone asks nothing. */
static void leftovers_are_no_probe(void)
{
	static struct pkt pkt;
	struct gatefix fix;

	make_world(&fix);
	pkt_make(&pkt, "ip4=203.0.113.1 tcp=5432");
	for (unsigned word = 1; word < sizeof(struct pgm_probe) / 4; word++) {
		uint32_t words[sizeof(struct pgm_probe) / 4] = {PGM_PROBE_ASK};
		struct gatefix_run run = {.probe = true};
		words[word] = 1;
		memcpy(&run.answer, words, sizeof(words));
		CHECK_INT(gatefix_run(&fix, PGM_FLAVOUR_TC, &pkt, &run), 0);
		CHECK(run.passed);
		CHECK(memcmp(&run.answer, words, sizeof(words)) == 0);
		CHECK_INT(gatefix_metrics(&fix).allowed_list, word);
	}
	gatefix_close(&fix);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(probes_answer),
	        CASE(probes_leave_no_trace),
	        CASE(other_metadata_is_no_probe),
	        CASE(longer_metadata_is_no_probe),
	        CASE(leftovers_are_no_probe),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

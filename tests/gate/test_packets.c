/* SPDX-License-Identifier: Apache-2.0 */
/* The packet table through every program: by BPF_PROG_TEST_RUN in all modes, and as raw frames over a veth pair. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <time.h>

#include "gate/packet_rows.h"
#include "lib/check.h"
#include "lib/gatefix.h"
#include "lib/sandbox.h"
#include "lib/wire.h"

enum { LONG_AGO = 1, COUNTER = 5 };
static const char *const flavours[] = {"xdp.frags", "xdp", "tc"};

static const char *verdict_name(unsigned verdict)
{
	static const char *const names[] = {
#define X(id, name, drop, help) #name,
	        PGM_VERDICTS(X)
#undef X
	};

	return verdict < PGM_VERDICT_COUNT ? names[verdict] : "?";
}

static bool is_drop(enum pgm_verdict verdict)
{
	static const bool drops[] = {
#define X(id, name, drop, help) drop,
	        PGM_VERDICTS(X)
#undef X
	};

	return drops[verdict];
}

/* Both families get the same grant: N as in packet_rows.h. */
static void grant(struct gatefix *fix, const char *n, enum pgm_kclass class, unsigned scope, uint32_t until)
{
	char text[64];

	snprintf(text, sizeof(text), "203.0.113.%s/32", n);
	gatefix_grant(fix, text, class, scope, until, COUNTER);
	snprintf(text, sizeof(text), "2001:db8::%s/128", n);
	gatefix_grant(fix, text, class, scope, until, COUNTER);
}

static void make_world(struct gatefix *fix)
{
	static const char *const networks[] = {"192.0.2.0/24", "2001:db8:1::/48"};

	gatefix_open(fix);
	gatefix_guard(fix, 5432, 0);
	gatefix_guard(fix, 6432, 1);
	gatefix_guard(fix, 50001, 1);
	gatefix_guard(fix, 65535, 2);
	for (unsigned scope = 0; scope < 3; scope++) {
		grant(fix, "10", PGM_KCLASS_CLIENT, scope, PGM_FOREVER);
		grant(fix, "15", PGM_KCLASS_SYSTEM, scope, PGM_FOREVER);
		if (scope < 2)
			grant(fix, "17", PGM_KCLASS_CLIENT, scope, PGM_FOREVER);
		grant(fix, "18", scope ? PGM_KCLASS_SYSTEM : PGM_KCLASS_CLIENT, scope, PGM_FOREVER);
		for (size_t i = 0; i < 2; i++)
			gatefix_grant(fix, networks[i], PGM_KCLASS_CLIENT, scope, PGM_FOREVER, COUNTER);
	}
	grant(fix, "11", PGM_KCLASS_CLIENT, 0, PGM_FOREVER);
	grant(fix, "12", PGM_KCLASS_CLIENT, 0, LONG_AGO);
	grant(fix, "13", PGM_KCLASS_CLIENT, 0, gatefix_seconds() + 3600);
	grant(fix, "14", PGM_KCLASS_CLIENT, 0, LONG_AGO);
	grant(fix, "14", PGM_KCLASS_SYSTEM, 0, PGM_FOREVER);
	grant(fix, "16", PGM_KCLASS_SYSTEM, 0, LONG_AGO);
	grant(fix, "19", PGM_KCLASS_CLIENT, 1, LONG_AGO);
	gatefix_grant(fix, "192.0.2.128/25", PGM_KCLASS_CLIENT, 0, LONG_AGO, COUNTER);
	gatefix_grant(fix, "2001:db8:1:1::/64", PGM_KCLASS_CLIENT, 0, LONG_AGO, COUNTER);
}

static enum pgm_verdict expected(const struct packet_row *row, enum pgm_mode mode)
{
	if (mode == PGM_MODE_LIST)
		return row->list;
	if (mode == PGM_MODE_NOWHERE)
		return row->nowhere;
	/* Open modes drop nothing and look nothing up. */
	bool looked_up = row->list == PGM_VERDICT_ALLOWED_LIST || row->list == PGM_VERDICT_ALLOWED_SYSTEM;
	return looked_up || is_drop(row->list) ? PGM_VERDICT_ALLOWED_MODE : row->list;
}

/* Exactly one counter moved, by one, and it is the verdict's. */
static void check_moved(const char *what, const struct packet_row *row, const struct pgm_metrics *before,
                        const struct pgm_metrics *after, enum pgm_verdict want)
{
	uint64_t was[PGM_VERDICT_COUNT], is[PGM_VERDICT_COUNT];

	memcpy(was, before, sizeof(was));
	memcpy(is, after, sizeof(is));
	for (unsigned v = 0; v < PGM_VERDICT_COUNT; v++) {
		if (is[v] - was[v] != (v == want))
			check_fail(__FILE__, __LINE__, "%s, \"%s\": %s moved by %llu, and %s was to move by 1", what,
			           row->name, verdict_name(v), (unsigned long long)(is[v] - was[v]),
			           verdict_name(want));
	}
}

/* False if the kernel can't express the frame. */
static bool run_row(const struct gatefix *fix, enum pgm_flavour flavour, const struct packet_row *row,
                    enum pgm_mode mode, uint32_t linear)
{
	static struct pkt pkt;
	struct gatefix_run run = {.gso_size = row->gso_size, .linear = linear};
	char what[64];

	snprintf(what, sizeof(what), "%s, mode %d, linear %u", flavours[flavour], (int)mode, linear);
	pkt_make(&pkt, row->spec);
	struct pgm_metrics before = gatefix_metrics(fix);
	int result = gatefix_run(fix, flavour, &pkt, &run);
	if (result == -EINVAL)
		return false;
	CHECK_INT(result, 0);
	struct pgm_metrics after = gatefix_metrics(fix);
	enum pgm_verdict want = expected(row, mode);
	check_moved(what, row, &before, &after, want);
	if (run.passed == is_drop(want))
		check_fail(__FILE__, __LINE__, "%s, \"%s\" was %s", what, row->name, run.passed ? "passed" : "dropped");
	return true;
}

/* What BPF_PROG_TEST_RUN is known not to take; such rows have their run on the wire. */
static bool expressible(enum pgm_flavour flavour, const struct packet_row *row)
{
	enum { XDP_LINEAR_MAX = 3500, TC_MAX = 3700 };
	static struct pkt pkt;

	pkt_make(&pkt, row->spec);
	if (flavour == PGM_FLAVOUR_TC)
		return pkt.len <= TC_MAX && pkt.len >= 14 + 40;
	return !row->gso_size && (flavour == PGM_FLAVOUR_XDP_FRAGS || pkt.len <= XDP_LINEAR_MAX);
}

static void run_table(enum pgm_flavour flavour)
{
	struct gatefix fix;

	make_world(&fix);
	for (enum pgm_mode mode = PGM_MODE_UNSET; mode <= PGM_MODE_LIST; mode++) {
		gatefix_live(&fix, mode);
		for (size_t i = 0; i < sizeof(packet_rows) / sizeof(packet_rows[0]); i++) {
			const struct packet_row *row = &packet_rows[i];
			if (row->gso_size && flavour != PGM_FLAVOUR_TC)
				continue;
			if (!run_row(&fix, flavour, row, mode, 0) && expressible(flavour, row))
				check_fail(__FILE__, __LINE__, "%s: test run refused \"%s\"", flavours[flavour],
				           row->name);
		}
	}
	gatefix_close(&fix);
}

static void table_xdp_frags(void)
{
	run_table(PGM_FLAVOUR_XDP_FRAGS);
}
static void table_xdp(void)
{
	run_table(PGM_FLAVOUR_XDP);
}
static void table_tc(void)
{
	run_table(PGM_FLAVOUR_TC);
}

/* Headers that begin, end and are torn where the linear part ends. */
static void table_xdp_frags_torn(void)
{
	static const uint32_t ends[] = {14, 15, 17, 18, 22, 34, 37, 38, 47, 48, 54, 55, 58, 61, 62, 63, 70, 75};
	struct gatefix fix;
	static struct pkt pkt;
	unsigned ran = 0;

	make_world(&fix);
	gatefix_live(&fix, PGM_MODE_LIST);
	for (size_t i = 0; i < sizeof(packet_rows) / sizeof(packet_rows[0]); i++) {
		pkt_make(&pkt, packet_rows[i].spec);
		for (size_t e = 0; e < sizeof(ends) / sizeof(ends[0]) && !packet_rows[i].gso_size; e++) {
			if (ends[e] < pkt.len)
				ran += run_row(&fix, PGM_FLAVOUR_XDP_FRAGS, &packet_rows[i], PGM_MODE_LIST, ends[e]);
		}
	}
	gatefix_close(&fix);
	if (!ran)
		check_skip("this kernel's test run does not take the length of the linear part");
	CHECK(ran > 1000);
}

static uint64_t packets(const struct pgm_metrics *metrics)
{
	uint64_t each[PGM_VERDICT_COUNT], total = 0;

	memcpy(each, metrics, sizeof(each));
	for (size_t i = 0; i < PGM_VERDICT_COUNT; i++)
		total += each[i];
	return total;
}

static struct pgm_metrics await_packet(const struct gatefix *fix, const struct pgm_metrics *before)
{
	struct pgm_metrics now;
	time_t deadline = time(NULL) + 5;

	do {
		now = gatefix_metrics(fix);
	} while (packets(&now) == packets(before) && time(NULL) < deadline);
	return now;
}

/* The kernel itself drops a frame that ends inside its outer tag, before tc sees it. */
static bool outer_tag_cut(const struct pkt *pkt)
{
	return pkt->len < 20 && pkt->bytes[12] == 0x81;
}

static void send_table(struct gatefix *fix, const struct wire *wire, enum pgm_flavour flavour, bool paged)
{
	enum { PAGED_LEN = 5000 };
	static struct pkt pkt;

	gatefix_live(fix, PGM_MODE_LIST);
	for (size_t i = 0; i < sizeof(packet_rows) / sizeof(packet_rows[0]); i++) {
		const struct packet_row *row = &packet_rows[i];
		pkt_make(&pkt, row->spec);
		/* Only what ends as it ought to may be padded, and must be to get pages. */
		if (row->gso_size || (paged && strstr(row->spec, "cut=")) || (paged && strstr(row->spec, "total=")))
			continue;
		if (flavour == PGM_FLAVOUR_TC && outer_tag_cut(&pkt))
			continue;
		if (paged && pkt.len < PAGED_LEN)
			pkt_zeros(&pkt, PAGED_LEN - pkt.len);
		if (flavour == PGM_FLAVOUR_XDP && pkt.len > 3000)
			continue;
		struct pgm_metrics before = gatefix_metrics(fix);
		wire_send(wire, &pkt, paged);
		struct pgm_metrics after = await_packet(fix, &before);
		check_moved(flavours[flavour], row, &before, &after, row->list);
	}
}

/* Here tc gets the outer VLAN tag beside the frame, frames too short for a test run, and pages. */
static void wire_tc(void)
{
	struct gatefix fix;
	struct wire wire;

	make_world(&fix);
	wire_open(&wire);
	wire_attach_tc(&wire, gatefix_program(&fix, PGM_FLAVOUR_TC));
	send_table(&fix, &wire, PGM_FLAVOUR_TC, false);
	send_table(&fix, &wire, PGM_FLAVOUR_TC, true);
	wire_close(&wire);
	gatefix_close(&fix);
}

static void wire_native(enum pgm_flavour flavour)
{
	struct gatefix fix;
	struct wire wire;

	make_world(&fix);
	wire_open(&wire);
	/* Without fragments a driver takes no more than a page. */
	if (flavour == PGM_FLAVOUR_XDP)
		sandbox_sh("ip link set near mtu 3000 && ip link set far mtu 3000");
	wire_attach_xdp(&wire, gatefix_program(&fix, flavour));
	send_table(&fix, &wire, flavour, false);
	if (flavour == PGM_FLAVOUR_XDP_FRAGS)
		send_table(&fix, &wire, flavour, true);
	wire_close(&wire);
	gatefix_close(&fix);
}

static void wire_xdp_frags(void)
{
	wire_native(PGM_FLAVOUR_XDP_FRAGS);
}
static void wire_xdp(void)
{
	wire_native(PGM_FLAVOUR_XDP);
}

/* A table that forgets a verdict proves little. allowed_mode comes from the open modes. */
static void every_verdict_has_a_row(void)
{
	bool seen[PGM_VERDICT_COUNT] = {[PGM_VERDICT_ALLOWED_MODE] = true};

	for (size_t i = 0; i < sizeof(packet_rows) / sizeof(packet_rows[0]); i++)
		seen[packet_rows[i].list] = seen[packet_rows[i].nowhere] = true;
	for (unsigned v = 0; v < PGM_VERDICT_COUNT; v++) {
		if (!seen[v])
			check_fail(__FILE__, __LINE__, "no row for %s", verdict_name(v));
	}
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(every_verdict_has_a_row), CASE(table_xdp_frags), CASE(table_xdp),      CASE(table_tc),
	        CASE(table_xdp_frags_torn),    CASE(wire_tc),         CASE(wire_xdp_frags), CASE(wire_xdp),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

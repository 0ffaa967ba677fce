/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy a packet sees: the live slot, an empty one, and a cell whose time has come. */
#include "gate/small_world.h"

/* A slot that was never filled lets nobody in. */
static void empty_slot_refuses(void)
{
	struct gatefix fix;

	make_world(&fix);
	gatefix_empty_slot(&fix, 1);
	gatefix_guard(&fix, 5432, 0);
	gatefix_live(&fix, PGM_MODE_LIST);
	for (unsigned f = 0; f < FLAVOURS; f++) {
		CHECK(!send(&fix, flavours[f], "ip4=203.0.113.1 tcp=5432"));
		CHECK(!send(&fix, flavours[f], "ip6=2001:db8::1 tcp=5432"));
		CHECK(!send(&fix, flavours[f], "ip6=2001:db8::1 tcp=5432 cut=57"));
	}
	CHECK_INT(gatefix_metrics(&fix).refused_not_listed, 2 * FLAVOURS);
	CHECK_INT(gatefix_metrics(&fix).malformed_ipv6, FLAVOURS);
	gatefix_close(&fix);
}

/* Without a guarded port there is nothing that a port that can't be read could be. */
static void nothing_guarded(void)
{
	struct gatefix fix;

	make_world(&fix);
	gatefix_slot(&fix, 1, 1, false);
	gatefix_live(&fix, PGM_MODE_LIST);
	for (unsigned f = 0; f < FLAVOURS; f++) {
		CHECK(send(&fix, flavours[f], "ip6=2001:db8::9 tcp=5432 cut=57"));
		CHECK(send(&fix, flavours[f], "ip6=2001:db8::9 tcp=5432"));
	}
	CHECK_INT(gatefix_metrics(&fix).port_not_guarded, 2 * FLAVOURS);
	gatefix_close(&fix);
}

/* "Everywhere" means every scope that has ports. */
static void scopes_without_ports_do_not_count(void)
{
	struct gatefix fix;

	make_world(&fix);
	gatefix_slot(&fix, 1, 1, false);
	gatefix_guard(&fix, 6432, 5);
	gatefix_grant(&fix, "2001:db8::5/128", PGM_KCLASS_CLIENT, 5, PGM_FOREVER, 2);
	gatefix_grant(&fix, "2001:db8::6/128", PGM_KCLASS_CLIENT, 0, PGM_FOREVER, 3);
	gatefix_live(&fix, PGM_MODE_LIST);
	for (unsigned f = 0; f < FLAVOURS; f++) {
		CHECK(send(&fix, flavours[f], "ip6=2001:db8::5 tcp=6432 cut=57"));
		CHECK(!send(&fix, flavours[f], "ip6=2001:db8::6 tcp=6432 cut=57"));
	}
	CHECK_INT(gatefix_counter(&fix, 2).packets, FLAVOURS);
	gatefix_close(&fix);
}

/* The word decides which slot a packet sees, in one store. */
static void slots(void)
{
	struct gatefix fix;

	make_world(&fix);
	gatefix_slot(&fix, 1, 1, false);
	gatefix_guard(&fix, 6432, 0);
	gatefix_grant(&fix, "203.0.113.3/32", PGM_KCLASS_CLIENT, 0, PGM_FOREVER, 0);
	for (unsigned f = 0; f < FLAVOURS; f++) {
		fix.slot = 0;
		gatefix_live(&fix, PGM_MODE_LIST);
		CHECK(send(&fix, flavours[f], "ip4=203.0.113.1 tcp=5432"));
		CHECK(!send(&fix, flavours[f], "ip4=203.0.113.3 tcp=5432"));
		fix.slot = 1;
		gatefix_live(&fix, PGM_MODE_LIST);
		CHECK(!send(&fix, flavours[f], "ip4=203.0.113.1 tcp=6432"));
		CHECK(send(&fix, flavours[f], "ip4=203.0.113.3 tcp=6432"));
		CHECK(send(&fix, flavours[f], "ip4=203.0.113.1 tcp=5432")); /* not guarded here */
	}
	gatefix_close(&fix);
}

/* A temporary cell stops by itself, without anybody touching a map. */
static void expires_by_itself(void)
{
	struct gatefix fix;
	uint32_t until;

	make_world(&fix);
	until = gatefix_seconds() + 2;
	gatefix_grant(&fix, "203.0.113.4/32", PGM_KCLASS_CLIENT, 0, until, 1);
	for (uint32_t now = 0; now < until;) {
		for (unsigned f = 0; f < FLAVOURS; f++) {
			now = gatefix_seconds();
			bool passed = send(&fix, flavours[f], "ip4=203.0.113.4 tcp=5432");
			/* The end may fall between the reading and the packet. */
			CHECK(passed == (now < until) || (!passed && gatefix_seconds() >= until));
		}
	}
	for (unsigned f = 0; f < FLAVOURS; f++)
		CHECK(!send(&fix, flavours[f], "ip4=203.0.113.4 tcp=5432"));
	CHECK(gatefix_metrics(&fix).refused_expired >= FLAVOURS);
	CHECK(gatefix_metrics(&fix).allowed_list > 0);
	gatefix_close(&fix);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(empty_slot_refuses), CASE(nothing_guarded), CASE(scopes_without_ports_do_not_count), CASE(slots),
	        CASE(expires_by_itself),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

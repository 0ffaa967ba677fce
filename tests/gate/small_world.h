/* SPDX-License-Identifier: Apache-2.0 */
/* A policy of a few grants, and how to send one packet into it. */
#ifndef PGM_TESTS_SMALL_WORLD_H
#define PGM_TESTS_SMALL_WORLD_H

#include "lib/check.h"
#include "lib/gatefix.h"
#include "lib/sandbox.h"

static const enum pgm_flavour flavours[] = {PGM_FLAVOUR_XDP_FRAGS, PGM_FLAVOUR_XDP, PGM_FLAVOUR_TC};
enum { FLAVOURS = 3, LONG_AGO = 1 };

/* Ports 5432 in scope 0 and 6432 in scope 5; mode list. */
static inline void make_world(struct gatefix *fix)
{
	gatefix_open(fix);
	gatefix_guard(fix, 5432, 0);
	gatefix_guard(fix, 6432, 5);
	gatefix_grant(fix, "203.0.113.1/32", PGM_KCLASS_CLIENT, 0, PGM_FOREVER, 7);
	gatefix_grant(fix, "203.0.113.1/32", PGM_KCLASS_SYSTEM, 5, PGM_FOREVER, 8);
	gatefix_grant(fix, "203.0.113.2/32", PGM_KCLASS_CLIENT, 0, LONG_AGO, 9);
	gatefix_grant(fix, "2001:db8::1/128", PGM_KCLASS_CLIENT, 0, PGM_FOREVER, 10);
	gatefix_grant(fix, "2001:db8::1/128", PGM_KCLASS_CLIENT, 5, PGM_FOREVER, 11);
	gatefix_live(fix, PGM_MODE_LIST);
}

static inline bool send(const struct gatefix *fix, enum pgm_flavour flavour, const char *spec)
{
	static struct pkt pkt;
	struct gatefix_run run = {0};

	pkt_make(&pkt, spec);
	CHECK_INT(gatefix_run(fix, flavour, &pkt, &run), 0);
	return run.passed;
}

#endif

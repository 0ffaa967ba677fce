/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler against the naive matcher, and its promises one by one: few prefixes, closed, ordered, no repetition. */
#include "gate/compile.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"
#include "lib/naive.h"
#include "lib/random_rules.h"

#define UTC  RANDOM_UTC
#define BOOT RANDOM_BOOT

struct entries {
	struct pgm_entry *list;
	size_t count;
};

static const struct pgm_config no_config;

static struct entries compile(const struct pgm_ruleset *set, const struct pgm_config *config, int family)
{
	struct pgm_compiled *compiled;
	struct entries entries = {0};
	size_t n;

	CHECK_INT(pgm_compile(set, config, family, UTC, BOOT, &compiled), 0);
	size_t bound = pgm_compiled_bound(compiled);
	entries.list = malloc((bound + 8) * sizeof(*entries.list));
	CHECK(entries.list);
	while ((n = pgm_compiled_next(compiled, entries.list + entries.count, 1 + check_below(8)))) {
		entries.count += n;
		CHECK(entries.count + pgm_compiled_bound(compiled) <= bound);
	}
	CHECK_INT(pgm_compiled_bound(compiled), 0);
	pgm_compiled_free(compiled);
	return entries;
}

static bool in_prefix(const struct pgm_entry *entry, const uint8_t *addr)
{
	unsigned whole = entry->prefix_len / 8, rest = entry->prefix_len % 8;

	return memcmp(entry->addr, addr, whole) == 0 &&
	       (!rest || ((entry->addr[whole] ^ addr[whole]) & (0xff00u >> rest) & 0xff) == 0);
}

/* What the kernel's trie would find. */
static const struct pgm_entry *longest(const struct entries *entries, const uint8_t *addr, unsigned shorter_than)
{
	const struct pgm_entry *best = NULL;

	for (size_t i = 0; i < entries->count; i++) {
		const struct pgm_entry *entry = &entries->list[i];
		if (entry->prefix_len < shorter_than && (!best || entry->prefix_len > best->prefix_len) &&
		    in_prefix(entry, addr))
			best = entry;
	}
	return best;
}

static void append(struct pgm_ruleset *set, const char *address, enum pgm_class class_id, unsigned scopes, int seconds)
{
	struct pgm_rule rule = {.class_id = (uint8_t)class_id, .scopes = (uint8_t)scopes};

	CHECK_INT(pgm_range_parse(address, strlen(address), &rule.range, NULL, NULL), 0);
	if (seconds) {
		rule.expires_utc = (uint64_t)((int64_t)UTC + seconds);
		rule.expires_boot = (uint64_t)((int64_t)BOOT + seconds);
		rule.this_boot = true;
	}
	CHECK_INT(pgm_ruleset_append(set, &rule), 0);
}

static const struct pgm_entry *at(const struct entries *entries, const char *address)
{
	struct pgm_range range;

	CHECK_INT(pgm_range_parse(address, strlen(address), &range, NULL, NULL), 0);
	return longest(entries, range.lo, 255);
}

static struct pgm_cell client_cell(const struct entries *entries, const char *address, unsigned scope)
{
	const struct pgm_entry *entry = at(entries, address);

	CHECK(entry);
	return entry->grant.cell[PGM_KCLASS_CLIENT][scope];
}

static void ranges_become_few_prefixes(void)
{
	static const struct {
		const char *range;
		size_t prefixes;
	} rows[] = {
	        {"10.0.0.3-10.0.0.9", 3},
	        {"10.0.0.0-10.0.0.255", 1},
	        {"0.0.0.0-255.255.255.255", 1},
	        {"0.0.0.1-255.255.255.254", 62},
	        {"0.0.0.0-255.255.255.254", 32},
	        {"255.255.255.255-255.255.255.255", 1},
	        {"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1},
	        {"::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 254},
	        {"2001:db8::ffff:ffff:ffff:ffff-2001:db8:0:1::", 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pgm_ruleset *set = pgm_ruleset_new();
		append(set, rows[i].range, PGM_CLASS_CLIENT, PGM_ALL_SCOPES, 0);
		/* Both ways of the compiler: through the length, and through the two ends. */
		for (int through_ends = 0; through_ends < 2; through_ends++) {
			if (through_ends)
				set->rules[0].range.prefix_len = -1;
			struct entries entries = compile(set, &no_config, set->rules[0].range.family);
			CHECK_INT(entries.count, rows[i].prefixes);
			free(entries.list);
		}
		pgm_ruleset_unref(set);
	}
}

/* The fewest prefixes, found the slow way: split the whole space until a half lies inside. */
static size_t fewest(uint64_t lo, uint64_t hi, uint64_t from, uint64_t to)
{
	if (hi < from || to < lo)
		return 0;
	if (lo <= from && to <= hi)
		return 1;
	uint64_t middle = from + (to - from) / 2;
	return fewest(lo, hi, from, middle) + fewest(lo, hi, middle + 1, to);
}

static void random_ranges_are_minimal(void)
{
	for (unsigned i = 0; i < 3000 * check_scale(); i++) {
		struct pgm_ruleset *set = pgm_ruleset_new();
		uint32_t a = (uint32_t)check_random(), b = a ^ (uint32_t)check_random() >> check_below(32);
		uint32_t lo = a < b ? a : b, hi = a < b ? b : a;
		uint32_t wire_lo = htonl(lo), wire_hi = htonl(hi);
		struct pgm_rule rule = {.scopes = 1, .range = {.family = AF_INET, .prefix_len = -1}};

		memcpy(rule.range.lo, &wire_lo, 4);
		memcpy(rule.range.hi, &wire_hi, 4);
		CHECK_INT(pgm_ruleset_append(set, &rule), 0);
		struct entries entries = compile(set, &no_config, AF_INET);
		CHECK_INT(entries.count, fewest(lo, hi, 0, UINT32_MAX));
		free(entries.list);
		pgm_ruleset_unref(set);
	}
}

static void narrow_does_not_hide_wide(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	append(set, "10.0.0.0/8", PGM_CLASS_CLIENT, 1, 0);
	append(set, "10.1.0.0/16", PGM_CLASS_CLIENT, 2, 60);
	append(set, "10.1.1.0/24", PGM_CLASS_CLIENT, 1, -60);
	append(set, "10.1.1.1", PGM_CLASS_MONITORING, PGM_ALL_SCOPES, 0);
	struct entries entries = compile(set, &no_config, AF_INET);
	CHECK_INT(client_cell(&entries, "10.1.1.1", 0).until, PGM_FOREVER);
	CHECK_INT(client_cell(&entries, "10.1.1.1", 0).counter, 0);
	CHECK_INT(client_cell(&entries, "10.1.1.1", 1).until, BOOT + 60);
	CHECK_INT(client_cell(&entries, "10.1.1.1", 1).counter, 1);
	CHECK_INT(client_cell(&entries, "10.1.1.1", 2).until, PGM_NEVER);
	CHECK_INT(at(&entries, "10.1.1.1")->grant.cell[PGM_KCLASS_SYSTEM][7].until, PGM_FOREVER);
	CHECK_INT(at(&entries, "10.1.1.2")->grant.cell[PGM_KCLASS_SYSTEM][7].until, PGM_NEVER);
	/* The expired /24 says nothing new. */
	CHECK_INT(entries.count, 3);
	free(entries.list);
	pgm_ruleset_unref(set);
}

static void ties(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	append(set, "10.0.0.0/8", PGM_CLASS_CLIENT, PGM_ALL_SCOPES, 0); /* 0 */
	append(set, "10.0.0.0/16", PGM_CLASS_CLIENT, 1, 0);             /* 1: narrower wins */
	append(set, "10.0.0.0/16", PGM_CLASS_CLIENT, 3, 0);             /* 2: first wins scope 0 */
	append(set, "10.2.0.0/16", PGM_CLASS_CLIENT, 1, 30);            /* 3: ends earlier: no owner */
	append(set, "11.0.0.0/8", PGM_CLASS_CLIENT, 1, 30);             /* 4 */
	append(set, "11.0.0.0/8", PGM_CLASS_CLIENT, 1, 40);             /* 5: later until wins */
	append(set, "11.0.0.0/8", PGM_CLASS_CLIENT, 1, 35);             /* 6 */
	struct entries entries = compile(set, &no_config, AF_INET);
	CHECK_INT(client_cell(&entries, "10.9.0.1", 0).counter, 0);
	CHECK_INT(client_cell(&entries, "10.0.0.1", 0).counter, 1);
	CHECK_INT(client_cell(&entries, "10.0.0.1", 1).counter, 2);
	CHECK_INT(client_cell(&entries, "10.0.0.1", 2).counter, 0);
	CHECK_INT(client_cell(&entries, "10.2.0.1", 0).counter, 0);
	CHECK_INT(client_cell(&entries, "11.0.0.1", 0).counter, 5);
	CHECK_INT(client_cell(&entries, "11.0.0.1", 0).until, BOOT + 40);
	CHECK_INT(entries.count, 3);
	free(entries.list);
	pgm_ruleset_unref(set);
}

static void expired_is_not_never(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	append(set, "10.0.0.1", PGM_CLASS_CLIENT, 1, -10);
	append(set, "10.0.0.2", PGM_CLASS_CLIENT, 1, -10);
	set->rules[1].this_boot = false;
	set->rules[1].expires_utc = 1;
	struct entries entries = compile(set, &no_config, AF_INET);
	CHECK_INT(client_cell(&entries, "10.0.0.1", 0).until, BOOT - 10);
	CHECK_INT(client_cell(&entries, "10.0.0.2", 0).until, 1);
	free(entries.list);
	pgm_ruleset_unref(set);
}

static void system_rules_of_the_config(void)
{
	struct pgm_system_rule system[2] = {{.class_id = PGM_CLASS_REPLICATION}, {.class_id = PGM_CLASS_MONITORING}};
	struct pgm_config config = {.system = system, .system_count = 2};
	struct pgm_ruleset *set = pgm_ruleset_new();

	CHECK_INT(pgm_range_parse("10.0.0.0/24", 11, &system[0].range, NULL, NULL), 0);
	CHECK_INT(pgm_range_parse("2001:db8::/32", 13, &system[1].range, NULL, NULL), 0);
	append(set, "10.0.0.0/8", PGM_CLASS_CLIENT, PGM_ALL_SCOPES, 0);
	CHECK_INT(pgm_counter_count(set, &config), 3);
	struct entries v4 = compile(set, &config, AF_INET), v6 = compile(set, &config, AF_INET6);
	CHECK_INT(v4.count, 2);
	CHECK_INT(v6.count, 1);
	for (unsigned scope = 0; scope < PGM_SCOPES; scope++) {
		CHECK_INT(at(&v4, "10.0.0.1")->grant.cell[PGM_KCLASS_SYSTEM][scope].until, PGM_FOREVER);
		CHECK_INT(at(&v4, "10.0.0.1")->grant.cell[PGM_KCLASS_SYSTEM][scope].counter, 1);
		CHECK_INT(client_cell(&v4, "10.0.0.1", scope).counter, 0);
		CHECK_INT(v6.list[0].grant.cell[PGM_KCLASS_SYSTEM][scope].counter, 2);
		CHECK_INT(v6.list[0].grant.cell[PGM_KCLASS_CLIENT][scope].until, PGM_NEVER);
	}
	free(v4.list);
	free(v6.list);
	pgm_ruleset_unref(set);
}

static void deepest_nesting(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();
	char text[PGM_RANGE_TEXT];

	for (int len = 128; len >= 0; len--) {
		snprintf(text, sizeof(text), "::/%d", len);
		append(set, text, PGM_CLASS_CLIENT, 1u << len % 8, 0);
	}
	struct entries entries = compile(set, &no_config, AF_INET6);
	CHECK_INT(entries.count, 129);
	for (unsigned i = 0; i < 129; i++) {
		CHECK_INT(entries.list[i].prefix_len, i);
		CHECK_INT(entries.list[i].grant.cell[PGM_KCLASS_CLIENT][i % 8].counter, 128 - i);
	}
	free(entries.list);
	pgm_ruleset_unref(set);
}

static void empty_list(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();
	struct entries entries = compile(set, &no_config, AF_INET);

	CHECK_INT(entries.count, 0);
	free(entries.list);
	pgm_ruleset_unref(set);
}

static bool host_bits_are_zero(const struct pgm_entry *entry)
{
	for (unsigned bit = entry->prefix_len; bit < 128; bit++)
		if (entry->addr[bit / 8] & (0x80 >> bit % 8))
			return false;
	return true;
}

static void check_shape(const struct entries *entries, int family)
{
	for (size_t i = 0; i < entries->count; i++) {
		const struct pgm_entry *entry = &entries->list[i];
		const struct pgm_entry *wider = longest(entries, entry->addr, entry->prefix_len);
		int order = i ? memcmp(entry[-1].addr, entry->addr, 16) : -1;

		CHECK(order < 0 || (order == 0 && entry[-1].prefix_len < entry->prefix_len));
		CHECK(entry->prefix_len <= (family == AF_INET ? 32 : 128));
		CHECK(host_bits_are_zero(entry));
		CHECK(!wider || memcmp(&wider->grant, &entry->grant, sizeof(entry->grant)) != 0);
	}
}

static void check_cell(const struct naive *naive, int family, const uint8_t *addr, const struct pgm_cell *cell,
                       enum pgm_kclass kclass, unsigned scope)
{
	for (uint64_t now = BOOT - RANDOM_SPAN; now <= BOOT + RANDOM_SPAN; now += 1 + check_below(RANDOM_SPAN)) {
		struct naive_answer want = naive_ask(naive, family, addr, kclass, scope, now);

		CHECK_INT(now < cell->until, want.allowed);
		CHECK_INT(cell->until != PGM_NEVER, want.in_scope);
		CHECK_INT(cell->until == PGM_FOREVER, want.permanent);
	}
	if (cell->until != PGM_NEVER)
		CHECK(naive_may_own(naive, family, addr, kclass, scope, cell->counter));
}

static void check_source(const struct naive *naive, const struct entries *entries, int family, const uint8_t *addr)
{
	const struct pgm_entry *entry = longest(entries, addr, 255);

	CHECK_INT(entry != NULL, naive_ask(naive, family, addr, PGM_KCLASS_CLIENT, 0, BOOT).covered);
	for (unsigned scope = 0; entry && scope < PGM_SCOPES; scope++) {
		check_cell(naive, family, addr, &entry->grant.cell[PGM_KCLASS_CLIENT][scope], PGM_KCLASS_CLIENT, scope);
		check_cell(naive, family, addr, &entry->grant.cell[PGM_KCLASS_SYSTEM][scope], PGM_KCLASS_SYSTEM, scope);
	}
}

static void same_as_naive(void)
{
	static const int families[] = {AF_INET, AF_INET6, 0};

	for (unsigned round = 0; round < 400 * check_scale(); round++) {
		struct pgm_ruleset *set = random_rules(1 + check_below(60), families[round % 3]);
		struct pgm_system_rule system[2] = {
		        {random_rule(set, AF_INET).range, PGM_CLASS_MONITORING},
		        {random_rule(set, AF_INET6).range, PGM_CLASS_REPLICATION},
		};
		struct pgm_config config = {.system = system, .system_count = check_below(3)};
		struct naive *naive = naive_new(set, &config, UTC, BOOT);

		for (unsigned f = 0; f < 2; f++) {
			struct entries entries = compile(set, &config, families[f]);
			check_shape(&entries, families[f]);
			for (unsigned i = 0; i < 60; i++) {
				uint8_t addr[16];
				random_source(set, families[f], addr);
				check_source(naive, &entries, families[f], addr);
			}
			free(entries.list);
		}
		naive_free(naive);
		pgm_ruleset_unref(set);
	}
}

CHECK_MAIN(CASE(ranges_become_few_prefixes), CASE(random_ranges_are_minimal), CASE(narrow_does_not_hide_wide),
           CASE(ties), CASE(expired_is_not_never), CASE(system_rules_of_the_config), CASE(deepest_nesting),
           CASE(empty_list), CASE(same_as_naive))

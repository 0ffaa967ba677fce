/* SPDX-License-Identifier: Apache-2.0 */
/* One rule: the line of a list and back, comments, identity, expiry. */
#include "gate/rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/check.h"

#define UTC  1795500000u
#define BOOT 5000u

static struct pgm_config config;

static void setup(void)
{
	static const char text[] = "[scopes]\ndirect = 5432\npooler = 6432\nreports = 7000\n";

	if (config.scope_count == 0)
		CHECK_INT(pgm_config_parse(text, sizeof(text) - 1, "test", stderr, &config), 0);
}

static int parse(const char *line, size_t len, struct pgm_rule *out, struct pgm_error *err)
{
	setup();
	return pgm_rule_parse_line(&config, line, len, UTC, BOOT, out, NULL, err);
}

static void class_names(void)
{
	for (unsigned i = 0; i < PGM_CLASSES; i++) {
		const char *name = pgm_class_name((enum pgm_class)i);
		enum pgm_class back = PGM_CLASSES;

		CHECK_INT(pgm_class_parse(name, strlen(name), &back), 0);
		CHECK_INT(back, i);
		CHECK_INT(pgm_class_parse(name, strlen(name) - 1, &back), -EINVAL);
		CHECK_INT(back, i);
	}
	CHECK_INT(pgm_class_kernel(PGM_CLASS_CLIENT), PGM_KCLASS_CLIENT);
	CHECK_INT(pgm_class_kernel(PGM_CLASS_REPLICATION), PGM_KCLASS_SYSTEM);
	CHECK_INT(pgm_class_kernel(PGM_CLASS_MONITORING), PGM_KCLASS_SYSTEM);
	CHECK_INT(pgm_class_kernel(PGM_CLASS_PRIVATE), PGM_KCLASS_SYSTEM);
}

static void good_lines(void)
{
	static const struct {
		const char *line;
		const char *address;
		unsigned scopes;
		unsigned seconds;
		const char *comment;
	} rows[] = {
	        {"203.0.113.7", "203.0.113.7", 0xff, 0, NULL},
	        {"  203.0.113.0/24\t", "203.0.113.0/24", 0xff, 0, NULL},
	        {"203.0.113.7\r", "203.0.113.7", 0xff, 0, NULL},
	        {"2001:db8::/32 scope=pooler", "2001:db8::/32", 2, 0, NULL},
	        {"10.0.0.3-10.0.0.9 scope=direct,reports for=2h", "10.0.0.3-10.0.0.9", 5, 7200, NULL},
	        {"10.0.0.1 for=90s scope=direct # office", "10.0.0.1", 1, 90, "office"},
	        {"10.0.0.1 scope=direct,pooler,reports", "10.0.0.1", 0xff, 0, NULL},
	        {"10.0.0.1 #", "10.0.0.1", 0xff, 0, NULL},
	        {"10.0.0.1 # \t ", "10.0.0.1", 0xff, 0, NULL},
	        {"10.0.0.1 ## twice", "10.0.0.1", 0xff, 0, "# twice"},
	        {"10.0.0.1 #scope=direct for=1h\r", "10.0.0.1", 0xff, 0, "scope=direct for=1h"},
	        {"10.0.0.1 # B\xc3\xbcro \xe2\x82\xac \xf0\x9f\x90\x98", "10.0.0.1", 0xff, 0,
	         "B\xc3\xbcro \xe2\x82\xac \xf0\x9f\x90\x98"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pgm_error err = {0};
		char address[PGM_RANGE_TEXT];
		struct pgm_rule rule;

		if (parse(rows[i].line, strlen(rows[i].line), &rule, &err) != 1)
			check_fail(__FILE__, __LINE__, "\"%s\": %s", rows[i].line, err.what);
		pgm_range_format(&rule.range, address);
		CHECK_STR(address, rows[i].address);
		CHECK_INT(rule.scopes, rows[i].scopes);
		CHECK_INT(rule.class_id, PGM_CLASS_CLIENT);
		CHECK_INT(rule.id, 0);
		CHECK(!rule.from_config);
		CHECK_INT(rule.expires_utc, rows[i].seconds ? UTC + rows[i].seconds : 0);
		CHECK_INT(rule.expires_boot, rows[i].seconds ? BOOT + rows[i].seconds : 0);
		CHECK_INT(rule.this_boot, rows[i].seconds != 0);
		CHECK_STR(rule.comment ? rule.comment : "(none)", rows[i].comment ? rows[i].comment : "(none)");
		free(rule.comment);
	}
}

static void blank_lines(void)
{
	static const char *const rows[] = {"", " ", "\t \t", "\r", "#", "# 10.0.0.1", "  #10.0.0.1\r", "#\xff\x01"};
	struct pgm_rule rule = {.id = 77};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_INT(parse(rows[i], strlen(rows[i]), &rule, NULL), 0);
	CHECK_INT(rule.id, 77);
}

static void bad_lines(void)
{
#define LINE(text) text, sizeof(text) - 1
	static const struct {
		const char *line;
		size_t len;
		const char *what;
	} rows[] = {
	        {LINE("10.0.0.1 10.0.0.2"), "unknown word \"10.0.0.2\""},
	        {LINE("10.0.0.1 Scope=direct"), "unknown word \"Scope=direct\""},
	        {LINE("10.0.0.1 scope"), "unknown word \"scope\""},
	        {LINE("10.0.0.1 until=1h"), "unknown word \"until=1h\""},
	        {LINE("10.0.0.1 \x1b[2J"), "unknown word \"\\x1b[2J\""},
	        {LINE("10.0.0.1 a\0b"), "unknown word \"a\\x00b\""},
	        {LINE("10.0.0.1\0"), ""},
	        {LINE("10.0.0.1\r\r"), ""},
	        {LINE("10.0.0.1 scope=direct scope=direct"), "scope= is given twice"},
	        {LINE("10.0.0.1 for=1h for=1h"), "for= is given twice"},
	        {LINE("10.0.0.1 scope="), ""},
	        {LINE("10.0.0.1 scope=nosuch"), "nosuch"},
	        {LINE("10.0.0.1 scope=direct,"), ""},
	        {LINE("10.0.0.1 for="), "duration"},
	        {LINE("10.0.0.1 for=2"), "\"2\""},
	        {LINE("10.0.0.1 for=0s"), "\"0s\""},
	        {LINE("10.0.0.1 for=-1h"), "duration"},
	        {LINE("10.0.0.1 for=99999999999999999999d"), "duration"},
	        {LINE("scope=direct 10.0.0.1"), "does not begin with an address"},
	        {LINE("for=1h"), "does not begin with an address"},
	        {LINE("10.0.0.1#office"), ""},
	        {LINE("10.0.0.1 - 10.0.0.4"), "unknown word \"-\""},
	        {LINE("10.0.0.1/24"), "host bits"},
	        {LINE("10.0.0.1 # a\tb"), "control character (0x09) at its byte 2"},
	        {LINE("10.0.0.1 # a\0b"), "control character (0x00) at its byte 2"},
	        {LINE("10.0.0.1 # \xc2\x9b[2J"), "control character (0x9b) at its byte 1"},
	        {LINE("10.0.0.1 # \x7f"), "control character (0x7f)"},
	        {LINE("10.0.0.1 # caf\xe9"), "not valid UTF-8 at its byte 4"},
	        {LINE("10.0.0.1 # \xc0\xaf"), "not valid UTF-8"},
	        {LINE("10.0.0.1 # \xe0\x80\xaf"), "not valid UTF-8"},
	        {LINE("10.0.0.1 # \xed\xa0\x80"), "not valid UTF-8"},
	        {LINE("10.0.0.1 # \xf4\x90\x80\x80"), "not valid UTF-8"},
	        {LINE("10.0.0.1 # \xf8\x88\x80\x80\x80"), "not valid UTF-8"},
	        {LINE("10.0.0.1 # \xe2\x82"), "not valid UTF-8"},
	        {LINE("10.0.0.1 # \xe2\x82 "), "not valid UTF-8"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pgm_rule rule = {.id = 77};
		struct pgm_error err = {0};

		if (parse(rows[i].line, rows[i].len, &rule, &err) != -EINVAL)
			check_fail(__FILE__, __LINE__, "taken: \"%s\"", rows[i].line);
		CHECK(err.what[0]);
		CHECK_HAS(err.what, rows[i].what);
		CHECK_INT(rule.id, 77);
	}
}

static void comment_length(void)
{
	char line[16 + PGM_COMMENT_MAX + 1];
	struct pgm_rule rule;

	memset(line, 'x', sizeof(line));
	memcpy(line, "10.0.0.1 #      ", 16);
	CHECK_INT(parse(line, 16 + PGM_COMMENT_MAX, &rule, NULL), 1);
	CHECK_INT(strlen(rule.comment), PGM_COMMENT_MAX);
	free(rule.comment);
	CHECK_INT(parse(line, sizeof(line), &rule, NULL), -EINVAL);
}

static void folded_address(void)
{
	struct pgm_rule rule;
	bool folded = false;

	setup();
	CHECK_INT(pgm_rule_parse_line(&config, "::ffff:10.0.0.1", 15, UTC, BOOT, &rule, &folded, NULL), 1);
	CHECK(folded);
	CHECK_INT(rule.range.family, 2);
	CHECK_INT(pgm_rule_parse_line(&config, "10.0.0.1", 8, UTC, BOOT, &rule, &folded, NULL), 1);
	CHECK(!folded);
}

static struct pgm_rule random_rule(void)
{
	struct pgm_rule rule = {.class_id = (uint8_t)check_below(PGM_CLASSES), .scopes = (uint8_t)check_random()};
	uint64_t lo = check_random();

	rule.range.family = check_below(2) ? 2 : 10;
	rule.range.prefix_len = rule.range.family == 2 ? 32 : 128;
	memcpy(rule.range.lo, &lo, rule.range.family == 2 ? 4 : 8);
	memcpy(rule.range.hi, rule.range.lo, 16);
	return rule;
}

static void key_is_identity(void)
{
	struct pgm_rule rule = random_rule(), other = rule;
	uint64_t key = pgm_rule_key(&rule, 0);

	CHECK(key != 0);
	other.id = 12;
	other.expires_utc = UTC;
	other.expires_boot = BOOT;
	other.this_boot = true;
	other.comment = (char[]){"x"};
	other.range.prefix_len = -1;
	CHECK(pgm_rule_key(&other, 0) == key);
	CHECK(pgm_rule_key(&rule, 1) != key);
	other = rule, other.range.lo[3] ^= 1;
	CHECK(pgm_rule_key(&other, 0) != key);
	other = rule, other.range.hi[15] ^= 1;
	CHECK(pgm_rule_key(&other, 0) != key);
	other = rule, other.range.family ^= 8;
	CHECK(pgm_rule_key(&other, 0) != key);
	other = rule, other.class_id ^= 1;
	CHECK(pgm_rule_key(&other, 0) != key);
	other = rule, other.scopes ^= 4;
	CHECK(pgm_rule_key(&other, 0) != key);
	other = rule, other.from_config = true;
	CHECK(pgm_rule_key(&other, 0) != key);
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Neighbouring addresses differ in few bits: the hardest input for a weak mix. */
static void keys_do_not_collide(void)
{
	enum { COUNT = 1 << 18 };
	static uint64_t keys[COUNT];
	struct pgm_rule rule = random_rule();

	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t n = i / 4;
		memcpy(rule.range.lo, &n, 4);
		memcpy(rule.range.hi, &n, 4);
		keys[i] = pgm_rule_key(&rule, i % 4);
	}
	qsort(keys, COUNT, sizeof(keys[0]), compare_keys);
	for (size_t i = 1; i < COUNT; i++)
		CHECK(keys[i - 1] != keys[i]);
}

static void until(void)
{
	struct pgm_rule rule = {0};

	CHECK_INT(pgm_rule_until(&rule, UTC, BOOT), PGM_FOREVER);
	rule = (struct pgm_rule){.expires_utc = UTC + 60, .expires_boot = BOOT + 10, .this_boot = true};
	CHECK_INT(pgm_rule_until(&rule, UTC, BOOT), BOOT + 10);
	CHECK_INT(pgm_rule_until(&rule, UTC + 1000, BOOT), BOOT + 10);
	rule.expires_boot = 0;
	CHECK_INT(pgm_rule_until(&rule, UTC, BOOT), 1);
	rule.expires_boot = 1ull << 40;
	CHECK_INT(pgm_rule_until(&rule, UTC, BOOT), PGM_FOREVER - 1);
	rule.this_boot = false;
	CHECK_INT(pgm_rule_until(&rule, UTC, BOOT), BOOT + 60);
	CHECK_INT(pgm_rule_until(&rule, UTC + 59, BOOT), BOOT + 1);
	CHECK_INT(pgm_rule_until(&rule, UTC + 60, BOOT), BOOT);
	CHECK_INT(pgm_rule_until(&rule, UTC + 160, BOOT), BOOT - 100);
	CHECK_INT(pgm_rule_until(&rule, UTC + 60 + BOOT, BOOT), 1);
	CHECK_INT(pgm_rule_until(&rule, UTC * 2ull, BOOT), 1);
	rule.expires_utc = UTC + (1ull << 40);
	CHECK_INT(pgm_rule_until(&rule, UTC, BOOT), PGM_FOREVER - 1);
}

static void lines_come_back(void)
{
	static const uint8_t masks[] = {0xff, 1, 2, 4, 3, 5, 6};

	setup();
	for (unsigned i = 0; i < 2000 * check_scale(); i++) {
		struct pgm_rule rule = random_rule(), back;
		char line[PGM_RULE_TEXT];
		struct pgm_error err;

		rule.class_id = PGM_CLASS_CLIENT;
		rule.scopes = masks[check_below(sizeof(masks))];
		rule.expires_utc = check_below(2) ? UTC + 1 + check_below(3653 * 86400) : 0;
		rule.comment = check_below(2) ? (char[]){"# \xc3\xbc # for=1h"} : NULL;
		int len = pgm_rule_format_line(&config, &rule, UTC, line, sizeof(line));
		if (parse(line, (size_t)len, &back, &err) != 1)
			check_fail(__FILE__, __LINE__, "\"%s\": %s", line, err.what);
		CHECK(memcmp(&rule.range, &back.range, sizeof(rule.range)) == 0);
		CHECK_INT(back.scopes, rule.scopes);
		CHECK_INT(back.expires_utc, rule.expires_utc);
		CHECK_STR(back.comment ? back.comment : "", rule.comment ? rule.comment : "");
		free(back.comment);
	}
}

static void expired_line_stays_dead(void)
{
	struct pgm_rule rule;
	char line[PGM_RULE_TEXT];

	CHECK_INT(parse("10.0.0.1 for=1h # x", 19, &rule, NULL), 1);
	CHECK_INT(pgm_rule_format_line(&config, &rule, UTC + 3599, line, sizeof(line)), 19);
	CHECK_STR(line, "10.0.0.1 for=1s # x");
	int len = pgm_rule_format_line(&config, &rule, UTC + 3600, line, sizeof(line));
	CHECK_HAS(line, "10.0.0.1");
	free(rule.comment);
	CHECK_INT(parse(line, (size_t)len, &rule, NULL), 0);
	CHECK_INT(pgm_rule_format_line(&config, &(struct pgm_rule){.range = {.family = 2}}, UTC, line, 3), 9);
}

CHECK_MAIN(CASE(class_names), CASE(good_lines), CASE(blank_lines), CASE(bad_lines), CASE(comment_length),
           CASE(folded_address), CASE(key_is_identity), CASE(keys_do_not_collide), CASE(until), CASE(lines_come_back),
           CASE(expired_line_stays_dead))

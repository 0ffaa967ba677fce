/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks: times and durations as text, forth and back, and what is refused. */
#include "common/clock.h"

#include <errno.h>
#include <time.h>

#include "lib/check.h"

#define LONGEST (3653ull * 86400)

static void utc_text(void)
{
	static const struct {
		uint64_t utc;
		const char *text;
	} rows[] = {
	        {0, "1970-01-01T00:00:00Z"},
	        {951782400, "2000-02-29T00:00:00Z"},
	        {1795496400, "2026-11-24T05:00:00Z"},
	        {4294967296, "2106-02-07T06:28:16Z"},
	        {253402300799, "9999-12-31T23:59:59Z"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[PGM_TIME_TEXT];
		uint64_t back;

		pgm_utc_format(rows[i].utc, text);
		CHECK_STR(text, rows[i].text);
		CHECK_INT(pgm_utc_parse(text, strlen(text), &back), 0);
		CHECK_INT(back, rows[i].utc);
	}
}

static void utc_behind_the_last(void)
{
	char text[PGM_TIME_TEXT];

	pgm_utc_format(253402300800, text);
	CHECK_STR(text, "9999-12-31T23:59:59Z");
	pgm_utc_format(UINT64_MAX, text);
	CHECK_STR(text, "9999-12-31T23:59:59Z");
}

static void utc_forth_and_back(void)
{
	for (unsigned i = 0; i < 20000 * check_scale(); i++) {
		uint64_t utc = check_below(253402300800), back = 0;
		char text[PGM_TIME_TEXT];

		pgm_utc_format(utc, text);
		CHECK_INT(strlen(text), 20);
		CHECK_INT(pgm_utc_parse(text, 20, &back), 0);
		CHECK_INT(back, utc);
	}
}

static void utc_refused(void)
{
	static const char *const texts[] = {
	        "",
	        "2026-11-24",
	        "2026-11-24T05:00:00",
	        "2026-11-24T05:00:00z",
	        "2026-11-24 05:00:00Z",
	        "2026-11-24T05:00:00ZZ",
	        "2026/11/24T05:00:00Z",
	        "2026-13-24T05:00:00Z",
	        "2026-00-24T05:00:00Z",
	        "2026-02-30T05:00:00Z",
	        "2026-02-29T05:00:00Z",
	        "2026-11-00T05:00:00Z",
	        "2026-11-24T24:00:00Z",
	        "2026-11-24T05:60:00Z",
	        "2026-11-24T05:00:60Z",
	        "2026-11-24T05:00:-1Z",
	        "-026-11-24T05:00:00Z",
	        "+026-11-24T05:00:00Z",
	        "1969-12-31T23:59:59Z",
	        "0000-01-01T00:00:00Z",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t out = 42;

		CHECK_INT(pgm_utc_parse(texts[i], strlen(texts[i]), &out), -EINVAL);
		CHECK_INT(out, 42);
	}
}

static void durations(void)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} rows[] = {
	        {"1s", 1},      {"90s", 90},     {"15m", 900},       {"2h", 7200},
	        {"7d", 604800}, {"2h30m", 9000}, {"1d1s", 86401},    {"1d2h3m4s", 93784},
	        {"007s", 7},    {"0h5m", 300},   {"3653d", LONGEST}, {"315619200s", LONGEST},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t seconds;

		CHECK_INT(pgm_duration_parse(rows[i].text, strlen(rows[i].text), &seconds), 0);
		CHECK_INT(seconds, rows[i].seconds);
	}
}

static void durations_refused(void)
{
	static const char *const texts[] = {
	        "",
	        "5",
	        "5 m",
	        "m",
	        "-5m",
	        "+5m",
	        "1.5h",
	        "5M",
	        "5w",
	        "5m5m",
	        "5m2h",
	        "5mm",
	        "2h30",
	        " 2h",
	        "2h ",
	        "0s",
	        "0d0s",
	        "3654d",
	        "3653d1s",
	        "18446744073709551616s",
	        "18446744073709551615d",
	        "213503982334602d",
	        "99999999999999999999999999999999d",
	        "315619201s",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t out = 42;

		if (pgm_duration_parse(texts[i], strlen(texts[i]), &out) != -EINVAL)
			check_fail(__FILE__, __LINE__, "\"%s\" is accepted", texts[i]);
		CHECK_INT(out, 42);
	}
	uint64_t out;
	CHECK_INT(pgm_duration_parse("5m\0", 3, &out), -EINVAL);
}

static void durations_printed(void)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
	        {0, "0s"},
	        {14, "14s"},
	        {60, "1m"},
	        {61, "1m 1s"},
	        {7500, "2h 5m"},
	        {7559, "2h 5m"},
	        {7200, "2h"},
	        {86400, "1d"},
	        {86700, "1d"},
	        {529200, "6d 3h"},
	        {UINT64_MAX, "213503982334601d 7h"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[40];

		pgm_duration_format(rows[i].seconds, text, sizeof(text));
		CHECK_STR(text, rows[i].text);
	}
	char narrow[3];
	pgm_duration_format(7500, narrow, sizeof(narrow));
	CHECK_STR(narrow, "2h");
}

static void readings(void)
{
	uint64_t boot = pgm_boottime_now_ns(), mono = pgm_monotonic_now_ns();
	time_t before = time(NULL);
	uint64_t utc = pgm_utc_now();

	CHECK(boot > 0 && pgm_boottime_now_ns() >= boot);
	CHECK(mono > 0 && pgm_monotonic_now_ns() >= mono);
	/* time() reads the coarse clock, which may lag behind by a tick. */
	CHECK(utc >= (uint64_t)before && utc <= (uint64_t)time(NULL) + 1);
}

static void boot_id(void)
{
	char one[PGM_BOOT_ID], two[PGM_BOOT_ID];

	CHECK_INT(pgm_boot_id(one), 0);
	CHECK_INT(strlen(one), 36);
	CHECK_INT(strspn(one, "0123456789abcdef-"), 36);
	CHECK_INT(pgm_boot_id(two), 0);
	CHECK_STR(one, two);
}

CHECK_MAIN(CASE(utc_text), CASE(utc_behind_the_last), CASE(utc_forth_and_back), CASE(utc_refused), CASE(durations),
           CASE(durations_refused), CASE(durations_printed), CASE(readings), CASE(boot_id))

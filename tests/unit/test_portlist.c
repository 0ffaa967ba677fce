/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of ports as the kernel writes them: read, printed, refused. */
#include "gate/portlist.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/check.h"

static uint64_t ports[PGM_PORT_WORDS];

static int parse(const char *text)
{
	return pgm_portlist_parse(text, strlen(text), ports);
}

static void same_text_back(void)
{
	static const char *const texts[] = {
	        "\n", "5432\n", "0-65535\n", "5432,6432,50001-50032\n", "0,2-3,65535\n", "63-64,127-128\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CHECK_INT(parse(texts[i]), 0);
		char *back = pgm_portlist_format(ports);
		CHECK(back != NULL);
		CHECK_STR(back, texts[i]);
		free(back);
	}
	CHECK_INT(parse(""), 0);
	CHECK_INT(parse("6432,5432,5432-5433"), 0);
}

static void refused(void)
{
	static const char *const texts[] = {",",     "1,",      ",1",   "1,,2", "65536", "99999999999999999999",
	                                    "-1",    "1-",      "2-1",  "a",    "1 ",    "1;2",
	                                    "1-2-3", "1-65536", "0x10", "1\n2", "+1"};

	CHECK_INT(parse("7"), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (parse(texts[i]) != -EINVAL)
			check_fail(__FILE__, __LINE__, "\"%s\" is taken", texts[i]);
	CHECK_INT(ports[0], 1u << 7);
	CHECK_INT(pgm_portlist_parse("1\0002", 3, ports), -EINVAL);
}

static void the_longest_list(void)
{
	for (size_t i = 0; i < PGM_PORT_WORDS; i++)
		ports[i] = 0xaaaaaaaaaaaaaaaaull;
	char *text = pgm_portlist_format(ports);
	CHECK(text != NULL);
	CHECK(strlen(text) < PGM_PORTLIST_MAX);
	CHECK_INT(parse(text), 0);
	for (size_t i = 0; i < PGM_PORT_WORDS; i++)
		CHECK(ports[i] == 0xaaaaaaaaaaaaaaaaull);
	free(text);
}

static void random_sets(void)
{
	uint64_t want[PGM_PORT_WORDS];

	for (unsigned round = 0; round < 50 * check_scale(); round++) {
		for (size_t i = 0; i < PGM_PORT_WORDS; i++)
			want[i] = check_below(4) ? 0 : check_random() & check_random();
		char *text = pgm_portlist_format(want);
		CHECK(text != NULL);
		CHECK_INT(parse(text), 0);
		free(text);
		CHECK(memcmp(ports, want, sizeof(want)) == 0);
	}
}

CHECK_MAIN(CASE(same_text_back), CASE(refused), CASE(the_longest_list), CASE(random_sets))

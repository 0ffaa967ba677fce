/* SPDX-License-Identifier: Apache-2.0 */
/* Reserved ports: ours are added and given back, those of others stay, whatever happens in between. */
#include "gate/reserved.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/sandbox.h"

#define SYSCTL "/proc/sys/net/ipv4/ip_local_reserved_ports"

static struct pgm_config config;
static struct pgm_error err;

static void configure(const char *scopes)
{
	char text[4096];

	pgm_config_free(&config);
	snprintf(text, sizeof(text), "[daemon]\nstate_dir = %s\n[scopes]\n%s", sandbox_folder(), scopes);
	CHECK_INT(pgm_config_parse(text, strlen(text), "test", stderr, &config), 0);
}

static void begin(const char *reserved, const char *scopes)
{
	sandbox_sh("rm -f %s/reserved-ports; echo '%s' > " SYSCTL, sandbox_folder(), reserved);
	configure(scopes);
}

static void check_reserved(const char *want)
{
	static char got[300000];
	FILE *file = fopen(SYSCTL, "re");

	CHECK(file != NULL);
	setvbuf(file, NULL, _IOFBF, sizeof(got)); /* the kernel answers only the first read */
	size_t len = fread(got, 1, sizeof(got) - 1, file);
	fclose(file);
	got[len] = '\0';
	got[strcspn(got, "\n")] = '\0';
	if (strlen(want) > 1000)
		CHECK(strcmp(got, want) == 0); /* too long to print */
	else
		CHECK_STR(got, want);
}

static void apply(void)
{
	if (pgm_reserved_apply(&config, &err) < 0)
		check_fail(__FILE__, __LINE__, "%s", err.what);
}

static void remove_ours(void)
{
	if (pgm_reserved_remove(&config, &err) < 0)
		check_fail(__FILE__, __LINE__, "%s", err.what);
	sandbox_sh("! test -e %s/reserved-ports", sandbox_folder());
}

static void added_and_given_back(void)
{
	begin("5432,8000-8002", "direct = 5432\npooler = 6432, 50001-50004\n");
	apply();
	check_reserved("5432,6432,8000-8002,50001-50004");
	apply();
	check_reserved("5432,6432,8000-8002,50001-50004");
	remove_ours();
	check_reserved("5432,8000-8002");
	remove_ours();
}

static void ports_that_are_no_longer_guarded(void)
{
	begin("", "direct = 5432\npooler = 6432, 50001-50004\n");
	apply();
	configure("direct = 5432\nlate = 50004-50005\n");
	apply();
	check_reserved("5432,50004-50005");
	remove_ours();
	check_reserved("");
}

/* Others add and take away while we run; a port of ours that they took out is not missed. */
static void others_change_the_list_meanwhile(void)
{
	begin("", "direct = 5432\npooler = 6432\n");
	apply();
	sandbox_sh("echo 5432,9000 > " SYSCTL);
	remove_ours();
	check_reserved("9000");
}

/* A reboot empties the list: what is there then was reserved by somebody else. */
static void another_boot(void)
{
	begin("", "direct = 5432\npooler = 6432\n");
	apply();
	sandbox_sh("sed -i 's/^boot ......../boot 00000000/' %s/reserved-ports", sandbox_folder());
	sandbox_sh("echo 5432,7000 > " SYSCTL);
	apply();
	check_reserved("5432,6432,7000");
	remove_ours();
	check_reserved("5432,7000");
}

/* Noted as ours, but never added: a crash between the two. */
static void a_note_too_many(void)
{
	begin("", "direct = 5432\npooler = 6432\n");
	apply();
	sandbox_sh("echo 6432 > " SYSCTL);
	apply();
	check_reserved("5432,6432");
	remove_ours();
	check_reserved("");
}

static void a_damaged_note(void)
{
	static const char *const notes[] = {"", "boot", "garbage\n", "boot \n", "boot 0\n5432\n"};

	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		begin("7000", "direct = 5432\npooler = 6432\n");
		sandbox_sh("printf '%s' > %s/reserved-ports", notes[i], sandbox_folder());
		apply();
		check_reserved("5432,6432,7000");
		remove_ours();
		check_reserved("7000");
	}
}

/* Longer than a page, which the kernel takes in parts: others' 20,000 single ports are still there afterwards. */
static void a_long_list(void)
{
	static char with_ours[300000] = "5432,6432,";
	char *want = with_ours + strlen("5432,6432,"), *end = want;

	for (unsigned port = 10001; port < 50000; port += 2)
		end += sprintf(end, "%s%u", end == want ? "" : ",", port);
	begin("", "direct = 5432\npooler = 6432\n");
	sandbox_sh("seq -s, 10001 2 49999 | dd of=" SYSCTL " bs=1M iflag=fullblock status=none");
	check_reserved(want);
	apply();
	check_reserved(with_ours);
	remove_ours();
	check_reserved(want);
}

static void no_state_folder(void)
{
	begin("7000", "direct = 5432\n");
	snprintf(config.state_dir, sizeof(config.state_dir), "%s/missing", sandbox_folder());
	CHECK(pgm_reserved_apply(&config, &err) < 0);
	CHECK_HAS(err.what, "missing");
	check_reserved("7000"); /* what can't be remembered is not added */
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(added_and_given_back),
	        CASE(ports_that_are_no_longer_guarded),
	        CASE(others_change_the_list_meanwhile),
	        CASE(another_boot),
	        CASE(a_note_too_many),
	        CASE(a_damaged_note),
	        CASE(a_long_list),
	        CASE(no_state_folder),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

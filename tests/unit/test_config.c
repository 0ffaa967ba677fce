/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: defaults, every key, every refusal with its line, conf.d, whose files are trusted, the dump. */
#include "common/config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "lib/check.h"
#include "lib/sandbox.h"
#include "pgmoat/gate_abi.h"

static struct pgm_config config; /* of the last load; too large for a comfortable stack */
static char *said;               /* what the last load reported */

static int parse_bytes(const char *text, size_t len)
{
	PGM_FREE char *exact = malloc(len ? len : 1);
	size_t size;

	free(said);
	said = NULL;
	memcpy(exact, text, len);
	FILE *errors = open_memstream(&said, &size);
	int r = pgm_config_parse(exact, len, "t", errors, &config);
	fclose(errors);
	return r;
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static int load(const char *path, bool named)
{
	size_t size;

	free(said);
	said = NULL;
	FILE *errors = open_memstream(&said, &size);
	int r = pgm_config_load(path, named, errors, &config);
	fclose(errors);
	return r;
}

static void accept(const char *text)
{
	if (parse(text) != 0)
		check_fail(__FILE__, __LINE__, "refused:\n%s", said);
	CHECK_STR(said, "");
}

static bool guards(unsigned scope, unsigned port)
{
	return config.scopes[scope].ports[port >> 6] >> (port & 63) & 1;
}

static void defaults(void)
{
	static const char *const empties[] = {"", "\n", "# nothing\n; nothing\n\n", "[gate]\n[system]\n"};

	for (size_t i = 0; i < sizeof(empties) / sizeof(empties[0]); i++) {
		accept(empties[i]);
		CHECK_STR(config.path, "t");
		CHECK_STR(config.state_dir, "/var/lib/pgmoat");
		CHECK_STR(config.run_dir, "/run/pgmoat");
		CHECK_STR(config.pin_dir, "/sys/fs/bpf/pgmoat");
		CHECK_STR(config.metrics_group, "pgmoat");
		CHECK(config.interfaces_auto);
		CHECK_INT(config.attach_mode, PGM_ATTACH_AUTO);
		CHECK_INT(config.scope_count, 2);
		CHECK_STR(config.scopes[0].name, "direct");
		CHECK_STR(config.scopes[1].name, "pooler");
		CHECK(guards(0, 5432) && guards(1, 6432) && !guards(0, 6432));
		CHECK_INT(config.system_count, 0);
		pgm_config_free(&config);
	}
}

static void every_key(void)
{
	accept("[daemon]\n"
	       "state_dir = /srv/moat/   ; its slash goes\n"
	       "run_dir=/run/m\n"
	       "[gate] # the gate\n"
	       "  interfaces : eth0, wlan0.100\n"
	       "\tmode = native # really\n"
	       "pin_dir = /sys/fs/bpf/a/b\n"
	       "metrics_group = wheel\n"
	       "[scopes]\n"
	       "direct = 5432\n"
	       "pooler = 6432 , 50001 - 50032,1,65535\n"
	       "[system]\n"
	       "replication = 10.0.0.0/8, ::ffff:1.2.3.4\n"
	       "monitoring = 192.0.2.1-192.0.2.9");
	CHECK_STR(config.state_dir, "/srv/moat");
	CHECK_STR(config.run_dir, "/run/m");
	CHECK(!config.interfaces_auto);
	CHECK_INT(config.interface_count, 2);
	CHECK_STR(config.interfaces[0], "eth0");
	CHECK_STR(config.interfaces[1], "wlan0.100");
	CHECK_INT(config.attach_mode, PGM_ATTACH_NATIVE);
	CHECK_STR(config.pin_dir, "/sys/fs/bpf/a/b");
	CHECK_STR(config.metrics_group, "wheel");
	CHECK_INT(config.scope_count, 2);
	CHECK(guards(1, 1) && guards(1, 6432) && guards(1, 50001) && guards(1, 50032) && guards(1, 65535));
	CHECK(!guards(1, 50000) && !guards(1, 50033) && !guards(1, 5432));
	CHECK_INT(config.system_count, 3);
	CHECK_INT(config.system[1].class_id, PGM_CLASS_REPLICATION);
	CHECK_INT(config.system[1].range.prefix_len, 32);
	CHECK_INT(config.system[2].class_id, PGM_CLASS_MONITORING);
	CHECK_INT(config.system[2].range.prefix_len, -1);
	pgm_config_free(&config);
}

static void shapes_of_lines(void)
{
	accept("\xef\xbb\xbf[gate]\r\nmode = tc\r\n\r\n[daemon]\r\nrun_dir = /run/a;b#c\r\n");
	CHECK_INT(config.attach_mode, PGM_ATTACH_TC);
	CHECK_STR(config.run_dir, "/run/a;b#c");
	pgm_config_free(&config);
}

static void one_scope_replaces_the_defaults(void)
{
	accept("[scopes]\nmain = 5433\n");
	CHECK_INT(config.scope_count, 1);
	CHECK_STR(config.scopes[0].name, "main");
	CHECK(guards(0, 5433) && !guards(0, 5432));
	pgm_config_free(&config);
}

static const struct bad {
	const char *text;
	const char *said;
} bads[] = {
        {"x = 1\n", "t:1: a key before"},
        {"[nope]\nx = 1\n", "t:1: unknown section \"nope\""},
        {"[]\n", "t:1: unknown section \"\""},
        {"[ gate ]\n", "t:1: unknown section \" gate \""},
        {"[Gate]\n", "t:1: unknown section \"Gate\""},
        {"[gate\nmode = tc\n", "t:1: \"[gate\" is not a section"},
        {"[gate] mode = tc\n", "t:1: \"[gate] mode = tc\" is not a section"},
        {"[gate]\nmod = tc\n",
         "t:2: unknown key \"mod\" in [gate]; there are interfaces, mode, pin_dir, metrics_group"},
        {"[gate]\nnonsense\n", "t:2: \"nonsense\" is neither"},
        {"[gate]\nnonsense ; mode = tc\n", "t:2: \"nonsense ; mode = tc\" is neither"},
        {"[gate]\n= tc\n", "t:2: unknown key \"\""},
        {"[gate]\nmode = tc\nmode = tc\n", "t:3: mode is set on line 2 already"},
        {"[gate]\nmode = tc\n[daemon]\n[gate]\nmode = tc\n", "t:5: mode is set on line 2 already"},
        {"[gate]\nmode =\n", "t:2: mode: \"\" is none of auto, native, tc, generic"},
        {"[gate]\nmode = TC\n", "t:2: mode: \"TC\" is none of"},
        {"[gate]\ninterfaces =\n", "t:2: interfaces: \"\" is not the name"},
        {"[gate]\ninterfaces = a,,b\n", "t:2: interfaces: \"\" is not the name"},
        {"[gate]\ninterfaces = eth0 eth1\n", "t:2: interfaces: \"eth0 eth1\" is not the name"},
        {"[gate]\ninterfaces = a/b\n", "t:2: interfaces: \"a/b\" is not the name"},
        {"[gate]\ninterfaces = ..\n", "t:2: interfaces: \"..\" is not the name"},
        {"[gate]\ninterfaces = abcdefghijklmnop\n", "t:2: interfaces: \"abcdefghijklmnop\" is not the name"},
        {"[gate]\ninterfaces = eth0, auto\n", "t:2: interfaces: \"auto\" stands alone"},
        {"[gate]\ninterfaces = eth0, eth0\n", "t:2: interfaces: \"eth0\" is named twice"},
        {"[gate]\npin_dir = pgmoat\n", "t:2: pin_dir: \"pgmoat\" is not an absolute path"},
        {"[gate]\npin_dir = /sys/fs/bpf/pg.moat\n", "t:2: pin_dir: \"/sys/fs/bpf/pg.moat\" has a dot"},
        {"[gate]\npin_dir = /sys/fs/bpf/a.b/c\n", "has a dot"},
        {"[gate]\nmetrics_group =\n", "t:2: metrics_group: \"\" is not the name of a group"},
        {"[gate]\nmetrics_group = a:b\n", "t:2: metrics_group: \"a:b\""},
        {"[daemon]\nstate_dir =\n", "t:2: state_dir: \"\" is not an absolute path"},
        {"[daemon]\nstate_dir = /\n", "t:2: state_dir: \"/\" is not an absolute path to a folder"},
        {"[daemon]\nstate_dir = /a b\n", "t:2: state_dir: \"/a b\" has a blank in it"},
        {"[daemon]\nstate_dir = /a/# b /\n", "has a blank"},
        {"[gate]\ninterfaces =#a\n", "t:2: interfaces: \"#a\" is not the name"},
        {"[gate]\ninterfaces = a,;b\n", "t:2: interfaces: \";b\" is not the name"},
        {"[gate]\nmetrics_group =;a\n", "t:2: metrics_group: \";a\" is not the name"},
        {"[daemon]\nstate_dir = /a/../b\n", "t:2: state_dir: \"/a/../b\" goes up"},
        {"[daemon]\nstate_dir = /a/..\n", "goes up"},
        {"[daemon]\nrun_dir = /234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
         "901234567\n",
         "t:2: run_dir: the path is longer than 94 bytes"},
        {"[daemon]\nrun_dir = /a\001\n", "t:2: the line holds a control character"},
        {"[scopes]\n", "t:1: [scopes] names no scope"},
        {"[scopes]\ndirect =\n", "t:2: scope \"direct\": has no ports"},
        {"[scopes]\ndirect = 0\n", "t:2: scope \"direct\": \"0\" is not a port"},
        {"[scopes]\ndirect = 65536\n", "\"65536\" is not a port"},
        {"[scopes]\ndirect = 99999999999999999999\n", "is not a port"},
        {"[scopes]\ndirect = 5432,\n", "\"\" is not a port"},
        {"[scopes]\ndirect = 05432\n", "\"05432\" is not a port"},
        {"[scopes]\ndirect = -5432\n", "\"-5432\" is not a port"},
        {"[scopes]\ndirect = 5432-\n", "\"5432-\" is not a port"},
        {"[scopes]\ndirect = 5-4\n", "\"5-4\" ends before it starts"},
        {"[scopes]\ndirect = 1-2-3\n", "\"1-2-3\" is not a port"},
        {"[scopes]\ndirect = postgres\n", "\"postgres\" is not a port"},
        {"[scopes]\nall = 5432\n", "t:2: \"all\" can't be the name of a scope"},
        {"[scopes]\nDirect = 5432\n", "t:2: \"Direct\" can't be"},
        {"[scopes]\n1a = 5432\n", "t:2: \"1a\" can't be"},
        {"[scopes]\na.b = 5432\n", "t:2: \"a.b\" can't be"},
        {"[scopes]\na234567890123456789012345678901x = 1\n", "can't be the name"},
        {"[scopes]\na = 1\na = 2\n", "t:3: scope \"a\" is set on line 2 already"},
        {"[scopes]\na = 5432\nb = 6432, 5000-6000\n", "t:3: port 5432 is in scope \"a\" and in scope \"b\""},
        {"[scopes]\na=1\nb=2\nc=3\nd=4\ne=5\nf=6\ng=7\nh=8\ni=9\n", "t:10: scope \"i\" is one too many"},
        {"[system]\nreplication = 10.0.0.1/8\n",
         "t:2: replication: \"10.0.0.1/8\" has host bits set under its mask; did "
         "you mean 10.0.0.0/8?"},
        {"[system]\nmonitoring = 10.0.0.0/8,\n", "t:2: monitoring: the address is empty"},
        {"[system]\nprivate = 10.0.0.0/8\n",
         "t:2: unknown key \"private\" in [system]; there are replication, monitoring"},
};

static void refuses(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		memset(&config, 0x5a, sizeof(config));
		CHECK_INT(parse(bads[i].text), -EINVAL);
		CHECK_HAS(said, bads[i].said);
		CHECK(strchr(said, '\n') == said + strlen(said) - 1); /* one error, one line */
		CHECK_INT(config.path[0], 0x5a);
	}
}

static void zero_bytes(void)
{
	static const char text[] = "[gate]\nmode = tc\0 # hidden\n";

	CHECK_INT(parse_bytes(text, sizeof(text) - 1), -EINVAL);
	CHECK_STR(said, "t:2: the line holds a control character\n");
}

static void all_errors_in_one_pass(void)
{
	CHECK_INT(parse("[gate]\nmode = x\nfoo = 1\n[daemon]\nstate_dir = a\n[scopes]\na = 0\nb = 1\n"
	                "[system]\nreplication = a.b, 1.2.3.4/8, ::1\n"),
	          -EINVAL);
	CHECK_STR(said, "t:2: mode: \"x\" is none of auto, native, tc, generic\n"
	                "t:3: unknown key \"foo\" in [gate]; there are interfaces, mode, pin_dir, metrics_group\n"
	                "t:5: state_dir: \"a\" is not an absolute path to a folder\n"
	                "t:7: scope \"a\": \"0\" is not a port from 1 to 65535, nor a range of them\n"
	                "t:10: replication: \"a.b\" is a name, not an address; names are not looked up: give the "
	                "address itself\n"
	                "t:10: replication: \"1.2.3.4/8\" has host bits set under its mask; did you mean 1.0.0.0/8?\n");
}

/* libinih cuts lines at 200 bytes unless it is told better. */
static void long_lines(void)
{
	const size_t size = 300 * 1024;
	PGM_FREE char *text = malloc(size);
	size_t used = (size_t)sprintf(text, "[system]\nreplication = ");

	for (int i = 0; i < 1024; i++)
		used += (size_t)sprintf(text + used, "%s10.%d.%d.0/24", i ? ", " : "", i / 256, i % 256);
	sprintf(text + used, "\n[gate]\nmode = tc\n");
	accept(text);
	CHECK_INT(config.system_count, 1024);
	CHECK_INT(config.attach_mode, PGM_ATTACH_TC);
	pgm_config_free(&config);

	sprintf(text + used, ", 1.2.3.4\n");
	CHECK_INT(parse(text), -EINVAL);
	CHECK_STR(said, "t:2: replication: more than 1024 addresses\n");

	for (size_t line = 256 * 1024 - 4; line <= 256 * 1024 + 300; line++) {
		memset(text, ' ', line);
		memcpy(text, "[gate]\nmode = tc", 16);
		bool fits = line - 7 <= 256 * 1024 - 3;
		CHECK_INT(parse_bytes(text, line), fits ? 0 : -EINVAL);
		CHECK_STR(said, fits ? "" : "t:2: the line is longer than 256 KiB\n");
		if (fits)
			pgm_config_free(&config);
	}
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	CHECK(f != NULL);
	fputs(text, f);
	CHECK(fclose(f) == 0 && chmod(path, mode) == 0);
}

static void conf_d(void)
{
	const char *root = sandbox_folder();
	char path[PATH_MAX], want[PATH_MAX];

	sandbox_sh("rm -rf %s/etc && mkdir -p -m 755 %s/etc/conf.d", root, root);
	snprintf(path, sizeof(path), "%s/etc/pgmoat.conf", root);
	write_file(path,
	           "[gate]\nmode = tc\ninterfaces = a, b\n[scopes]\none = 1\ntwo = 2\n[system]\nmonitoring = ::1\n"
	           "replication = ::2\n",
	           0644);
	sandbox_sh("printf '[gate]\\nmode = native\\n' > %s/etc/conf.d/10-a.conf", root);
	sandbox_sh("printf '[gate]\\nmode = generic\\ninterfaces = c\\n' > %s/etc/conf.d/9-b.conf", root);
	sandbox_sh("printf '[scopes]\\none = 11\\nthree = 1\\n[system]\\nmonitoring = ::3, ::4\\n' "
	           "> %s/etc/conf.d/Z.conf",
	           root);
	sandbox_sh("cd %s/etc/conf.d && printf nonsense | tee .hidden.conf x.conf~ x.conf.bak conf .conf >/dev/null",
	           root);
	if (load(path, true) != 0)
		check_fail(__FILE__, __LINE__, "%s", said);
	CHECK_STR(config.path, path);
	CHECK_INT(config.attach_mode, PGM_ATTACH_GENERIC); /* '1' < '9' < 'Z' */
	CHECK_INT(config.interface_count, 1);
	CHECK_STR(config.interfaces[0], "c");
	CHECK_INT(config.scope_count, 3);
	CHECK(guards(0, 11) && !guards(0, 1) && guards(1, 2) && guards(2, 1));
	CHECK_INT(config.system_count, 3);
	pgm_config_free(&config);

	/* errors of all files at once, each with its own name; a conflict is told where it arose */
	sandbox_sh("printf '[gate]\\nmode = x\\n' > %s/etc/conf.d/10-a.conf", root);
	sandbox_sh("printf '[scopes]\\none = 2\\n' > %s/etc/conf.d/Z.conf", root);
	sandbox_sh("printf '[gate]\\ny = x\\n' > %s/etc/conf.d/9-b.conf", root);
	CHECK_INT(load(path, true), -EINVAL);
	snprintf(want, sizeof(want), "%s/etc/conf.d/10-a.conf:2: mode", root);
	CHECK_HAS(said, want);
	snprintf(want, sizeof(want), "%s/etc/conf.d/9-b.conf:2: unknown key", root);
	CHECK_HAS(said, want);
	CHECK_HAS(said, "port 2 is in scope \"one\" and in scope \"two\"");
}

static void missing_files(void)
{
	char path[PATH_MAX];

	sandbox_sh("rm -rf %s/etc && mkdir -p -m 755 %s/etc/conf.d", sandbox_folder(), sandbox_folder());
	snprintf(path, sizeof(path), "%s/etc/pgmoat.conf", sandbox_folder());
	CHECK_INT(load(path, false), 0);
	CHECK_INT(config.scope_count, 2);
	pgm_config_free(&config);
	CHECK_INT(load(path, true), -EINVAL);
	CHECK_HAS(said, "pgmoat.conf: cannot read the configuration: No such file or directory\n");

	sandbox_sh("printf '[gate]\\nmode = tc\\n' > %s/etc/conf.d/a.conf", sandbox_folder());
	CHECK_INT(load(path, false), 0);
	CHECK_INT(config.attach_mode, PGM_ATTACH_TC);
	pgm_config_free(&config);

	sandbox_sh("mkdir %s", path);
	CHECK_INT(load(path, false), -EINVAL);
	CHECK_HAS(said, "Is a directory");
}

static void whose_files(void)
{
	const char *root = sandbox_folder();
	char path[PATH_MAX];

	sandbox_sh("rm -rf %s/etc && mkdir -p -m 755 %s/etc", root, root);
	snprintf(path, sizeof(path), "%s/etc/pgmoat.conf", root);
	write_file(path, "", 0664);
	CHECK_INT(load(path, true), -EINVAL);
	CHECK_HAS(said, "pgmoat.conf: the file is refused: others than its owner can write it (mode 0664)");
	write_file(path, "", 0602);
	CHECK_INT(load(path, true), -EINVAL);
	CHECK_HAS(said, "others than its owner");
	write_file(path, "", 0600);
	sandbox_sh("chown 12345 %s", path);
	CHECK_INT(load(path, true), -EINVAL);
	CHECK_HAS(said, "it belongs to user 12345; it must belong to root");
	sandbox_sh("chown 0 %s && mkdir -m 777 %s/etc/conf.d", path, root);
	CHECK_INT(load(path, true), 0); /* a folder without our files is none of our business */
	pgm_config_free(&config);
	sandbox_sh("touch %s/etc/conf.d/a.conf", root);
	CHECK_INT(load(path, true), -EINVAL);
	CHECK_HAS(said, "conf.d: the folder is refused");
	sandbox_sh("chmod 755 %s/etc/conf.d && chmod 666 %s/etc/conf.d/a.conf", root, root);
	CHECK_INT(load(path, true), -EINVAL);
	CHECK_HAS(said, "conf.d/a.conf: the file is refused");
}

static char *dump(void)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	pgm_config_dump(&config, out);
	fclose(out);
	return text;
}

static void dump_text(void)
{
	accept("[scopes]\na = 1-3,5\n[gate]\ninterfaces = x,y\n[system]\nreplication = ::ffff:1.2.3.0/120,::1\n");
	PGM_FREE char *text = dump();
	CHECK_STR(text, "[daemon]\nstate_dir = /var/lib/pgmoat\nrun_dir = /run/pgmoat\n\n"
	                "[gate]\ninterfaces = x, y\nmode = auto\npin_dir = /sys/fs/bpf/pgmoat\n"
	                "metrics_group = pgmoat\n\n"
	                "[scopes]\na = 1-3, 5\n\n"
	                "[system]\nreplication = 1.2.3.0/24, ::1\nmonitoring =\n");
	pgm_config_free(&config);
}

/* What is dumped reads back as the same, the longest line too: every other port lone in one scope. */
static void dump_and_back(void)
{
	PGM_FREE char *text = malloc(256 * 1024);
	size_t used = (size_t)sprintf(text, "[scopes]\na234567890123456789012345678901 = 1");

	for (unsigned port = 3; port <= 65535; port += 2)
		used += (size_t)sprintf(text + used, ",%u", port);
	accept(text);
	PGM_FREE char *once = dump();
	CHECK(strlen(once) > 200 * 1024);
	pgm_config_free(&config);
	accept(once);
	PGM_FREE char *twice = dump();
	CHECK(strcmp(once, twice) == 0);
	pgm_config_free(&config);
}

static void scope_names(void)
{
	struct pgm_error err;
	uint8_t mask = 42;
	char text[64];

	accept("[scopes]\na = 1\nbb = 2\nc = 3\n");
	static const struct {
		const char *text;
		uint8_t mask;
		const char *printed;
	} rows[] = {
	        {"a", 1, "a"},
	        {"bb", 2, "bb"},
	        {"c,a", 5, "a,c"},
	        {"a,a", 1, "a"},
	        {"c,bb,a", PGM_ALL_SCOPES, "all"},
	        {"all", PGM_ALL_SCOPES, "all"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(pgm_scopes_parse(&config, rows[i].text, strlen(rows[i].text), &mask, &err), 0);
		CHECK_INT(mask, rows[i].mask);
		pgm_scopes_format(&config, mask, text, sizeof(text));
		CHECK_STR(text, rows[i].printed);
	}
	static const char *const bad[] = {"", ",", "a,", ",a", "b", "bbb", "a, c", "A", "a,,c"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		mask = 42;
		CHECK_INT(pgm_scopes_parse(&config, bad[i], strlen(bad[i]), &mask, &err), -EINVAL);
		CHECK_INT(mask, 42);
		CHECK_HAS(err.what, "is not a scope");
		CHECK_STR(err.hint, "the scopes are: a, bb, c, all");
	}
	CHECK_INT(pgm_scopes_parse(&config, "a\0", 2, &mask, &err), -EINVAL);
	CHECK_INT(pgm_scopes_parse(&config, "abb", 1, &mask, &err), 0); /* the text ends where len says */
	pgm_scopes_format(&config, 7, text, 4);
	CHECK_STR(text, "a,b");
	pgm_scopes_format(&config, 0, text, sizeof(text));
	CHECK_STR(text, "");
	pgm_config_free(&config);
}

static void port_text(void)
{
	char text[64], narrow[12];

	accept("[scopes]\na = 6432, 50001-50032, 65535, 1, 2\n");
	pgm_ports_format(config.scopes[0].ports, text, sizeof(text));
	CHECK_STR(text, "1-2, 6432, 50001-50032, 65535");
	pgm_ports_format(config.scopes[0].ports, narrow, sizeof(narrow));
	CHECK_STR(narrow, "1-2, 643...");
	pgm_config_free(&config);
	accept("[scopes]\na = 1-65535\n");
	pgm_ports_format(config.scopes[0].ports, text, sizeof(text));
	CHECK_STR(text, "1-65535");
	pgm_config_free(&config);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(defaults),
	        CASE(every_key),
	        CASE(shapes_of_lines),
	        CASE(one_scope_replaces_the_defaults),
	        CASE(refuses),
	        CASE(zero_bytes),
	        CASE(all_errors_in_one_pass),
	        CASE(long_lines),
	        CASE(conf_d),
	        CASE(missing_files),
	        CASE(whose_files),
	        CASE(dump_text),
	        CASE(dump_and_back),
	        CASE(scope_names),
	        CASE(port_text),
	};

	sandbox_enter();
	int r = check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	free(said);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* filter.rules: comes back as it was, or is refused; old or new after a crash; never wider than it was written. */
#include "gate/rulesfile.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/durable.h"
#include "gate/rulesfile_internal.h"
#include "lib/check.h"
#include "lib/random_rules.h"
#include "lib/sandbox.h"

#define BOOT_ID    "01234567-89ab-cdef-0123-456789abcdef"
#define OTHER_BOOT "76543210-89ab-cdef-0123-456789abcdef"

static struct pgm_config config; /* of the case that runs; fresh() fills it */

static void use_scopes(struct pgm_config *to, const char *scopes)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "[scopes]\n%s", scopes);

	pgm_config_free(to);
	CHECK_INT(pgm_config_parse(text, (size_t)len, "test", stderr, to), 0);
}

/* A new state folder. */
static void fresh(void)
{
	static unsigned number;
	static struct pgm_config parsed;

	use_scopes(&parsed, "direct = 5432\npooler = 6432\nreports = 7000\n");
	config = parsed;
	snprintf(config.state_dir, sizeof(config.state_dir), "%s/%u", sandbox_folder(), number++);
	CHECK_INT(mkdir(config.state_dir, 0700), 0);
}

static const char *path_of(const char *name)
{
	static char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", config.state_dir, name);
	return path;
}

static void write_file(const char *name, const char *text, size_t len)
{
	PGM_FCLOSE FILE *file = fopen(path_of(name), "w");

	CHECK(file);
	CHECK_INT(fwrite(text, 1, len, file), len);
}

struct memory {
	char *text;
	size_t len;
};

static int to_memory(void *arg, const char *buf, size_t len)
{
	struct memory *memory = arg;

	memory->text = realloc(memory->text, memory->len + len + 1);
	if (!memory->text)
		return -ENOMEM;
	memcpy(memory->text + memory->len, buf, len);
	memory->len += len;
	memory->text[memory->len] = '\0';
	return 0;
}

static struct memory written(const struct pgm_ruleset *set, const char *boot_id)
{
	struct memory memory = {0};

	CHECK_INT(pgm_rulesfile_write(&config, set, boot_id, to_memory, &memory), 0);
	return memory;
}

static void append(struct pgm_ruleset *set, const char *address, unsigned scopes, uint64_t seconds, const char *comment)
{
	struct pgm_rule rule = {.scopes = (uint8_t)scopes, .comment = comment ? strdup(comment) : NULL};

	CHECK_INT(pgm_range_parse(address, strlen(address), &rule.range, NULL, NULL), 0);
	if (seconds) {
		rule.expires_utc = RANDOM_UTC + seconds;
		rule.expires_boot = RANDOM_BOOT + seconds;
		rule.this_boot = true;
	}
	CHECK_INT(pgm_ruleset_append(set, &rule), 0);
}

static struct pgm_ruleset *small(void)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	set->mode = PGM_MODE_LIST;
	set->generation = 42;
	set->saved_utc = RANDOM_UTC;
	append(set, "203.0.113.7", PGM_ALL_SCOPES, 0, "B\xc3\xbcro # 7");
	append(set, "2001:db8::/32", 3, 7200, NULL);
	append(set, "10.0.0.3-10.0.0.9", 4, 60, "x");
	set->rules[2].class_id = PGM_CLASS_MONITORING;
	set->next_id = 900;
	return set;
}

static void readable_text(void)
{
	fresh();
	struct pgm_ruleset *set = small();
	struct memory memory = written(set, BOOT_ID);

	CHECK_HAS(memory.text, "pgmoat-rules 1\ngeneration 42\nmode list\nnext-id 900\nsaved 2026-11-24T06:00:00Z\n"
	                       "boot " BOOT_ID "\nrules 3\n\n"
	                       "1 client 203.0.113.7 all - # B\xc3\xbcro # 7\n"
	                       "2 client 2001:db8::/32 direct,pooler 2026-11-24T08:00:00Z@12200\n"
	                       "3 monitoring 10.0.0.3-10.0.0.9 reports 2026-11-24T06:01:00Z@5060 # x\n"
	                       "sha256 ");
	free(memory.text);
	pgm_ruleset_unref(set);
}

static void check_same(const struct pgm_ruleset *a, const struct pgm_ruleset *b)
{
	CHECK_INT(a->mode, b->mode);
	CHECK_INT(a->generation, b->generation);
	CHECK_INT(a->next_id, b->next_id);
	CHECK_INT(a->saved_utc, b->saved_utc);
	CHECK_INT(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct pgm_rule *x = &a->rules[i], *y = &b->rules[i];

		CHECK(memcmp(&x->range, &y->range, sizeof(x->range)) == 0);
		CHECK_INT(x->class_id, y->class_id);
		CHECK_INT(x->scopes, y->scopes);
		CHECK_INT(x->id, y->id);
		CHECK_INT(x->expires_utc, y->expires_utc);
		CHECK_INT(x->expires_boot, y->expires_boot);
		CHECK_INT(x->this_boot, y->this_boot);
		CHECK(!x->from_config && !y->from_config);
		CHECK_STR(x->comment ? x->comment : "", y->comment ? y->comment : "");
	}
}

static void random_lists_come_back(void)
{
	fresh();
	use_scopes(&config, "a=1\nb=2\nc=3\nd=4\ne=5\nf=6\ng=7\nh=8\n");
	for (unsigned i = 0; i < 100 * check_scale(); i++) {
		struct pgm_ruleset *set = random_rules(check_below(400), 0), *back;
		struct pgm_error err;

		set->mode = (enum pgm_mode)check_below(4);
		set->generation = (uint32_t)check_random();
		for (size_t rule = 0; rule < set->count; rule++)
			if (check_below(4) == 0)
				set->rules[rule].comment = strdup("a comment");
		struct memory memory = written(set, BOOT_ID);
		if (pgm_rulesfile_parse(memory.text, memory.len, &config, BOOT_ID, &back, &err) < 0)
			check_fail(__FILE__, __LINE__, "%s", err.what);
		check_same(set, back);
		free(memory.text);
		pgm_ruleset_unref(back);
		pgm_ruleset_unref(set);
	}
}

static int parse(const char *text, size_t len, struct pgm_error *err)
{
	/* An exact copy on the heap: a read beyond the end is seen by the sanitizer. */
	PGM_FREE char *copy = malloc(len ? len : 1);
	struct pgm_ruleset *set = NULL;

	CHECK(copy);
	memcpy(copy, text, len);
	int rc = pgm_rulesfile_parse(copy, len, &config, BOOT_ID, &set, err);
	if (rc == 0)
		pgm_ruleset_unref(set);
	else
		CHECK(!set && err->what[0]);
	return rc;
}

static void any_damage_is_refused(void)
{
	fresh();
	struct pgm_ruleset *set = small();
	struct memory memory = written(set, BOOT_ID);
	struct pgm_error err = {0};

	CHECK_INT(parse(memory.text, memory.len, &err), 0);
	for (size_t len = 0; len < memory.len; len++)
		CHECK_INT(parse(memory.text, len, &err), -EBADMSG);
	for (size_t bit = 0; bit < memory.len * 8; bit++) {
		memory.text[bit / 8] ^= (char)(1 << bit % 8);
		CHECK_INT(parse(memory.text, memory.len, &err), -EBADMSG);
		memory.text[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK_INT(parse(memory.text, memory.len + 1, &err), -EBADMSG); /* the zero behind the text */
	free(memory.text);
	pgm_ruleset_unref(set);
}

/* Replace the first `from` in the small list and give it a right checksum, as a wrong writer would. */
static int parse_changed(const char *from, const char *to, struct pgm_error *err)
{
	struct pgm_ruleset *set = small();
	struct memory memory = written(set, BOOT_ID);
	char text[4096];
	const char *found = strstr(memory.text, from);

	CHECK(found);
	memory.text[memory.len - PGM_RULES_TAIL] = '\0';
	int len = snprintf(text, sizeof(text), "%.*s%s%s", (int)(found - memory.text), memory.text, to,
	                   found + strlen(from));
	len += snprintf(text + len, sizeof(text) - (size_t)len, PGM_RULES_SHA);
	pgm_rules_seal(text, (size_t)len - (sizeof(PGM_RULES_SHA) - 1), text + len);
	text[len + PGM_RULES_DIGEST] = '\n';
	free(memory.text);
	pgm_ruleset_unref(set);
	return parse(text, (size_t)len + PGM_RULES_DIGEST + 1, err);
}

static void wrong_content_is_refused(void)
{
	static const struct {
		const char *from, *to, *what;
	} rows[] = {
	        {"pgmoat-rules 1", "pgmoat-rules 2", "first line"},
	        {"generation 42", "generation 042", "generation"},
	        {"generation 42", "generation 4294967296", "generation"},
	        {"generation 42", "generation -1", "generation"},
	        {"generation 42\n", "", "generation"},
	        {"mode list", "mode lists", "mode"},
	        {"mode list", "mode ", "mode"},
	        {"next-id 900", "next-id 0", "next-id"},
	        {"next-id 900", "next-id 3", "line 11: bad id"},
	        {"saved 2026-11-24T06:00:00Z", "saved yesterday", "saving"},
	        {"boot 0123", "boot 123", "boot id"},
	        {"boot 0123", "boot 0!23", "boot id"},
	        {"rules 3", "rules 2", "more rules"},
	        {"rules 3", "rules 4", "fewer rules"},
	        {"rules 3", "rules 999999999999", "number of rules"},
	        {"rules 3\n\n", "rules 3\n", "empty line"},
	        {"\n1 client", "\n0 client", "line 9: bad id"},
	        {"\n1 client", "\n01 client", "bad id"},
	        {"\n1 client", "\n client", "bad id"},
	        {"\n1 client", "\n2 client", "two rules have the id 2"},
	        {"\n1 client", "\n1  client", "bad class"},
	        {"\n1 client", "\n1 clients", "bad class"},
	        {"203.0.113.7 ", "203.0.113.7/24 ", "bad address"},
	        {"203.0.113.7 ", "203.0.113.7x ", "bad address"},
	        {"203.0.113.7 all", "203.0.113.7 ", "bad scopes"},
	        {"direct,pooler", "direct,", "bad scopes"},
	        {"direct,pooler", "direct,direct", "bad scopes"},
	        {"direct,pooler", "direct,\x01", "bad scopes"},
	        {"direct,pooler", "direct,pooler_with_a_name_of_too_many_bytes", "bad scopes"},
	        {"all -", "all", "bad expiry"},
	        {"all -", "all --", "bad expiry"},
	        {"all -", "all 1970-01-01T00:00:00Z", "bad expiry"},
	        {"all -", "all @77", "bad expiry"},
	        {"@12200", "@", "bad expiry"},
	        {"@12200", "@12200@1", "bad expiry"},
	        {"@12200", "@99999999999999999999999", "bad expiry"},
	        {"@12200", "@12200 ", "trailing"},
	        {" # x", " # ", "trailing"},
	        {" # x", " x", "trailing"},
	        {" # x", " # x ", "bad comment"},
	        {" # x", " # \xff", "bad comment"},
	        {" # x", " # a\rb", "bad comment"},
	};

	fresh();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pgm_error err = {0};

		int rc = parse_changed(rows[i].from, rows[i].to, &err);
		if (rc != -EBADMSG)
			check_fail(__FILE__, __LINE__, "\"%s\" to \"%s\" gives %d", rows[i].from, rows[i].to, rc);
		CHECK_HAS(err.what, rows[i].what);
	}
	CHECK_INT(parse_changed("mode list", "mode nowhere", &(struct pgm_error){0}), 0);
	CHECK_INT(parse_changed("2026-11-24T06:00:00Z", "-", &(struct pgm_error){0}), 0);
}

static void unknown_scopes_are_named(void)
{
	fresh();
	struct pgm_ruleset *set = small();
	struct memory memory = written(set, BOOT_ID);
	struct pgm_config fewer = {0};
	struct pgm_ruleset *back = NULL;
	struct pgm_error err;

	use_scopes(&fewer, "direct = 5432\nreports = 7000\n");
	CHECK_INT(pgm_rulesfile_parse(memory.text, memory.len, &fewer, BOOT_ID, &back, &err), -ENOENT);
	CHECK_STR(err.what, "rule 2 names scope 'pooler', which the configuration no longer has");
	CHECK_HAS(err.hint, "[scopes]");
	use_scopes(&fewer, "direct = 5432\n");
	CHECK_INT(pgm_rulesfile_parse(memory.text, memory.len, &fewer, BOOT_ID, &back, &err), -ENOENT);
	CHECK_HAS(err.what, "rule 2 names scope 'pooler', rule 3 names scope 'reports', which");
	CHECK(!back);
	free(memory.text);
	for (unsigned i = 0; i < 50; i++)
		append(set, "10.0.0.0/8", 2, 0, NULL);
	memory = written(set, BOOT_ID);
	CHECK_INT(pgm_rulesfile_parse(memory.text, memory.len, &fewer, BOOT_ID, &back, &err), -ENOENT);
	CHECK_HAS(err.what, "(and 47 rules more), which");
	free(memory.text);
	pgm_config_free(&fewer);
	pgm_ruleset_unref(set);
}

/* The list was written when there were three scopes. A rule for two of them stays a rule for two of them. */
static void scopes_follow_their_names(void)
{
	fresh();
	struct pgm_ruleset *set = small(), *back;
	struct pgm_config other = {0};

	pgm_ruleset_remove(set, 2);
	struct memory memory = written(set, BOOT_ID);
	use_scopes(&other, "pooler = 6432\ndirect = 5432\n");
	CHECK_INT(pgm_rulesfile_parse(memory.text, memory.len, &other, BOOT_ID, &back, NULL), 0);
	CHECK_INT(back->rules[1].scopes, 3);
	CHECK_INT(back->rules[0].scopes, PGM_ALL_SCOPES);
	pgm_ruleset_unref(back);
	use_scopes(&other, "reports = 7000\npooler = 6432\nmore = 1\ndirect = 5432\n");
	CHECK_INT(pgm_rulesfile_parse(memory.text, memory.len, &other, BOOT_ID, &back, NULL), 0);
	CHECK_INT(back->rules[1].scopes, 2 | 8);
	pgm_ruleset_unref(back);
	pgm_config_free(&other);
	free(memory.text);
	pgm_ruleset_unref(set);
}

static void boot_seconds_belong_to_one_boot(void)
{
	fresh();
	struct pgm_ruleset *set = small(), *later, *back;
	struct memory first = written(set, BOOT_ID);

	CHECK_INT(pgm_rulesfile_parse(first.text, first.len, &config, OTHER_BOOT, &later, NULL), 0);
	CHECK(!later->rules[1].this_boot);
	CHECK_INT(later->rules[1].expires_boot, 0);
	CHECK_INT(later->rules[1].expires_utc, RANDOM_UTC + 7200);
	append(later, "10.0.0.1", 1, 30, NULL);
	struct memory second = written(later, OTHER_BOOT);
	CHECK_HAS(second.text, " 2026-11-24T08:00:00Z\n");
	CHECK_HAS(second.text, " 2026-11-24T06:00:30Z@5030\n");
	CHECK_INT(pgm_rulesfile_parse(second.text, second.len, &config, OTHER_BOOT, &back, NULL), 0);
	CHECK(!back->rules[1].this_boot);
	CHECK(back->rules[3].this_boot);
	pgm_ruleset_unref(back);
	pgm_ruleset_unref(later);
	pgm_ruleset_unref(set);
	free(first.text);
	free(second.text);
}

static void overlong_comment_is_not_written(void)
{
	fresh();
	struct pgm_ruleset *set = small();
	struct memory memory = {0};
	char comment[PGM_COMMENT_MAX + 2];

	memset(comment, 'x', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	append(set, "10.0.0.1", 1, 0, comment);
	CHECK_INT(pgm_rulesfile_write(&config, set, BOOT_ID, to_memory, &memory), -EINVAL);
	CHECK_INT(pgm_rulesfile_save(&config, set, &(struct pgm_error){0}), -EINVAL);
	CHECK_INT(access(path_of(PGM_RULES_FILE), F_OK), -1);
	free(memory.text);
	pgm_ruleset_unref(set);
}

/* --- on disk --- */

static int try_save(uint32_t generation, size_t rules, struct pgm_error *err)
{
	struct pgm_ruleset *set = pgm_ruleset_new();

	set->generation = generation;
	set->mode = PGM_MODE_LIST;
	for (size_t i = 0; i < rules; i++)
		append(set, "10.0.0.0/8", PGM_ALL_SCOPES, 0, NULL);
	int rc = pgm_rulesfile_save(&config, set, err);
	pgm_ruleset_unref(set);
	return rc;
}

static void save_generation(uint32_t generation, size_t rules)
{
	struct pgm_error err;

	if (try_save(generation, rules, &err) < 0)
		check_fail(__FILE__, __LINE__, "%s", err.what);
}

/* Loads and returns the generation, 0 if there is none. */
static uint32_t load(enum pgm_rules_source want, struct pgm_error *problem)
{
	enum pgm_rules_source source = PGM_RULES_ABSENT;
	struct pgm_ruleset *set = (struct pgm_ruleset *)&source;
	uint32_t generation = 0;

	*problem = (struct pgm_error){0};
	CHECK_INT(pgm_rulesfile_load(&config, &set, &source, problem), 0);
	if (source != want)
		check_fail(__FILE__, __LINE__, "source %d, not %d: %s", (int)source, (int)want, problem->what);
	CHECK_INT(set != NULL, source == PGM_RULES_CURRENT || source == PGM_RULES_PREVIOUS);
	CHECK_INT(problem->what[0] != 0, source == PGM_RULES_PREVIOUS || source == PGM_RULES_DAMAGED);
	if (set)
		generation = set->generation;
	pgm_ruleset_unref(set);
	return generation;
}

static void first_start(void)
{
	struct pgm_error err;
	struct stat st;

	fresh();
	CHECK_INT(load(PGM_RULES_ABSENT, &err), 0);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), -ENOENT);
	save_generation(1, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	CHECK_INT(stat(path_of(PGM_RULES_FILE), &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), -ENOENT);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	strcat(config.state_dir, "/missing");
	CHECK_INT(load(PGM_RULES_ABSENT, &err), 0);
	CHECK(pgm_rulesfile_save(&config, &(struct pgm_ruleset){0}, &err) < 0);
	CHECK_HAS(err.what, "missing");
}

static void damage_leads_to_the_previous(void)
{
	struct pgm_error err;
	PGM_FREE char *text = NULL;
	size_t len;

	fresh();
	save_generation(1, 3);
	save_generation(2, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 2);
	CHECK_INT(pgm_read_file(path_of(PGM_RULES_FILE), 4096, &text, &len), 0);

	write_file(PGM_RULES_FILE, "", 0);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "empty");
	write_file(PGM_RULES_FILE, text, len - 1);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	text[20] ^= 1;
	write_file(PGM_RULES_FILE, text, len);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "checksum");
	text[20] ^= 1;
	text[13] = '2';
	write_file(PGM_RULES_FILE, text, len);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "first line");
	CHECK_INT(unlink(path_of(PGM_RULES_FILE)), 0);
	CHECK_INT(load(PGM_RULES_PREVIOUS, &err), 1);
	CHECK_HAS(err.what, "No such file");

	write_file(PGM_RULES_FILE ".prev", "", 0);
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_HAS(err.what, "filter.rules.prev");
	CHECK(err.hint[0]);
	write_file(PGM_RULES_FILE, "x", 1);
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_INT(unlink(path_of(PGM_RULES_FILE ".prev")), 0);
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_HAS(err.what, "there is no filter.rules.prev");
}

static void trouble_is_not_damage(void)
{
	enum pgm_rules_source source;
	struct pgm_ruleset *set;
	struct pgm_error err = {0};

	fresh();
	save_generation(1, 1);
	save_generation(2, 1);
	CHECK_INT(unlink(path_of(PGM_RULES_FILE)), 0);
	CHECK_INT(mkdir(path_of(PGM_RULES_FILE), 0700), 0);
	CHECK(pgm_rulesfile_load(&config, &set, &source, &err) < 0);
	CHECK_HAS(err.what, "filter.rules");
}

static void unknown_scope_is_no_reason_to_go_back(void)
{
	struct pgm_ruleset *set;
	struct pgm_config fewer = {0};
	struct pgm_error err;

	fresh();
	save_generation(1, 3);
	set = small();
	CHECK_INT(pgm_rulesfile_save(&config, set, &err), 0);
	pgm_ruleset_unref(set);
	use_scopes(&fewer, "direct = 5432\nreports = 7000\n");
	strcpy(fewer.state_dir, config.state_dir);
	config = fewer;
	CHECK_INT(load(PGM_RULES_DAMAGED, &err), 0);
	CHECK_HAS(err.what, "rule 2 names scope 'pooler'");
	CHECK_HAS(err.hint, "put the scope back");
}

static void going_back(void)
{
	struct pgm_error err;

	fresh();
	save_generation(1, 3);
	save_generation(2, 3);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), 0);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	save_generation(3, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 3);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), 0);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);

	/* A save over a damaged file: the damaged one must not come back. */
	write_file(PGM_RULES_FILE, "x", 1);
	save_generation(4, 3);
	CHECK_INT(pgm_rulesfile_restore(&config, &err), -EBADMSG);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 4);
}

static unsigned files_in_state_dir(void)
{
	DIR *dir = opendir(config.state_dir);
	unsigned count = 0;

	CHECK(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return count;
}

static void full_disk(void)
{
	struct pgm_error err = {0};

	fresh();
	sandbox_sh("mount -t tmpfs -o size=64k tmpfs %s", config.state_dir);
	save_generation(1, 3);
	struct pgm_ruleset *set = random_rules(20000, AF_INET6);
	CHECK_INT(pgm_rulesfile_save(&config, set, &err), -ENOSPC);
	CHECK_HAS(err.what, "filter.rules");
	CHECK_HAS(err.what, "No space left");
	CHECK(err.hint[0]);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 1);
	CHECK_INT(files_in_state_dir(), 1);
	save_generation(2, 3);
	CHECK_INT(load(PGM_RULES_CURRENT, &err), 2);
	pgm_ruleset_unref(set);
	sandbox_sh("umount %s", config.state_dir);
}

/* Saves generations 2, 3, ... of as many rules each until it is killed. */
static _Noreturn void save_for_ever(int ready)
{
	char byte = 1;

	for (uint32_t generation = 2;; generation++) {
		if (try_save(generation, 3000 + generation, NULL) < 0 ||
		    (generation == 2 && write(ready, &byte, 1) != 1))
			_exit(1);
	}
}

static void killed_while_saving(void)
{
	for (unsigned i = 0; i < 30 * check_scale(); i++) {
		enum pgm_rules_source source;
		struct pgm_ruleset *set;
		struct pgm_error err;
		int ready[2];
		char byte;

		fresh();
		save_generation(1, 3001);
		CHECK_INT(pipe(ready), 0);
		pid_t child = fork();
		if (child == 0)
			save_for_ever(ready[1]);
		CHECK(child > 0);
		CHECK_INT(read(ready[0], &byte, 1), 1);
		nanosleep(&(struct timespec){.tv_nsec = (long)check_below(8 * 1000 * 1000)}, NULL);
		CHECK_INT(kill(child, SIGKILL), 0);
		CHECK_INT(waitpid(child, NULL, 0), child);
		close(ready[0]);
		close(ready[1]);
		CHECK_INT(pgm_rulesfile_load(&config, &set, &source, &err), 0);
		CHECK_INT(source, PGM_RULES_CURRENT);
		CHECK(set->generation >= 2);
		CHECK_INT(set->count, 3000 + set->generation);
		pgm_ruleset_unref(set);
		save_generation(1, 1);
		CHECK_INT(files_in_state_dir(), 2); /* the killed one's leftovers are gone */
	}
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(readable_text),
	        CASE(random_lists_come_back),
	        CASE(any_damage_is_refused),
	        CASE(wrong_content_is_refused),
	        CASE(unknown_scopes_are_named),
	        CASE(scopes_follow_their_names),
	        CASE(boot_seconds_belong_to_one_boot),
	        CASE(overlong_comment_is_not_written),
	        CASE(first_start),
	        CASE(damage_leads_to_the_previous),
	        CASE(trouble_is_not_damage),
	        CASE(unknown_scope_is_no_reason_to_go_back),
	        CASE(going_back),
	        CASE(full_disk),
	        CASE(killed_while_saving),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

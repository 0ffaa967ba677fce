/* SPDX-License-Identifier: Apache-2.0 */
/* The text of filter.rules: comes back as it was, or is refused; never wider than it was written. */
#include "gate/rulesfile_internal.h"

#include <arpa/inet.h>
#include <errno.h>

#include "common/cleanup.h"
#include "unit/rulesfile_fix.h"

#define BOOT_ID    "01234567-89ab-cdef-0123-456789abcdef"
#define OTHER_BOOT "76543210-89ab-cdef-0123-456789abcdef"

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
	free(memory.text);
	pgm_ruleset_unref(set);
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
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

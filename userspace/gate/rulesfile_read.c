/* SPDX-License-Identifier: Apache-2.0 */
/* Reads filter.rules: checksum first, then every line exactly as the writer writes it. */
#include "gate/rulesfile_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

struct text {
	const char *at;
	size_t len;
};

/* Rules that name scopes which the configuration does not have. */
struct strays {
	size_t count;
	size_t told;
	char rules[384];
};

struct reader {
	const char *at;
	const char *end;
	size_t line; /* of the file, for messages */
	const struct pgm_config *config;
	bool this_boot;
	struct pgm_ruleset *set;
	struct strays strays;
	struct pgm_error *err;
};

static int damaged(struct reader *reader, const char *why)
{
	return pgm_fail(reader->err, -EBADMSG, "line %zu: %s", reader->line, why);
}

static bool same(struct text text, const char *word)
{
	return strlen(word) == text.len && memcmp(text.at, word, text.len) == 0;
}

/* Cuts the head off text up to the delimiter, which is dropped; false if there is none. */
static bool cut(struct text *text, char delimiter, struct text *head)
{
	const char *found = text->len ? memchr(text->at, delimiter, text->len) : NULL;

	if (!found)
		return false;
	*head = (struct text){text->at, (size_t)(found - text->at)};
	text->at = found + 1;
	text->len -= head->len + 1;
	return true;
}

static bool next_line(struct reader *reader, struct text *line)
{
	struct text rest = {reader->at, (size_t)(reader->end - reader->at)};

	reader->line++;
	if (!cut(&rest, '\n', line))
		return false;
	reader->at = rest.at;
	return true;
}

static bool number(struct text text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (text.len == 0 || text.len > 19 || (text.at[0] == '0' && text.len > 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.at[i] - '0');
	}
	*out = n;
	return n <= max;
}

static bool header(struct reader *reader, const char *name, struct text *value)
{
	struct text word;

	return next_line(reader, value) && cut(value, ' ', &word) && same(word, name);
}

static bool header_number(struct reader *reader, const char *name, uint64_t max, uint64_t *out)
{
	struct text value;

	return header(reader, name, &value) && number(value, max, out);
}

static bool is_boot_id(struct text text)
{
	if (text.len != PGM_BOOT_ID - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!memchr("0123456789abcdef-", text.at[i], 17))
			return false;
	}
	return true;
}

static int read_header(struct reader *reader, const char *boot_id, uint64_t *rules)
{
	struct pgm_ruleset *set = reader->set;
	uint64_t generation, next_id;
	struct text value;

	if (!header_number(reader, "generation", UINT32_MAX, &generation))
		return damaged(reader, "no valid generation");
	if (!header(reader, "mode", &value) || pgm_mode_parse(value.at, value.len, &set->mode) < 0)
		return damaged(reader, "no valid mode");
	if (!header_number(reader, "next-id", UINT32_MAX, &next_id) || next_id == 0)
		return damaged(reader, "no valid next-id");
	if (!header(reader, "saved", &value) ||
	    (!same(value, "-") && pgm_utc_parse(value.at, value.len, &set->saved_utc) < 0))
		return damaged(reader, "no valid time of saving");
	if (!header(reader, "boot", &value) || !is_boot_id(value))
		return damaged(reader, "no valid boot id");
	reader->this_boot = boot_id && same(value, boot_id);
	if (!header_number(reader, "rules", PGM_RULESET_MAX, rules))
		return damaged(reader, "no valid number of rules");
	if (!next_line(reader, &value) || value.len != 0)
		return damaged(reader, "no empty line behind the header");
	set->generation = (uint32_t)generation;
	set->next_id = (uint32_t)next_id;
	return 0;
}

static void note_stray(struct strays *strays, uint32_t id, struct text scope)
{
	size_t used = strlen(strays->rules);

	strays->count++;
	if (strays->told == 5)
		return;
	snprintf(strays->rules + used, sizeof(strays->rules) - used, "%srule %" PRIu32 " names scope '%.*s'",
	         strays->told ? ", " : "", id, (int)scope.len, scope.at);
	strays->told++;
}

/* What pgm_config allows in a name is not this file's business, but messages and bounds are. */
static bool is_scope_name(struct text name)
{
	if (name.len == 0 || name.len >= PGM_SCOPE_NAME)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] < 0x21 || name.at[i] > 0x7e)
			return false;
	}
	return true;
}

static uint8_t scope_bit(const struct pgm_config *config, struct text name)
{
	for (unsigned i = 0; i < config->scope_count; i++) {
		if (same(name, config->scopes[i].name))
			return (uint8_t)(1u << i);
	}
	return 0;
}

/*
 * Names to bits, one by one: unlike pgm_scopes_parse, a mask of all scopes that are configured today is not widened to
 * PGM_ALL_SCOPES.
 */
static bool read_scopes(struct reader *reader, struct text text, struct pgm_rule *rule)
{
	bool stray = false;
	struct text name;

	if (same(text, "all")) {
		rule->scopes = PGM_ALL_SCOPES;
		return true;
	}
	for (bool more = true; more;) {
		more = cut(&text, ',', &name);
		if (!more)
			name = text;
		if (!is_scope_name(name))
			return false;
		uint8_t bit = scope_bit(reader->config, name);
		if (bit & rule->scopes)
			return false;
		rule->scopes |= bit;
		if (!bit && !stray)
			note_stray(&reader->strays, rule->id, name);
		stray |= !bit;
	}
	return true;
}

/* Zero is refused: in struct pgm_rule it would mean permanent. */
static bool read_expiry(const struct reader *reader, struct text text, struct pgm_rule *rule)
{
	struct text utc;
	bool has_boot;

	if (same(text, "-"))
		return true;
	has_boot = cut(&text, '@', &utc);
	if (has_boot && !number(text, INT64_MAX, &rule->expires_boot))
		return false;
	if (!has_boot)
		utc = text;
	if (pgm_utc_parse(utc.at, utc.len, &rule->expires_utc) < 0 || rule->expires_utc == 0)
		return false;
	rule->this_boot = has_boot && reader->this_boot;
	if (!rule->this_boot)
		rule->expires_boot = 0;
	return true;
}

/* line is what follows the expiry and its blank. */
static int read_comment(struct reader *reader, struct text line, struct pgm_rule *rule)
{
	if (line.len < 3 || memcmp(line.at, "# ", 2) != 0)
		return damaged(reader, "trailing characters");
	int rc = pgm_comment_take(line.at + 2, line.len - 2, &rule->comment, reader->err);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0 || !rule->comment || strlen(rule->comment) != line.len - 2)
		return damaged(reader, "bad comment");
	return 0;
}

static int read_rule(struct reader *reader, struct text line, struct pgm_rule *rule)
{
	struct text field;
	uint64_t id;
	enum pgm_class class_id;
	bool has_comment;

	if (!cut(&line, ' ', &field) || !number(field, reader->set->next_id - 1, &id) || id == 0)
		return damaged(reader, "bad id");
	rule->id = (uint32_t)id;
	if (!cut(&line, ' ', &field) || pgm_class_parse(field.at, field.len, &class_id) < 0)
		return damaged(reader, "bad class");
	rule->class_id = (uint8_t)class_id;
	if (!cut(&line, ' ', &field) || pgm_range_parse(field.at, field.len, &rule->range, NULL, NULL) < 0)
		return damaged(reader, "bad address");
	if (!cut(&line, ' ', &field) || !read_scopes(reader, field, rule))
		return damaged(reader, "bad scopes");
	has_comment = cut(&line, ' ', &field);
	if (!read_expiry(reader, has_comment ? field : line, rule))
		return damaged(reader, "bad expiry");
	return has_comment ? read_comment(reader, line, rule) : 0;
}

static int read_rules(struct reader *reader, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct pgm_rule rule = {0};
		struct text line;

		if (!next_line(reader, &line))
			return damaged(reader, "fewer rules than the header says");
		int rc = read_rule(reader, line, &rule);
		if (rc == 0)
			rc = pgm_ruleset_append(reader->set, &rule);
		free(rule.comment);
		if (rc == -EBADMSG)
			return rc;
		if (rc < 0)
			return pgm_fail(reader->err, rc, "line %zu: %s", reader->line, strerror(-rc));
	}
	reader->line++;
	return reader->at == reader->end ? 0 : damaged(reader, "more rules than the header says");
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Ids ascend in most files; only a list that was reordered pays for sorting. */
static int check_ids(struct reader *reader)
{
	const struct pgm_ruleset *set = reader->set;
	size_t i = 1;

	while (i < set->count && set->rules[i - 1].id < set->rules[i].id)
		i++;
	if (i >= set->count)
		return 0;
	PGM_FREE uint32_t *ids = malloc(set->count * sizeof(*ids));
	if (!ids)
		return pgm_fail(reader->err, -ENOMEM, "out of memory");
	for (i = 0; i < set->count; i++)
		ids[i] = set->rules[i].id;
	qsort(ids, set->count, sizeof(*ids), compare_ids);
	for (i = 1; i < set->count; i++) {
		if (ids[i - 1] == ids[i])
			return pgm_fail(reader->err, -EBADMSG, "two rules have the id %" PRIu32, ids[i]);
	}
	return 0;
}

int pgm_rules_seal(const char *text, size_t len, char out[static PGM_RULES_DIGEST])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	pgm_rules_hex(digest, out);
	return 0;
}

/* Finds the last line and proves that what stands before it is what was written. */
static int check_sum(struct reader *reader)
{
	size_t len = (size_t)(reader->end - reader->at);
	char hex[PGM_RULES_DIGEST];

	if (len < PGM_RULES_TAIL || reader->end[-1] != '\n')
		return pgm_fail(reader->err, -EBADMSG, "the end is missing");
	const char *tail = reader->end - PGM_RULES_TAIL;
	if (memcmp(tail, PGM_RULES_SHA, sizeof(PGM_RULES_SHA) - 1) != 0)
		return pgm_fail(reader->err, -EBADMSG, "the end is missing");
	if (pgm_rules_seal(reader->at, len - PGM_RULES_TAIL, hex) < 0)
		return pgm_fail(reader->err, -ENOMEM, "can't compute the checksum");
	if (memcmp(tail + sizeof(PGM_RULES_SHA) - 1, hex, sizeof(hex)) != 0)
		return pgm_fail(reader->err, -EBADMSG, "the checksum does not match the content");
	reader->end = tail;
	return 0;
}

static int check_magic(struct reader *reader)
{
	size_t magic = sizeof(PGM_RULES_MAGIC) - 1;

	if (reader->at == reader->end)
		return pgm_fail(reader->err, -EBADMSG, "the file is empty");
	if ((size_t)(reader->end - reader->at) < magic || memcmp(reader->at, PGM_RULES_MAGIC, magic) != 0)
		return pgm_fail(reader->err, -EBADMSG, "the first line is not \"%.*s\"", (int)magic - 1,
		                PGM_RULES_MAGIC);
	return 0;
}

static int told_strays(const struct reader *reader)
{
	const struct strays *strays = &reader->strays;
	char more[64] = "";

	if (strays->count == 0)
		return 0;
	if (strays->count > strays->told)
		snprintf(more, sizeof(more), " (and %zu rules more)", strays->count - strays->told);
	pgm_fail(reader->err, -ENOENT, "%s%s, which the configuration no longer has", strays->rules, more);
	pgm_hint(reader->err, "put the scope back into [scopes], or remove the %s first",
	         strays->count == 1 ? "rule" : "rules");
	return -ENOENT;
}

static int read_all(struct reader *reader, const char *boot_id)
{
	uint64_t rules;
	int rc = check_magic(reader);

	if (rc == 0)
		rc = check_sum(reader);
	if (rc < 0)
		return rc;
	reader->at += sizeof(PGM_RULES_MAGIC) - 1;
	reader->line = 1;
	rc = read_header(reader, boot_id, &rules);
	if (rc == 0)
		rc = read_rules(reader, rules);
	if (rc == 0)
		rc = check_ids(reader);
	return rc < 0 ? rc : told_strays(reader);
}

int pgm_rulesfile_parse(const char *buf, size_t len, const struct pgm_config *config, const char *boot_id,
                        struct pgm_ruleset **out, struct pgm_error *err)
{
	struct reader reader = {.at = buf, .end = buf + len, .config = config, .err = err};

	reader.set = pgm_ruleset_new();
	if (!reader.set)
		return pgm_fail(err, -ENOMEM, "out of memory");
	int rc = read_all(&reader, boot_id);
	if (rc < 0) {
		pgm_ruleset_unref(reader.set);
		return rc;
	}
	*out = reader.set;
	return 0;
}

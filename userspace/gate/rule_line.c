/* SPDX-License-Identifier: Apache-2.0 */
/* The line of a list: "ADDR [scope=a,b] [for=2h] [# comment]", read and written. */
#include "gate/rule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/quote.h"

#define GRAMMAR "a line is ADDRESS [scope=a,b] [for=2h] [# comment]; a range is written a-b without spaces"

struct words {
	const char *at;
	const char *end;
	const char *comment; /* behind the '#', or NULL */
};

struct word {
	const char *text;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A '#' opens the comment only where a word could start, so that a name like a#b is told as the bad word it is. */
static bool next_word(struct words *words, struct word *out)
{
	while (words->at < words->end && is_blank(*words->at))
		words->at++;
	if (words->at == words->end)
		return false;
	if (*words->at == '#') {
		words->comment = words->at + 1;
		words->at = words->end;
		return false;
	}
	out->text = words->at;
	while (words->at < words->end && !is_blank(*words->at))
		words->at++;
	out->len = (size_t)(words->at - out->text);
	return true;
}

/* Strips the option's name off the word. */
static bool is_option(struct word *word, const char *name)
{
	size_t len = strlen(name);

	if (word->len < len || memcmp(word->text, name, len) != 0)
		return false;
	word->text += len;
	word->len -= len;
	return true;
}

struct options {
	bool has_scope;
	bool has_for;
	uint8_t scopes;
	uint64_t seconds;
};

static int take_option(const struct pgm_config *config, struct word word, struct options *options,
                       struct pgm_error *err)
{
	char text[PGM_QUOTE_TEXT];
	struct word whole = word;
	int rc;

	if (is_option(&word, "scope=")) {
		if (options->has_scope)
			return pgm_fail(err, -EINVAL, "scope= is given twice");
		options->has_scope = true;
		return pgm_scopes_parse(config, word.text, word.len, &options->scopes, err);
	}
	if (is_option(&word, "for=")) {
		if (options->has_for)
			return pgm_fail(err, -EINVAL, "for= is given twice");
		options->has_for = true;
		rc = pgm_duration_parse(word.text, word.len, &options->seconds);
		if (rc == 0 && options->seconds > 0)
			return 0;
		rc = pgm_fail(err, -EINVAL, "for= has %s, which is not a duration",
		              pgm_quote(word.text, word.len, text));
		pgm_hint(err, "write for=90s, 15m, 2h, 7d or 2h30m; at most ten years");
		return rc;
	}
	rc = pgm_fail(err, -EINVAL, "unknown word %s", pgm_quote(whole.text, whole.len, text));
	pgm_hint(err, GRAMMAR);
	return rc;
}

int pgm_rule_parse_line(const struct pgm_config *config, const char *line, size_t len, uint64_t utc_now,
                        uint64_t boot_now_s, struct pgm_rule *out, bool *folded, struct pgm_error *err)
{
	if (len && line[len - 1] == '\r')
		len--;

	struct words words = {.at = line, .end = line + len};
	struct word address, word;
	struct options options = {.scopes = PGM_ALL_SCOPES};
	struct pgm_rule rule = {.class_id = PGM_CLASS_CLIENT};
	bool was_folded = false;
	int rc;

	if (!next_word(&words, &address))
		return 0;
	word = address;
	if (is_option(&word, "scope=") || is_option(&word, "for=")) {
		rc = pgm_fail(err, -EINVAL, "the line does not begin with an address");
		pgm_hint(err, GRAMMAR);
		return rc;
	}
	rc = pgm_range_parse(address.text, address.len, &rule.range, &was_folded, err);
	if (rc < 0)
		return rc;
	while (next_word(&words, &word)) {
		rc = take_option(config, word, &options, err);
		if (rc < 0)
			return rc;
	}
	if (words.comment) {
		rc = pgm_comment_take(words.comment, (size_t)(words.end - words.comment), &rule.comment, err);
		if (rc < 0)
			return rc;
	}
	rule.scopes = options.scopes;
	if (options.has_for) {
		rule.expires_utc = utc_now + options.seconds;
		rule.expires_boot = boot_now_s + options.seconds;
		rule.this_boot = true;
	}
	*out = rule;
	if (folded)
		*folded = was_folded;
	return 1;
}

/* "1d2h3m4s": exact, unlike pgm_duration_format, because it is read back. */
static void format_for(uint64_t seconds, char *buf, size_t len)
{
	static const struct {
		uint64_t unit;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t n = seconds / units[i].unit;

		if (n == 0)
			continue;
		seconds -= n * units[i].unit;
		int wrote = snprintf(buf + used, len - used, "%" PRIu64 "%c", n, units[i].letter);
		used += (size_t)wrote;
	}
}

int pgm_rule_format_line(const struct pgm_config *config, const struct pgm_rule *rule, uint64_t utc_now, char *buf,
                         size_t len)
{
	const uint64_t longest = 3653ull * 86400; /* of pgm_duration_parse; a clock set back may exceed it */
	char address[PGM_RANGE_TEXT];
	char scopes[PGM_SCOPES_TEXT] = "";
	char left[64] = "";
	bool expired = rule->expires_utc && rule->expires_utc <= utc_now;

	pgm_range_format(&rule->range, address);
	if (rule->scopes != PGM_ALL_SCOPES)
		pgm_scopes_format(config, rule->scopes, scopes, sizeof(scopes));
	if (rule->expires_utc && !expired) {
		uint64_t seconds = rule->expires_utc - utc_now;
		format_for(seconds < longest ? seconds : longest, left, sizeof(left));
	}
	/* Reading the line back must not revive a rule that has ended, so it becomes a comment. */
	return snprintf(buf, len, "%s%s%s%s%s%s%s%s", expired ? "# expired: " : "", address, scopes[0] ? " scope=" : "",
	                scopes, left[0] ? " for=" : "", left, rule->comment ? " # " : "",
	                rule->comment ? rule->comment : "");
}

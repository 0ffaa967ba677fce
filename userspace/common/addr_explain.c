/* SPDX-License-Identifier: Apache-2.0 */
/* Why a text is not an address, said so that its writer can repair it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/addr_internal.h"
#include "common/quote.h"

static size_t count(const char *text, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == c;
	return n;
}

static bool has_letter(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isalpha((unsigned char)text[i]) || text[i] == '_')
			return true;
	return false;
}

static bool has_foreign_byte(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= 0x20 || (unsigned char)text[i] >= 0x7f)
			return true;
	return false;
}

static int no_name(const char *quoted, struct pgm_error *err)
{
	pgm_fail(err, 0, "%s is a name, not an address", quoted);
	pgm_hint(err, "names are not looked up: give the address itself");
	return -EINVAL;
}

static int no_port(const char *quoted, struct pgm_error *err)
{
	pgm_fail(err, 0, "%s has a port or brackets; only the address goes here", quoted);
	pgm_hint(err, "give the bare address; which ports a rule opens is said by its scope");
	return -EINVAL;
}

/* Only digits and dots, or the part of an IPv6 address that should be. */
static int explain_v4(const char *text, size_t len, const char *quoted, struct pgm_error *err)
{
	size_t parts = count(text, len, '.') + 1;
	const char *end = text + len;

	if (parts != 4)
		return pgm_fail(err, -EINVAL, "%s is not an IPv4 address: that has four parts, not %zu", quoted, parts);
	for (const char *part = text; part <= end;) {
		const char *dot = memchr(part, '.', (size_t)(end - part));
		size_t n = (size_t)((dot ? dot : end) - part);

		if (n == 0)
			return pgm_fail(err, -EINVAL, "%s is not an IPv4 address: one of its parts is empty", quoted);
		if (n > 1 && part[0] == '0') {
			pgm_fail(err, 0, "%s has a part with a leading zero, which some programs read as octal",
			         quoted);
			pgm_hint(err, "leave the leading zeros out");
			return -EINVAL;
		}
		part += n + 1;
	}
	return pgm_fail(err, -EINVAL, "%s is not an IPv4 address: its parts are numbers from 0 to 255", quoted);
}

static int explain_v6(const char *text, size_t len, const char *quoted, struct pgm_error *err)
{
	const char *tail = memrchr(text, ':', len);
	size_t tail_len = (size_t)(text + len - tail - 1);

	if (memchr(tail, '.', tail_len + 1) && !has_letter(tail, tail_len + 1) && !pgm_addr_is(tail + 1, tail_len))
		return explain_v4(tail + 1, tail_len, quoted, err);
	return pgm_fail(err, -EINVAL, "%s is not an IPv6 address", quoted);
}

int pgm_addr_explain(const char *text, size_t len, struct pgm_error *err)
{
	char quoted[PGM_QUOTE_TEXT];

	if (len == 0)
		return pgm_fail(err, -EINVAL, "the address is empty");
	pgm_quote(text, len, quoted);
	if (has_foreign_byte(text, len))
		return pgm_fail(err, -EINVAL, "%s has a character that no address has", quoted);

	const char *zone = memchr(text, '%', len);
	if (zone && pgm_addr_is(text, (size_t)(zone - text))) {
		pgm_fail(err, 0, "%s has a zone id, which packets do not carry", quoted);
		pgm_hint(err, "leave the zone out: %.*s", (int)(zone - text), text);
		return -EINVAL;
	}
	if (text[0] == '[' || memchr(text, ']', len))
		return no_port(quoted, err);

	size_t colons = count(text, len, ':');
	const char *colon = memchr(text, ':', len);
	if (colons == 1 && pgm_addr_is(text, (size_t)(colon - text)))
		return no_port(quoted, err);
	if (colons <= 1 && has_letter(text, len))
		return no_name(quoted, err);
	if (colons > 0)
		return explain_v6(text, len, quoted, err);
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]) && text[i] != '.')
			return pgm_fail(err, -EINVAL, "%s is not an address", quoted);
	return explain_v4(text, len, quoted, err);
}

int pgm_addr_explain_range(const char *whole, size_t whole_len, const char *end, size_t len, struct pgm_error *err)
{
	char quoted[PGM_QUOTE_TEXT];

	/* Names have hyphens too. */
	if (has_letter(whole, whole_len) && !memchr(whole, ':', whole_len) && !has_foreign_byte(whole, whole_len))
		return no_name(pgm_quote(whole, whole_len, quoted), err);
	if (len == 0)
		return pgm_fail(err, -EINVAL, "%s lacks one end of its range", pgm_quote(whole, whole_len, quoted));
	return pgm_addr_explain(end, len, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, networks and ranges as people write them: parsed from (buf, len), printed canonically. */
#include "common/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "common/addr_internal.h"
#include "common/quote.h"

static const uint8_t mapped_head[12] = {[10] = 0xff, [11] = 0xff};
#define MAPPED_BITS 96

static int parse_addr(const char *text, size_t len, struct pgm_addr *out)
{
	char copy[INET6_ADDRSTRLEN];
	struct pgm_addr addr = {.family = AF_INET};

	/* inet_pton stops at a zero, and would take what stands before it for the whole. */
	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (memchr(copy, ':', len))
		addr.family = AF_INET6;
	if (inet_pton(addr.family, copy, addr.bytes) != 1)
		return -EINVAL;
	*out = addr;
	return 0;
}

bool pgm_addr_is(const char *text, size_t len)
{
	struct pgm_addr ignored;

	return parse_addr(text, len, &ignored) == 0;
}

static bool is_mapped(const struct pgm_addr *addr)
{
	return addr->family == AF_INET6 && memcmp(addr->bytes, mapped_head, sizeof(mapped_head)) == 0;
}

static void fold(struct pgm_addr *addr)
{
	memcpy(addr->bytes, addr->bytes + 12, 4);
	memset(addr->bytes + 4, 0, 12);
	addr->family = AF_INET;
}

/* Clears (value 0) or sets (value 0xff) what lies behind the first prefix_len bits. */
static void fill_host_bits(uint8_t *bytes, size_t size, unsigned prefix_len, uint8_t value)
{
	size_t whole = prefix_len / 8;
	uint8_t host = (uint8_t)(0xff >> (prefix_len % 8));

	if (whole == size)
		return;
	bytes[whole] = (uint8_t)((bytes[whole] & ~host) | (value & host));
	memset(bytes + whole + 1, value, size - whole - 1);
}

static void set_network(struct pgm_range *range, const struct pgm_addr *addr, unsigned prefix_len)
{
	size_t size = pgm_addr_len(addr->family);

	memset(range, 0, sizeof(*range));
	memcpy(range->lo, addr->bytes, size);
	memcpy(range->hi, addr->bytes, size);
	fill_host_bits(range->lo, size, prefix_len, 0);
	fill_host_bits(range->hi, size, prefix_len, 0xff);
	range->family = addr->family;
	range->prefix_len = (int16_t)prefix_len;
}

/* The length of the network that is exactly lo to hi, or -1. */
static int16_t network_of(const struct pgm_range *range)
{
	size_t size = pgm_addr_len(range->family);
	unsigned common = 0;
	uint8_t end[16];

	while (common < size * 8 && !((range->lo[common / 8] ^ range->hi[common / 8]) & (0x80 >> (common % 8))))
		common++;
	memcpy(end, range->lo, size);
	fill_host_bits(end, size, common, 0);
	if (memcmp(end, range->lo, size) != 0)
		return -1;
	fill_host_bits(end, size, common, 0xff);
	return memcmp(end, range->hi, size) == 0 ? (int16_t)common : -1;
}

static int parse_single(const char *text, size_t len, struct pgm_range *out, bool *folded, struct pgm_error *err)
{
	struct pgm_addr addr;

	if (parse_addr(text, len, &addr) < 0)
		return pgm_addr_explain(text, len, err);
	*folded = is_mapped(&addr);
	if (*folded)
		fold(&addr);
	set_network(out, &addr, (unsigned)pgm_addr_len(addr.family) * 8);
	return 0;
}

static int parse_prefix_len(const char *text, size_t len, int family, unsigned *out, struct pgm_error *err)
{
	unsigned max = (unsigned)pgm_addr_len(family) * 8;
	char quoted[PGM_QUOTE_TEXT];
	unsigned n = 0;

	if (memchr(text, '.', len) && pgm_addr_is(text, len)) {
		pgm_fail(err, 0, "%s is a netmask, not a prefix length", pgm_quote(text, len, quoted));
		pgm_hint(err, "write how many leading bits it has: /24 stands for 255.255.255.0");
		return -EINVAL;
	}
	if (len == 0)
		return pgm_fail(err, -EINVAL, "the prefix length behind the slash is missing");
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || (text[0] == '0' && len > 1))
			return pgm_fail(err, -EINVAL, "%s is not a prefix length; it is a number from 0 to %u",
			                pgm_quote(text, len, quoted), max);
		n = n * 10 + (unsigned)(text[i] - '0');
		if (n > max)
			return pgm_fail(err, -EINVAL, "prefix length %s is out of range; it is a number from 0 to %u",
			                pgm_quote(text, len, quoted), max);
	}
	*out = n;
	return 0;
}

static int parse_network(const char *text, size_t len, const char *slash, struct pgm_range *out, bool *folded,
                         struct pgm_error *err)
{
	size_t addr_len = (size_t)(slash - text);
	struct pgm_addr addr;
	unsigned prefix_len = 0;

	if (parse_addr(text, addr_len, &addr) < 0)
		return pgm_addr_explain(text, addr_len, err);
	int r = parse_prefix_len(slash + 1, len - addr_len - 1, addr.family, &prefix_len, err);
	if (r < 0)
		return r;
	/* Below /96 the network is wider than the mapped block: it means IPv6 addresses too, and stays as written. */
	*folded = is_mapped(&addr) && prefix_len >= MAPPED_BITS;
	if (*folded) {
		fold(&addr);
		prefix_len -= MAPPED_BITS;
	}
	set_network(out, &addr, prefix_len);
	if (memcmp(out->lo, addr.bytes, pgm_addr_len(addr.family)) == 0)
		return 0;

	char quoted[PGM_QUOTE_TEXT], meant[PGM_RANGE_TEXT];
	pgm_range_format(out, meant);
	pgm_fail(err, 0, "%s has host bits set under its mask", pgm_quote(text, len, quoted));
	pgm_hint(err, "did you mean %s?", meant);
	return -EINVAL;
}

static int parse_from_to(const char *text, size_t len, const char *dash, struct pgm_range *out, bool *folded,
                         struct pgm_error *err)
{
	size_t first_len = (size_t)(dash - text);
	size_t last_len = len - first_len - 1;
	struct pgm_addr first, last;
	char quoted[PGM_QUOTE_TEXT];

	if (parse_addr(text, first_len, &first) < 0)
		return pgm_addr_explain_range(text, len, text, first_len, err);
	if (parse_addr(dash + 1, last_len, &last) < 0)
		return pgm_addr_explain_range(text, len, dash + 1, last_len, err);
	bool first_v4 = first.family == AF_INET || is_mapped(&first);
	bool last_v4 = last.family == AF_INET || is_mapped(&last);
	*folded = first_v4 && last_v4 && (first.family == AF_INET6 || last.family == AF_INET6);
	if (*folded && first.family == AF_INET6)
		fold(&first);
	if (*folded && last.family == AF_INET6)
		fold(&last);
	if (first.family != last.family)
		return pgm_fail(err, -EINVAL, "%s mixes IPv4 and IPv6", pgm_quote(text, len, quoted));
	if (memcmp(first.bytes, last.bytes, sizeof(first.bytes)) > 0) {
		pgm_fail(err, 0, "%s ends before it starts", pgm_quote(text, len, quoted));
		pgm_hint(err, "did you mean %.*s-%.*s?", (int)last_len, dash + 1, (int)first_len, text);
		return -EINVAL;
	}
	memset(out, 0, sizeof(*out));
	memcpy(out->lo, first.bytes, sizeof(out->lo));
	memcpy(out->hi, last.bytes, sizeof(out->hi));
	out->family = first.family;
	out->prefix_len = network_of(out);
	return 0;
}

int pgm_range_parse(const char *text, size_t len, struct pgm_range *out, bool *folded, struct pgm_error *err)
{
	const char *slash = len ? memchr(text, '/', len) : NULL;
	const char *dash = len ? memchr(text, '-', len) : NULL;
	struct pgm_range range;
	bool was_mapped = false;
	int r;

	if (slash && dash) {
		char quoted[PGM_QUOTE_TEXT];
		return pgm_fail(err, -EINVAL, "%s is neither a network (a/24) nor a range (a-b), but both",
		                pgm_quote(text, len, quoted));
	}
	if (slash)
		r = parse_network(text, len, slash, &range, &was_mapped, err);
	else if (dash)
		r = parse_from_to(text, len, dash, &range, &was_mapped, err);
	else
		r = parse_single(text, len, &range, &was_mapped, err);
	if (r < 0)
		return r;
	*out = range;
	if (folded)
		*folded = was_mapped;
	return 0;
}

/* A number below 1000. By hand: with printf, writing addresses is half of what it takes to save a long list. */
static char *put_number(char *at, unsigned n)
{
	if (n >= 100)
		*at++ = (char)('0' + n / 100);
	if (n >= 10)
		*at++ = (char)('0' + n / 10 % 10);
	*at++ = (char)('0' + n % 10);
	return at;
}

static char *put_addr(char *at, int family, const uint8_t addr[16])
{
	if (family != AF_INET) {
		inet_ntop(family, addr, at, INET6_ADDRSTRLEN);
		return at + strlen(at);
	}
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		at = put_number(at, addr[i]);
	}
	return at;
}

void pgm_range_format(const struct pgm_range *range, char *buf)
{
	char *at = put_addr(buf, range->family, range->lo);

	if (range->prefix_len < 0) {
		*at++ = '-';
		at = put_addr(at, range->family, range->hi);
	} else if ((size_t)range->prefix_len < pgm_addr_len(range->family) * 8) {
		*at++ = '/';
		at = put_number(at, (unsigned)range->prefix_len);
	}
	*at = 0;
}

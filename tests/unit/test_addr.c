/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: what is accepted and how it prints, what is refused and why, and both against a naive reference. */
#include "common/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "lib/check.h"

/* A copy of exactly len bytes: reading behind it is an error under ASan. */
static int parse(const char *text, size_t len, struct pgm_range *out, bool *folded, struct pgm_error *err)
{
	PGM_FREE char *exact = malloc(len ? len : 1);

	memcpy(exact, text, len);
	return pgm_range_parse(exact, len, out, folded, err);
}

static const struct good {
	const char *text;
	const char *printed;
	int prefix_len;
	bool folded;
} goods[] = {
        {"203.0.113.7", "203.0.113.7", 32, false},
        {"0.0.0.0", "0.0.0.0", 32, false},
        {"255.255.255.255/32", "255.255.255.255", 32, false},
        {"203.0.113.0/24", "203.0.113.0/24", 24, false},
        {"0.0.0.0/0", "0.0.0.0/0", 0, false},
        {"128.0.0.0/1", "128.0.0.0/1", 1, false},
        {"10.0.0.4/31", "10.0.0.4/31", 31, false},
        {"10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9", -1, false},
        {"10.0.0.0-10.0.0.255", "10.0.0.0/24", 24, false},
        {"10.0.0.1-10.0.0.1", "10.0.0.1", 32, false},
        {"10.0.0.0-10.0.1.0", "10.0.0.0-10.0.1.0", -1, false},
        {"0.0.0.0-255.255.255.255", "0.0.0.0/0", 0, false},
        {"2001:DB8::1", "2001:db8::1", 128, false},
        {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1", 128, false},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 128, false},
        {"2001:db8::/32", "2001:db8::/32", 32, false},
        {"::/0", "::/0", 0, false},
        {"::", "::", 128, false},
        {"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0", 0, false},
        {"fe80::1-fe80::2", "fe80::1-fe80::2", -1, false},
        {"fe80::2-fe80::3", "fe80::2/127", 127, false},
        {"64:ff9b::192.0.2.1", "64:ff9b::c000:201", 128, false},
        /* IPv4 in IPv6 clothes */
        {"::ffff:1.2.3.4", "1.2.3.4", 32, true},
        {"::ffff:102:304", "1.2.3.4", 32, true},
        {"0000:0000:0000:0000:0000:ffff:255.255.255.255", "255.255.255.255", 32, true},
        {"::ffff:1.2.3.0/120", "1.2.3.0/24", 24, true},
        {"::ffff:0:0/96", "0.0.0.0/0", 0, true},
        {"::ffff:1.2.3.4-::ffff:1.2.3.9", "1.2.3.4-1.2.3.9", -1, true},
        {"1.2.3.4-::ffff:1.2.3.5", "1.2.3.4/31", 31, true},
        {"::ffff:1.2.3.4-1.2.3.9", "1.2.3.4-1.2.3.9", -1, true},
        /* wider than the mapped block: IPv6 as it stands */
        {"::fffe:0:0/95", "::fffe:0:0/95", 95, false},
        {"::1-::ffff:1.2.3.4", "::1-::ffff:1.2.3.4", -1, false},
        {"::ffff:1.2.3.4-1::", "::ffff:1.2.3.4-1::", -1, false},
};

static void accepts(void)
{
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		const struct good *good = &goods[i];
		struct pgm_range range, again;
		char printed[PGM_RANGE_TEXT];
		struct pgm_error err;
		bool folded = !good->folded;

		if (parse(good->text, strlen(good->text), &range, &folded, &err) != 0)
			check_fail(__FILE__, __LINE__, "%s is refused: %s", good->text, err.what);
		pgm_range_format(&range, printed);
		CHECK_STR(printed, good->printed);
		CHECK_INT(range.prefix_len, good->prefix_len);
		CHECK_INT(folded, good->folded);
		CHECK_INT(parse(printed, strlen(printed), &again, NULL, NULL), 0);
		CHECK(memcmp(&range, &again, sizeof(range)) == 0);
	}
}

static const struct bad {
	const char *text;
	const char *what; /* part of the reason */
	const char *hint; /* part of the hint; "" if there is none */
} bads[] = {
        {"", "is empty", ""},
        {"203.0.113.7/24", "\"203.0.113.7/24\" has host bits set", "did you mean 203.0.113.0/24?"},
        {"2001:db8::1/32", "host bits set", "did you mean 2001:db8::/32?"},
        {"::ffff:1.2.3.4/120", "host bits set", "did you mean 1.2.3.0/24?"},
        {"::ffff:1.2.3.4/90", "host bits set", "did you mean ::ffc0:0:0/90?"},
        {"fe80::1%eth0", "zone id", "leave the zone out: fe80::1"},
        {"1.2.3.4:5432", "has a port", "scope"},
        {"[::1]:5432", "has a port or brackets", "scope"},
        {"[::1]", "has a port or brackets", "scope"},
        {"localhost", "\"localhost\" is a name", "not looked up"},
        {"db.example.com", "is a name", "not looked up"},
        {"my-db.example.com", "\"my-db.example.com\" is a name", "not looked up"},
        {"localhost:5432", "is a name", "not looked up"},
        {"cafe", "is a name", "not looked up"},
        {"under_score", "is a name", "not looked up"},
        {"010.0.0.1", "leading zero", "leave the leading zeros out"},
        {"10.0.0.01", "leading zero", "leave the leading zeros out"},
        {"10.0.0.00", "leading zero", "leave the leading zeros out"},
        {"::ffff:010.0.0.1", "leading zero", "leave the leading zeros out"},
        {"1.2.3.4/08", "\"08\" is not a prefix length", ""},
        {"1.2.3.4/", "prefix length behind the slash is missing", ""},
        {"1.2.3.4/33", "from 0 to 32", ""},
        {"::/129", "from 0 to 128", ""},
        {"1.2.3.4/99999999999999999999", "out of range", ""},
        {"1.2.3.4/-1", "both", ""},
        {"1.2.3.4/+8", "is not a prefix length", ""},
        {"1.2.3.0/24/24", "is not a prefix length", ""},
        {"1.2.3.0/255.255.255.0", "is a netmask", "/24"},
        {"/24", "is empty", ""},
        {"10.0.0.9-10.0.0.1", "ends before it starts", "did you mean 10.0.0.1-10.0.0.9?"},
        {"fe80::2-fe80::1", "ends before it starts", "did you mean fe80::1-fe80::2?"},
        {"1.2.3.4-fe80::1", "mixes IPv4 and IPv6", ""},
        {"10.0.0.0/24-10.0.1.0/24", "both", ""},
        {"1.2.3.4-", "lacks one end", ""},
        {"-1.2.3.4", "lacks one end", ""},
        {"-", "lacks one end", ""},
        {"1.2.3.4-5.6.7.8-9.9.9.9", "is not an address", ""},
        {"1.2.3", "four parts, not 3", ""},
        {"1.2.3.4.5", "four parts, not 5", ""},
        {"1", "four parts, not 1", ""},
        {"1..3.4", "parts is empty", ""},
        {"1.2.3.", "parts is empty", ""},
        {"1.2.3.256", "from 0 to 255", ""},
        {"1.2.3.4 ", "a character that no address has", ""},
        {" 1.2.3.4", "a character that no address has", ""},
        {"1.2.3.4\n", "\"1.2.3.4\\x0a\" has a character", ""},
        {"1.2.3.4\xc2\xa0", "\\xc2\\xa0", ""},
        {"1.2.3.4,5.6.7.8", "not an", ""},
        {"1.2.3.4;", "not an", ""},
        {":::", "not an IPv6 address", ""},
        {"1:2:3:4:5:6:7", "not an IPv6 address", ""},
        {"1:2:3:4:5:6:7:8:9", "not an IPv6 address", ""},
        {"12345::", "not an IPv6 address", ""},
        {"g::1", "not an IPv6 address", ""},
        {"::1.2.3", "four parts, not 3", ""},
};

static void refuses(void)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		const struct bad *bad = &bads[i];
		struct pgm_range range, before;
		struct pgm_error err;
		bool folded = true;

		memset(&range, 0x5a, sizeof(range));
		before = range;
		CHECK_INT(parse(bad->text, strlen(bad->text), &range, &folded, &err), -EINVAL);
		CHECK_HAS(err.what, bad->what);
		CHECK_HAS(err.hint, bad->hint);
		if (!bad->hint[0])
			CHECK_STR(err.hint, "");
		CHECK(memcmp(&range, &before, sizeof(range)) == 0);
		CHECK(folded);
		CHECK_INT(parse(bad->text, strlen(bad->text), &range, NULL, NULL), -EINVAL);
	}
}

static void zeros_inside(void)
{
	static const char texts[][9] = {"1.2.3.4\0", "1.2.3\0.4",
	                                "\0"
	                                "1.2.3.4",
	                                "1.2.3.4\0x"};
	struct pgm_range range;
	struct pgm_error err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CHECK_INT(parse(texts[i], i == 3 ? 9 : 8, &range, NULL, &err), -EINVAL);
		CHECK_HAS(err.what, "\\x00");
	}
	CHECK_INT(parse("::1/64\0", 7, &range, NULL, NULL), -EINVAL);
	CHECK_INT(parse("::1-::2\0", 8, &range, NULL, NULL), -EINVAL);
}

static void long_text(void)
{
	char text[5000];
	struct pgm_range range;
	struct pgm_error err;

	memset(text, '1', sizeof(text));
	CHECK_INT(parse(text, sizeof(text), &range, NULL, &err), -EINVAL);
	CHECK_HAS(err.what, "1111...\"");
	memset(text, ':', sizeof(text));
	CHECK_INT(parse(text, sizeof(text), &range, NULL, &err), -EINVAL);
	memset(text, '\x01', sizeof(text));
	CHECK_INT(parse(text, sizeof(text), &range, NULL, &err), -EINVAL);
	CHECK_HAS(err.what, "\\x01...\"");
}

/* The reference: zero-terminated text, one bit at a time. */
struct ref {
	int family;
	unsigned char lo[16], hi[16];
	bool folded;
};

static bool ref_addr(const char *text, int *family, unsigned char *bytes)
{
	memset(bytes, 0, 16);
	*family = AF_INET;
	if (inet_pton(AF_INET, text, bytes) == 1)
		return true;
	*family = AF_INET6;
	return inet_pton(AF_INET6, text, bytes) == 1;
}

static bool ref_mapped(int family, const unsigned char *bytes)
{
	static const unsigned char head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
	return family == AF_INET6 && memcmp(bytes, head, 12) == 0;
}

static void ref_fold(unsigned char *bytes)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = bytes[12 + i];
	memset(bytes + 4, 0, 12);
}

static bool ref_network(struct ref *ref, const char *length)
{
	char *end;
	long n = strtol(length, &end, 10);
	char back[32];

	snprintf(back, sizeof(back), "%ld", n);
	if (strcmp(back, length) != 0 || n < 0 || n > (ref->family == AF_INET ? 32 : 128))
		return false;
	ref->folded = ref_mapped(ref->family, ref->lo) && n >= 96;
	if (ref->folded) {
		ref_fold(ref->lo);
		ref->family = AF_INET;
		n -= 96;
	}
	memcpy(ref->hi, ref->lo, 16);
	for (long bit = n; bit < (ref->family == AF_INET ? 32 : 128); bit++) {
		if (ref->lo[bit / 8] & (1 << (7 - bit % 8)))
			return false;
		ref->hi[bit / 8] = (unsigned char)(ref->hi[bit / 8] | 1 << (7 - bit % 8));
	}
	return true;
}

static bool ref_from_to(struct ref *ref, const char *last)
{
	int family;

	if (!ref_addr(last, &family, ref->hi))
		return false;
	bool lo4 = ref->family == AF_INET || ref_mapped(ref->family, ref->lo);
	bool hi4 = family == AF_INET || ref_mapped(family, ref->hi);
	if (lo4 && hi4) {
		ref->folded = ref->family == AF_INET6 || family == AF_INET6;
		if (ref->family == AF_INET6)
			ref_fold(ref->lo);
		if (family == AF_INET6)
			ref_fold(ref->hi);
		ref->family = family = AF_INET;
	}
	return ref->family == family && memcmp(ref->lo, ref->hi, 16) <= 0;
}

static bool ref_parse(char *text, struct ref *ref)
{
	char *slash = strchr(text, '/'), *dash = strchr(text, '-');

	memset(ref, 0, sizeof(*ref));
	if (slash && dash)
		return false;
	if (slash)
		*slash = '\0';
	if (dash)
		*dash = '\0';
	if (!ref_addr(text, &ref->family, ref->lo))
		return false;
	if (slash)
		return ref_network(ref, slash + 1);
	if (dash)
		return ref_from_to(ref, dash + 1);
	return ref_network(ref, ref->family == AF_INET ? "32" : "128");
}

static void random_addr(char *out, size_t size)
{
	unsigned char bytes[16];
	uint64_t kind = check_below(4);

	for (int i = 0; i < 16; i++)
		bytes[i] = (unsigned char)(check_below(3) ? 0 : check_random());
	if (kind == 0) { /* mapped */
		memset(bytes, 0, 10);
		bytes[10] = bytes[11] = 0xff;
	}
	if (kind == 1) { /* every group in full */
		size_t used = 0;
		for (int i = 0; i < 16; i += 2)
			used += (size_t)snprintf(out + used, size - used, "%s%04X", i ? ":" : "",
			                         (unsigned)(bytes[i] << 8 | bytes[i + 1]));
		return;
	}
	inet_ntop(kind == 2 ? AF_INET : AF_INET6, bytes, out, (socklen_t)size);
}

static void random_text(char *out, size_t size)
{
	char one[INET6_ADDRSTRLEN], two[INET6_ADDRSTRLEN];

	random_addr(one, sizeof(one));
	random_addr(two, sizeof(two));
	switch (check_below(4)) {
	case 0:
		snprintf(out, size, "%s/%u", one, (unsigned)check_below(140));
		break;
	case 1:
		snprintf(out, size, "%s-%s", one, two);
		break;
	case 2:
		snprintf(out, size, "%s-%s", one, one);
		break;
	default:
		snprintf(out, size, "%s", one);
	}
}

static void mutate(char *text)
{
	static const char alphabet[] = "0123456789abcdefABCDEF::..//--%[]gx \t";

	for (uint64_t n = check_below(3); n > 0; n--) {
		size_t len = strlen(text), at = check_below(len + 1);
		char c = alphabet[check_below(sizeof(alphabet) - 1)];

		switch (check_below(3)) {
		case 0:
			if (at < len)
				text[at] = c;
			break;
		case 1:
			memmove(text + at + 1, text + at, len - at + 1);
			text[at] = c;
			break;
		default:
			if (at < len)
				memmove(text + at, text + at + 1, len - at);
		}
	}
}

static void against_the_reference(void)
{
	unsigned accepted = 0, rounds = 200000 * check_scale();

	for (unsigned i = 0; i < rounds; i++) {
		char text[128], copy[128], printed[PGM_RANGE_TEXT];
		struct pgm_range range, again;
		struct pgm_error err = {"", ""};
		struct ref ref;
		bool folded;

		random_text(text, sizeof(text) - 4);
		mutate(text);
		strcpy(copy, text);
		bool want = ref_parse(copy, &ref);
		int got = parse(text, strlen(text), &range, &folded, &err);
		if ((got == 0) != want)
			check_fail(__FILE__, __LINE__, "\"%s\": %s", text, got ? err.what : "accepted");
		if (!want) {
			CHECK(err.what[0]);
			continue;
		}
		accepted++;
		if (range.family != ref.family || memcmp(range.lo, ref.lo, 16) || memcmp(range.hi, ref.hi, 16) ||
		    folded != ref.folded)
			check_fail(__FILE__, __LINE__, "\"%s\" is another range", text);
		pgm_range_format(&range, printed);
		CHECK_INT(parse(printed, strlen(printed), &again, &folded, NULL), 0);
		if (memcmp(&range, &again, sizeof(range)) != 0 || folded)
			check_fail(__FILE__, __LINE__, "\"%s\" prints as %s, which is something else", text, printed);
	}
	CHECK(accepted > rounds / 10 && accepted < rounds * 9 / 10);
}

CHECK_MAIN(CASE(accepts), CASE(refuses), CASE(zeros_inside), CASE(long_text), CASE(against_the_reference))

/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from a line of words. */
#include "lib/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
	char name[16];
	char value[64];
};

_Noreturn static void bad(const char *spec)
{
	fprintf(stderr, "packet: can't read \"%s\"\n", spec);
	abort();
}

/* The next word of *spec, or false at its end. */
static bool next_word(const char **spec, struct word *word)
{
	const char *at = *spec + strspn(*spec, " ");
	size_t len = strcspn(at, " "), name = strcspn(at, " =");

	if (!len)
		return false;
	size_t value = len > name ? len - name - 1 : 0;
	if (name >= sizeof(word->name) || value >= sizeof(word->value))
		bad(at);
	*word = (struct word){0};
	memcpy(word->name, at, name);
	memcpy(word->value, at + len - value, value);
	*spec = at + len;
	return true;
}

static unsigned long number(const struct word *word)
{
	return strtoul(word->value, NULL, 0);
}

static unsigned long hex(const struct word *word, unsigned long otherwise)
{
	return *word->value ? strtoul(word->value, NULL, 16) : otherwise;
}

/* What follows the colon of a value, or otherwise. */
static const char *second(const struct word *word, const char *otherwise)
{
	const char *colon = strchr(word->value, ':');

	return colon ? colon + 1 : otherwise;
}

static void fragment(struct pkt *pkt, const struct word *word)
{
	bool more = strchr(word->value, '+');

	if (pkt->bytes[pkt->ip] >> 4 == 4)
		pkt_ipv4_fragment(pkt, (uint16_t)number(word), more);
	else
		pkt_ipv6_fragment(pkt, (uint16_t)number(word), more, 0);
}

static bool is(const struct word *word, const char *name)
{
	return strcmp(word->name, name) == 0;
}

/* Words that append; false if the word is none of them. */
static bool build(struct pkt *pkt, const struct word *word)
{
	if (is(word, "vlan"))
		pkt_vlan(pkt, (uint16_t)hex(word, 0x8100), 0);
	else if (is(word, "type"))
		pkt_type(pkt, (uint16_t)hex(word, 0));
	else if (is(word, "proto"))
		pkt_type(pkt, (uint16_t)number(word));
	else if (is(word, "ip4"))
		pkt_ipv4(pkt, word->value);
	else if (is(word, "opt"))
		pkt_ipv4_options(pkt, number(word));
	else if (is(word, "frag"))
		fragment(pkt, word);
	else if (is(word, "ip6"))
		pkt_ipv6(pkt, word->value);
	else if (is(word, "ext"))
		pkt_extension(pkt, (uint8_t)number(word), strtoul(second(word, "8"), NULL, 0));
	else if (is(word, "reserved"))
		pkt->bytes[pkt->type_at + 1] = (uint8_t)number(word);
	else if (is(word, "tcp"))
		pkt_tcp(pkt, (uint16_t)number(word), second(word, "S"));
	else if (is(word, "zeros"))
		pkt_zeros(pkt, number(word));
	else
		return false;
	return true;
}

/* Words that spoil a finished frame. */
static bool spoil(struct pkt *pkt, const struct word *word)
{
	uint8_t *ip = pkt->bytes + pkt->ip;
	unsigned long n = number(word);

	if (is(word, "version")) {
		*ip = (uint8_t)((*ip & 15u) | n << 4);
	} else if (is(word, "ihl")) {
		*ip = (uint8_t)((*ip & 0xf0u) | n);
	} else if (is(word, "total")) {
		ip[2] = (uint8_t)(n >> 8);
		ip[3] = (uint8_t)n;
	} else if (is(word, "cut") && n <= pkt->len) {
		pkt->len = n;
	} else if (is(word, "pad") && n >= pkt->len) {
		pkt_zeros(pkt, n - pkt->len);
	} else {
		return false;
	}
	return true;
}

void pkt_make(struct pkt *pkt, const char *spec)
{
	static const char *const late[] = {"version", "ihl", "total", "cut", "pad"};
	struct word word, kept[8];
	size_t count = 0;

	pkt_start(pkt);
	for (const char *at = spec; next_word(&at, &word);) {
		bool spoils = false;
		for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
			spoils |= is(&word, late[i]);
		if (spoils && count < sizeof(kept) / sizeof(kept[0]))
			kept[count++] = word;
		else if (!build(pkt, &word))
			bad(spec);
	}
	pkt_finish(pkt);
	for (size_t i = 0; i < count; i++) {
		if (!spoil(pkt, &kept[i]))
			bad(spec);
	}
}

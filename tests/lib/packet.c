/* SPDX-License-Identifier: Apache-2.0 */
/* Frames for tests, built layer by layer or from a line of text. */
#include "lib/packet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ETH = 14, IPV4 = 20, IPV6 = 40, TCP = 20 };

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint8_t *append(struct pkt *pkt, size_t len)
{
	if (pkt->len + len > sizeof(pkt->bytes)) {
		fprintf(stderr, "packet: longer than PKT_MAX\n");
		abort();
	}
	uint8_t *at = pkt->bytes + pkt->len;
	memset(at, 0, len);
	pkt->len += len;
	return at;
}

static void wait_for_type(struct pkt *pkt, size_t at, size_t len)
{
	pkt->type_at = at;
	pkt->type_len = len;
}

void pkt_start(struct pkt *pkt)
{
	static const uint8_t macs[12] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0x02};

	pkt->len = pkt->ip = pkt->tcp = 0;
	memcpy(append(pkt, ETH), macs, sizeof(macs));
	wait_for_type(pkt, ETH - 2, 2);
}

void pkt_type(struct pkt *pkt, uint16_t type)
{
	if (pkt->type_len == 2)
		put16(pkt->bytes + pkt->type_at, type);
	else if (pkt->type_len == 1)
		pkt->bytes[pkt->type_at] = (uint8_t)type;
	pkt->type_len = 0;
}

void pkt_vlan(struct pkt *pkt, uint16_t tpid, uint16_t tci)
{
	pkt_type(pkt, tpid);
	put16(append(pkt, 4), tci);
	wait_for_type(pkt, pkt->len - 2, 2);
}

static void put_addr(int family, const char *text, uint8_t *at)
{
	if (inet_pton(family, text, at) == 1)
		return;
	fprintf(stderr, "packet: bad address %s\n", text);
	abort();
}

void pkt_ipv4(struct pkt *pkt, const char *source)
{
	pkt_type(pkt, 0x0800);
	pkt->ip = pkt->len;
	uint8_t *ip = append(pkt, IPV4);
	ip[0] = 0x45;
	ip[8] = 64;
	put_addr(AF_INET, source, ip + 12);
	put_addr(AF_INET, "198.51.100.1", ip + 16);
	wait_for_type(pkt, pkt->ip + 9, 1);
}

void pkt_ipv4_options(struct pkt *pkt, size_t len)
{
	memset(append(pkt, len), 1, len);
	pkt->bytes[pkt->ip] = (uint8_t)(pkt->bytes[pkt->ip] + len / 4);
}

void pkt_ipv4_fragment(struct pkt *pkt, uint16_t offset, bool more)
{
	put16(pkt->bytes + pkt->ip + 6, (size_t)offset / 8 | (more ? 0x2000u : 0));
}

void pkt_ipv6(struct pkt *pkt, const char *source)
{
	pkt_type(pkt, 0x86dd);
	pkt->ip = pkt->len;
	uint8_t *ip = append(pkt, IPV6);
	ip[0] = 0x60;
	ip[7] = 64;
	put_addr(AF_INET6, source, ip + 8);
	put_addr(AF_INET6, "2001:db8:ffff::1", ip + 24);
	wait_for_type(pkt, pkt->ip + 6, 1);
}

void pkt_extension(struct pkt *pkt, uint8_t type, size_t len)
{
	pkt_type(pkt, type);
	size_t at = pkt->len;
	uint8_t *header = append(pkt, len);
	header[1] = (uint8_t)(type == IPPROTO_AH ? len / 4 - 2 : len / 8 - 1);
	if (type == IPPROTO_HOPOPTS || type == IPPROTO_DSTOPTS) {
		/* PadN options, each at most 257 bytes, or the host would drop the packet. */
		for (size_t done = 2; done < len;) {
			size_t pad = len - done < 257 ? len - done : 255;
			header[done] = 1;
			header[done + 1] = (uint8_t)(pad - 2);
			done += pad;
		}
	}
	wait_for_type(pkt, at, 1);
}

void pkt_ipv6_fragment(struct pkt *pkt, uint16_t offset, bool more, uint8_t reserved)
{
	pkt_type(pkt, IPPROTO_FRAGMENT);
	size_t at = pkt->len;
	uint8_t *header = append(pkt, 8);
	header[1] = reserved;
	put16(header + 2, (size_t)(offset & 0xfff8) | more);
	put16(header + 6, 0x1234);
	wait_for_type(pkt, at, 1);
}

void pkt_tcp(struct pkt *pkt, uint16_t port, const char *flags)
{
	static const char letters[] = "FSRPA";

	pkt_type(pkt, IPPROTO_TCP);
	pkt->tcp = pkt->len;
	uint8_t *tcp = append(pkt, TCP);
	put16(tcp, 40000);
	put16(tcp + 2, port);
	put16(tcp + 6, 1); /* sequence number */
	tcp[12] = 5 << 4;
	put16(tcp + 14, 65000);
	for (; *flags; flags++) {
		const char *letter = strchr(letters, *flags);
		if (letter)
			tcp[13] |= (uint8_t)(1u << (letter - letters));
	}
}

void pkt_bytes(struct pkt *pkt, const void *bytes, size_t len)
{
	memcpy(append(pkt, len), bytes, len);
}

void pkt_zeros(struct pkt *pkt, size_t len)
{
	append(pkt, len);
}

static uint32_t sum(uint32_t start, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		start += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return start;
}

static uint16_t fold(uint32_t sum32)
{
	while (sum32 >> 16)
		sum32 = (sum32 & 0xffff) + (sum32 >> 16);
	return (uint16_t)~sum32;
}

void pkt_finish(struct pkt *pkt)
{
	uint8_t *ip = pkt->bytes + pkt->ip;
	bool ipv4 = ip[0] >> 4 == 4;

	if (!pkt->ip)
		return;
	if (ipv4) {
		put16(ip + 2, pkt->len - pkt->ip);
		put16(ip + 10, 0);
		put16(ip + 10, fold(sum(0, ip, (ip[0] & 15u) * 4)));
	} else {
		put16(ip + 4, pkt->len - pkt->ip - IPV6);
	}
	if (!pkt->tcp)
		return;
	uint8_t *tcp = pkt->bytes + pkt->tcp;
	size_t len = pkt->len - pkt->tcp;
	uint32_t pseudo = sum(IPPROTO_TCP + (uint32_t)len, ipv4 ? ip + 12 : ip + 8, ipv4 ? 8 : 32);
	put16(tcp + 16, 0);
	put16(tcp + 16, fold(sum(pseudo, tcp, len)));
}

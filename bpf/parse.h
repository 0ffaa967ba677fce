/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Total parsing: whatever the bytes are, a frame becomes a verdict, a TCP port, or a source whose port is unknown. */
#ifndef PGM_BPF_PARSE_H
#define PGM_BPF_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>

#include "ctx.h"

#define MAX_VLAN_TAGS  2
#define MAX_EXTENSIONS 8

enum packet_kind {
	PACKET_DECIDED, /* the bytes alone give the verdict */
	PACKET_PORT,    /* TCP, and its destination port was read */
	PACKET_NO_PORT, /* perhaps TCP to a guarded port: verdict, unless the source is allowed everywhere */
};

struct packet {
	enum packet_kind kind;
	__u32 verdict;   /* enum pgm_verdict; not meaningful for PACKET_PORT */
	__u32 port;      /* PACKET_PORT: destination, host order */
	__u16 family;    /* 4 or 6: the source address was read; 0: it was not */
	bool fragmented; /* a first fragment: more fragments follow */
	bool syn;        /* SYN without ACK */
	union {
		struct pgm_key4 key4; /* the source, ready for a lookup */
		struct pgm_key6 key6;
	};
};

static __always_inline void packet_is(struct packet *packet, enum packet_kind kind, __u32 verdict)
{
	packet->kind = kind;
	packet->verdict = verdict;
}

/*
 * Ports and flags of a TCP header at off. end: where the IP packet ends, behind which lies only padding. False if the
 * ports are cut; a fragment may end behind the ports and before the flags.
 */
static __always_inline bool parse_tcp(const struct ctx *ctx, __u32 off, __u32 end, struct packet *packet)
{
	enum { PORTS = 4, FLAGS = 14, SYN = 0x02, ACK = 0x10 };
	struct tcphdr copy;
	const struct tcphdr *tcp = NULL;

	if (off + FLAGS <= end)
		tcp = ctx_bytes(ctx, off, &copy, FLAGS);
	if (tcp) {
		packet->syn = (((const __u8 *)tcp)[FLAGS - 1] & (SYN | ACK)) == SYN;
	} else {
		if (off + PORTS > end)
			return false;
		tcp = ctx_bytes(ctx, off, &copy, PORTS);
		if (!tcp)
			return false;
	}
	packet->port = bpf_ntohs(tcp->dest);
	packet->kind = PACKET_PORT;
	return true;
}

static __always_inline void parse_ipv4(const struct ctx *ctx, __u32 off, struct packet *packet)
{
	enum { MORE = 0x2000, OFFSET = 0x1fff };
	struct iphdr copy;
	const struct iphdr *ip = ctx_bytes(ctx, off, &copy, sizeof(copy));
	__u32 header, total, fragment;

	packet_is(packet, PACKET_DECIDED, PGM_VERDICT_MALFORMED_IPV4);
	if (!ip || ip->version != 4)
		return;
	packet->family = 4;
	packet->key4.prefixlen = 32;
	__builtin_memcpy(packet->key4.addr, &ip->saddr, sizeof(packet->key4.addr));

	header = ip->ihl * 4u;
	total = bpf_ntohs(ip->tot_len);
	fragment = bpf_ntohs(ip->frag_off);
	if (total == 0 && ctx_aggregate_len(ctx))
		total = ctx_aggregate_len(ctx) - off;
	if (header < sizeof(*ip) || total < header || !ctx_reaches(ctx, off + total))
		return;
	if (ip->protocol != IPPROTO_TCP)
		return packet_is(packet, PACKET_DECIDED, PGM_VERDICT_NOT_TCP);
	if (fragment & OFFSET)
		return packet_is(packet, PACKET_DECIDED, PGM_VERDICT_LATER_FRAGMENT_PASSED);
	packet->fragmented = fragment & MORE;
	parse_tcp(ctx, off + header, off + total, packet);
}

/* The first eight bytes of every extension header; offset is meaningful in a fragment header only. */
struct extension {
	__u8 next;
	__u8 len;
	__be16 offset;
	__be32 rest;
};

static __always_inline bool is_extension(__u32 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS || next == IPPROTO_AH ||
	       next == IPPROTO_MH || next == IPPROTO_FRAGMENT;
}

/* The second byte of a fragment header is reserved and no length: whoever takes it for one reads the ports elsewhere
 * than the host does. */
static __always_inline __u32 extension_len(__u32 type, const struct extension *extension)
{
	if (type == IPPROTO_FRAGMENT)
		return sizeof(*extension);
	if (type == IPPROTO_AH)
		return (extension->len + 2u) * 4;
	return (extension->len + 1u) * 8;
}

/* What an IPv6 packet is whose ports can't be read. */
static __always_inline void parse_cut(struct packet *packet)
{
	packet_is(packet, PACKET_NO_PORT,
	          packet->fragmented ? PGM_VERDICT_FIRST_FRAGMENT_REFUSED : PGM_VERDICT_MALFORMED_IPV6);
}

/* Walk from the first extension header, of type next at off, to TCP. */
static __always_inline void parse_chain(const struct ctx *ctx, __u32 off, __u32 next, struct packet *packet)
{
	enum { MORE = 0x0001, OFFSET = 0xfff8 };

#pragma unroll
	for (int i = 0; i < MAX_EXTENSIONS && is_extension(next); i++) {
		struct extension copy;
		const struct extension *extension = ctx_bytes(ctx, off, &copy, sizeof(copy));
		if (!extension)
			return parse_cut(packet);
		if (next == IPPROTO_FRAGMENT) {
			__u32 fragment = bpf_ntohs(extension->offset);
			if (fragment & OFFSET)
				return packet_is(packet, PACKET_DECIDED, PGM_VERDICT_LATER_FRAGMENT_PASSED);
			packet->fragmented |= fragment & MORE;
		}
		off += extension_len(next, extension);
		next = extension->next;
		if (!ctx_reaches(ctx, off))
			return parse_cut(packet);
	}
	if (is_extension(next))
		return packet_is(packet, PACKET_NO_PORT, PGM_VERDICT_CHAIN_TOO_LONG);
	if (next != IPPROTO_TCP)
		return packet_is(packet, PACKET_DECIDED, PGM_VERDICT_NOT_TCP);
	if (!parse_tcp(ctx, off, ~0u, packet))
		parse_cut(packet);
}

static __always_inline void parse_ipv6(const struct ctx *ctx, __u32 off, struct packet *packet)
{
	struct ipv6hdr copy;
	const struct ipv6hdr *ip = ctx_bytes(ctx, off, &copy, sizeof(copy));

	if (!ip || ip->version != 6)
		return packet_is(packet, PACKET_DECIDED, PGM_VERDICT_MALFORMED_IPV6);
	packet->family = 6;
	packet->key6.prefixlen = 128;
	__builtin_memcpy(packet->key6.addr, &ip->saddr, sizeof(packet->key6.addr));
	parse_chain(ctx, off + sizeof(*ip), ip->nexthdr, packet);
}

static __always_inline bool is_vlan(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

/* packet comes in zeroed. A frame that ends before its EtherType can't be IP. */
static __always_inline void parse(const struct ctx *ctx, struct packet *packet)
{
	__u32 off = ETH_HLEN, tags = ctx_vlan_tag(ctx);
	__be16 copy;
	const __be16 *protocol = ctx_bytes(ctx, off - sizeof(copy), &copy, sizeof(copy));

	packet_is(packet, PACKET_DECIDED, PGM_VERDICT_NOT_IP);
#pragma unroll
	for (int i = 0; i <= MAX_VLAN_TAGS; i++) {
		if (!protocol)
			return;
		if (!is_vlan(*protocol))
			break;
		if (tags++ == MAX_VLAN_TAGS)
			return packet_is(packet, PACKET_DECIDED, PGM_VERDICT_TOO_MANY_VLAN_TAGS);
		off += 4;
		protocol = ctx_bytes(ctx, off - sizeof(copy), &copy, sizeof(copy));
	}
	if (*protocol == bpf_htons(ETH_P_IP))
		parse_ipv4(ctx, off, packet);
	else if (*protocol == bpf_htons(ETH_P_IPV6))
		parse_ipv6(ctx, off, packet);
}

#endif

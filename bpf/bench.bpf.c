/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* For the benchmark only: the gate with a rotating source address, and what to compare it with. */
#include <linux/bpf.h>
#include <linux/in6.h>

#include "maps.h"
#include "parse.h"

/* Addresses take turns as the source: the first source_mask + 1 (a power of two) of an array. */
__u32 source_mask;
__u32 turn;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __be32);
} sources4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct in6_addr);
} sources6 SEC(".maps");

/* The tries without the map of maps around them; user space makes them the inner maps of the live slot. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct pgm_key4);
	__type(value, struct pgm_grant);
} bare4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct pgm_key6);
	__type(value, struct pgm_grant);
} bare6 SEC(".maps");

static __always_inline void rotate(struct packet *packet)
{
	__u32 i = turn++ & source_mask;

	if (packet->family == 4) {
		const __be32 *source = bpf_map_lookup_elem(&sources4, &i);
		if (source)
			__builtin_memcpy(packet->key4.addr, source, sizeof(*source));
	} else if (packet->family == 6) {
		const struct in6_addr *source = bpf_map_lookup_elem(&sources6, &i);
		if (source)
			__builtin_memcpy(packet->key6.addr, source, sizeof(*source));
	}
}

#define GATE_PARSED(packet) rotate(packet)
#include "gate.h"

SEC("xdp")
int bench_empty(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

static __always_inline void parse_and_rotate(struct xdp_md *xdp, struct packet *packet)
{
	struct ctx ctx = ctx_of_xdp(xdp);

	parse(&ctx, packet);
	rotate(packet);
	asm volatile("" : : "r"(packet) : "memory"); /* or the compiler leaves out what nobody reads */
}

SEC("xdp")
int bench_parse(struct xdp_md *xdp)
{
	struct packet packet = {};

	parse_and_rotate(xdp, &packet);
	return packet.kind == PACKET_PORT ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int bench_trie(struct xdp_md *xdp)
{
	struct packet packet = {};

	parse_and_rotate(xdp, &packet);
	if (packet.family == 4)
		return bpf_map_lookup_elem(&bare4, &packet.key4) ? XDP_PASS : XDP_DROP;
	if (packet.family == 6)
		return bpf_map_lookup_elem(&bare6, &packet.key6) ? XDP_PASS : XDP_DROP;
	return XDP_DROP;
}

SEC("xdp")
int bench_gate(struct xdp_md *xdp)
{
	struct ctx ctx = ctx_of_xdp(xdp);

	return gate(&ctx) ? XDP_PASS : XDP_DROP;
}

/* What a receiver can do at the least. */
SEC("xdp")
int bench_drop(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_DROP;
}

/* The interface out of which bench_send sends. */
int send_ifindex;

static __always_inline __sum16 checksum_moved(__sum16 checksum, __be32 from, __be32 to)
{
	__u32 sum = (__u16)~checksum + (__u16)~from + (__u16) ~(from >> 16) + (__u16)to + (to >> 16);

	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

/* A sender without sockets: BPF_PROG_TEST_RUN on live frames hands in SYNs over IPv4, and out they go. */
SEC("xdp")
int bench_send(struct xdp_md *xdp)
{
	struct ethhdr *eth = (void *)(long)xdp->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 i = turn++ & source_mask;
	const __be32 *source = bpf_map_lookup_elem(&sources4, &i);

	if (!source || (void *)(tcp + 1) > (void *)(long)xdp->data_end)
		return XDP_ABORTED;
	ip->check = checksum_moved(ip->check, ip->saddr, *source);
	tcp->check = checksum_moved(tcp->check, ip->saddr, *source);
	ip->saddr = *source;
	return bpf_redirect(send_ifindex, 0);
}

char bench_license[] SEC("license") = "Dual BSD/GPL";

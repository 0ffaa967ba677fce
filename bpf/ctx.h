/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* One view of a packet for XDP and tc; the flavour is a compile-time constant, so the other one's branches vanish. */
#ifndef PGM_BPF_CTX_H
#define PGM_BPF_CTX_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

#include "pgmoat/gate_abi.h"

enum flavour { FLAVOUR_XDP, FLAVOUR_TC };

struct ctx {
	enum flavour flavour;
	union {
		struct xdp_md *xdp;
		struct __sk_buff *skb;
	};
	const void *data; /* the linear part; more may follow in fragments */
	const void *data_end;
};

static __always_inline struct ctx ctx_of_xdp(struct xdp_md *xdp)
{
	return (struct ctx){
	        .flavour = FLAVOUR_XDP,
	        .xdp = xdp,
	        .data = (const void *)(long)xdp->data,
	        .data_end = (const void *)(long)xdp->data_end,
	};
}

static __always_inline struct ctx ctx_of_skb(struct __sk_buff *skb)
{
	return (struct ctx){
	        .flavour = FLAVOUR_TC,
	        .skb = skb,
	        .data = (const void *)(long)skb->data,
	        .data_end = (const void *)(long)skb->data_end,
	};
}

/*
 * Bytes [off, off + len) of the frame: in place if they are linear, else copied into buf. NULL only if the frame ends
 * before them.
 */
static __always_inline const void *ctx_bytes(const struct ctx *ctx, __u32 off, void *buf, __u32 len)
{
	const void *p = ctx->data + off;

	if (p + len <= ctx->data_end)
		return p;
	if (ctx->flavour == FLAVOUR_XDP)
		return bpf_xdp_load_bytes(ctx->xdp, off, buf, len) ? NULL : buf;
	return bpf_skb_load_bytes(ctx->skb, off, buf, len) ? NULL : buf;
}

/* True if the frame has at least len bytes. The helper is called only when the linear part does not settle it. */
static __always_inline bool ctx_reaches(const struct ctx *ctx, __u32 len)
{
	if (ctx->flavour == FLAVOUR_TC)
		return len <= ctx->skb->len;
	return ctx->data + len <= ctx->data_end || len <= bpf_xdp_get_buff_len(ctx->xdp);
}

/* The VLAN tag that the card or the kernel took out of the frame; XDP can't see it. */
static __always_inline bool ctx_vlan_tag(const struct ctx *ctx)
{
	return ctx->flavour == FLAVOUR_TC && ctx->skb->vlan_present;
}

/* Length of a GSO aggregate, 0 if it is none. Only an aggregate may have an IPv4 total length of 0 (BIG TCP). */
static __always_inline __u32 ctx_aggregate_len(const struct ctx *ctx)
{
	return ctx->flavour == FLAVOUR_TC && ctx->skb->gso_size ? ctx->skb->len : 0;
}

/* Where XDP's probe lies: the metadata if it is exactly one probe, else NULL. */
static __always_inline struct pgm_probe *ctx_xdp_probe(const struct ctx *ctx)
{
	const void *data = (const void *)(long)ctx->xdp->data;
	void *meta = (void *)(long)ctx->xdp->data_meta;

	if (meta + sizeof(struct pgm_probe) > data || meta + sizeof(struct pgm_probe) + 1 <= data)
		return NULL;
	return meta;
}

/* True if the packet is a question (see struct pgm_probe) and not traffic. */
static __always_inline bool ctx_probed(const struct ctx *ctx)
{
	const struct pgm_probe *probe;

	/* Nobody clears cb[] before tc: the zeros make sure that what GRO left there is no question. */
	if (ctx->flavour == FLAVOUR_TC)
		return ctx->skb->cb[0] == PGM_PROBE_ASK &&
		       !(ctx->skb->cb[1] | ctx->skb->cb[2] | ctx->skb->cb[3] | ctx->skb->cb[4]);
	probe = ctx_xdp_probe(ctx);
	return probe && probe->magic == PGM_PROBE_ASK;
}

/* Answer a probe in place. */
static __always_inline void ctx_answer(const struct ctx *ctx, const struct pgm_probe *answer)
{
	struct pgm_probe *probe;

	if (ctx->flavour == FLAVOUR_TC) {
		ctx->skb->cb[0] = answer->magic;
		ctx->skb->cb[1] = answer->verdict;
		ctx->skb->cb[2] = answer->counter;
		ctx->skb->cb[3] = answer->until;
		ctx->skb->cb[4] = answer->where;
		return;
	}
	probe = ctx_xdp_probe(ctx);
	if (probe)
		*probe = *answer;
}

#endif

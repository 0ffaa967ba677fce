/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The gate's three programs: XDP with and without fragments, and tc ingress. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include "gate.h"

SEC("xdp.frags")
int gate_xdp_frags(struct xdp_md *xdp)
{
	struct ctx ctx = ctx_of_xdp(xdp);

	return gate(&ctx) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int gate_xdp(struct xdp_md *xdp)
{
	struct ctx ctx = ctx_of_xdp(xdp);

	return gate(&ctx) ? XDP_PASS : XDP_DROP;
}

/* UNSPEC and not OK: filters behind this one still get their say. */
SEC("tc")
int gate_tc(struct __sk_buff *skb)
{
	struct ctx ctx = ctx_of_skb(skb);

	return gate(&ctx) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

char gate_license[] SEC("license") = "Dual BSD/GPL";

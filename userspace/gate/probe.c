/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a live program about a source without sending anything: a crafted SYN through BPF_PROG_TEST_RUN. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <string.h>

#include "gate/kernel_internal.h"

/* A question as XDP's test run takes it: the metadata lies in front of the frame. */
struct question {
	struct pgm_probe probe;
	uint8_t frame[sizeof(struct ether_header) + sizeof(struct ip6_hdr) + sizeof(struct tcphdr)];
	uint32_t frame_len;
};

static void write_ipv4(struct ip *ip, const uint8_t *source)
{
	static const uint8_t somebody[4] = {192, 0, 2, 1};

	ip->ip_v = 4;
	ip->ip_hl = sizeof(*ip) / 4;
	ip->ip_len = htons(sizeof(*ip) + sizeof(struct tcphdr));
	ip->ip_ttl = 64;
	ip->ip_p = IPPROTO_TCP;
	memcpy(&ip->ip_src, source, sizeof(ip->ip_src));
	memcpy(&ip->ip_dst, somebody, sizeof(ip->ip_dst));
}

static void write_ipv6(struct ip6_hdr *ip, const uint8_t *source)
{
	static const uint8_t somebody[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};

	ip->ip6_flow = htonl(6u << 28);
	ip->ip6_plen = htons(sizeof(struct tcphdr));
	ip->ip6_nxt = IPPROTO_TCP;
	ip->ip6_hlim = 64;
	memcpy(&ip->ip6_src, source, sizeof(ip->ip6_src));
	memcpy(&ip->ip6_dst, somebody, sizeof(ip->ip6_dst));
}

static void write_question(struct question *question, const struct pgm_range *addr, uint16_t port)
{
	bool v4 = addr->family == AF_INET;
	struct ether_header ether = {.ether_type = htons(v4 ? ETHERTYPE_IP : ETHERTYPE_IPV6)};
	struct tcphdr tcp = {.th_sport = htons(49152), .th_dport = htons(port), .th_off = 5, .th_flags = TH_SYN};
	struct ip ip4 = {0};
	struct ip6_hdr ip6 = {0};
	uint8_t *at = question->frame;

	question->probe = (struct pgm_probe){.magic = PGM_PROBE_ASK};
	at = mempcpy(at, &ether, sizeof(ether));
	write_ipv4(&ip4, addr->lo);
	write_ipv6(&ip6, addr->lo);
	at = v4 ? mempcpy(at, &ip4, sizeof(ip4)) : mempcpy(at, &ip6, sizeof(ip6));
	at = mempcpy(at, &tcp, sizeof(tcp));
	question->frame_len = (uint32_t)(at - question->frame);
}

/* Returns the program's return value as the kernel gives it, or -errno; the answer is in question->probe. */
static int64_t ask_xdp(int fd, struct question *question)
{
	struct xdp_md context = {.data = sizeof(question->probe),
	                         .data_end = (__u32)sizeof(question->probe) + question->frame_len};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = question, .data_size_in = context.data_end,
	            .data_out = question, .data_size_out = context.data_end, .ctx_in = &context,
	            .ctx_size_in = sizeof(context));
	int code = bpf_prog_test_run_opts(fd, &opts);

	return code < 0 ? code : (int64_t)opts.retval;
}

static int64_t ask_tc(int fd, struct question *question)
{
	struct __sk_buff context = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = question->frame, .data_size_in = question->frame_len,
	            .ctx_in = &context, .ctx_size_in = sizeof(context), .ctx_out = &context,
	            .ctx_size_out = sizeof(context));

	memcpy(context.cb, &question->probe, sizeof(question->probe));
	int code = bpf_prog_test_run_opts(fd, &opts);
	memcpy(&question->probe, context.cb, sizeof(question->probe));
	return code < 0 ? code : (int64_t)opts.retval;
}

int pgm_kernel_probe(struct pgm_kernel *kernel, enum pgm_flavour flavour, const struct pgm_range *addr, uint16_t port,
                     bool *passed, struct pgm_probe *answer, struct pgm_error *err)
{
	bool tc = flavour == PGM_FLAVOUR_TC;
	int fd = pgm_kernel_program(kernel, flavour);
	struct question question;

	write_question(&question, addr, port);
	int64_t code = tc ? ask_tc(fd, &question) : ask_xdp(fd, &question);
	if (code < 0) {
		pgm_fail(err, (int)code, "the kernel does not run the gate's program for a question: %s",
		         strerror((int)-code));
		return (int)code;
	}
	if (question.probe.magic != PGM_PROBE_ANSWER)
		return pgm_fail(err, -EPROTO, "the gate's program did not answer the question");
	*passed = (uint32_t)code == (tc ? (uint32_t)TC_ACT_UNSPEC : (uint32_t)XDP_PASS);
	*answer = question.probe;
	return 0;
}

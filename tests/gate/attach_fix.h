/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of attaching and watching share: a gate, a veth pair, programs of strangers, questions to the kernel.
 */
#ifndef PGM_TESTS_ATTACH_FIX_H
#define PGM_TESTS_ATTACH_FIX_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <time.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/live.h"
#include "lib/sandbox.h"
#include "lib/wire.h"

/* Wait for a condition; the case fails if it does not come true. */
#define AWAIT(cond)                                                                                                    \
	do {                                                                                                           \
		int left_ = 2000;                                                                                      \
		while (!(cond) && --left_)                                                                             \
			nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);                                       \
		CHECK(cond);                                                                                           \
	} while (0)

/* A program of somebody else that only returns. */
static inline int foreign_program(enum bpf_prog_type type, const char *name, int verdict)
{
	const struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = verdict},
	                                {.code = BPF_JMP | BPF_EXIT}};
	int fd = bpf_prog_load(type, name, "GPL", code, 2, NULL);

	CHECK(fd >= 0);
	return fd;
}

static inline unsigned program_id(int fd)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	CHECK_INT(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	return info.id;
}

static inline struct bpf_link_info link_info(int fd)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);

	CHECK_INT(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	return info;
}

static inline void foreign_filter(const char *dev, enum bpf_tc_attach_point side, unsigned handle, unsigned priority,
                                  int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex(dev), .attach_point = side);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = handle, .priority = priority, .prog_fd = program);

	CHECK_INT(bpf_tc_attach(&hook, &opts), 0);
}

/* Packets that met the gate. */
static inline uint64_t judged(const struct live *live)
{
	struct pgm_metrics metrics = live_metrics(live);
	uint64_t counter[PGM_VERDICT_COUNT], sum = 0;

	memcpy(counter, &metrics, sizeof(counter));
	for (int i = 0; i < PGM_VERDICT_COUNT; i++)
		sum += counter[i];
	return sum;
}

/* A SYN to 5432 comes over the wire; ends the case unless the gate judges it (once). */
static inline void send_judged(const struct live *live, const struct wire *wire)
{
	uint64_t before = judged(live);
	struct pkt pkt;

	pkt_make(&pkt, "ip4=192.0.2.7 tcp=5432:S");
	wire_send(wire, &pkt, false);
	AWAIT(judged(live) > before);
	CHECK_INT(judged(live), before + 1);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The tc filters of an interface in the order in which packets meet them. */
#ifndef PGM_GATE_TC_DUMP_H
#define PGM_GATE_TC_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pgm_tc_filter {
	uint32_t handle;
	uint32_t priority;
	uint32_t prog_id; /* 0 unless kind is bpf */
	char kind[16];
	char name[64]; /* of a bpf filter */
};

/*
 * Filters of one direction (parent: TC_H_MIN_INGRESS or TC_H_MIN_EGRESS) of chain 0, where every packet starts. The
 * kernel dumps by priority, and within one bpf priority in running order. No qdisc: no filters. *out is malloc'ed.
 * 0 or -errno.
 */
int pgm_tc_dump(int ifindex, unsigned direction, struct pgm_tc_filter **out, size_t *count);

#endif

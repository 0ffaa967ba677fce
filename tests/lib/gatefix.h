/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's programs with maps filled by hand: what the kernel side does, without the user space that feeds it. */
#ifndef PGM_TESTS_GATEFIX_H
#define PGM_TESTS_GATEFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "gate/kernel.h"
#include "lib/packet.h"
#include "pgmoat/gate_abi.h"

struct gate_bpf;

/* Every function ends the running case on an error. */
struct gatefix {
	struct gate_bpf *skel;
	struct pgm_table *table; /* of the slot that is being filled */
	uint32_t slot;           /* the slot that is being filled */
	uint32_t generation;
	int tries4, tries6, counters; /* inner maps of that slot */
	uint64_t *word;               /* the live policy word, shared with the kernel */
};

/* Load the programs; mode unset, slot 0 being filled with room for 4096 grants and counters, one shared shard. */
void gatefix_open(struct gatefix *fix);
void gatefix_close(struct gatefix *fix);

/* Go on with new, empty inner maps and an empty port table in slot. owned: plain adds. */
void gatefix_slot(struct gatefix *fix, uint32_t slot, uint32_t shards, bool owned);
/* Go on in slot, with no inner maps at all. */
void gatefix_empty_slot(struct gatefix *fix, uint32_t slot);
void gatefix_guard(struct gatefix *fix, uint16_t port, uint8_t scope);
/* Set one cell of one prefix ("203.0.113.0/24"); other cells of the entry stay. Nothing is closed over wider ones. */
void gatefix_grant(struct gatefix *fix, const char *prefix, enum pgm_kclass class, unsigned scope, uint32_t until,
                   uint32_t counter);
/* One store of the policy word: mode, and the slot that is being filled. */
void gatefix_live(struct gatefix *fix, enum pgm_mode mode);

/* Now, in the seconds that cells count. */
uint32_t gatefix_seconds(void);

struct pgm_metrics gatefix_metrics(const struct gatefix *fix);
/* One shard of one counter, of the slot that is being filled. */
struct pgm_counter gatefix_shard(const struct gatefix *fix, uint32_t counter, uint32_t shard);
/* Total over the shards of the slot that is being filled. */
struct pgm_counter gatefix_counter(const struct gatefix *fix, uint32_t counter);
/* False if the source is not in the table of refused sources. */
bool gatefix_denied(const struct gatefix *fix, const char *address, struct pgm_denied *out);
/* Number of sources in both tables. */
size_t gatefix_denied_count(const struct gatefix *fix);
void gatefix_forget_denied(const struct gatefix *fix);

struct gatefix_run {
	uint32_t linear;   /* XDP with fragments: bytes in the linear part, 0: all that fit */
	uint32_t gso_size; /* tc */
	int repeat;        /* how often; 0: once */
	bool probe;
	uint32_t slack;          /* XDP: bytes of metadata behind the probe */
	bool passed;             /* out */
	struct pgm_probe answer; /* in and out, if probe */
};
/* BPF_PROG_TEST_RUN. Returns 0 or -errno if the kernel can't express the frame. */
int gatefix_run(const struct gatefix *fix, enum pgm_flavour flavour, const struct pkt *pkt, struct gatefix_run *run);

int gatefix_program(const struct gatefix *fix, enum pgm_flavour flavour);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One interface's guard: attached, verified, replaced in place, taken off. */
#ifndef PGM_GATE_ATTACH_H
#define PGM_GATE_ATTACH_H

#include "gate/kernel.h"

enum pgm_hook { PGM_HOOK_NONE, PGM_HOOK_NATIVE, PGM_HOOK_TC, PGM_HOOK_GENERIC };
const char *pgm_hook_name(enum pgm_hook hook);

/* What guards an interface. */
struct pgm_guard {
	int ifindex;
	char name[16];
	enum pgm_hook hook;
	enum pgm_flavour flavour; /* which program */
	int link_fd;              /* bpf_link, or -1 (tc, none) */
	char why[512]; /* why it is unguarded, or why native was not possible: the driver's words, or the foreign
	                  program */
};

/*
 * Guard an interface by the configured mode. Adopts a pinned link or a filter of ours and updates its program in
 * place; otherwise attaches: auto = native with frags, native, then tc, falling through on any error. A better hook is
 * attached before a worse one is taken off. guard->ifindex and name are inputs. Returns 0 if it is guarded (why may
 * name what was not possible), or -errno with err and why.
 */
int pgm_attach(struct pgm_kernel *kernel, const struct pgm_config *config, struct pgm_guard *guard,
               struct pgm_error *err);

/* True if the guard is still in place (link alive on that ifindex, our filter present with our program). */
bool pgm_attach_verify(const struct pgm_kernel *kernel, const struct pgm_guard *guard);

/* True if a link or a filter of ours is on the interface already, whoever put it there. */
bool pgm_attach_found(const struct pgm_config *config, int ifindex);

/* Forget an interface that is gone: closes, unpins. */
void pgm_attach_forget(const struct pgm_config *config, struct pgm_guard *guard);

/*
 * Take everything off: links, filters, pins, the clsact qdisc where it is empty afterwards. Works without a loaded
 * kernel, from what is pinned and found. Tells what it does on out, one line each. Returns 0 or the first error.
 */
int pgm_detach_all(const struct pgm_config *config, FILE *out, struct pgm_error *err);

#endif

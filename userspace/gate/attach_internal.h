/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways onto an interface, XDP links and tc filters, as attach.c and detach.c use them. */
#ifndef PGM_GATE_ATTACH_INTERNAL_H
#define PGM_GATE_ATTACH_INTERNAL_H

#include "gate/attach.h"

#define PGM_REASON 224 /* bytes of a text that says why something was refused */

/* --- programs (attach_prog.c) --- */

/* The kernel's id of a program, 0 if it can't be told. */
unsigned pgm_prog_id(int fd);
/* "'name' (id 12)", or "(id 12)" where the name may not be read. */
void pgm_prog_describe(unsigned id, char *buf, size_t len);

/* --- XDP (attach_xdp.c) --- */

void pgm_xdp_pin_path(const struct pgm_config *config, int ifindex, char *buf, size_t len);

/*
 * Find our link on the interface: the pinned one, or the one that guard->link_fd holds. Leaves an open descriptor in
 * guard->link_fd and returns the hook; a dead one is closed and unpinned, and the answer is PGM_HOOK_NONE.
 */
enum pgm_hook pgm_xdp_find(const struct pgm_config *config, struct pgm_guard *guard);

/* Pin the link again if somebody removed the pin: without it the link would end with this process. 0 or -errno. */
int pgm_xdp_keep_pinned(const struct pgm_config *config, const struct pgm_guard *guard);

/* Put the new program onto guard->link_fd in place, with or without frags. Sets guard->flavour. 0 or -errno, reason. */
int pgm_xdp_update(const struct pgm_kernel *kernel, struct pgm_guard *guard, char *reason);

/* Make and pin a link in the given mode. Sets link_fd and flavour. 0 or -errno with reason: the foreign program, the
 * driver's words or the errno's. */
int pgm_xdp_attach(const struct pgm_kernel *kernel, const struct pgm_config *config, struct pgm_guard *guard,
                   enum pgm_hook hook, char *reason);

/* Take the link off the interface, its pin and its descriptor too. */
void pgm_xdp_take_off(const struct pgm_config *config, struct pgm_guard *guard);

/* True while guard->link_fd is on guard->ifindex with this program. */
bool pgm_xdp_verify(const struct pgm_guard *guard, unsigned prog_id);

/* --- tc (attach_tc.c) --- */

/* Put the program onto ingress as the first filter, in place if it is there already. 0 or -errno with reason. */
int pgm_tc_attach(int ifindex, int prog_fd, char *reason);

/* True while our filter is there with this program and nothing runs before it. */
bool pgm_tc_verify(int ifindex, unsigned prog_id);

/* True if a filter of ours is on the interface, whatever its program. */
bool pgm_tc_find(int ifindex);

/* Take our filter off, and the clsact qdisc if nothing is left in it. Returns 1 if there was something, 0 or -errno. */
int pgm_tc_take_off(int ifindex);

/* tcx programs of others run before any tc filter. How many are there; words for the first. 0 where tcx is unknown. */
unsigned pgm_tcx_foreign(int ifindex, char *buf, size_t len);

#endif

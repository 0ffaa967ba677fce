/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses how an interface is guarded, and never takes a guard off before the next one stands. */
#include "gate/attach.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gate/attach_internal.h"
#include "gate/rtnl.h"

const char *pgm_hook_name(enum pgm_hook hook)
{
	static const char *const names[] = {
	        [PGM_HOOK_NONE] = "none",
	        [PGM_HOOK_NATIVE] = "native",
	        [PGM_HOOK_TC] = "tc",
	        [PGM_HOOK_GENERIC] = "generic",
	};

	return names[hook];
}

struct job {
	const struct pgm_kernel *kernel;
	const struct pgm_config *config;
	struct pgm_guard *guard;
	char xdp_reason[PGM_REASON];
	char tc_reason[PGM_REASON];
};

/* The XDP hook that the mode asks for; NONE for mode = tc. */
static enum pgm_hook wanted_xdp(enum pgm_attach_mode mode)
{
	switch (mode) {
	case PGM_ATTACH_GENERIC:
		return PGM_HOOK_GENERIC;
	case PGM_ATTACH_TC:
		return PGM_HOOK_NONE;
	default:
		return PGM_HOOK_NATIVE;
	}
}

static int add_tc(struct job *job)
{
	int r = pgm_tc_attach(job->guard->ifindex, pgm_kernel_program(job->kernel, PGM_FLAVOUR_TC), job->tc_reason);

	if (r < 0 && !job->tc_reason[0])
		snprintf(job->tc_reason, PGM_REASON, "tc: %s", strerror(-r));
	return r;
}

static int guarded_by_tc(struct job *job, const char *note)
{
	job->guard->hook = PGM_HOOK_TC;
	job->guard->flavour = PGM_FLAVOUR_TC;
	snprintf(job->guard->why, sizeof(job->guard->why), "%s", note);
	return 0;
}

static int guarded_by_xdp(struct job *job, enum pgm_hook hook, const char *note)
{
	job->guard->hook = hook;
	snprintf(job->guard->why, sizeof(job->guard->why), "%s", note);
	return 0;
}

static int unguarded(struct job *job, int code, struct pgm_error *err)
{
	struct pgm_guard *guard = job->guard;
	const char *hook = job->config->attach_mode == PGM_ATTACH_GENERIC ? "generic" : "native";

	guard->hook = PGM_HOOK_NONE;
	if (job->xdp_reason[0] && job->tc_reason[0])
		snprintf(guard->why, sizeof(guard->why), "%s XDP: %s; tc: %s", hook, job->xdp_reason, job->tc_reason);
	else if (job->xdp_reason[0])
		snprintf(guard->why, sizeof(guard->why), "%s XDP: %s", hook, job->xdp_reason);
	else
		snprintf(guard->why, sizeof(guard->why), "%s", job->tc_reason);
	pgm_fail(err, code, "interface %s is not guarded: %s", guard->name, guard->why);
	if (!job->tc_reason[0])
		pgm_hint(err, "Set mode = auto in [gate] to fall back to tc, or remove what the driver objects to.");
	return code;
}

/* Neither a guard of ours nor a place for one: what exists must be an Ethernet interface. */
static int check_interface(struct job *job, struct pgm_error *err)
{
	struct pgm_guard *guard = job->guard;
	struct pgm_link_view view;
	int r = pgm_link_query(guard->ifindex, &view);

	if (r == 0 && view.type == ARPHRD_ETHER)
		return 0;
	if (r == 0) {
		r = -EPFNOSUPPORT;
		snprintf(job->tc_reason, PGM_REASON, "not an Ethernet interface (type %u)", view.type);
	} else {
		snprintf(job->tc_reason, PGM_REASON, "%s", r == -ENODEV ? "no such interface" : strerror(-r));
	}
	return unguarded(job, r, err);
}

/* A link stands whose mode the config no longer wants, or that takes no new program: tc bridges the change. */
static int replace_link(struct job *job)
{
	int r = add_tc(job);

	if (r == 0)
		pgm_xdp_take_off(job->config, job->guard);
	return r;
}

/* The link of before stays because nothing can take its place. */
static int keep_link(struct job *job, enum pgm_hook hook, int code, struct pgm_error *err)
{
	char note[PGM_REASON * 2];

	if (pgm_xdp_update(job->kernel, job->guard, job->xdp_reason) < 0)
		return unguarded(job, code, err);
	snprintf(note, sizeof(note), "the %s XDP link of before stays, because %s", pgm_hook_name(hook),
	         job->tc_reason);
	return guarded_by_xdp(job, hook, note);
}

static int attach_by_tc(struct job *job, struct pgm_error *err)
{
	char note[PGM_REASON + 64] = "";
	int r = add_tc(job);

	if (r < 0)
		return unguarded(job, r, err);
	if (job->xdp_reason[0])
		snprintf(note, sizeof(note), "%s XDP is not possible: %s",
		         pgm_hook_name(wanted_xdp(job->config->attach_mode)), job->xdp_reason);
	return guarded_by_tc(job, note);
}

static int attach_by_xdp(struct job *job, enum pgm_hook want, struct pgm_error *err)
{
	int r;

	/* A filter that somebody took off is back before the driver is asked again. */
	if (job->guard->hook == PGM_HOOK_TC)
		(void)add_tc(job);
	r = pgm_xdp_attach(job->kernel, job->config, job->guard, want, job->xdp_reason);
	if (r == 0) {
		(void)pgm_tc_take_off(job->guard->ifindex);
		return guarded_by_xdp(job, want, "");
	}
	/* Without auto nothing falls through to tc, but a filter that is there already stays and gets the program. */
	if (job->config->attach_mode == PGM_ATTACH_AUTO || pgm_tc_find(job->guard->ifindex))
		return attach_by_tc(job, err);
	return unguarded(job, r, err);
}

int pgm_attach(struct pgm_kernel *kernel, const struct pgm_config *config, struct pgm_guard *guard,
               struct pgm_error *err)
{
	struct job job = {.kernel = kernel, .config = config, .guard = guard};
	enum pgm_hook want = wanted_xdp(config->attach_mode), have;
	int r = check_interface(&job, err);

	if (r < 0)
		return r;
	have = pgm_xdp_find(config, guard);
	if (have != PGM_HOOK_NONE && have == want) {
		r = pgm_xdp_update(kernel, guard, job.xdp_reason);
		if (r == 0) {
			(void)pgm_tc_take_off(guard->ifindex);
			return guarded_by_xdp(&job, have, "");
		}
		if (config->attach_mode != PGM_ATTACH_AUTO)
			return unguarded(&job, r, err);
	}
	if (have != PGM_HOOK_NONE) {
		r = replace_link(&job);
		if (r < 0)
			return keep_link(&job, have, r, err);
	}
	return want == PGM_HOOK_NONE ? attach_by_tc(&job, err) : attach_by_xdp(&job, want, err);
}

bool pgm_attach_verify(const struct pgm_kernel *kernel, const struct pgm_guard *guard)
{
	unsigned id;

	if (guard->hook == PGM_HOOK_NONE)
		return false;
	id = pgm_prog_id(pgm_kernel_program(kernel, guard->flavour));
	return guard->hook == PGM_HOOK_TC ? pgm_tc_verify(guard->ifindex, id) : pgm_xdp_verify(guard, id);
}

bool pgm_attach_found(const struct pgm_config *config, int ifindex)
{
	struct pgm_guard guard = {.ifindex = ifindex, .link_fd = -1};
	bool found = pgm_xdp_find(config, &guard) != PGM_HOOK_NONE;

	if (found)
		close(guard.link_fd);
	return found || pgm_tc_find(ifindex);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The gate as a tc filter on ingress: put there, kept first, verified, taken off. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gate/attach_internal.h"
#include "gate/rtnl.h"
#include "gate/tc_dump.h"

#define PRIORITY 1u
#define HANDLE   0x70676du
/* While our filter moves to the front, its deputy stands there. Nobody sees it longer than that, but for a crash. */
#define DEPUTY 0x70676eu
#define NAME   "gate_tc"
/* BPF_TCX_INGRESS, which Debian 12's headers don't have. */
#define TCX_INGRESS 46

static bool is_ours(const struct pgm_tc_filter *filter)
{
	return filter->priority == PRIORITY && (filter->handle == HANDLE || filter->handle == DEPUTY) &&
	       strncmp(filter->name, NAME, strlen(NAME)) == 0;
}

static struct nl_msg *filter_message(int type, int flags, int ifindex, uint32_t handle)
{
	struct tcmsg head = {.tcm_ifindex = ifindex,
	                     .tcm_handle = handle,
	                     .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
	                     .tcm_info = TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL))};
	struct nl_msg *message = pgm_rtnl_message(type, flags, &head, sizeof(head));

	if (message && nla_put_string(message, TCA_KIND, "bpf") < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* A handle that exists gets the program in its place; a new one is put before all others of its priority. */
static int put_filter(int ifindex, uint32_t handle, int prog_fd, char *said)
{
	struct nl_msg *message = filter_message(RTM_NEWTFILTER, NLM_F_CREATE, ifindex, handle);
	struct nlattr *nest;

	if (!message)
		return -ENOMEM;
	nest = nla_nest_start(message, TCA_OPTIONS);
	if (!nest || nla_put_u32(message, TCA_BPF_FD, (uint32_t)prog_fd) < 0 ||
	    nla_put_string(message, TCA_BPF_NAME, NAME) < 0 ||
	    nla_put_u32(message, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT) < 0) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	nla_nest_end(message, nest);
	return pgm_rtnl_request(message, NULL, NULL, said, said ? PGM_REASON : 0);
}

static int delete_filter(int ifindex, uint32_t handle)
{
	return pgm_rtnl_request(filter_message(RTM_DELTFILTER, 0, ifindex, handle), NULL, NULL, NULL, 0);
}

static int change_qdisc(int type, int flags, int ifindex, char *said)
{
	struct tcmsg head = {
	        .tcm_ifindex = ifindex, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0), .tcm_parent = TC_H_CLSACT};
	struct nl_msg *message = pgm_rtnl_message(type, flags, &head, sizeof(head));

	if (message && nla_put_string(message, TCA_KIND, "clsact") < 0) {
		nlmsg_free(message);
		message = NULL;
	}
	return pgm_rtnl_request(message, NULL, NULL, said, said ? PGM_REASON : 0);
}

/* Which of ours are there, and who runs first. */
struct view {
	bool ours;
	bool deputy;
	bool first;
	uint32_t prog_id;
	struct pgm_tc_filter head; /* the first filter, if there is one */
};

static int look(int ifindex, struct view *out)
{
	PGM_FREE struct pgm_tc_filter *filters = NULL;
	size_t count = 0;
	int r = pgm_tc_dump(ifindex, TC_H_MIN_INGRESS, &filters, &count);

	if (r < 0)
		return r;
	*out = (struct view){0};
	for (size_t i = 0; i < count; i++) {
		if (!is_ours(&filters[i]))
			continue;
		if (filters[i].handle == DEPUTY) {
			out->deputy = true;
			continue;
		}
		out->ours = true;
		out->first = i == 0;
		out->prog_id = filters[i].prog_id;
	}
	if (count)
		out->head = filters[0];
	return 0;
}

/*
 * A bpf filter of the same priority that came after ours runs before it, and may end with a verdict. A deletion and an
 * addition bring ours to the front; the deputy filters meanwhile, so no packet passes unseen.
 */
static int move_to_front(int ifindex, int prog_fd, char *said)
{
	int r = put_filter(ifindex, DEPUTY, prog_fd, said);

	if (r < 0)
		return r;
	r = delete_filter(ifindex, HANDLE);
	if (r < 0 && r != -ENOENT)
		return r;
	r = put_filter(ifindex, HANDLE, prog_fd, said);
	return r < 0 ? r : delete_filter(ifindex, DEPUTY);
}

static int settle(int ifindex, int prog_fd, char *reason)
{
	struct view view;
	int r = look(ifindex, &view);

	if (r < 0)
		return r;
	if (!view.ours)
		return -ENOENT;
	if (!view.first)
		return move_to_front(ifindex, prog_fd, reason);
	return view.deputy ? delete_filter(ifindex, DEPUTY) : 0; /* a crash in the middle of a move left it */
}

/* Say what stands in the way where the kernel's words only say that something does. */
static void explain(int ifindex, int code, char *reason)
{
	char said[PGM_REASON], name[IF_NAMESIZE] = "?";
	struct view view;

	(void)if_indextoname((unsigned)ifindex, name);
	snprintf(said, sizeof(said), "%s", reason[0] ? reason : strerror(-code));
	if (look(ifindex, &view) == 0 && view.head.priority == PRIORITY && strcmp(view.head.kind, "bpf") != 0)
		snprintf(reason, PGM_REASON,
		         "tc priority 1 on ingress is taken by a %s filter: make it again with a higher number (see tc "
		         "filter show dev %s ingress)",
		         view.head.kind, name);
	else
		snprintf(reason, PGM_REASON, "tc refuses the filter (%.160s)", said);
}

int pgm_tc_attach(int ifindex, int prog_fd, char *reason)
{
	/* EEXIST: clsact is there, or an `ingress` qdisc, which excludes clsact and takes the same filters. */
	int r = change_qdisc(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex, reason);
	char said[PGM_REASON];

	if (r < 0 && r != -EEXIST) {
		snprintf(said, sizeof(said), "%s", reason[0] ? reason : strerror(-r));
		snprintf(reason, PGM_REASON, "tc refuses the clsact qdisc (%.160s)", said);
		return r;
	}
	r = put_filter(ifindex, HANDLE, prog_fd, reason);
	if (r == 0)
		r = settle(ifindex, prog_fd, reason);
	if (r < 0)
		explain(ifindex, r, reason);
	return r;
}

bool pgm_tc_verify(int ifindex, unsigned prog_id)
{
	struct view view;

	return look(ifindex, &view) == 0 && view.ours && view.first && view.prog_id == prog_id;
}

bool pgm_tc_find(int ifindex)
{
	struct view view;

	return look(ifindex, &view) == 0 && (view.ours || view.deputy);
}

static bool side_empty(int ifindex, unsigned direction)
{
	PGM_FREE struct pgm_tc_filter *filters = NULL;
	size_t count = 0;

	return pgm_tc_dump(ifindex, direction, &filters, &count) == 0 && count == 0;
}

int pgm_tc_take_off(int ifindex)
{
	struct view view;
	int r = look(ifindex, &view);

	if (r < 0 || !(view.ours || view.deputy))
		return r;
	if (view.ours)
		r = delete_filter(ifindex, HANDLE);
	if (r == 0 && view.deputy)
		r = delete_filter(ifindex, DEPUTY);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* The kind keeps this from removing an `ingress` qdisc, which is never ours. */
	if (side_empty(ifindex, TC_H_MIN_INGRESS) && side_empty(ifindex, TC_H_MIN_EGRESS))
		(void)change_qdisc(RTM_DELQDISC, 0, ifindex, NULL);
	return 1;
}

unsigned pgm_tcx_foreign(int ifindex, char *buf, size_t len)
{
	__u32 ids[16] = {0}, count = sizeof(ids) / sizeof(ids[0]);

	/* ENOSPC: more than fit, and count says how many. Kernels before 6.6 answer EINVAL. */
	if (bpf_prog_query(ifindex, TCX_INGRESS, 0, NULL, ids, &count) < 0 && errno != ENOSPC)
		return 0;
	if (count)
		pgm_prog_describe(ids[0], buf, len);
	return count;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps tc filters by rtnetlink, which libbpf has no call for. */
#include "gate/tc_dump.h"

#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "gate/rtnl.h"

struct list {
	struct pgm_tc_filter *items;
	size_t count;
	size_t capacity;
};

static int append(struct list *list, const struct pgm_tc_filter *filter)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 8;
		struct pgm_tc_filter *items = reallocarray(list->items, capacity, sizeof(*items));
		if (!items)
			return -ENOMEM;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = *filter;
	return 0;
}

static void parse_bpf(struct nlattr *options, struct pgm_tc_filter *filter)
{
	struct nlattr *attrs[TCA_BPF_MAX + 1];

	if (nla_parse_nested(attrs, TCA_BPF_MAX, options, NULL) < 0)
		return;
	if (attrs[TCA_BPF_ID])
		filter->prog_id = nla_get_u32(attrs[TCA_BPF_ID]);
	if (attrs[TCA_BPF_NAME])
		nla_strlcpy(filter->name, attrs[TCA_BPF_NAME], sizeof(filter->name));
}

static int keep_filter(struct nlmsghdr *message, void *arg)
{
	const struct tcmsg *head = nlmsg_data(message);
	struct nlattr *attrs[TCA_MAX + 1];
	struct pgm_tc_filter filter = {0};

	if (message->nlmsg_type != RTM_NEWTFILTER)
		return 0;
	if (!nlmsg_valid_hdr(message, sizeof(*head)) || nlmsg_parse(message, sizeof(*head), attrs, TCA_MAX, NULL) < 0)
		return -EBADMSG;
	/* Each priority starts with an entry for itself, which is no filter. */
	if (head->tcm_handle == 0 || !attrs[TCA_KIND] || (attrs[TCA_CHAIN] && nla_get_u32(attrs[TCA_CHAIN]) != 0))
		return 0;
	filter.handle = head->tcm_handle;
	filter.priority = TC_H_MAJ(head->tcm_info) >> 16;
	nla_strlcpy(filter.kind, attrs[TCA_KIND], sizeof(filter.kind));
	if (attrs[TCA_OPTIONS] && nla_strcmp(attrs[TCA_KIND], "bpf") == 0)
		parse_bpf(attrs[TCA_OPTIONS], &filter);
	return append(arg, &filter);
}

int pgm_tc_dump(int ifindex, unsigned direction, struct pgm_tc_filter **out, size_t *count)
{
	struct tcmsg head = {.tcm_ifindex = ifindex, .tcm_parent = TC_H_MAKE(TC_H_CLSACT, direction)};
	struct list list = {0};
	int r, tries = 0;

	do {
		list.count = 0;
		r = pgm_rtnl_request(pgm_rtnl_message(RTM_GETTFILTER, NLM_F_DUMP, &head, sizeof(head)), keep_filter,
		                     &list, NULL, 0);
	} while (r == -EINTR && ++tries < 10);
	PGM_FREE void *items = list.items;
	if (r < 0)
		return r;
	*out = PGM_TAKE(items);
	*count = list.count;
	return 0;
}

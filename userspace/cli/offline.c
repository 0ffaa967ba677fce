/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate does while no daemon answers, told from its pins and from the interfaces. */
#include "cli/offline.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "cli/pins.h"

/* The tc filter's place, as ARCHITECTURE.md gives it. */
#define TC_PRIORITY 1
#define TC_HANDLE   0x70676d

struct finding {
	int policy_result; /* 0 or -errno of reading it */
	struct pgm_policy policy;
	struct pgm_error why; /* if it could not be read */
	json_t *guards;       /* [{"name", "guard"}] */
};

/* Root can compare the program's id; others know from the name of the link's pin that an XDP program is ours. */
static bool ours(const struct pgm_config *config, int ifindex, __u32 id)
{
	static const char *const programs[] = {"prog_xdp_frags", "prog_xdp"};
	char path[PATH_MAX + 32];

	for (size_t i = 0; id != 0 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (pgm_cli_pins_program_id(config, programs[i]) == id)
			return true;
	snprintf(path, sizeof(path), "%s/link_%d", config->pin_dir, ifindex);
	return id != 0 && geteuid() != 0 && access(path, F_OK) == 0;
}

static const char *guarded_how(const struct pgm_config *config, int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, xdp);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .priority = TC_PRIORITY, .handle = TC_HANDLE);

	if (bpf_xdp_query(ifindex, 0, &xdp) == 0) {
		if (ours(config, ifindex, xdp.drv_prog_id))
			return "native";
		if (ours(config, ifindex, xdp.skb_prog_id))
			return "generic";
	}
	return bpf_tc_query(&hook, &filter) == 0 ? "tc" : NULL;
}

static void find_guards(const struct pgm_config *config, struct finding *found)
{
	struct if_nameindex *all = if_nameindex();

	found->guards = json_array();
	for (struct if_nameindex *one = all; one && one->if_index; one++) {
		const char *how = guarded_how(config, (int)one->if_index);
		if (how)
			json_array_append_new(found->guards,
			                      json_pack("{s:s, s:s}", "name", one->if_name, "guard", how));
	}
	if (all)
		if_freenameindex(all);
}

static void look(const struct pgm_config *config, struct finding *found)
{
	memset(found, 0, sizeof(*found));
	libbpf_set_print(NULL); /* interfaces without a filter are no news */
	found->policy_result = pgm_cli_pins_policy(config, &found->policy, &found->why);
	find_guards(config, found);
}

static bool lets_everyone_in(const struct pgm_policy *policy)
{
	return policy->mode == PGM_MODE_UNSET || policy->mode == PGM_MODE_ANYWHERE;
}

static void tell_policy(const struct pgm_policy *policy, FILE *out)
{
	fprintf(out, "mode %s, generation %u, %u rule%s", pgm_cli_mode_name(policy->mode), (unsigned)policy->generation,
	        (unsigned)policy->rules, policy->rules == 1 ? "" : "s");
}

static void tell_guards(const struct finding *found, FILE *out)
{
	size_t i;
	const json_t *guard;

	json_array_foreach (found->guards, i, guard)
		fprintf(out, "%s%s (%s)", i ? ", " : " on ", json_string_value(json_object_get(guard, "name")),
		        json_string_value(json_object_get(guard, "guard")));
}

/* Nothing pinned and nothing attached is certain; anything else that can't be read is not. */
static bool surely_absent(const struct finding *found)
{
	return found->policy_result == -ENOENT && json_array_size(found->guards) == 0;
}

static void tell_unreadable(const struct finding *found, FILE *out)
{
	if (surely_absent(found)) {
		fputs("No gate is pinned and none is attached: the guarded ports are OPEN to everyone.\n", out);
	} else {
		fprintf(out, "Whether the gate still enforces can't be seen: %s.\n", found->why.what);
		if (found->why.hint[0])
			fprintf(out, "HINT: %s\n", found->why.hint);
	}
}

static void tell_readable(const struct finding *found, FILE *out)
{
	if (json_array_size(found->guards) == 0)
		fputs("The gate is attached to no interface: the guarded ports are OPEN to everyone. Its last policy: ",
		      out);
	else if (lets_everyone_in(&found->policy))
		fputs("The pinned gate is attached, but lets EVERYONE in: ", out);
	else
		fputs("The pinned gate is still enforcing: ", out);
	tell_policy(&found->policy, out);
	tell_guards(found, out);
	fputs(".\n", out);
}

void pgm_cli_offline_tell(const struct pgm_config *config, FILE *out)
{
	struct finding found;

	look(config, &found);
	if (found.policy_result < 0)
		tell_unreadable(&found, out);
	else
		tell_readable(&found, out);
	json_decref(found.guards);
}

json_t *pgm_cli_offline_json(const struct pgm_config *config)
{
	struct finding found;
	json_t *answer = json_object();

	look(config, &found);
	bool readable = found.policy_result == 0;
	bool absent = surely_absent(&found);
	bool enforcing = readable && json_array_size(found.guards) > 0 && !lets_everyone_in(&found.policy);
	json_object_set_new(answer, "pinned", readable || absent ? json_boolean(readable) : json_null());
	json_object_set_new(answer, "enforcing", readable || absent ? json_boolean(enforcing) : json_null());
	if (readable) {
		json_object_set_new(answer, "mode", json_string(pgm_cli_mode_name(found.policy.mode)));
		json_object_set_new(answer, "generation", json_integer(found.policy.generation));
		json_object_set_new(answer, "rules", json_integer(found.policy.rules));
	}
	json_object_set_new(answer, "interfaces", found.guards);
	return answer;
}

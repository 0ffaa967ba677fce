/* SPDX-License-Identifier: Apache-2.0 */
/* pgmoatd --detach: takes the whole gate off, after saying what that opens. */
#include "daemon/detach.h"

#include <linux/pkt_sched.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/server.h"
#include "gate/attach.h"
#include "gate/tc_dump.h"

#define OUR_FILTER 0x70676du /* the fixed handle of the gate's tc filter: ARCHITECTURE.md, "Maps" */

static bool has_link(const struct pgm_config *config, unsigned ifindex)
{
	char path[sizeof(config->pin_dir) + 32];

	snprintf(path, sizeof(path), "%s/link_%u", config->pin_dir, ifindex);
	return access(path, F_OK) == 0;
}

static bool has_filter(unsigned ifindex)
{
	PGM_FREE struct pgm_tc_filter *filters = NULL;
	size_t count = 0;

	if (pgm_tc_dump((int)ifindex, TC_H_MIN_INGRESS, &filters, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (filters[i].handle == OUR_FILTER && strcmp(filters[i].kind, "bpf") == 0)
			return true;
	return false;
}

/* " on eth0, eth1", or an empty text if nothing is guarded. */
static void guarded_interfaces(const struct pgm_config *config, char *buf, size_t len)
{
	struct if_nameindex *names = if_nameindex();
	size_t used = 0;

	buf[0] = 0;
	for (struct if_nameindex *i = names; i && i->if_index; i++) {
		if (used + IF_NAMESIZE + 8 > len || (!has_link(config, i->if_index) && !has_filter(i->if_index)))
			continue;
		used += (size_t)snprintf(buf + used, len - used, "%s%s", used ? ", " : " on ", i->if_name);
	}
	if_freenameindex(names);
}

static void say_what_opens(const struct pgm_config *config)
{
	uint64_t all[1024] = {0};
	char ports[2048], interfaces[2048];

	for (unsigned i = 0; i < config->scope_count; i++)
		for (size_t word = 0; word < 1024; word++)
			all[word] |= config->scopes[i].ports[word];
	pgm_ports_format(all, ports, sizeof(ports));
	guarded_interfaces(config, interfaces, sizeof(interfaces));
	if (interfaces[0])
		printf("Taking the gate off: ports %s will be reachable by everyone%s.\n", ports, interfaces);
	else
		printf("No interface is guarded by this gate; removing what is left of it.\n");
	fflush(stdout);
}

int pgmd_detach(const struct pgm_config *config)
{
	struct pgm_error err = {0};
	pid_t pid = pgmd_server_other(config->run_dir);

	if (pid) {
		fprintf(stderr,
		        "pgmoatd: pgmoatd is running (pid %d): it would attach the gate again\n"
		        "HINT: stop it first: systemctl stop pgmoatd\n",
		        (int)pid);
		return 1;
	}
	say_what_opens(config);
	if (pgm_detach_all(config, stdout, &err) == 0)
		return 0;
	fprintf(stderr, "pgmoatd: %s\n", err.what);
	if (err.hint[0])
		fprintf(stderr, "HINT: %s\n", err.hint);
	return 1;
}

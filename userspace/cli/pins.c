/* SPDX-License-Identifier: Apache-2.0 */
/* The pinned maps that may be read without the daemon and without root. */
#include "cli/pins.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

/* Files of group metrics_group are 0640: only BPF_F_RDONLY opens them for a member. Returns a descriptor or -errno. */
static int open_pin(const struct pgm_config *config, const char *name, char *path, size_t len)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = BPF_F_RDONLY);
	int n = snprintf(path, len, "%s/%s", config->pin_dir, name);

	return n < 0 || (size_t)n >= len ? -ENAMETOOLONG : bpf_obj_get_opts(path, &options);
}

static int explain(const struct pgm_config *config, const char *path, int cause, struct pgm_error *err)
{
	if (cause == -ENOENT) {
		pgm_fail(err, 0, "%s: no gate is pinned there", path);
		pgm_hint(err, "pgmoatd loads the gate; start its unit pgmoatd.service with: systemctl start pgmoatd");
	} else if (cause == -EACCES || cause == -EPERM) {
		pgm_fail(err, 0, "%s: permission denied", path);
		pgm_hint(err, "run this as root, or join the group %s", config->metrics_group);
		return -EACCES;
	} else {
		pgm_fail(err, 0, "%s: %s", path, strerror(-cause));
	}
	return cause;
}

/* The kernel copies as much as the map says, not as much as we have room for: the sizes are checked first. */
static int read_entry(int fd, enum bpf_map_type type, size_t size, void *value)
{
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);
	const __u32 first = 0;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return -errno;
	if (info.type != type || info.key_size != sizeof(first) || info.value_size != size)
		return -EPROTO;
	return bpf_map_lookup_elem(fd, &first, value) < 0 ? -errno : 0;
}

static int other_schema(const char *path, struct pgm_error *err)
{
	pgm_fail(err, 0, "%s: the pinned gate is of another version than this pgmoat (schema %u is needed)", path,
	         PGM_SCHEMA);
	pgm_hint(err,
	         "use the pgmoat that was installed with the running pgmoatd, or restart pgmoatd after an upgrade");
	return -EPROTO;
}

int pgm_cli_pins_policy(const struct pgm_config *config, struct pgm_policy *out, struct pgm_error *err)
{
	char path[PATH_MAX];
	struct pgm_policy policy = {0};
	PGM_CLOSE int fd = open_pin(config, "policy", path, sizeof(path));

	if (fd < 0)
		return explain(config, path, fd, err);
	int result = read_entry(fd, BPF_MAP_TYPE_ARRAY, sizeof(policy), &policy);
	if (result == -EPROTO || (result == 0 && policy.schema != PGM_SCHEMA))
		return other_schema(path, err);
	if (result < 0)
		return explain(config, path, result, err);
	*out = policy;
	return 0;
}

int pgm_cli_pins_metrics(const struct pgm_config *config, struct pgm_metrics *out, struct pgm_error *err)
{
	char path[PATH_MAX];
	int cpus = libbpf_num_possible_cpus();
	PGM_CLOSE int fd = open_pin(config, "metrics", path, sizeof(path));

	if (fd < 0)
		return explain(config, path, fd, err);
	if (cpus < 0)
		return explain(config, path, cpus, err);
	PGM_FREE struct pgm_metrics *shards = calloc((size_t)cpus, sizeof(*shards));
	if (!shards)
		return explain(config, path, -ENOMEM, err);
	int result = read_entry(fd, BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(*shards), shards);
	if (result == -EPROTO)
		return other_schema(path, err);
	if (result < 0)
		return explain(config, path, result, err);

	__u64 sum[sizeof(*out) / sizeof(__u64)] = {0};
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < sizeof(sum) / sizeof(sum[0]); i++)
			sum[i] += ((const __u64 *)&shards[cpu])[i];
	memcpy(out, sum, sizeof(*out));
	return 0;
}

__u32 pgm_cli_pins_program_id(const struct pgm_config *config, const char *name)
{
	char path[PATH_MAX];
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);
	PGM_CLOSE int fd = open_pin(config, name, path, sizeof(path));

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 ? info.id : 0;
}

const char *pgm_cli_mode_name(unsigned mode)
{
	static const char *const names[] = {
	        [PGM_MODE_UNSET] = "unset",
	        [PGM_MODE_ANYWHERE] = "anywhere",
	        [PGM_MODE_NOWHERE] = "nowhere",
	        [PGM_MODE_LIST] = "list",
	};

	return mode < sizeof(names) / sizeof(names[0]) ? names[mode] : "unknown";
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Pins: which ones are found and fit, and how new ones take the place of old ones. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "gate/kernel_internal.h"
#include "gate/skeleton.h"

#define TEMPORARY "_new" /* a dot is not allowed on bpffs */

/* policy stands for the whole set: it is the first to go and the last to come, so a crash never leaves one that is
 * surrounded by another gate's maps. */
#define POLICY "policy"

static const struct {
	enum pgm_flavour flavour;
	const char *name;
} programs[] = {
        {PGM_FLAVOUR_XDP_FRAGS, "prog_xdp_frags"},
        {PGM_FLAVOUR_XDP, "prog_xdp"},
        {PGM_FLAVOUR_TC, "prog_tc"},
};
#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

struct path {
	char text[PATH_MAX + 64];
};

static struct path path_of(const struct pgm_kernel *kernel, const char *name, const char *suffix)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "%s/%s%s", kernel->config->pin_dir, name, suffix);
	return path;
}

/* --- what is there --- */

static bool info_of(int fd, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &len) == 0;
}

static bool fits(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info;

	return info_of(fd, &info) && info.type == bpf_map__type(map) && info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) && info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

static bool inner_fits(const struct bpf_map *outer, __u32 slot, const struct pgm_shape *shape)
{
	struct bpf_map_info info;
	PGM_CLOSE int fd = pgm_inner_get(bpf_map__fd(outer), slot);

	return fd >= 0 && info_of(fd, &info) && info.type == shape->type && info.key_size == shape->key_size &&
	       info.value_size == shape->value_size && info.map_flags == shape->flags;
}

/* The pinned policy's word and schema; false if there is none, or none that this program can read. */
static bool read_policy(const struct pgm_kernel *kernel, struct pgm_policy *policy)
{
	PGM_CLOSE int fd = bpf_obj_get(path_of(kernel, POLICY, "").text);
	__u32 zero = 0;

	return fd >= 0 && fits(fd, kernel->skel->maps.policy) && bpf_map_lookup_elem(fd, &zero, policy) == 0;
}

static bool reuse_map(const struct pgm_kernel *kernel, struct bpf_map *map)
{
	PGM_CLOSE int fd = bpf_obj_get(path_of(kernel, bpf_map__name(map), "").text);

	return fd >= 0 && fits(fd, map) && bpf_map__reuse_fd(map, fd) == 0;
}

static bool reuse_all(struct pgm_kernel *kernel, __u32 slot)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, kernel->skel->obj)
		if (!bpf_map__is_internal(map) && !reuse_map(kernel, map))
			return false;
	return inner_fits(kernel->skel->maps.v4, slot, &kernel->trie_shape[PGM_V4]) &&
	       inner_fits(kernel->skel->maps.v6, slot, &kernel->trie_shape[PGM_V6]) &&
	       inner_fits(kernel->skel->maps.counters, slot, &kernel->counter_shape);
}

static bool exists(const struct pgm_kernel *kernel, const char *name)
{
	return access(path_of(kernel, name, "").text, F_OK) == 0;
}

enum pgm_pins pgm_pins_reuse(struct pgm_kernel *kernel)
{
	struct pgm_policy policy;

	if (read_policy(kernel, &policy) && policy.schema == PGM_SCHEMA && reuse_all(kernel, policy.slot))
		return PGM_PINS_ADOPTABLE;
	/* Programs are pinned after maps: without one, a first start was interrupted before anything was attached. */
	if (exists(kernel, POLICY) || exists(kernel, programs[0].name))
		return PGM_PINS_OTHER;
	return PGM_PINS_NONE;
}

/* --- putting ours there --- */

static int set_access(struct pgm_kernel *kernel, const char *name, const char *suffix, struct pgm_error *err)
{
	bool readable = strcmp(name, POLICY) == 0 || strcmp(name, "metrics") == 0;
	struct path path = path_of(kernel, name, suffix);

	/* Owner first: between the two calls the old mode gives the new group nothing it should not have. */
	if (chown(path.text, 0, readable ? kernel->group : 0) == 0 && chmod(path.text, readable ? 0640 : 0600) == 0)
		return 0;
	return pgm_fail(err, -errno, "cannot set owner and mode of %s: %s", path.text, strerror(errno));
}

static int pin_temporary(struct pgm_kernel *kernel, int fd, const char *name, struct pgm_error *err)
{
	struct path path = path_of(kernel, name, TEMPORARY);

	unlink(path.text);
	if (bpf_obj_pin(fd, path.text) < 0)
		return pgm_fail(err, -errno, "cannot pin %s: %s", path.text, strerror(errno));
	return set_access(kernel, name, TEMPORARY, err);
}

static int prepare(struct pgm_kernel *kernel, bool maps, struct pgm_error *err)
{
	struct bpf_map *map;
	int code = 0;

	if (maps)
		bpf_object__for_each_map (map, kernel->skel->obj)
			if (code == 0 && !bpf_map__is_internal(map))
				code = pin_temporary(kernel, bpf_map__fd(map), bpf_map__name(map), err);
	for (size_t i = 0; code == 0 && i < PROGRAMS; i++)
		code = pin_temporary(kernel, pgm_kernel_program(kernel, programs[i].flavour), programs[i].name, err);
	return code;
}

static int commit(struct pgm_kernel *kernel, const char *name, struct pgm_error *err)
{
	struct path from = path_of(kernel, name, TEMPORARY), to = path_of(kernel, name, "");

	if (rename(from.text, to.text) == 0)
		return 0;
	return pgm_fail(err, -errno, "cannot rename %s to %s: %s", from.text, to.text, strerror(errno));
}

static int commit_maps(struct pgm_kernel *kernel, struct pgm_error *err)
{
	struct bpf_map *map;
	int code = 0;

	unlink(path_of(kernel, POLICY, "").text);
	bpf_object__for_each_map (map, kernel->skel->obj) {
		const char *name = bpf_map__name(map);

		if (code == 0 && !bpf_map__is_internal(map) && strcmp(name, POLICY) != 0)
			code = commit(kernel, name, err);
	}
	return code;
}

int pgm_pins_place(struct pgm_kernel *kernel, bool maps, struct pgm_error *err)
{
	int code = prepare(kernel, maps, err);

	if (maps && code == 0)
		code = commit_maps(kernel, err);
	for (size_t i = 0; code == 0 && i < PROGRAMS; i++)
		code = commit(kernel, programs[i].name, err);
	if (maps && code == 0)
		code = commit(kernel, POLICY, err);
	return code;
}

int pgm_pins_access(struct pgm_kernel *kernel, struct pgm_error *err)
{
	struct bpf_map *map;
	int code = 0;

	bpf_object__for_each_map (map, kernel->skel->obj)
		if (code == 0 && !bpf_map__is_internal(map))
			code = set_access(kernel, bpf_map__name(map), "", err);
	return code;
}

void pgm_pins_drop_temporary(struct pgm_kernel *kernel)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, kernel->skel->obj)
		if (!bpf_map__is_internal(map))
			unlink(path_of(kernel, bpf_map__name(map), TEMPORARY).text);
	for (size_t i = 0; i < PROGRAMS; i++)
		unlink(path_of(kernel, programs[i].name, TEMPORARY).text);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's folder: mounted, owned, locked; what is pinned in it is adopted or superseded, and never mixed. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/live.h"
#include "lib/sandbox.h"

#define ADM 4 /* gid of Debian's group adm, which live_open() makes the metrics_group */

static struct live live;

static const char *const maps[] = {"policy",  "tables",  "v4",      "v6",    "counters",
                                   "metrics", "denied4", "denied6", "budget"};
static const char *const programs[] = {"prog_xdp_frags", "prog_xdp", "prog_tc"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *pin(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", LIVE_PINS, name);
	return path;
}

static void check_access(const char *path, unsigned mode, gid_t gid)
{
	struct stat st;

	if (stat(path, &st) < 0)
		check_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	if ((st.st_mode & 07777) != mode || st.st_uid != 0 || st.st_gid != gid)
		check_fail(__FILE__, __LINE__, "%s is %o %u:%u", path, st.st_mode & 07777, st.st_uid, st.st_gid);
}

static void check_pins(gid_t group)
{
	check_access(LIVE_PINS, 0750, group);
	for (size_t i = 0; i < COUNT(maps); i++) {
		bool readable = strcmp(maps[i], "policy") == 0 || strcmp(maps[i], "metrics") == 0;

		check_access(pin(maps[i]), readable ? 0640 : 0600, readable ? group : 0);
	}
	for (size_t i = 0; i < COUNT(programs); i++)
		check_access(pin(programs[i]), 0600, 0);
	sandbox_sh("! ls %s | grep -q _new", LIVE_PINS);
}

static __u32 map_id(const char *name)
{
	int fd = bpf_obj_get(pin(name));
	struct bpf_map_info info = {0};
	__u32 len = sizeof(info);

	CHECK(fd >= 0);
	CHECK_INT(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	close(fd);
	return info.id;
}

static void write_schema(__u32 schema)
{
	int fd = bpf_obj_get(pin("policy"));
	struct pgm_policy policy;
	__u32 zero = 0;

	CHECK(fd >= 0);
	CHECK_INT(bpf_map_lookup_elem(fd, &zero, &policy), 0);
	policy.schema = schema;
	CHECK_INT(bpf_map_update_elem(fd, &zero, &policy, BPF_ANY), 0);
	close(fd);
}

static void modes_and_owners(void)
{
	mode_t old = umask(0);

	live_open(&live, NULL);
	umask(old);
	check_pins(ADM);
	sandbox_sh("chmod 0666 %s/v4; chown 0:0 %s/metrics; chmod 0777 %s", LIVE_PINS, LIVE_PINS, LIVE_PINS);
	live_reopen(&live);
	check_pins(ADM);
}

static void a_missing_group_means_root(void)
{
	live_open(&live, NULL);
	strcpy(live.config.metrics_group, "no-such-group");
	live_reopen(&live);
	check_pins(0);
}

static void bpffs_is_mounted_where_it_is_missing(void)
{
	live_open(&live, NULL);
	live_close(&live);
	CHECK_INT(umount2("/sys/fs/bpf", MNT_DETACH), 0);
	live_open(&live, NULL);
	check_access("/sys/fs/bpf", 01755, 0); /* sticky by itself */
	check_pins(ADM);
}

static void open_fails(const char *pin_dir, const char *what, const char *hint)
{
	struct pgm_config config = live.config;
	struct pgm_kernel *kernel;
	struct pgm_error err;

	strcpy(config.pin_dir, pin_dir);
	CHECK(pgm_kernel_open(&config, &kernel, &err) < 0);
	CHECK_HAS(err.what, what);
	CHECK_HAS(err.hint, hint);
}

static void a_wrong_folder_is_told(void)
{
	live_open(&live, NULL);
	open_fails("/run/pins", "pin_dir /run/pins is not on a bpffs", "below /sys/fs/bpf");
	open_fails("/sys/fs/bpf/a.b", "/sys/fs/bpf/a.b", "dot");
}

static void a_second_opener_is_busy(void)
{
	struct pgm_kernel *kernel;
	struct pgm_error err;
	char pid[32];

	live_open(&live, NULL);
	CHECK_INT(pgm_kernel_open(&live.config, &kernel, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "pid %d", getpid());
	CHECK_HAS(err.what, pid);
	live_reopen(&live);
}

static void nothing_leaks_into_children(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	/* The shell's own 0 to 2, and the folder that ls reads. */
	sandbox_sh("! ls -l /proc/self/fd | grep -E 'bpf|pgmoat'");
}

static void a_policy_survives(void)
{
	live_open(&live, NULL);
	CHECK(!pgm_kernel_adopted(live.kernel));
	live_reopen(&live);
	CHECK(!pgm_kernel_adopted(live.kernel)); /* nothing was in force yet */
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.0/24 scope=direct\n2001:db8::/32"));
	live_send(&live, PGM_FLAVOUR_TC, "203.0.113.7", 5432, true);
	struct pgm_policy before = pgm_kernel_policy(live.kernel);
	__u32 id = map_id("v4");

	live_reopen(&live);
	struct pgm_policy after = pgm_kernel_policy(live.kernel);
	CHECK(pgm_kernel_adopted(live.kernel));
	CHECK(!pgm_kernel_superseding(live.kernel));
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	CHECK_INT(after.generation, live.generation);
	CHECK_INT(after.rules, 2);
	CHECK_INT(map_id("v4"), id);
	CHECK_INT(live_hits(&live, 0).packets, 1);
	for (int flavour = PGM_FLAVOUR_XDP_FRAGS; flavour <= PGM_FLAVOUR_TC; flavour++) {
		CHECK_INT(live_ask(&live, flavour, "203.0.113.7", 5432).verdict, PGM_VERDICT_ALLOWED_LIST);
		CHECK_INT(live_ask(&live, flavour, "203.0.113.7", 6432).verdict, PGM_VERDICT_REFUSED_OUT_OF_SCOPE);
		CHECK_INT(live_ask(&live, flavour, "203.0.114.7", 5432).verdict, PGM_VERDICT_REFUSED_NOT_LISTED);
		CHECK_INT(live_ask(&live, flavour, "2001:db8::1", 5432).verdict, PGM_VERDICT_ALLOWED_LIST);
	}
}

/* The program that an interface would still run, held as its link would. */
static int hold_program(void)
{
	int fd = bpf_obj_get(pin("prog_xdp"));

	CHECK(fd >= 0);
	return fd;
}

static void ids_of_all(__u32 ids[COUNT(maps)])
{
	for (size_t i = 0; i < COUNT(maps); i++)
		ids[i] = map_id(maps[i]);
}

/* Another gate is pinned: ours is made beside it, and only the first flip replaces it. */
static void check_superseding(int old_program)
{
	__u32 before[COUNT(maps)], after[COUNT(maps)];

	ids_of_all(before);
	live_reopen(&live);
	CHECK(!pgm_kernel_adopted(live.kernel));
	CHECK(pgm_kernel_superseding(live.kernel));
	CHECK_INT(pgm_kernel_policy(live.kernel).mode, PGM_MODE_UNSET);
	ids_of_all(after);
	CHECK(memcmp(before, after, sizeof(before)) == 0);
	CHECK(live_run(old_program, PGM_FLAVOUR_XDP, "203.0.113.7", 5432, true));
	CHECK(!live_run(old_program, PGM_FLAVOUR_XDP, "203.0.113.8", 5432, true));

	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.8"));
	CHECK(!pgm_kernel_superseding(live.kernel));
	ids_of_all(after);
	for (size_t i = 0; i < COUNT(maps); i++)
		CHECK(before[i] != after[i]);
	check_pins(ADM);
	CHECK(live_run(old_program, PGM_FLAVOUR_XDP, "203.0.113.7", 5432, true));
	CHECK(live_send(&live, PGM_FLAVOUR_XDP, "203.0.113.8", 5432, true));
	CHECK(!live_send(&live, PGM_FLAVOUR_XDP, "203.0.113.7", 5432, true));
	live_reopen(&live);
	CHECK(pgm_kernel_adopted(live.kernel));
}

static void another_schema_is_superseded(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	int old_program = hold_program();
	write_schema(PGM_SCHEMA + 1);
	check_superseding(old_program);
	close(old_program);
}

static void another_map_is_superseded(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	int old_program = hold_program();
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 12, 7, NULL);
	CHECK(fd >= 0);
	unlink(pin("budget"));
	CHECK_INT(bpf_obj_pin(fd, pin("budget")), 0);
	close(fd);
	check_superseding(old_program);
	close(old_program);
}

static void closing_before_the_flip_leaves_the_other_gate(void)
{
	__u32 before[COUNT(maps)], after[COUNT(maps)];

	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	write_schema(PGM_SCHEMA + 1);
	ids_of_all(before);
	live_reopen(&live);
	pgm_kernel_close(live.kernel);
	live.kernel = NULL;
	ids_of_all(after);
	CHECK(memcmp(before, after, sizeof(before)) == 0);
	sandbox_sh("! ls %s | grep -q _new", LIVE_PINS);
}

static void an_interrupted_first_start_is_begun_again(void)
{
	live_open(&live, NULL);
	live_close(&live);
	/* Maps are pinned before programs, and policy comes last. */
	sandbox_sh("cd %s && mv v6 v6_new && rm policy prog_*", LIVE_PINS);
	strcpy(live.config.pin_dir, LIVE_PINS);
	strcpy(live.config.metrics_group, "adm");
	struct pgm_error err;
	CHECK_INT(pgm_kernel_open(&live.config, &live.kernel, &err), 0);
	CHECK(!pgm_kernel_superseding(live.kernel));
	check_pins(ADM);
}

static void a_policy_pin_that_is_gone_is_no_first_start(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	sandbox_sh("rm %s/policy", LIVE_PINS);
	live_reopen(&live);
	CHECK(pgm_kernel_superseding(live.kernel));
}

static int main_cases(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(modes_and_owners),
	        CASE(a_missing_group_means_root),
	        CASE(bpffs_is_mounted_where_it_is_missing),
	        CASE(a_wrong_folder_is_told),
	        CASE(a_second_opener_is_busy),
	        CASE(nothing_leaks_into_children),
	        CASE(a_policy_survives),
	        CASE(another_schema_is_superseded),
	        CASE(another_map_is_superseded),
	        CASE(closing_before_the_flip_leaves_the_other_gate),
	        CASE(an_interrupted_first_start_is_begun_again),
	        CASE(a_policy_pin_that_is_gone_is_no_first_start),
	};

	return check_main(cases, COUNT(cases), argc, argv);
}

int main(int argc, char **argv)
{
	sandbox_enter();
	int code = main_cases(argc, argv);
	live_close(&live);
	return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What people can read of the gate: verdict counters, refused sources, the word; and questions that leave no trace. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/check.h"
#include "lib/live.h"
#include "lib/sandbox.h"

#define ADM    4 /* gid of Debian's group adm, which live_open() makes the metrics_group */
#define NOBODY 65534

static struct live live;

static void metrics_are_sums_over_cpus(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	for (int i = 0; i < 30; i++) {
		live_send(&live, (enum pgm_flavour)(i % 3), "203.0.113.7", 5432, true);
		live_send(&live, (enum pgm_flavour)(i % 3), "203.0.113.8", 5432, true);
		live_send(&live, (enum pgm_flavour)(i % 3), "203.0.113.8", 22, true);
	}
	struct pgm_metrics metrics = live_metrics(&live);
	CHECK_INT(metrics.allowed_list, 30);
	CHECK_INT(metrics.refused_not_listed, 30);
	CHECK_INT(metrics.port_not_guarded, 30);
	CHECK_INT(metrics.allowed_mode, 0);
	CHECK_INT(metrics.sources_unrecorded, 0);
}

static ssize_t read_denied(struct pgm_denied_row *rows, size_t max, size_t *known)
{
	ssize_t count = pgm_kernel_denied(live.kernel, rows, max, known);

	CHECK(count >= 0);
	return count;
}

static void check_row(const struct pgm_denied_row *row, const char *source, uint64_t count, unsigned port)
{
	char text[PGM_RANGE_TEXT];

	pgm_range_format(&row->source, text);
	CHECK_STR(text, source);
	CHECK_INT(row->info.count, count);
	CHECK_INT(row->info.port, port);
	CHECK_INT(row->info.verdict, PGM_VERDICT_REFUSED_NOT_LISTED);
	CHECK(row->info.first != 0 && row->info.first <= row->info.last);
}

static void refused_sources_come_most_refused_first(void)
{
	struct pgm_denied_row rows[8];
	size_t known;

	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	CHECK_INT(read_denied(rows, 8, &known), 0);
	CHECK_INT(known, 0);
	live_send(&live, PGM_FLAVOUR_XDP, "198.51.100.1", 5432, true);
	for (int i = 0; i < 3; i++)
		live_send(&live, PGM_FLAVOUR_XDP, "2001:db8::bad", 6432, true);
	for (int i = 0; i < 2; i++)
		live_send(&live, PGM_FLAVOUR_TC, "198.51.100.2", 5432, true);
	CHECK_INT(read_denied(rows, 8, &known), 3);
	CHECK_INT(known, 3);
	check_row(&rows[0], "2001:db8::bad", 3, 6432);
	check_row(&rows[1], "198.51.100.2", 2, 5432);
	check_row(&rows[2], "198.51.100.1", 1, 5432);
	CHECK_INT(read_denied(rows, 2, &known), 2);
	CHECK_INT(known, 3);
	check_row(&rows[0], "2001:db8::bad", 3, 6432);
}

/* More sources than the table holds: it forgets, and what is read has no source twice. */
static void a_full_table_names_each_source_once(void)
{
	static struct pgm_denied_row rows[2 * PGM_DENIED_MAX];
	static uint8_t seen[65536];
	size_t known;

	live_open(&live, NULL);
	int fd = bpf_obj_get(LIVE_PINS "/denied4"); /* past the budget of the programs */
	CHECK(fd >= 0);
	for (unsigned i = 0; i < 65536; i++) {
		const uint8_t source[4] = {198, 18, (uint8_t)(i >> 8), (uint8_t)i};
		const struct pgm_denied info = {.count = 1};

		CHECK_INT(bpf_map_update_elem(fd, source, &info, BPF_ANY), 0);
	}
	close(fd);
	ssize_t count = read_denied(rows, 2 * PGM_DENIED_MAX, &known);
	CHECK(count > (ssize_t)PGM_DENIED_MAX / 2 && (size_t)count == known && known <= PGM_DENIED_MAX);
	memset(seen, 0, sizeof(seen));
	for (ssize_t i = 0; i < count; i++)
		CHECK(!seen[rows[i].source.lo[2] << 8 | rows[i].source.lo[3]]++);
}

static void a_probe_leaves_no_trace(void)
{
	struct pgm_denied_row rows[8];
	size_t known;

	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.0/24 for=2h scope=pooler\n2001:db8::7"));
	struct pgm_metrics before = live_metrics(&live);
	for (int flavour = PGM_FLAVOUR_XDP_FRAGS; flavour <= PGM_FLAVOUR_TC; flavour++) {
		struct pgm_probe answer = live_ask(&live, flavour, "203.0.113.7", 6432);
		CHECK_INT(answer.verdict, PGM_VERDICT_ALLOWED_LIST);
		CHECK_INT(answer.counter, 0);
		CHECK_INT(answer.where, 1 | PGM_KCLASS_CLIENT << 8);
		CHECK(answer.until != PGM_NEVER && answer.until != PGM_FOREVER);
		answer = live_ask(&live, flavour, "2001:db8::7", 5432);
		CHECK_INT(answer.counter, 1);
		CHECK_INT(answer.until, PGM_FOREVER);
		answer = live_ask(&live, flavour, "2001:db8::8", 5432);
		CHECK_INT(answer.verdict, PGM_VERDICT_REFUSED_NOT_LISTED);
		CHECK_INT(answer.counter, UINT32_MAX);
		CHECK_INT(live_ask(&live, flavour, "203.0.113.7", 22).verdict, PGM_VERDICT_PORT_NOT_GUARDED);
	}
	struct pgm_metrics after = live_metrics(&live);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	CHECK_INT(live_hits(&live, 0).packets + live_hits(&live, 1).packets, 0);
	CHECK_INT(read_denied(rows, 8, &known), 0);
}

static void bpftool_prints_names(void)
{
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	live_send(&live, PGM_FLAVOUR_XDP, "198.51.100.1", 5432, true);
	sandbox_sh("PATH=$PATH:/usr/sbin bpftool map dump pinned %s/metrics | grep -q '\"refused_not_listed\": 1'",
	           LIVE_PINS);
	sandbox_sh("PATH=$PATH:/usr/sbin bpftool map dump pinned %s/policy | grep -q '\"schema\": 1'", LIVE_PINS);
}

/* As a member of the metrics group and nothing else: the exit code says what went wrong. */
static int read_as_member(void)
{
	LIBBPF_OPTS(bpf_obj_get_opts, readonly, .file_flags = BPF_F_RDONLY);
	gid_t group = ADM;
	__u32 zero = 0;
	struct pgm_policy policy;
	struct pgm_metrics *metrics = calloc((size_t)libbpf_num_possible_cpus(), sizeof(*metrics));

	if (!metrics || setgroups(1, &group) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		return 1;
	int fd = bpf_obj_get_opts(LIVE_PINS "/policy", &readonly);
	if (bpf_map_lookup_elem(fd, &zero, &policy) < 0 || policy.mode != PGM_MODE_LIST || policy.rules != 1)
		return 2;
	if (bpf_map_update_elem(fd, &zero, &policy, BPF_ANY) == 0)
		return 3;
	if (bpf_obj_get(LIVE_PINS "/policy") >= 0)
		return 4;
	fd = bpf_obj_get_opts(LIVE_PINS "/metrics", &readonly);
	if (bpf_map_lookup_elem(fd, &zero, metrics) < 0)
		return 5;
	if (bpf_obj_get_opts(LIVE_PINS "/v4", &readonly) >= 0 || bpf_obj_get_opts(LIVE_PINS "/denied4", &readonly) >= 0)
		return 6;
	free(metrics);
	return 0;
}

static void the_group_reads_without_root(void)
{
	int status;

	sandbox_sh("chmod 0700 /sys/fs/bpf"); /* as systemd leaves it */
	live_open(&live, NULL);
	live_apply(&live, live_rules(&live, PGM_MODE_LIST, "203.0.113.7"));
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0)
		_exit(read_as_member());
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK_INT(status, 0);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(metrics_are_sums_over_cpus),
	        CASE(refused_sources_come_most_refused_first),
	        CASE(a_full_table_names_each_source_once),
	        CASE(a_probe_leaves_no_trace),
	        CASE(bpftool_prints_names),
	        CASE(the_group_reads_without_root),
	};

	sandbox_enter();
	int code = check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	live_close(&live);
	return code;
}

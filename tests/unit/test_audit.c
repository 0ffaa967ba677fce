/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: its chain, what breaks it, and what a crash leaves behind. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/audit_chain.h"
#include "common/cleanup.h"
#include "common/durable.h"
#include "daemon/auditlog.h"
#include "lib/check.h"

static char folder[] = "/tmp/pgmoat-audit-XXXXXX";
static char path[sizeof(folder) + 16];

static void fresh(void)
{
	if (!path[0]) {
		CHECK(mkdtemp(folder));
		snprintf(path, sizeof(path), "%s/" PGM_AUDIT_FILE, folder);
	}
	unlink(path);
}

static void write_file(const char *data, size_t len, const char *mode)
{
	PGM_FCLOSE FILE *out = fopen(path, mode);

	CHECK(out);
	CHECK_INT(fwrite(data, 1, len, out), len);
}

static json_t *change_line(const char *mode, int generation)
{
	return json_pack("{s:s, s:s, s:i}", "command", "filter add", "mode", mode, "generation", generation);
}

static void append(struct pgmd_auditlog *log, const char *mode, int generation)
{
	struct pgm_error err;
	json_t *line = change_line(mode, generation);

	CHECK_INT(pgmd_auditlog_append(log, line, &err), 0);
	json_decref(line);
}

/* A log of count changes, mode list. */
static void make_log(int count)
{
	struct pgmd_auditlog log;
	struct pgm_error err;

	fresh();
	CHECK_INT(pgmd_auditlog_open(folder, NULL, &log, &err), 0);
	for (int i = 1; i <= count; i++)
		append(&log, "list", i);
	pgmd_auditlog_close(&log);
}

static int verify(uint64_t *lines, struct pgm_error *err)
{
	memset(err, 0, sizeof(*err));
	return pgm_audit_verify(path, lines, err);
}

static void a_new_log_is_whole(void)
{
	struct pgm_error err;
	struct stat st;
	uint64_t lines;

	make_log(0);
	CHECK_INT(verify(&lines, &err), 0);
	CHECK_INT(lines, 0);
	make_log(5);
	CHECK_INT(verify(&lines, &err), 0);
	CHECK_INT(lines, 5);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0640);
}

static void the_first_line_follows_zeros(void)
{
	char hash[PGM_AUDIT_HASH];
	struct pgm_audit_chain chain;

	pgm_audit_chain_init(&chain);
	CHECK_INT(strspn(chain.prev, "0"), 64);
	pgm_audit_hash("abc", 3, hash); /* FIPS 180-4, appendix B.1 */
	CHECK_STR(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void it_goes_on_after_reopening(void)
{
	struct pgmd_auditlog log;
	struct pgm_error err;
	uint64_t lines;

	make_log(2);
	for (int i = 3; i < 6; i++) {
		CHECK_INT(pgmd_auditlog_open(folder, NULL, &log, &err), 0);
		CHECK(log.has_changes && log.mode_known);
		CHECK_INT(log.generation, i - 1);
		CHECK_INT(log.mode, PGM_MODE_LIST);
		append(&log, "list", i);
		pgmd_auditlog_close(&log);
	}
	CHECK_INT(verify(&lines, &err), 0);
	CHECK_INT(lines, 5);
}

/* Every bit of every line but the last matters; of the last, everything that makes it a line with the right prev. */
static void a_changed_bit_is_found(void)
{
	PGM_FREE char *good = NULL;
	struct pgm_error err;
	size_t len;

	make_log(4);
	CHECK_INT(pgm_read_file(path, 1 << 20, &good, &len), 0);
	size_t last = (size_t)((char *)memrchr(good, '\n', len - 1) - good) + 1;
	for (size_t i = 0; i < last; i++) {
		good[i] ^= 1;
		write_file(good, len, "w");
		CHECK_INT(verify(NULL, &err), -EBADMSG);
		CHECK_HAS(err.what, "line");
		good[i] ^= 1;
	}
	for (size_t cut = last + 1; cut < len; cut++) {
		write_file(good, cut, "w");
		CHECK_INT(verify(NULL, &err), -EBADMSG);
		CHECK_HAS(err.what, "line 4 is cut");
	}
}

static void the_bad_line_is_named(void)
{
	PGM_FREE char *good = NULL;
	struct pgm_error err;
	uint64_t lines;
	size_t len;

	make_log(5);
	CHECK_INT(pgm_read_file(path, 1 << 20, &good, &len), 0);
	char *at = strstr(good, "\"generation\":3");
	CHECK(at);
	at[strlen("\"generation\":")] = '9';
	write_file(good, len, "w");
	CHECK_INT(verify(&lines, &err), -EBADMSG);
	CHECK_HAS(err.what, "line 4 does not follow");
	CHECK_HAS(err.hint, "line 3 was changed");
	CHECK_INT(lines, 3);
}

/* Cut the log at every byte of its last line: opening mends it, and the chain stays whole. */
static void a_torn_line_is_explained(void)
{
	PGM_FREE char *good = NULL;
	size_t len;

	make_log(3);
	CHECK_INT(pgm_read_file(path, 1 << 20, &good, &len), 0);
	size_t last = (size_t)((char *)memrchr(good, '\n', len - 1) - good) + 1;
	for (size_t cut = last; cut <= len; cut++) {
		struct pgmd_auditlog log;
		struct pgm_error err;
		uint64_t lines;
		write_file(good, cut, "w");
		CHECK_INT(pgmd_auditlog_open(folder, NULL, &log, &err), 0);
		CHECK_INT(log.generation, cut >= len - 1 ? 3 : 2);
		append(&log, "list", 9);
		pgmd_auditlog_close(&log);
		CHECK_INT(verify(&lines, &err), 0);
		CHECK_INT(lines, cut == last ? 3 : cut >= len - 1 ? 4 : 5);
	}
}

static void zeros_of_a_power_cut_are_explained(void)
{
	static const char zeros[500];
	struct pgmd_auditlog log;
	struct pgm_error err;
	uint64_t lines;

	make_log(3);
	write_file(zeros, sizeof(zeros), "a");
	CHECK_INT(pgmd_auditlog_open(folder, NULL, &log, &err), 0);
	CHECK_INT(log.generation, 3);
	append(&log, "nowhere", 4);
	pgmd_auditlog_close(&log);
	CHECK_INT(verify(&lines, &err), 0);
	CHECK_INT(lines, 6);
}

static void garbage_is_not_explained_by_a_change(void)
{
	struct pgm_error err;

	make_log(2);
	write_file("garbage\n", 8, "a");
	CHECK_INT(verify(NULL, &err), -EBADMSG);
	CHECK_HAS(err.what, "line 3");
}

/* It still tells of changes: a start without a list must not take the machine for a new one. */
static void unreadable_lines_count_as_changes(void)
{
	struct pgmd_auditlog log;
	struct pgm_error err;

	fresh();
	write_file("garbage\n", 8, "w");
	CHECK_INT(pgmd_auditlog_open(folder, NULL, &log, &err), 0);
	CHECK(log.has_changes);
	CHECK(!log.mode_known);
	pgmd_auditlog_close(&log);
}

static void a_failed_write_leaves_the_log_as_it_was(void)
{
	struct pgmd_auditlog log, full;
	struct pgm_error err = {0};
	uint64_t lines;

	make_log(2);
	CHECK_INT(pgmd_auditlog_open(folder, NULL, &log, &err), 0);
	full = log;
	full.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	CHECK(full.fd >= 0);
	json_t *line = change_line("list", 3);
	CHECK_INT(pgmd_auditlog_append(&full, line, &err), -ENOSPC);
	json_decref(line);
	CHECK_HAS(err.what, "audit");
	CHECK_HAS(err.hint, "make room");
	CHECK_STR(full.prev, log.prev);
	close(full.fd);
	append(&log, "list", 3);
	pgmd_auditlog_close(&log);
	CHECK_INT(verify(&lines, &err), 0);
	CHECK_INT(lines, 3);
}

static void a_missing_log_is_told(void)
{
	struct pgm_error err;

	fresh();
	CHECK_INT(verify(NULL, &err), -ENOENT);
	CHECK_HAS(err.what, path);
}

static void clean_up(void)
{
	fresh();
	CHECK_INT(rmdir(folder), 0);
}

CHECK_MAIN(CASE(a_new_log_is_whole), CASE(the_first_line_follows_zeros), CASE(it_goes_on_after_reopening),
           CASE(a_changed_bit_is_found), CASE(the_bad_line_is_named), CASE(a_torn_line_is_explained),
           CASE(zeros_of_a_power_cut_are_explained), CASE(garbage_is_not_explained_by_a_change),
           CASE(unreadable_lines_count_as_changes), CASE(a_failed_write_leaves_the_log_as_it_was),
           CASE(a_missing_log_is_told), CASE(clean_up))

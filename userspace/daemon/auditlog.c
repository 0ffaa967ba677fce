/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's writing side: one durable line per change, chained to the line before. */
#include "daemon/auditlog.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "gate/ruleset.h"

static int write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

/* line has its newline, which the hash leaves out. */
static int append_line(struct pgmd_auditlog *log, const char *line, size_t len, struct pgm_error *err)
{
	struct stat st;

	if (fstat(log->fd, &st) < 0)
		return pgm_fail(err, -errno, "%s: %s", log->path, strerror(errno));
	int result = write_all(log->fd, line, len);
	if (result == 0 && fsync(log->fd) < 0)
		result = -errno;
	if (result < 0) {
		/* A log with the append-only attribute can't be cut back; then the next line explains the cut one. */
		if (ftruncate(log->fd, st.st_size) < 0)
			log->torn = true;
		pgm_fail(err, result, "cannot write to the audit log %s: %s", log->path, strerror(-result));
		pgm_hint(err, result == -ENOSPC ? "make room on that filesystem, then run the command again"
		                                : "check the disk and the file's permissions");
		return result;
	}
	pgm_audit_hash(line, len - 1, log->prev);
	return 0;
}

/* The part of a torn line that is in the file, so that its hash can go on in the chain. */
static int tail_read(const struct pgmd_auditlog *log, char **out, size_t *out_len)
{
	struct stat st;

	if (fstat(log->fd, &st) < 0)
		return -errno;
	off_t want = (off_t)PGM_AUDIT_LINE_MAX * 2;
	off_t start = st.st_size > want ? st.st_size - want : 0;
	size_t len = (size_t)(st.st_size - start);
	char *buf = malloc(len + 1);
	if (!buf)
		return -ENOMEM;
	for (size_t got = 0; got < len;) {
		ssize_t n = pread(log->fd, buf + got, len - got, start + (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(buf);
			return n < 0 ? -errno : -EIO;
		}
		got += (size_t)n;
	}
	buf[len] = 0;
	*out = buf;
	*out_len = len;
	return 0;
}

/* The last line of buf and the number of its bytes, the newline not counted; *whole if it has one. */
static const char *last_line(const char *buf, size_t len, size_t *line_len, bool *whole)
{
	*whole = len > 0 && buf[len - 1] == '\n';
	size_t end = *whole ? len - 1 : len;
	const char *newline = end ? memrchr(buf, '\n', end) : NULL;
	const char *line = newline ? newline + 1 : buf;
	*line_len = (size_t)(buf + end - line);
	return line;
}

/* End the torn line and say what it is; only then can the chain go on. */
static int explain_torn(struct pgmd_auditlog *log, struct pgm_error *err)
{
	PGM_FREE char *buf = NULL;
	PGM_FREE char *text = NULL;
	char now[PGM_TIME_TEXT];
	size_t len = 0, line_len;
	bool whole;

	int result = tail_read(log, &buf, &len);
	if (result < 0)
		return pgm_fail(err, result, "cannot read %s: %s", log->path, strerror(-result));
	const char *line = last_line(buf, len, &line_len, &whole);
	if (!whole) {
		result = write_all(log->fd, "\n", 1);
		if (result < 0)
			return pgm_fail(err, result, "cannot write to the audit log %s: %s", log->path,
			                strerror(-result));
	}
	pgm_audit_hash(line, line_len, log->prev);
	pgm_utc_format(pgm_utc_now(), now);
	int n = asprintf(&text,
	                 "{\"time\":\"%s\",\"event\":\"" PGM_AUDIT_TORN "\",\"bytes\":%zu,\"generation\":%" PRIu32
	                 ",\"prev\":\"%s\"}\n",
	                 now, line_len, log->generation, log->prev);
	if (n < 0) {
		text = NULL;
		return pgm_fail(err, -ENOMEM, "out of memory");
	}
	result = append_line(log, text, (size_t)n, err);
	if (result == 0) {
		log->torn = false;
		pgm_log(LOG_WARNING, "%s ended in the middle of a line (%zu bytes): a crash cut it; marked", log->path,
		        line_len);
	}
	return result;
}

/* Learn mode and generation from the newest line that has them. */
static void learn(struct pgmd_auditlog *log, const char *buf, size_t len)
{
	bool whole;

	while (len && !log->mode_known) {
		size_t line_len;
		const char *line = last_line(buf, len, &line_len, &whole);
		json_t *entry = json_loadb(line, line_len, 0, NULL);
		const char *mode = json_string_value(json_object_get(entry, "mode"));
		json_int_t generation = json_integer_value(json_object_get(entry, "generation"));
		log->has_changes = true;
		if (mode && pgm_mode_parse(mode, strlen(mode), &log->mode) == 0 && generation >= 0 &&
		    generation <= UINT32_MAX) {
			log->mode_known = true;
			log->generation = (uint32_t)generation;
		}
		json_decref(entry);
		len = (size_t)(line - buf);
	}
}

static int find_end(struct pgmd_auditlog *log, struct pgm_error *err)
{
	PGM_FREE char *buf = NULL;
	size_t len, line_len;
	bool whole;

	memset(log->prev, '0', PGM_AUDIT_HASH - 1);
	int result = tail_read(log, &buf, &len);
	if (result < 0)
		return pgm_fail(err, result, "cannot read %s: %s", log->path, strerror(-result));
	if (len == 0)
		return 0;
	const char *line = last_line(buf, len, &line_len, &whole);
	pgm_audit_hash(line, line_len, log->prev);
	learn(log, buf, len);
	log->torn = !whole;
	if (!whole) {
		/* Cut exactly before its newline, a line is good. */
		json_t *entry = json_loadb(line, line_len, 0, NULL);
		bool good = json_is_object(entry);
		json_decref(entry);
		if (good && write_all(log->fd, "\n", 1) == 0)
			log->torn = false;
	}
	return log->torn ? explain_torn(log, err) : 0;
}

static int sync_folder(const char *state_dir)
{
	PGM_CLOSE int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
}

int pgmd_auditlog_open(const char *state_dir, const gid_t *group, struct pgmd_auditlog *out, struct pgm_error *err)
{
	struct pgmd_auditlog log = {.fd = -1};

	snprintf(log.path, sizeof(log.path), "%s/" PGM_AUDIT_FILE, state_dir);
	log.fd = open(log.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (log.fd < 0)
		return pgm_fail(err, -errno, "cannot open the audit log %s: %s", log.path, strerror(errno));
	int result = sync_folder(state_dir);
	if (result < 0) {
		pgm_fail(err, result, "cannot sync %s: %s", state_dir, strerror(-result));
		goto fail;
	}
	/* The umask is strict, so the mode is set; an append-only attribute refuses this, and then it is as it is. */
	if ((group && fchown(log.fd, (uid_t)-1, *group) < 0) || fchmod(log.fd, 0640) < 0)
		pgm_log(LOG_WARNING, "%s: cannot set owner and mode: %s", log.path, strerror(errno));
	result = find_end(&log, err);
	if (result < 0)
		goto fail;
	*out = log;
	return 0;
fail:
	close(log.fd);
	return result;
}

void pgmd_auditlog_close(struct pgmd_auditlog *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

int pgmd_auditlog_append(struct pgmd_auditlog *log, const json_t *entry, struct pgm_error *err)
{
	int result = log->torn ? explain_torn(log, err) : 0;

	if (result < 0)
		return result;
	json_t *line = json_copy((json_t *)entry);
	char *text = NULL;
	if (line && json_object_set_new(line, "prev", json_string(log->prev)) == 0)
		text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(line);
	size_t len = text ? strlen(text) : 0;
	char *whole = text ? realloc(text, len + 2) : NULL;
	if (!whole) {
		free(text);
		return pgm_fail(err, -ENOMEM, "out of memory for a line of the audit log");
	}
	memcpy(whole + len, "\n", 2);
	if (len + 1 > PGM_AUDIT_LINE_MAX)
		result = pgm_fail(err, -E2BIG, "a line of the audit log would be longer than 64 KiB");
	else
		result = append_line(log, whole, len + 1, err);
	free(whole);
	return result;
}

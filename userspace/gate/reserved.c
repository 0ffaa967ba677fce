/* SPDX-License-Identifier: Apache-2.0 */
/* Reserved ports of the running kernel: ours are added to and taken from what others reserved. */
#include "gate/reserved.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/durable.h"
#include "common/log.h"
#include "gate/portlist.h"

#define SYSCTL     "/proc/sys/net/ipv4/ip_local_reserved_ports"
#define STATE      "reserved-ports"
#define STATE_HEAD "boot "

/*
 * The state file names the boot in which it was written, because a reserved port is forgotten at reboot: what is
 * reserved in a later boot was reserved by somebody else. Two lines: "boot ID" and the list.
 */

/* One read must get it all: the kernel answers only at offset 0. */
static int read_kernel(uint64_t ports[PGM_PORT_WORDS], struct pgm_error *err)
{
	PGM_CLOSE int fd = open(SYSCTL, O_RDONLY | O_CLOEXEC);
	PGM_FREE char *text = malloc(PGM_PORTLIST_MAX);
	ssize_t len;

	if (!text)
		return pgm_fail(err, -ENOMEM, "cannot read " SYSCTL ": out of memory");
	len = fd < 0 ? -1 : read(fd, text, PGM_PORTLIST_MAX);
	if (len < 0)
		return pgm_fail(err, -errno, "cannot read " SYSCTL ": %s", strerror(errno));
	if (pgm_portlist_parse(text, (size_t)len, ports) < 0)
		return pgm_fail(err, -EBADMSG, SYSCTL " holds no list of ports");
	return 0;
}

static int write_kernel(const uint64_t ports[PGM_PORT_WORDS], struct pgm_error *err)
{
	PGM_CLOSE int fd = open(SYSCTL, O_WRONLY | O_CLOEXEC);
	PGM_FREE char *text = pgm_portlist_format(ports);
	size_t len, done = 0;

	if (!text)
		return pgm_fail(err, -ENOMEM, "cannot write " SYSCTL ": out of memory");
	len = strlen(text);
	/* The kernel takes a page at a time; what follows the first is added to it. */
	while (fd >= 0 && done < len) {
		ssize_t n = write(fd, text + done, len - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == len)
		return 0;
	int code = errno ? -errno : -EIO;
	pgm_fail(err, code, "cannot write " SYSCTL ": %s", strerror(-code));
	pgm_hint(err, "Without it the kernel may give a guarded port to an outgoing connection, whose answers are then "
	              "filtered.");
	return code;
}

static int state_path(const struct pgm_config *config, char path[PATH_MAX + 32])
{
	return snprintf(path, PATH_MAX + 32, "%s/" STATE, config->state_dir);
}

/* What this program added in this boot; nothing if the file is missing, of another boot or damaged. */
static int read_own(const struct pgm_config *config, uint64_t ports[PGM_PORT_WORDS])
{
	char path[PATH_MAX + 32], boot[PGM_BOOT_ID];
	PGM_FREE char *text = NULL;
	size_t len = 0, head = strlen(STATE_HEAD), line = head + PGM_BOOT_ID;
	int r;

	memset(ports, 0, PGM_PORT_WORDS * sizeof(ports[0]));
	state_path(config, path);
	r = pgm_read_file(path, PGM_PORTLIST_MAX, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = pgm_boot_id(boot);
	if (r < 0)
		return r;
	if (len < line || memcmp(text, STATE_HEAD, head) != 0 || text[line - 1] != '\n')
		r = -EBADMSG;
	else if (memcmp(text + head, boot, PGM_BOOT_ID - 1) != 0)
		return 0;
	else
		r = pgm_portlist_parse(text + line, len - line, ports);
	if (r < 0) {
		memset(ports, 0, PGM_PORT_WORDS * sizeof(ports[0]));
		pgm_log(LOG_WARNING, "%s is damaged: ports that pgmoat reserved before may stay reserved until reboot",
		        path);
	}
	return 0;
}

static int write_own(const struct pgm_config *config, const uint64_t ports[PGM_PORT_WORDS], struct pgm_error *err)
{
	PGM_FREE char *text = pgm_portlist_format(ports);
	char boot[PGM_BOOT_ID];
	struct pgm_durable file;
	int r = pgm_boot_id(boot);

	if (!text || r < 0)
		return pgm_fail(err, text ? r : -ENOMEM, "cannot write %s/" STATE, config->state_dir);
	r = pgm_durable_begin(config->state_dir, STATE, 0600, &file, err);
	if (r < 0)
		return r;
	if (dprintf(file.fd, STATE_HEAD "%s\n%s", boot, text) < 0) {
		r = pgm_fail(err, -errno, "cannot write %s/" STATE ": %s", config->state_dir, strerror(errno));
		pgm_durable_abort(&file);
		return r;
	}
	return pgm_durable_commit(&file, false, err);
}

static bool same(const uint64_t a[PGM_PORT_WORDS], const uint64_t b[PGM_PORT_WORDS])
{
	return memcmp(a, b, PGM_PORT_WORDS * sizeof(a[0])) == 0;
}

/*
 * Make the kernel's list hold guarded. What is noted as ours is noted before it is added and struck out after it is
 * taken out: a crash in between leaves a note too many, never a port that nobody remembers.
 */
static int change(const struct pgm_config *config, const uint64_t guarded[PGM_PORT_WORDS], struct pgm_error *err)
{
	uint64_t now[PGM_PORT_WORDS] = {0}, old[PGM_PORT_WORDS], next[PGM_PORT_WORDS], own[PGM_PORT_WORDS],
	         note[PGM_PORT_WORDS];
	int r = read_own(config, old);

	if (r < 0)
		return pgm_fail(err, r, "cannot read %s/" STATE ": %s", config->state_dir, strerror(-r));
	r = read_kernel(now, err);
	for (size_t i = 0; r == 0 && i < PGM_PORT_WORDS; i++) {
		uint64_t ours = old[i] & now[i];

		own[i] = guarded[i] & (ours | ~now[i]);
		note[i] = own[i] | ours;
		next[i] = (now[i] & ~ours) | guarded[i];
	}
	if (r == 0 && !same(note, old))
		r = write_own(config, note, err);
	if (r == 0 && !same(next, now))
		r = write_kernel(next, err);
	if (r == 0 && !same(own, note))
		r = write_own(config, own, err);
	return r;
}

int pgm_reserved_apply(const struct pgm_config *config, struct pgm_error *err)
{
	uint64_t guarded[PGM_PORT_WORDS] = {0};

	for (unsigned s = 0; s < config->scope_count; s++)
		for (size_t i = 0; i < PGM_PORT_WORDS; i++)
			guarded[i] |= config->scopes[s].ports[i];
	return change(config, guarded, err);
}

int pgm_reserved_remove(const struct pgm_config *config, struct pgm_error *err)
{
	static const uint64_t none[PGM_PORT_WORDS];
	char path[PATH_MAX + 32];
	int r;

	state_path(config, path);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = change(config, none, err);
	if (r == 0 && unlink(path) < 0 && errno != ENOENT)
		r = pgm_fail(err, -errno, "cannot remove %s: %s", path, strerror(errno));
	return r < 0 ? r : 1;
}

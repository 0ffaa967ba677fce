/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's writing side: one durable line per change, chained to the line before. */
#ifndef PGM_DAEMON_AUDITLOG_H
#define PGM_DAEMON_AUDITLOG_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/audit_chain.h"
#include "pgmoat/gate_abi.h"

struct pgmd_auditlog {
	int fd;
	char path[4096 + 16];
	char prev[PGM_AUDIT_HASH]; /* hash of the last line */
	bool torn;                 /* the file ends in the middle of a line */

	/* What the last change left behind, as far as the log can tell. */
	bool has_changes;
	bool mode_known; /* false: the newest lines are unreadable */
	enum pgm_mode mode;
	uint32_t generation;
};

/*
 * Open state_dir/audit.log (made if it is missing: 0640, group as given, or root's if NULL) and find its end. A last
 * line that a crash cut short is completed, and a line that explains it is appended. Only the end is read; the whole
 * chain is checked by pgm_audit_verify. On success pgmd_auditlog_close lets go. 0 or -errno.
 */
int pgmd_auditlog_open(const char *state_dir, const gid_t *group, struct pgmd_auditlog *out, struct pgm_error *err);
void pgmd_auditlog_close(struct pgmd_auditlog *log);

/*
 * Append entry (borrowed) with "prev" added, and wait until it is on the disk. On error (-errno) the log is as before,
 * or, if not even that is possible, the cut line is explained by the next append. Any thread, one at a time.
 */
int pgmd_auditlog_append(struct pgmd_auditlog *log, const json_t *entry, struct pgm_error *err);

#endif

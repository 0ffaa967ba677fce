/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's chain: each line carries the SHA-256 of the line before it, so that no line can be changed unseen. */
#ifndef PGM_COMMON_AUDIT_CHAIN_H
#define PGM_COMMON_AUDIT_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define PGM_AUDIT_FILE     "audit.log" /* in state_dir */
#define PGM_AUDIT_HASH     65          /* 64 hex digits and a zero */
#define PGM_AUDIT_LINE_MAX (64u * 1024)

/* What "event" of the line behind a torn one says: a crash cut that line, and its hash is in `prev` like any other. */
#define PGM_AUDIT_TORN "torn line"

/* Hex SHA-256 of a line without its newline. */
void pgm_audit_hash(const char *line, size_t len, char out[static PGM_AUDIT_HASH]);

/* A check in progress. Start with pgm_audit_chain_init. */
struct pgm_audit_chain {
	char prev[PGM_AUDIT_HASH]; /* what the next line must carry */
	uint64_t lines;            /* seen so far */
	uint64_t torn;             /* number of an unreadable line that the next one has to explain, or 0 */
};
void pgm_audit_chain_init(struct pgm_audit_chain *chain);

/* Feed the next line, without its newline. 0, or -EBADMSG with err naming the first bad line. */
int pgm_audit_chain_feed(struct pgm_audit_chain *chain, const char *line, size_t len, struct pgm_error *err);

/* After the last line. 0, or -EBADMSG if a torn line was left unexplained. */
int pgm_audit_chain_end(const struct pgm_audit_chain *chain, struct pgm_error *err);

/*
 * Check a whole file, streaming. *lines (may be NULL) gets the number of whole lines that are good, also on error.
 * 0, -EBADMSG (the chain is broken: err names the line), or -errno when the file can't be read. The newest line's own
 * content is vouched for only by the line that will follow it.
 */
int pgm_audit_verify(const char *path, uint64_t *lines, struct pgm_error *err);

#endif

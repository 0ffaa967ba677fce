/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's chain: each line carries the SHA-256 of the line before it, so that no line can be changed unseen. */
#include "common/audit_chain.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/sha.h>
#include <string.h>

#include "common/cleanup.h"

void pgm_audit_hash(const char *line, size_t len, char out[static PGM_AUDIT_HASH])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)line, len, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void pgm_audit_chain_init(struct pgm_audit_chain *chain)
{
	memset(chain, 0, sizeof(*chain));
	memset(chain->prev, '0', sizeof(chain->prev) - 1);
}

static int torn_unexplained(const struct pgm_audit_chain *chain, struct pgm_error *err)
{
	pgm_fail(err, -EBADMSG, "line %" PRIu64 " is not a JSON object, and the line behind it does not explain why",
	         chain->torn);
	pgm_hint(err, "the line was changed by hand or by a fault of the disk: compare with a copy of the log");
	return -EBADMSG;
}

int pgm_audit_chain_feed(struct pgm_audit_chain *chain, const char *line, size_t len, struct pgm_error *err)
{
	json_t *entry = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *prev = json_string_value(json_object_get(entry, "prev"));
	const char *event = json_string_value(json_object_get(entry, "event"));
	int result = 0;

	if (!json_is_object(entry)) {
		if (chain->torn) {
			result = torn_unexplained(chain, err);
			goto out;
		}
		chain->torn = chain->lines + 1;
		goto next;
	}
	if (chain->torn && (!event || strcmp(event, PGM_AUDIT_TORN) != 0)) {
		result = torn_unexplained(chain, err);
		goto out;
	}
	if (!prev || strcmp(prev, chain->prev) != 0) {
		result = pgm_fail(err, -EBADMSG, "line %" PRIu64 " does not follow from the line before it",
		                  chain->lines + 1);
		pgm_hint(err, "line %" PRIu64 " was changed, or lines were removed or inserted before line %" PRIu64,
		         chain->lines, chain->lines + 1);
		goto out;
	}
	chain->torn = 0;
next:
	pgm_audit_hash(line, len, chain->prev);
	chain->lines++;
out:
	json_decref(entry);
	return result;
}

int pgm_audit_chain_end(const struct pgm_audit_chain *chain, struct pgm_error *err)
{
	return chain->torn ? torn_unexplained(chain, err) : 0;
}

/* Feed all whole lines of buf; *used says how many bytes they are. */
static int feed_lines(struct pgm_audit_chain *chain, const char *buf, size_t len, size_t *used, struct pgm_error *err)
{
	const char *newline;

	*used = 0;
	while ((newline = memchr(buf + *used, '\n', len - *used))) {
		const char *line = buf + *used;
		int result = pgm_audit_chain_feed(chain, line, (size_t)(newline - line), err);
		if (result < 0)
			return result;
		*used = (size_t)(newline + 1 - buf);
	}
	return 0;
}

static int verify_stream(FILE *in, struct pgm_audit_chain *chain, struct pgm_error *err)
{
	size_t size = PGM_AUDIT_LINE_MAX * 2, len = 0, got, used;
	PGM_FREE char *buf = malloc(size);

	if (!buf)
		return pgm_fail(err, -ENOMEM, "out of memory");
	while ((got = fread(buf + len, 1, size - len, in)) > 0) {
		len += got;
		int result = feed_lines(chain, buf, len, &used, err);
		if (result < 0)
			return result;
		len -= used;
		memmove(buf, buf + used, len);
		if (len > PGM_AUDIT_LINE_MAX)
			return pgm_fail(err, -EBADMSG, "line %" PRIu64 " is longer than 64 KiB", chain->lines + 1);
	}
	if (ferror(in))
		return pgm_fail(err, -EIO, "read error");
	if (len == 0)
		return pgm_audit_chain_end(chain, err);
	pgm_fail(err, -EBADMSG, "line %" PRIu64 " is cut: the file ends in the middle of it", chain->lines + 1);
	pgm_hint(err, "if pgmoatd or the machine crashed, pgmoatd marks the cut line at its next start");
	return -EBADMSG;
}

int pgm_audit_verify(const char *path, uint64_t *lines, struct pgm_error *err)
{
	struct pgm_audit_chain chain;
	struct pgm_error inner = {0};
	PGM_FCLOSE FILE *in = fopen(path, "re");

	if (!in) {
		int code = -errno;
		pgm_fail(err, code, "%s: %s", path, strerror(-code));
		if (code == -EACCES)
			pgm_hint(err, "root and the members of the group pgmoat may read it");
		return code;
	}
	pgm_audit_chain_init(&chain);
	int result = verify_stream(in, &chain, &inner);
	if (lines)
		*lines = chain.lines - (chain.torn ? 1 : 0);
	if (result < 0) {
		pgm_fail(err, result, "%s: %s", path, inner.what);
		pgm_hint(err, "%s", inner.hint);
	}
	return result;
}

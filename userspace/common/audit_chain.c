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

static int verify_stream(FILE *in, struct pgm_audit_chain *chain, struct pgm_error *err)
{
	PGM_FREE char *line = malloc(PGM_AUDIT_LINE_MAX + 2);

	if (!line)
		return pgm_fail(err, -ENOMEM, "out of memory");
	while (fgets(line, PGM_AUDIT_LINE_MAX + 2, in)) {
		/* A zero byte would hide the rest of its line from strlen; the chain then breaks at the next line. */
		size_t len = strlen(line);
		if (len == 0 || line[len - 1] != '\n') {
			pgm_fail(err, -EBADMSG, "line %" PRIu64 " is %s", chain->lines + 1,
			         feof(in) ? "cut: the file ends in the middle of it" : "damaged or longer than 64 KiB");
			pgm_hint(err,
			         "if pgmoatd or the machine crashed, pgmoatd marks the cut line at its next start");
			return -EBADMSG;
		}
		int result = pgm_audit_chain_feed(chain, line, len - 1, err);
		if (result < 0)
			return result;
	}
	if (ferror(in))
		return pgm_fail(err, -EIO, "read error");
	return pgm_audit_chain_end(chain, err);
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

/* SPDX-License-Identifier: Apache-2.0 */
/* Writes filter.rules: streams the rules through one buffer and one running checksum. */
#include "gate/rulesfile_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/durable.h"

#define BUFFER         (64 * 1024)
#define LINE_MAX_BYTES (64 + PGM_RANGE_TEXT + PGM_SCOPES_TEXT + 2 * PGM_TIME_TEXT + PGM_COMMENT_MAX)

struct writer {
	EVP_MD_CTX *digest;
	pgm_rules_sink sink;
	void *arg;
	size_t used;
	char buf[BUFFER];
};

static void free_writer(struct writer **writer)
{
	if (*writer)
		EVP_MD_CTX_free((*writer)->digest);
	free(*writer);
}

static int flush(struct writer *writer)
{
	size_t used = writer->used;

	writer->used = 0;
	if (EVP_DigestUpdate(writer->digest, writer->buf, used) != 1)
		return -ENOMEM;
	return writer->sink(writer->arg, writer->buf, used);
}

static int make_room(struct writer *writer)
{
	return BUFFER - writer->used < LINE_MAX_BYTES ? flush(writer) : 0;
}

static void put(struct writer *writer, const char *text, size_t len)
{
	memcpy(writer->buf + writer->used, text, len);
	writer->used += len;
}

static void put_text(struct writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

static void put_number(struct writer *writer, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	put(writer, digits + at, sizeof(digits) - at);
}

static void put_time(struct writer *writer, uint64_t utc)
{
	char text[PGM_TIME_TEXT];

	if (utc)
		pgm_utc_format(utc, text);
	put_text(writer, utc ? text : "-");
}

static void put_header(struct writer *writer, const struct pgm_ruleset *set, const char *boot_id)
{
	put_text(writer, PGM_RULES_MAGIC "generation ");
	put_number(writer, set->generation);
	put_text(writer, "\nmode ");
	put_text(writer, pgm_mode_name(set->mode));
	put_text(writer, "\nnext-id ");
	put_number(writer, set->next_id);
	put_text(writer, "\nsaved ");
	put_time(writer, set->saved_utc);
	put_text(writer, "\nboot ");
	put_text(writer, boot_id);
	put_text(writer, "\nrules ");
	put_number(writer, set->count);
	put_text(writer, "\n\n");
}

static int put_rule(struct writer *writer, const struct pgm_config *config, const struct pgm_rule *rule)
{
	char text[PGM_RANGE_TEXT > PGM_SCOPES_TEXT ? PGM_RANGE_TEXT : PGM_SCOPES_TEXT];

	put_number(writer, rule->id);
	put_text(writer, " ");
	put_text(writer, pgm_class_name(rule->class_id));
	put_text(writer, " ");
	pgm_range_format(&rule->range, text);
	put_text(writer, text);
	put_text(writer, " ");
	pgm_scopes_format(config, rule->scopes, text, sizeof(text));
	put_text(writer, text);
	put_text(writer, " ");
	put_time(writer, rule->expires_utc);
	/* Boot seconds mean something only in the boot that the header names. */
	if (rule->expires_utc && rule->this_boot) {
		put_text(writer, "@");
		put_number(writer, rule->expires_boot);
	}
	if (rule->comment) {
		size_t len = strlen(rule->comment);

		if (len > PGM_COMMENT_MAX)
			return -EINVAL;
		put_text(writer, " # ");
		put(writer, rule->comment, len);
	}
	put_text(writer, "\n");
	return 0;
}

void pgm_rules_hex(const unsigned char digest[static 32], char out[static PGM_RULES_DIGEST])
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
}

static int put_checksum(struct writer *writer)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char line[PGM_RULES_TAIL];
	int rc = flush(writer);

	if (rc < 0)
		return rc;
	if (EVP_DigestFinal_ex(writer->digest, digest, NULL) != 1)
		return -ENOMEM;
	memcpy(line, PGM_RULES_SHA, sizeof(PGM_RULES_SHA) - 1);
	pgm_rules_hex(digest, line + sizeof(PGM_RULES_SHA) - 1);
	line[sizeof(line) - 1] = '\n';
	return writer->sink(writer->arg, line, sizeof(line));
}

int pgm_rulesfile_write(const struct pgm_config *config, const struct pgm_ruleset *set, const char *boot_id,
                        pgm_rules_sink sink, void *arg)
{
	__attribute__((cleanup(free_writer))) struct writer *writer = malloc(sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	writer->sink = sink;
	writer->arg = arg;
	writer->used = 0;
	writer->digest = EVP_MD_CTX_new();
	if (!writer->digest || EVP_DigestInit_ex(writer->digest, EVP_sha256(), NULL) != 1)
		return -ENOMEM;
	put_header(writer, set, boot_id);
	for (size_t i = 0; i < set->count; i++) {
		int rc = make_room(writer);
		if (rc == 0)
			rc = put_rule(writer, config, &set->rules[i]);
		if (rc < 0)
			return rc;
	}
	return put_checksum(writer);
}

static int write_all(void *arg, const char *buf, size_t len)
{
	int fd = *(const int *)arg;

	while (len) {
		ssize_t n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

int pgm_rulesfile_save(const struct pgm_config *config, const struct pgm_ruleset *set, bool keep_previous,
                       struct pgm_error *err)
{
	char boot_id[PGM_BOOT_ID];
	struct pgm_durable file;
	int rc = pgm_boot_id(boot_id);

	if (rc < 0)
		return pgm_fail(err, rc, "can't read this boot's id for %s: %s", PGM_RULES_FILE, strerror(-rc));
	rc = pgm_durable_begin(config->state_dir, PGM_RULES_FILE, 0600, &file, err);
	if (rc < 0)
		return rc;
	rc = pgm_rulesfile_write(config, set, boot_id, write_all, &file.fd);
	if (rc == 0)
		return pgm_durable_commit(&file, keep_previous, err);
	pgm_durable_abort(&file);
	pgm_fail(err, rc, "can't write %s/%s: %s", config->state_dir, PGM_RULES_FILE, strerror(-rc));
	pgm_hint(err, "the stored list is what it was; make room or mend the file system, then repeat the command");
	return rc;
}

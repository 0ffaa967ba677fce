/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes: named groups of guarded ports, set in [scopes] and named by rules. */
#include <errno.h>
#include <string.h>

#include "common/config_internal.h"
#include "common/quote.h"

static void add_port(struct pgm_scope *scope, unsigned port)
{
	scope->ports[port >> 6] |= UINT64_C(1) << (port & 63);
}

void pgm_config_default_scopes(struct pgm_config *config)
{
	strcpy(config->scopes[0].name, "direct");
	add_port(&config->scopes[0], 5432);
	strcpy(config->scopes[1].name, "pooler");
	add_port(&config->scopes[1], 6432);
	config->scope_count = 2;
}

static bool is_scope_name(const char *name, size_t len)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz";
	static const char later[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	return len > 0 && len < PGM_SCOPE_NAME && strspn(name, first) > 0 && strspn(name, later) == len &&
	       strcmp(name, "all") != 0;
}

static int find_scope(const struct pgm_config *config, const char *name, size_t len)
{
	for (unsigned i = 0; i < config->scope_count; i++)
		if (strlen(config->scopes[i].name) == len && memcmp(config->scopes[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

void pgm_config_set_scope(struct pgm_loader *loader, const char *name, const char *value)
{
	struct pgm_config *config = loader->config;
	size_t len = strlen(name);
	char quoted[PGM_QUOTE_TEXT];
	struct pgm_error err;
	uint64_t ports[1024];

	pgm_quote(name, len, quoted);
	if (!is_scope_name(name, len)) {
		pgm_config_complain(loader,
		                    "%s can't be the name of a scope: a letter, then letters, digits, - and _, all "
		                    "lower case, at most %d, and not \"all\"",
		                    quoted, PGM_SCOPE_NAME - 1);
		return;
	}
	int i = find_scope(config, name, len);
	if (i < 0 && config->scope_count == PGM_SCOPES) {
		pgm_config_complain(loader, "scope %s is one too many: there can be %d", quoted, PGM_SCOPES);
		return;
	}
	if (i >= 0 && loader->seen_scope[i].file == loader->file)
		pgm_config_complain(loader, "scope %s is set on line %u already", quoted, loader->seen_scope[i].line);
	if (i < 0) {
		i = (int)config->scope_count++;
		memset(&config->scopes[i], 0, sizeof(config->scopes[i]));
		memcpy(config->scopes[i].name, name, len);
	}
	loader->seen_scope[i] = (struct pgm_seen){loader->file, loader->line};
	if (pgm_ports_parse(value, ports, &err) < 0)
		pgm_config_complain(loader, "scope %s: %s", quoted, err.what);
	else
		memcpy(config->scopes[i].ports, ports, sizeof(ports));
}

static void check_pair(struct pgm_loader *loader, unsigned a, unsigned b)
{
	const struct pgm_scope *one = &loader->config->scopes[a], *two = &loader->config->scopes[b];

	for (unsigned word = 0; word < 1024; word++) {
		uint64_t both = one->ports[word] & two->ports[word];
		if (!both)
			continue;
		loader->file = loader->seen_scope[b].file;
		loader->line = loader->seen_scope[b].line;
		pgm_config_complain(loader, "port %u is in scope \"%s\" and in scope \"%s\"; it can be in one only",
		                    word * 64 + (unsigned)__builtin_ctzll(both), one->name, two->name);
		return;
	}
}

void pgm_config_check_scopes(struct pgm_loader *loader)
{
	const struct pgm_seen *section = &loader->scopes_section;

	if (!section->file)
		return; /* the defaults are what they are */
	if (loader->config->scope_count == 0 && loader->error_count == 0) {
		loader->file = section->file;
		loader->line = section->line;
		pgm_config_complain(loader, "[scopes] names no scope, so nothing would be guarded; add one, or leave "
		                            "[scopes] out for the defaults");
	}
	for (unsigned b = 1; b < loader->config->scope_count; b++)
		for (unsigned a = 0; a < b; a++)
			check_pair(loader, a, b);
}

static int unknown_scope(const struct pgm_config *config, const char *name, size_t len, struct pgm_error *err)
{
	char quoted[PGM_QUOTE_TEXT], known[PGM_SCOPES * (PGM_SCOPE_NAME + 2)];
	size_t used = 0;

	known[0] = '\0';
	for (unsigned i = 0; i < config->scope_count; i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s, ", config->scopes[i].name);
	pgm_fail(err, 0, "%s is not a scope", pgm_quote(name, len, quoted));
	pgm_hint(err, "the scopes are: %sall", known);
	return -EINVAL;
}

int pgm_scopes_parse(const struct pgm_config *config, const char *text, size_t len, uint8_t *mask,
                     struct pgm_error *err)
{
	const char *end = text + len;
	unsigned bits = 0;

	for (const char *name = text;;) {
		const char *comma = name < end ? memchr(name, ',', (size_t)(end - name)) : NULL;
		size_t n = (size_t)((comma ? comma : end) - name);
		int i = find_scope(config, name, n);

		if (n == 3 && memcmp(name, "all", 3) == 0)
			bits = PGM_ALL_SCOPES;
		else if (i >= 0)
			bits |= 1u << i;
		else
			return unknown_scope(config, name, n, err);
		if (!comma)
			break;
		name = comma + 1;
	}
	if (bits == (1u << config->scope_count) - 1)
		bits = PGM_ALL_SCOPES;
	*mask = (uint8_t)bits;
	return 0;
}

void pgm_scopes_format(const struct pgm_config *config, uint8_t mask, char *buf, size_t len)
{
	size_t used = 0;

	if (len == 0)
		return;
	buf[0] = '\0';
	if (mask == PGM_ALL_SCOPES) {
		snprintf(buf, len, "all");
		return;
	}
	for (unsigned i = 0; i < config->scope_count && used < len; i++)
		if (mask & (1u << i))
			used += (size_t)snprintf(buf + used, len - used, "%s%s", used ? "," : "",
			                         config->scopes[i].name);
}

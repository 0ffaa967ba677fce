/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes filter.rules, as it is and behind a right checksum: whatever is taken must come back from what is written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gate/rulesfile_internal.h"

#define BOOT_ID "01234567-89ab-cdef-0123-456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct memory {
	char *text;
	size_t len;
};

static void need(bool holds)
{
	if (!holds)
		abort();
}

static int to_memory(void *arg, const char *buf, size_t len)
{
	struct memory *memory = arg;

	memory->text = realloc(memory->text, memory->len + len + 1);
	need(memory->text != NULL);
	memcpy(memory->text + memory->len, buf, len);
	memory->len += len;
	return 0;
}

static void check_same(const struct pgm_ruleset *a, const struct pgm_ruleset *b)
{
	need(a->mode == b->mode && a->generation == b->generation && a->next_id == b->next_id);
	need(a->saved_utc == b->saved_utc && a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct pgm_rule *x = &a->rules[i], *y = &b->rules[i];

		need(memcmp(&x->range, &y->range, sizeof(x->range)) == 0 && x->scopes == y->scopes);
		need(x->id == y->id && x->class_id == y->class_id && x->expires_utc == y->expires_utc);
		need(x->this_boot == y->this_boot && x->expires_boot == y->expires_boot);
		need(!x->comment == !y->comment && (!x->comment || strcmp(x->comment, y->comment) == 0));
	}
}

static void check_parse(const struct pgm_config *config, const char *text, size_t len)
{
	struct pgm_ruleset *set, *back;
	struct memory memory = {0};
	struct pgm_error err = {0};

	int rc = pgm_rulesfile_parse(text, len, config, BOOT_ID, &set, &err);
	if (rc < 0) {
		need((rc == -EBADMSG || rc == -ENOENT) && err.what[0]);
		return;
	}
	need(pgm_rulesfile_write(config, set, BOOT_ID, to_memory, &memory) == 0);
	need(pgm_rulesfile_parse(memory.text, memory.len, config, BOOT_ID, &back, NULL) == 0);
	check_same(set, back);
	pgm_ruleset_unref(back);
	pgm_ruleset_unref(set);
	free(memory.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pgm_config config;
	char *text = malloc(size + PGM_RULES_TAIL);

	if (config.scope_count == 0)
		need(pgm_config_parse("", 0, "fuzz", stderr, &config) == 0);
	check_parse(&config, (const char *)data, size);

	need(text != NULL);
	memcpy(text, data, size);
	memcpy(text + size, PGM_RULES_SHA, sizeof(PGM_RULES_SHA) - 1);
	need(pgm_rules_seal(text, size, text + size + sizeof(PGM_RULES_SHA) - 1) == 0);
	text[size + PGM_RULES_TAIL - 1] = '\n';
	check_parse(&config, text, size + PGM_RULES_TAIL);
	free(text);
	return 0;
}

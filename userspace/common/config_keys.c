/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the configuration and what their values may be. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/config_internal.h"
#include "common/quote.h"

#define BPFFS       "/sys/fs/bpf/"
#define SOCKET_NAME "/control.sock"

static const char *const sections[] = {"daemon", "gate", "scopes", "system"};
#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

const char *const pgm_attach_mode_names[PGM_ATTACH_MODES] = {
        [PGM_ATTACH_AUTO] = "auto",
        [PGM_ATTACH_NATIVE] = "native",
        [PGM_ATTACH_TC] = "tc",
        [PGM_ATTACH_GENERIC] = "generic",
};

static bool has_parent_step(const char *path)
{
	for (const char *p = path; (p = strstr(p, "/..")); p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return true;
	return false;
}

/* Puts an absolute path without its last slashes into field, which holds PATH_MAX bytes. */
static bool set_path(struct pgm_loader *loader, const char *key, const char *value, char *field)
{
	size_t len = strlen(value);
	char quoted[PGM_QUOTE_TEXT];

	pgm_quote(value, len, quoted);
	while (len > 0 && value[len - 1] == '/')
		len--;
	if (value[0] != '/' || len == 0) {
		pgm_config_complain(loader, "%s: %s is not an absolute path to a folder", key, quoted);
		return false;
	}
	/* "/a ;b" would be cut at the comment, "/a /" end in a blank that no file can hold. */
	if (strpbrk(value, " \t")) {
		pgm_config_complain(loader, "%s: %s has a blank in it", key, quoted);
		return false;
	}
	if (has_parent_step(value)) {
		pgm_config_complain(loader, "%s: %s goes up with \"..\"; write the folder that is meant", key, quoted);
		return false;
	}
	if (len >= PATH_MAX) {
		pgm_config_complain(loader, "%s: the path is longer than %d bytes", key, PATH_MAX - 1);
		return false;
	}
	memcpy(field, value, len);
	field[len] = '\0';
	return true;
}

static void set_state_dir(struct pgm_loader *loader, const char *value)
{
	set_path(loader, "state_dir", value, loader->config->state_dir);
}

static void set_run_dir(struct pgm_loader *loader, const char *value)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof(SOCKET_NAME);

	if (set_path(loader, "run_dir", value, loader->config->run_dir) && strlen(loader->config->run_dir) > max)
		pgm_config_complain(loader, "run_dir: the path is longer than %zu bytes, too long for a socket in it",
		                    max);
}

static void set_pin_dir(struct pgm_loader *loader, const char *value)
{
	char quoted[PGM_QUOTE_TEXT];

	if (!set_path(loader, "pin_dir", value, loader->config->pin_dir))
		return;
	/* bpf_lookup() in kernel/bpf/inode.c keeps names with a dot for itself. Another bpffs than the usual one has
	 * folders above it that are none of its business. */
	if (strncmp(value, BPFFS, strlen(BPFFS)) == 0 && strchr(value + strlen(BPFFS), '.'))
		pgm_config_complain(loader, "pin_dir: %s has a dot, which the bpf file system does not allow",
		                    pgm_quote(value, strlen(value), quoted));
}

static void set_metrics_group(struct pgm_loader *loader, const char *value)
{
	size_t len = strlen(value);
	char quoted[PGM_QUOTE_TEXT];

	if (len == 0 || len >= sizeof(loader->config->metrics_group) || strpbrk(value, ":,;# \t/"))
		pgm_config_complain(loader, "metrics_group: %s is not the name of a group",
		                    pgm_quote(value, len, quoted));
	else
		memcpy(loader->config->metrics_group, value, len + 1);
}

static void set_mode(struct pgm_loader *loader, const char *value)
{
	char quoted[PGM_QUOTE_TEXT];

	for (unsigned i = 0; i < PGM_ATTACH_MODES; i++) {
		if (strcmp(value, pgm_attach_mode_names[i]) == 0) {
			loader->config->attach_mode = (enum pgm_attach_mode)i;
			return;
		}
	}
	pgm_config_complain(loader, "mode: %s is none of auto, native, tc, generic",
	                    pgm_quote(value, strlen(value), quoted));
}

bool pgm_list_next(const char **cursor, const char **item, size_t *len)
{
	const char *text = *cursor;

	if (!text)
		return false;
	const char *comma = strchr(text, ',');
	*cursor = comma ? comma + 1 : NULL;
	size_t n = comma ? (size_t)(comma - text) : strlen(text);
	while (n > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		n--;
	}
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	*item = text;
	*len = n;
	return true;
}

/* dev_valid_name() in net/core/dev.c; and not the marks of comments, which could not be written into a list. */
static bool is_interface_name(const char *name, size_t len)
{
	if (len == 0 || len >= IF_NAMESIZE || (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'))))
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr("/: \t;#", name[i]))
			return false;
	return true;
}

static void add_interface(struct pgm_loader *loader, const char *name, size_t len)
{
	struct pgm_config *config = loader->config;
	char quoted[PGM_QUOTE_TEXT];

	pgm_quote(name, len, quoted);
	if (!is_interface_name(name, len)) {
		pgm_config_complain(loader, "interfaces: %s is not the name of an interface", quoted);
		return;
	}
	if (len == 4 && memcmp(name, "auto", 4) == 0) {
		pgm_config_complain(loader, "interfaces: \"auto\" stands alone or not at all");
		return;
	}
	if (config->interface_count == PGM_CONFIG_LIST) {
		pgm_config_complain(loader, "interfaces: more than %d names", PGM_CONFIG_LIST);
		return;
	}
	for (size_t i = 0; i < config->interface_count; i++) {
		if (strlen(config->interfaces[i]) == len && memcmp(config->interfaces[i], name, len) == 0) {
			pgm_config_complain(loader, "interfaces: %s is named twice", quoted);
			return;
		}
	}
	char *copy = strndup(name, len);
	if (!copy)
		pgm_config_no_memory(loader);
	else
		config->interfaces[config->interface_count++] = copy;
}

static void set_interfaces(struct pgm_loader *loader, const char *value)
{
	struct pgm_config *config = loader->config;
	const char *cursor = value, *item;
	size_t len;

	pgm_config_forget_interfaces(config);
	config->interfaces_auto = strcmp(value, "auto") == 0;
	if (config->interfaces_auto)
		return;
	config->interface_count = 0;
	config->interfaces = calloc(PGM_CONFIG_LIST, sizeof(*config->interfaces));
	if (!config->interfaces)
		pgm_config_no_memory(loader);
	else
		while (pgm_list_next(&cursor, &item, &len))
			add_interface(loader, item, len);
}

/* A later file's list takes the place of an earlier one's. */
static void forget_system(struct pgm_config *config, enum pgm_class class_id)
{
	size_t kept = 0;

	for (size_t i = 0; i < config->system_count; i++)
		if (config->system[i].class_id != class_id)
			config->system[kept++] = config->system[i];
	config->system_count = kept;
}

static void set_system(struct pgm_loader *loader, const char *key, const char *value, enum pgm_class class_id)
{
	struct pgm_config *config = loader->config;
	const char *cursor = value[0] ? value : NULL, *item;
	struct pgm_error err;
	size_t len, count = 0;

	forget_system(config, class_id);
	while (pgm_list_next(&cursor, &item, &len)) {
		struct pgm_system_rule rule = {.class_id = (uint8_t)class_id};

		if (pgm_range_parse(item, len, &rule.range, NULL, &err) < 0) {
			pgm_config_complain(loader, "%s: %s%s%s", key, err.what, err.hint[0] ? "; " : "", err.hint);
			continue;
		}
		if (++count > PGM_CONFIG_LIST) {
			pgm_config_complain(loader, "%s: more than %d addresses", key, PGM_CONFIG_LIST);
			return;
		}
		void *bigger = reallocarray(config->system, config->system_count + 1, sizeof(rule));
		if (!bigger) {
			pgm_config_no_memory(loader);
			return;
		}
		config->system = bigger;
		config->system[config->system_count++] = rule;
	}
}

static void set_replication(struct pgm_loader *loader, const char *value)
{
	set_system(loader, "replication", value, PGM_CLASS_REPLICATION);
}

static void set_monitoring(struct pgm_loader *loader, const char *value)
{
	set_system(loader, "monitoring", value, PGM_CLASS_MONITORING);
}

static const struct key {
	const char *section;
	const char *name;
	void (*set)(struct pgm_loader *loader, const char *value);
} keys[] = {
        {"daemon", "state_dir", set_state_dir},     {"daemon", "run_dir", set_run_dir},
        {"gate", "interfaces", set_interfaces},     {"gate", "mode", set_mode},
        {"gate", "pin_dir", set_pin_dir},           {"gate", "metrics_group", set_metrics_group},
        {"system", "replication", set_replication}, {"system", "monitoring", set_monitoring},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEYS == PGM_CONFIG_KEYS, "struct pgm_loader remembers every key");

static bool is_section(const char *name, size_t len)
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (strlen(sections[i]) == len && memcmp(sections[i], name, len) == 0)
			return true;
	return false;
}

void pgm_config_enter_section(struct pgm_loader *loader, const char *name, size_t len)
{
	char quoted[PGM_QUOTE_TEXT];

	if (!is_section(name, len))
		pgm_config_complain(loader, "unknown section %s; there are daemon, gate, scopes, system",
		                    pgm_quote(name, len, quoted));
	if (len != strlen("scopes") || memcmp(name, "scopes", len) != 0 || loader->scopes_section.file)
		return;
	loader->scopes_section = (struct pgm_seen){loader->file, loader->line};
	loader->config->scope_count = 0; /* the first [scopes] replaces the defaults */
}

static void unknown_key(struct pgm_loader *loader, const char *section, const char *key)
{
	char quoted[PGM_QUOTE_TEXT], known[256];
	size_t used = 0;

	known[0] = '\0';
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].section, section) == 0)
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "",
			                         keys[i].name);
	pgm_config_complain(loader, "unknown key %s in [%s]; there are %s", pgm_quote(key, strlen(key), quoted),
	                    section, known);
}

void pgm_config_set(struct pgm_loader *loader, const char *section, const char *key, const char *value)
{
	if (!section[0]) {
		pgm_config_complain(loader, "a key before the first [section]");
		return;
	}
	if (!is_section(section, strlen(section)))
		return; /* reported where it began */
	if (strcmp(section, "scopes") == 0) {
		pgm_config_set_scope(loader, key, value);
		return;
	}
	for (size_t i = 0; i < KEYS; i++) {
		struct pgm_seen *seen = &loader->seen[i];

		if (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].name, key) != 0)
			continue;
		if (seen->file == loader->file)
			pgm_config_complain(loader, "%s is set on line %u already", key, seen->line);
		*seen = (struct pgm_seen){loader->file, loader->line};
		keys[i].set(loader, value);
		return;
	}
	unknown_key(loader, section, key);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the configuration: which files, in which order, and whose files are trusted. */
#include "common/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/config_internal.h"
#include "common/durable.h"

#define FILE_MAX (1024u * 1024)

void pgm_config_complain(struct pgm_loader *loader, const char *fmt, ...)
{
	va_list args;

	loader->error_count++;
	if (loader->line)
		fprintf(loader->errors, "%s:%u: ", loader->file, loader->line);
	else
		fprintf(loader->errors, "%s: ", loader->file);
	va_start(args, fmt);
	vfprintf(loader->errors, fmt, args);
	va_end(args);
	fputc('\n', loader->errors);
}

void pgm_config_complain_error(struct pgm_loader *loader, const struct pgm_error *err)
{
	if (err->hint[0])
		pgm_config_complain(loader, "%s; %s", err->what, err->hint);
	else
		pgm_config_complain(loader, "%s", err->what);
}

void pgm_config_no_memory(struct pgm_loader *loader)
{
	if (!loader->out_of_memory)
		pgm_config_complain(loader, "out of memory");
	loader->out_of_memory = true;
}

static int start(struct pgm_loader *loader, const char *path, FILE *errors)
{
	struct pgm_config *config = calloc(1, sizeof(*config));

	*loader = (struct pgm_loader){.config = config, .errors = errors, .file = path};
	if (!config) {
		pgm_config_no_memory(loader);
		return -ENOMEM;
	}
	if ((size_t)snprintf(config->path, sizeof(config->path), "%s", path) >= sizeof(config->path))
		pgm_config_complain(loader, "the file's name is too long");
	strcpy(config->state_dir, "/var/lib/pgmoat");
	strcpy(config->run_dir, "/run/pgmoat");
	config->interfaces_auto = true;
	config->attach_mode = PGM_ATTACH_AUTO;
	strcpy(config->pin_dir, "/sys/fs/bpf/pgmoat");
	strcpy(config->metrics_group, "pgmoat");
	pgm_config_default_scopes(config);
	return 0;
}

static int finish(struct pgm_loader *loader, struct pgm_config *out)
{
	pgm_config_check_scopes(loader);
	if (loader->error_count)
		pgm_config_free(loader->config);
	else
		*out = *loader->config;
	free(loader->config);
	if (loader->error_count == 0)
		return 0;
	return loader->out_of_memory ? -ENOMEM : -EINVAL;
}

/* Who can write the configuration commands a program that runs as root. */
static bool trusted(struct pgm_loader *loader, int fd, const char *what)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		pgm_config_complain(loader, "%s", strerror(errno));
		return false;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		pgm_config_complain(loader,
		                    "the %s is refused: others than its owner can write it (mode %04o); "
		                    "try chmod go-w",
		                    what, (unsigned)(st.st_mode & 07777));
		return false;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		pgm_config_complain(loader, "the %s is refused: it belongs to user %u; it must belong to root", what,
		                    (unsigned)st.st_uid);
		return false;
	}
	return true;
}

/* file must live as long as the loader. */
static void read_file(struct pgm_loader *loader, int dirfd, const char *name, const char *file, bool may_be_missing)
{
	PGM_FREE char *text = NULL;
	size_t len;

	loader->file = file;
	loader->line = 0;
	PGM_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT || !may_be_missing)
			pgm_config_complain(loader, "cannot read the configuration: %s", strerror(errno));
		return;
	}
	if (!trusted(loader, fd, "file"))
		return;
	int r = pgm_read_fd(fd, FILE_MAX, &text, &len);
	if (r == -ENOMEM)
		pgm_config_no_memory(loader);
	else if (r == -EFBIG)
		pgm_config_complain(loader, "the file is larger than %u KiB", FILE_MAX / 1024);
	else if (r < 0)
		pgm_config_complain(loader, "cannot read the configuration: %s", strerror(-r));
	else
		pgm_config_read_lines(loader, text, len);
}

static int is_conf(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* Not alphasort, which follows the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of conf.d; *names are handed back because the loader remembers them. */
static void read_conf_d(struct pgm_loader *loader, const char *folder, char ***names, size_t *count)
{
	struct dirent **entries = NULL;

	loader->file = folder;
	loader->line = 0;
	PGM_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT)
			pgm_config_complain(loader, "cannot read the folder: %s", strerror(errno));
		return;
	}
	int n = scandirat(fd, ".", &entries, is_conf, by_name);
	if (n < 0) {
		pgm_config_complain(loader, "cannot read the folder: %s", strerror(errno));
		return;
	}
	/* A folder without files of ours may be anything: one in /tmp, say. */
	if (n > 0 && trusted(loader, fd, "folder"))
		*names = calloc((size_t)n, sizeof(**names));
	for (int i = 0; i < n; i++) {
		char *name = NULL;
		if (*names && asprintf(&name, "%s/%s", folder, entries[i]->d_name) > 0) {
			(*names)[(*count)++] = name;
			read_file(loader, fd, entries[i]->d_name, name, false);
		} else if (loader->error_count == 0) {
			pgm_config_no_memory(loader);
		}
		free(entries[i]);
	}
	free(entries);
}

int pgm_config_load(const char *path, bool named, FILE *errors, struct pgm_config *out)
{
	const char *slash = strrchr(path, '/');
	PGM_FREE char *folder = NULL;
	struct pgm_loader loader;
	char **names = NULL;
	size_t count = 0;

	int r = start(&loader, path, errors);
	if (r < 0)
		return r;
	read_file(&loader, AT_FDCWD, path, path, !named);
	if (asprintf(&folder, "%.*sconf.d", slash ? (int)(slash + 1 - path) : 0, path) < 0)
		pgm_config_no_memory(&loader);
	else
		read_conf_d(&loader, folder, &names, &count);
	r = finish(&loader, out);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return r;
}

int pgm_config_parse(const char *buf, size_t len, const char *name, FILE *errors, struct pgm_config *out)
{
	struct pgm_loader loader;
	int r = start(&loader, name, errors);

	if (r < 0)
		return r;
	pgm_config_read_lines(&loader, buf, len);
	return finish(&loader, out);
}

void pgm_config_forget_interfaces(struct pgm_config *config)
{
	for (size_t i = 0; i < config->interface_count; i++)
		free(config->interfaces[i]);
	free(config->interfaces);
	config->interfaces = NULL;
	config->interface_count = 0;
}

void pgm_config_free(struct pgm_config *config)
{
	pgm_config_forget_interfaces(config);
	free(config->system);
	config->system = NULL;
	config->system_count = 0;
}

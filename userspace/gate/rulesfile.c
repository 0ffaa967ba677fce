/* SPDX-License-Identifier: Apache-2.0 */
/* filter.rules and its .prev on disk: which of them is loaded, and going back after a failed change. */
#include "gate/rulesfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/durable.h"

#define PREVIOUS PGM_RULES_FILE ".prev"

/* What one of the two files gave. */
struct attempt {
	int rc; /* 0, -ENOENT: no such file, -EBADMSG: damaged, -ENOKEY: unknown scopes, or another errno */
	struct pgm_ruleset *set;
	struct pgm_error err;
};

static void try_file(const struct pgm_config *config, const char *name, const char *boot_id, struct attempt *out)
{
	char path[PATH_MAX + sizeof(PREVIOUS) + 1];
	PGM_FREE char *buf = NULL;
	struct pgm_error why = {0};
	size_t len;

	*out = (struct attempt){0};
	snprintf(path, sizeof(path), "%s/%s", config->state_dir, name);
	out->rc = pgm_read_file(path, PGM_RULES_FILE_MAX, &buf, &len);
	if (out->rc < 0) {
		pgm_fail(&out->err, 0, "can't read %.512s: %s", path, strerror(-out->rc));
		if (out->rc == -EFBIG)
			out->rc = -EBADMSG;
		return;
	}
	out->rc = pgm_rulesfile_parse(buf, len, config, boot_id, &out->set, &why);
	if (out->rc == -ENOENT)
		out->rc = -ENOKEY;
	if (out->rc < 0) {
		pgm_fail(&out->err, 0, "%.256s: %s", path, why.what);
		pgm_hint(&out->err, "%s", why.hint);
	}
}

/* Damage has two halves: what is wrong with the file, and why the one before it does not help. */
static int both_unusable(const struct attempt *current, const struct attempt *previous, enum pgm_rules_source *source,
                         struct pgm_error *problem)
{
	if (previous->rc == -ENOENT)
		pgm_fail(problem, 0, "%s; there is no %s", current->err.what, PREVIOUS);
	else
		pgm_fail(problem, 0, "%.380s; %.380s", current->err.what, previous->err.what);
	pgm_hint(problem, "%s",
	         previous->rc == -ENOKEY
	                 ? previous->err.hint
	                 : "put a good copy of the file back, or set the list again with \"pgmoat filter set FILE\"");
	*source = PGM_RULES_DAMAGED;
	return 0;
}

static int use_previous(const struct attempt *current, const struct attempt *previous, struct pgm_ruleset **out,
                        enum pgm_rules_source *source, struct pgm_error *problem)
{
	pgm_fail(problem, 0, "%s; using %s, the list before it", current->err.what, PREVIOUS);
	pgm_hint(problem, "look at \"pgmoat filter list\", and repeat the last change if it is missing");
	*out = previous->set;
	*source = PGM_RULES_PREVIOUS;
	return 0;
}

int pgm_rulesfile_load(const struct pgm_config *config, struct pgm_ruleset **out, enum pgm_rules_source *source,
                       struct pgm_error *problem)
{
	char boot_id[PGM_BOOT_ID];
	struct attempt current, previous;
	int rc = pgm_boot_id(boot_id);

	if (rc < 0)
		return pgm_fail(problem, rc, "can't read this boot's id: %s", strerror(-rc));
	*out = NULL;
	try_file(config, PGM_RULES_FILE, boot_id, &current);
	if (current.rc == 0) {
		*out = current.set;
		*source = PGM_RULES_CURRENT;
		return 0;
	}
	if (current.rc == -ENOKEY) {
		*problem = current.err;
		*source = PGM_RULES_DAMAGED;
		return 0;
	}
	if (current.rc != -ENOENT && current.rc != -EBADMSG) {
		*problem = current.err;
		return current.rc;
	}
	try_file(config, PREVIOUS, boot_id, &previous);
	if (previous.rc == 0)
		return use_previous(&current, &previous, out, source, problem);
	if (previous.rc == -ENOENT && current.rc == -ENOENT) {
		*source = PGM_RULES_ABSENT;
		return 0;
	}
	if (previous.rc == -ENOENT || previous.rc == -EBADMSG || previous.rc == -ENOKEY)
		return both_unusable(&current, &previous, source, problem);
	*problem = previous.err;
	return previous.rc;
}

/* A save over a damaged file leaves the damaged one as ".prev": going back to that would lose both. */
static int check_previous(const struct pgm_config *config, struct pgm_error *err)
{
	struct attempt previous;

	try_file(config, PREVIOUS, "", &previous);
	if (previous.rc == 0)
		pgm_ruleset_unref(previous.set);
	else if (err)
		*err = previous.err;
	return previous.rc;
}

int pgm_rulesfile_restore(const struct pgm_config *config, struct pgm_error *err)
{
	int rc = check_previous(config, err);

	if (rc < 0)
		return rc;
	PGM_CLOSE int dir = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return pgm_fail(err, -errno, "can't open %.512s: %s", config->state_dir, strerror(errno));
	if (renameat(dir, PREVIOUS, dir, PGM_RULES_FILE) < 0)
		return pgm_fail(err, -errno, "can't put %.512s/%s back: %s", config->state_dir, PREVIOUS,
		                strerror(errno));
	if (fsync(dir) < 0)
		return pgm_fail(err, -errno, "can't sync %.512s: %s", config->state_dir, strerror(errno));
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: the config is read again; a bad one changes nothing. */
#include "daemon/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "daemon/change.h"
#include "daemon/job.h"
#include "daemon/live.h"
#include "gate/reserved.h"
#include "gate/rulesfile.h"

static void free_config(struct pgm_config *config)
{
	if (!config)
		return;
	pgm_config_free(config);
	free(config);
}

static void log_lines(char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		pgm_log(LOG_ERR, "%s", line);
}

static struct pgm_config *read_config(const struct pgmd_daemon *daemon)
{
	struct pgm_config *config = calloc(1, sizeof(*config));
	PGM_FREE char *text = NULL;
	size_t len = 0;
	FILE *errors = config ? open_memstream(&text, &len) : NULL;

	int code = errors ? pgm_config_load(daemon->config->path, daemon->config_named, errors, config) : -ENOMEM;
	if (errors)
		fclose(errors);
	if (code == 0)
		return config;
	if (text)
		log_lines(text);
	pgm_log(LOG_ERR, "reload: the config has errors; the old one stays in force");
	free(config);
	return NULL;
}

/* What can't change while it is in use keeps its old value. */
static void keep_fixed(char *new_value, const char *old, const char *key)
{
	if (strcmp(new_value, old) == 0)
		return;
	pgm_log(LOG_WARNING, "reload: %s stays %s until pgmoatd is restarted", key, old);
	memcpy(new_value, old, strlen(old) + 1); /* the fields are of the same size */
}

static void keep_all_fixed(struct pgm_config *config, const struct pgm_config *old)
{
	keep_fixed(config->state_dir, old->state_dir, "state_dir");
	keep_fixed(config->run_dir, old->run_dir, "run_dir");
	keep_fixed(config->pin_dir, old->pin_dir, "pin_dir");
	keep_fixed(config->metrics_group, old->metrics_group, "metrics_group");
}

static bool same_policy(const struct pgm_config *a, const struct pgm_config *b)
{
	if (a->scope_count != b->scope_count || a->system_count != b->system_count)
		return false;
	for (unsigned i = 0; i < a->scope_count; i++)
		if (strcmp(a->scopes[i].name, b->scopes[i].name) != 0 ||
		    memcmp(a->scopes[i].ports, b->scopes[i].ports, sizeof(a->scopes[i].ports)) != 0)
			return false;
	for (size_t i = 0; i < a->system_count; i++)
		if (a->system[i].class_id != b->system[i].class_id ||
		    memcmp(a->system[i].range.lo, b->system[i].range.lo, sizeof(a->system[i].range.lo)) != 0 ||
		    memcmp(a->system[i].range.hi, b->system[i].range.hi, sizeof(a->system[i].range.hi)) != 0 ||
		    a->system[i].range.family != b->system[i].range.family)
			return false;
	return true;
}

/* The interfaces are looked at anew; guards that are in place stay in place meanwhile. */
static void restart_watch(struct pgmd_daemon *daemon)
{
	struct pgmd_live *live = daemon->gate.gate;
	struct pgm_error err = {0};

	pgm_watch_free(live->watch);
	live->watch = NULL;
	if (pgm_watch_start(daemon->event, live->kernel, daemon->config, &live->watch, &err) < 0) {
		pgm_log_error(LOG_CRIT, &err);
		pgm_log(LOG_CRIT, "interfaces are not followed any more: pgmoatd stops, and has to be started again");
		sd_event_exit(daemon->event, 1);
	}
	if (pgm_reserved_apply(daemon->config, &err) < 0)
		pgm_log_error(LOG_ERR, &err);
}

static void adopt_config(struct pgmd_daemon *daemon, struct pgm_config *config)
{
	struct pgm_config *old = daemon->config;
	struct pgmd_live *live = daemon->gate.gate;

	pgm_kernel_use_config(live->kernel, config);
	daemon->config = config;
	daemon->config_version++;
	restart_watch(daemon);
	free_config(old);
	pgm_log(LOG_NOTICE, "the config %s was read again and is in force", config->path);
}

/* The file names scopes, and the list in memory only numbers them, so the list is read with the new config. */
static int prepare_reload(struct pgmd_change *change, struct pgm_error *err)
{
	enum pgm_rules_source source;
	struct pgm_error why = {0};

	int code = pgm_rulesfile_load(change->new_config, &change->next, &source, &why);
	if (code < 0)
		return pgm_fail(err, code, "reload: %s", why.what);
	if (source == PGM_RULES_ABSENT && change->base->mode == PGM_MODE_UNSET) {
		change->next = pgm_ruleset_ref(change->base);
		return 0;
	}
	if (source == PGM_RULES_CURRENT && change->next->generation == change->base->generation)
		return 0;
	pgm_fail(err, -EINVAL,
	         "reload: the stored list can't be read with the new config (%s); the old config stays in force",
	         source == PGM_RULES_CURRENT ? "the file is of another generation" : why.what);
	pgm_hint(err, "if a scope was renamed or removed, change the rules that name it first");
	return -EINVAL;
}

static void reload_done(struct pgmd_change *change)
{
	struct pgmd_daemon *daemon = change->daemon;
	struct pgmd_live *live = daemon->gate.gate;

	if (change->result == 0)
		adopt_config(daemon, PGM_TAKE(change->new_config));
	else
		pgm_kernel_use_config(live->kernel, daemon->config);
}

static void start_reload(struct pgmd_daemon *daemon, struct pgm_config *config)
{
	struct pgmd_live *live = daemon->gate.gate;
	struct pgmd_change *change = pgmd_change_new(daemon, NULL, "reload");

	if (!change) {
		pgm_log(LOG_ERR, "reload: out of memory; the old config stays in force");
		free_config(config);
		return;
	}
	change->rebuild = true;
	change->prepare = prepare_reload;
	change->done = reload_done;
	change->new_config = config;
	pgm_kernel_use_config(live->kernel, config);
	pgmd_job_start(daemon, change);
}

void pgmd_reload(struct pgmd_daemon *daemon)
{
	struct pgm_config *config = read_config(daemon);

	if (!config)
		return;
	keep_all_fixed(config, daemon->config);
	if (same_policy(config, daemon->config))
		adopt_config(daemon, config);
	else
		start_reload(daemon, config);
}

static int prepare_rebuild(struct pgmd_change *change, struct pgm_error *err)
{
	(void)err;
	change->next = pgm_ruleset_ref(change->base);
	return 0;
}

void pgmd_rebuild(struct pgmd_daemon *daemon)
{
	struct pgmd_change *change = pgmd_change_new(daemon, NULL, NULL);

	if (!change) {
		pgm_log(LOG_ERR, "out of memory: rules of before the last boot end by the old time");
		return;
	}
	change->rebuild = true;
	change->prepare = prepare_rebuild;
	pgmd_job_start(daemon, change);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's life: start, serve, stop. */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "daemon/clock_watch.h"
#include "daemon/folders.h"
#include "daemon/job.h"
#include "daemon/live.h"
#include "daemon/peer.h"
#include "daemon/reload.h"
#include "daemon/report.h"
#include "daemon/run.h"
#include "daemon/server.h"
#include "daemon/start.h"
#include "daemon/texts.h"
#include "gate/reserved.h"

struct life {
	struct pgmd_daemon daemon;
	struct pgmd_live live;
	int state_fd; /* holds the lock on state_dir */
	bool has_group;
	gid_t group;
	char status[256]; /* what the service manager was told last */
};

void pgmd_set_current(struct pgmd_daemon *daemon, struct pgm_ruleset *set)
{
	pgm_ruleset_unref(daemon->current);
	daemon->current = set;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)userdata;
	pgm_log(LOG_NOTICE, "signal %u: stopping; the gate stays in force", info->ssi_signo);
	sd_notify(0, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	(void)info;
	pgmd_job_when_free(userdata, pgmd_reload);
	return 0;
}

/* After every turn of the loop: tell the service manager what has changed. */
static int on_turn(sd_event_source *source, void *userdata)
{
	struct life *life = userdata;
	char line[sizeof(life->status)];

	(void)source;
	pgmd_report_line(&life->daemon, line, sizeof(line));
	if (strcmp(line, life->status) == 0)
		return 0;
	memcpy(life->status, line, sizeof(line));
	sd_notifyf(0, "STATUS=%s", line);
	pgm_log(LOG_INFO, "%s", line);
	return 0;
}

static int prepare_loop(struct life *life, struct pgm_error *err)
{
	struct pgmd_daemon *daemon = &life->daemon;
	sd_event *event = NULL;
	int code = sd_event_new(&event);

	daemon->event = event;
	if (code >= 0)
		code = sd_event_add_signal(event, NULL, SIGTERM, on_stop, life);
	if (code >= 0)
		code = sd_event_add_signal(event, NULL, SIGINT, on_stop, life);
	if (code >= 0)
		code = sd_event_add_signal(event, NULL, SIGHUP, on_hangup, daemon);
	if (code >= 0)
		code = sd_event_add_post(event, NULL, on_turn, life);
	if (code >= 0)
		code = sd_event_set_watchdog(event, true);
	if (code < 0)
		return pgm_fail(err, code, "cannot make an event loop: %s", strerror(-code));
	code = pgmd_clock_watch(daemon, err);
	return code < 0 ? code : pgmd_job_init(daemon, err);
}

static void find_groups(struct life *life)
{
	const char *metrics_group = life->daemon.config->metrics_group;
	gid_t ignored;

	/* The gate logs this one itself. */
	if (pgmd_group_find(metrics_group, &ignored) < 0)
		pgmd_say(life->daemon.warnings,
		         "the group %s (metrics_group) does not exist: only root can read the metrics", metrics_group);
	life->has_group = pgmd_group_find(PGMD_GROUP, &life->group) == 0;
	if (life->has_group)
		return;
	pgmd_say(life->daemon.warnings,
	         "the group " PGMD_GROUP " does not exist: only root can ask (groupadd --system " PGMD_GROUP
	         ", then restart pgmoatd)");
	pgm_log(LOG_WARNING, "the group " PGMD_GROUP " does not exist: only root can use the control socket");
}

static int open_state(struct life *life, struct pgm_error *err)
{
	struct pgmd_daemon *daemon = &life->daemon;
	const gid_t *group = life->has_group ? &life->group : NULL;

	life->state_fd = pgmd_folders_open(daemon->config, group, err);
	if (life->state_fd < 0)
		return life->state_fd;
	return pgmd_auditlog_open(daemon->config->state_dir, group, &daemon->audit, err);
}

static int start(struct life *life, struct pgm_error *err)
{
	struct pgmd_daemon *daemon = &life->daemon;
	struct pgmd_live *live = &life->live;
	struct pgm_error soft = {0};

	find_groups(life);
	int code = open_state(life, err);
	if (code == 0)
		code = pgm_kernel_open(daemon->config, &live->kernel, err);
	if (code == 0)
		code = prepare_loop(life, err);
	/* The policy comes before the first program is attached, so that no packet sees less than it. */
	if (code == 0)
		code = pgmd_start_policy(daemon, pgm_kernel_adopted(live->kernel), pgm_kernel_superseding(live->kernel),
		                         err);
	if (code == 0)
		code = pgm_watch_start(daemon->event, live->kernel, daemon->config, &live->watch, err);
	if (code < 0)
		return code;
	if (pgm_reserved_apply(daemon->config, &soft) < 0) {
		pgm_log_error(LOG_ERR, &soft);
		pgmd_say(daemon->warnings, "%s", soft.what);
	}
	return pgmd_server_start(daemon, life->has_group ? &life->group : NULL, &daemon->server, err);
}

static void stop(struct life *life)
{
	struct pgmd_daemon *daemon = &life->daemon;

	pgmd_job_close(daemon); /* the change that runs is answered before its client is let go */
	pgmd_server_free(daemon->server);
	pgm_watch_free(life->live.watch);
	pgm_kernel_close(life->live.kernel);
	sd_event_unref(daemon->event);
	pgmd_auditlog_close(&daemon->audit);
	pgm_ruleset_unref(daemon->current);
	json_decref(daemon->problems);
	json_decref(daemon->warnings);
	pgm_cleanup_close(&life->state_fd);
	pgm_config_free(daemon->config);
	free(daemon->config);
}

static void block_signals(void)
{
	sigset_t set;

	/* Before the first thread, so that only the event loop gets them. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve(struct life *life, bool strict)
{
	size_t unguarded = pgm_watch_unguarded(life->live.watch);

	if (unguarded)
		pgm_log(LOG_ERR, "%zu interface%s that should be guarded %s not; \"pgmoat status\" says why", unguarded,
		        unguarded == 1 ? "" : "s", unguarded == 1 ? "is" : "are");
	if (unguarded && strict)
		return 1;
	on_turn(NULL, life);
	pgm_log(LOG_NOTICE, "pgmoatd " PGM_VERSION " is ready");
	sd_notify(0, "READY=1");
	int code = sd_event_loop(life->daemon.event);
	if (code < 0)
		pgm_log(LOG_CRIT, "the event loop failed: %s", strerror(-code));
	return code != 0;
}

int pgmd_run(struct pgm_config *config, bool named, bool strict)
{
	struct pgm_error err = {0};
	struct life life = {
	        .daemon = {.config = config,
	                   .config_named = named,
	                   .started = pgm_utc_now(),
	                   .problems = json_array(),
	                   .warnings = json_array(),
	                   .audit.fd = -1},
	        .state_fd = -1,
	};

	life.daemon.gate = (struct pgmd_gate){&pgmd_live_calls, &life.live};
	umask(077);
	prctl(PR_SET_DUMPABLE, 0);
	block_signals();
	int code = start(&life, &err);
	if (code < 0)
		pgm_log_error(LOG_CRIT, &err);
	int exit_code = code < 0 ? 1 : serve(&life, strict);
	stop(&life);
	return exit_code;
}

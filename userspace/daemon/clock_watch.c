/* SPDX-License-Identifier: Apache-2.0 */
/* Notices that the wall clock was set: rules of an earlier boot end by it, so they are built again. */
#include "daemon/clock_watch.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "daemon/job.h"
#include "daemon/reload.h"

/* A timer that never goes off, but is cancelled when the clock is set. */
static int arm(int fd)
{
	struct itimerspec never = {.it_value.tv_sec = INT32_MAX};

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ? -errno : 0;
}

static bool needs_wall_clock(const struct pgm_ruleset *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->rules[i].expires_utc && !set->rules[i].this_boot)
			return true;
	return false;
}

static int on_set(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct pgmd_daemon *daemon = userdata;
	uint64_t ignored;

	(void)source;
	(void)events;
	if (read(fd, &ignored, sizeof(ignored)) >= 0 || errno != ECANCELED)
		return 0;
	int code = arm(fd);
	if (code < 0)
		pgm_log(LOG_ERR, "cannot watch the wall clock any more: %s", strerror(-code));
	if (daemon->list_lost || !needs_wall_clock(daemon->current))
		return 0;
	pgm_log(LOG_NOTICE, "the wall clock was set: rules of before the last boot are built again");
	pgmd_job_when_free(daemon, pgmd_rebuild);
	return 0;
}

int pgmd_clock_watch(struct pgmd_daemon *daemon, struct pgm_error *err)
{
	sd_event_source *source = NULL;
	PGM_CLOSE int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	int code = fd < 0 ? -errno : arm(fd);

	if (code == 0)
		code = sd_event_add_io(daemon->event, &source, fd, EPOLLIN, on_set, daemon);
	if (code >= 0)
		code = sd_event_source_set_io_fd_own(source, true);
	if (code >= 0) {
		(void)PGM_TAKE_FD(fd);
		code = sd_event_source_set_floating(source, true);
	}
	sd_event_source_unref(source);
	return code < 0 ? pgm_fail(err, code, "cannot watch the wall clock: %s", strerror(-code)) : 0;
}

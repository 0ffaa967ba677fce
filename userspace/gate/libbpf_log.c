/* SPDX-License-Identifier: Apache-2.0 */
/* Routes libbpf's messages into the log and into a thread's capture buffer. */
#include "gate/libbpf_log.h"

#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/log.h"

static _Thread_local char *capture;
static _Thread_local size_t capture_len;

static void append_capture(const char *line)
{
	size_t used = strlen(capture);

	if (used < capture_len)
		snprintf(capture + used, capture_len - used, "%s\n", line);
}

static __attribute__((format(printf, 2, 0))) int print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[1024];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = 0;
	pgm_log(LOG_DEBUG, "%s", line);
	if (capture)
		append_capture(line);
	return 0;
}

static void install(void)
{
	libbpf_set_print(print);
}

void pgm_libbpf_log_install(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
}

void pgm_libbpf_capture(char *buf, size_t len)
{
	pgm_libbpf_log_install();
	if (buf && len > 0)
		buf[0] = 0;
	capture = len > 0 ? buf : NULL;
	capture_len = len;
}

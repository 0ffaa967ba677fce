/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks that pgmoat uses and how their readings are written. */
#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"

#define NS_PER_S   1000000000u
#define DAY        86400u
#define UTC_MAX    253402300799u /* 9999-12-31T23:59:59Z, the last second that RFC 3339 can write */
#define LONGEST    (3653u * DAY) /* any ten years in a row, their leap days included */
#define UTC_LENGTH (sizeof("2026-11-24T05:00:00Z") - 1)

static uint64_t read_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

uint64_t pgm_utc_now(void)
{
	return read_ns(CLOCK_REALTIME) / NS_PER_S;
}

uint64_t pgm_boottime_now_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

uint64_t pgm_monotonic_now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int pgm_boot_id(char out[static PGM_BOOT_ID])
{
	PGM_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[PGM_BOOT_ID];

	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	if (n != PGM_BOOT_ID || text[PGM_BOOT_ID - 1] != '\n')
		return -EBADMSG;
	text[PGM_BOOT_ID - 1] = '\0';
	memcpy(out, text, sizeof(text));
	return 0;
}

void pgm_utc_format(uint64_t utc, char *buf)
{
	time_t when = (time_t)(utc < UTC_MAX ? utc : UTC_MAX);
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(buf, PGM_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* A number of exactly count digits. */
static bool digits(const char *text, size_t count, int *out)
{
	int n = 0;

	for (size_t i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (text[i] - '0');
	}
	*out = n;
	return true;
}

int pgm_utc_parse(const char *text, size_t len, uint64_t *out)
{
	struct tm tm = {0};
	char back[PGM_TIME_TEXT];

	if (len != UTC_LENGTH || !digits(text, 4, &tm.tm_year) || !digits(text + 5, 2, &tm.tm_mon) ||
	    !digits(text + 8, 2, &tm.tm_mday) || !digits(text + 11, 2, &tm.tm_hour) ||
	    !digits(text + 14, 2, &tm.tm_min) || !digits(text + 17, 2, &tm.tm_sec))
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	time_t when = timegm(&tm);
	if (when < 0)
		return -EINVAL;
	/* timegm turns 30 February into 2 March: only what prints as it was written is a time. This also compares the
	 * separators. */
	pgm_utc_format((uint64_t)when, back);
	if (memcmp(back, text, UTC_LENGTH) != 0)
		return -EINVAL;
	*out = (uint64_t)when;
	return 0;
}

static const struct unit {
	char letter;
	uint32_t seconds;
} units[] = {{'d', DAY}, {'h', 3600}, {'m', 60}, {'s', 1}};
#define UNITS (sizeof(units) / sizeof(units[0]))

int pgm_duration_parse(const char *text, size_t len, uint64_t *seconds)
{
	uint64_t total = 0;
	size_t next = 0; /* units come once each, the larger first */
	size_t i = 0;

	while (i < len) {
		uint64_t n = 0;
		size_t start = i;

		for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
			n = n * 10 + (uint64_t)(text[i] - '0');
			if (n > LONGEST)
				return -EINVAL;
		}
		if (i == start || i == len)
			return -EINVAL;
		while (next < UNITS && units[next].letter != text[i])
			next++;
		if (next == UNITS)
			return -EINVAL;
		total += n * units[next++].seconds;
		i++;
	}
	if (total == 0 || total > LONGEST)
		return -EINVAL;
	*seconds = total;
	return 0;
}

void pgm_duration_format(uint64_t seconds, char *buf, size_t len)
{
	size_t u = 0;

	while (u < UNITS - 1 && seconds < units[u].seconds)
		u++;
	unsigned long long first = seconds / units[u].seconds;
	uint64_t rest = seconds % units[u].seconds;
	unsigned long long second = u + 1 < UNITS ? rest / units[u + 1].seconds : 0;

	if (second)
		snprintf(buf, len, "%llu%c %llu%c", first, units[u].letter, second, units[u + 1].letter);
	else
		snprintf(buf, len, "%llu%c", first, units[u].letter);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines to standard error; with the "<N>" prefix of sd-daemon(3) when the journal reads it. */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* Not above PIPE_BUF: such a write is never mixed with another thread's line. */
#define LINE_MAX_BYTES 2048

/* systemd.exec(5): JOURNAL_STREAM is device:inode of the stream; a child whose standard error was redirected inherits
 * the variable, so only the comparison tells. */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char end;

	return text && sscanf(text, "%llu:%llu%c", &dev, &ino, &end) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

/* One call is one line, and text from outside can't steer the terminal it lands on. */
static void blank_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

static void write_line(const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* there is nobody left to tell */
		line += n;
		len -= (size_t)n;
	}
}

void pgm_log(int priority, const char *fmt, ...)
{
	int saved = errno;
	char line[LINE_MAX_BYTES];
	va_list args;
	int head;

	if (stderr_is_journal())
		head = snprintf(line, sizeof(line) - 1, "<%d>", priority & LOG_PRIMASK);
	else
		head = snprintf(line, sizeof(line) - 1, "%.64s: ", program_invocation_short_name);

	errno = saved; /* for %m */
	va_start(args, fmt);
	vsnprintf(line + head, sizeof(line) - 1 - (size_t)head, fmt, args);
	va_end(args);

	blank_controls(line);
	size_t len = strlen(line);
	line[len++] = '\n';
	write_line(line, len);
	errno = saved;
}

void pgm_log_error(int priority, const struct pgm_error *err)
{
	if (err->hint[0])
		pgm_log(priority, "%s HINT: %s", err->what, err->hint);
	else
		pgm_log(priority, "%s", err->what);
}

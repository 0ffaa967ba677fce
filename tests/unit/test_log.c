/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines and errors: one call is one line, with a priority for the journal only, and nothing that steers a terminal.
 */
#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "common/quote.h"
#include "lib/check.h"

static char heard[8192];

/* What fn writes to standard error; journal: as if the journal had the other end. */
static const char *listen_to(void (*fn)(void), bool journal)
{
	char stream[64];
	struct stat st;
	int ends[2], saved = dup(STDERR_FILENO);

	CHECK(pipe(ends) == 0 && fstat(ends[1], &st) == 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	         (unsigned long long)st.st_ino + !journal);
	setenv("JOURNAL_STREAM", stream, 1);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	fn();
	dup2(saved, STDERR_FILENO);
	close(saved);
	ssize_t n = read(ends[0], heard, sizeof(heard) - 1);
	close(ends[0]);
	CHECK(n >= 0);
	heard[n] = '\0';
	return heard;
}

static void say_plain(void)
{
	pgm_log(LOG_WARNING, "disk %d is %s", 3, "full");
}

static void say_errno(void)
{
	errno = ENOSPC;
	pgm_log(LOG_ERR, "%m");
	CHECK_INT(errno, ENOSPC);
}

static void say_controls(void)
{
	pgm_log(LOG_ERR, "a\nb\x1b[2Jc%s", "\r\td");
}

static void say_long(void)
{
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pgm_log(LOG_ERR, "%s", text);
}

static void say_error(void)
{
	struct pgm_error err;

	CHECK_INT(pgm_fail(&err, -EINVAL, "cannot %s", "go"), -EINVAL);
	pgm_log_error(LOG_ERR, &err);
	pgm_hint(&err, "walk %d", 2);
	pgm_log_error(LOG_ERR, &err);
}

static void to_a_terminal(void)
{
	char want[256];

	snprintf(want, sizeof(want), "%s: disk 3 is full\n", program_invocation_short_name);
	CHECK_STR(listen_to(say_plain, false), want);
	snprintf(want, sizeof(want), "%s: a b [2Jc  d\n", program_invocation_short_name);
	CHECK_STR(listen_to(say_controls, false), want);
}

static void to_the_journal(void)
{
	CHECK_STR(listen_to(say_plain, true), "<4>disk 3 is full\n");
	CHECK_STR(listen_to(say_errno, true), "<3>No space left on device\n");
	CHECK_STR(listen_to(say_error, true), "<3>cannot go\n<3>cannot go HINT: walk 2\n");
}

static void long_lines(void)
{
	listen_to(say_long, true);
	CHECK_INT(strlen(heard), 2047);
	CHECK(strchr(heard, '\n') == heard + 2046);
}

static void no_error_wanted(void)
{
	CHECK_INT(pgm_fail(NULL, -EIO, "x"), -EIO);
	pgm_hint(NULL, "x");
}

static void new_errors_have_no_old_hint(void)
{
	struct pgm_error err;

	pgm_fail(&err, -EIO, "x");
	pgm_hint(&err, "y");
	pgm_fail(&err, -EIO, "%01000d", 7);
	CHECK_STR(err.hint, "");
	CHECK_INT(strlen(err.what), sizeof(err.what) - 1);
}

static void quotes(void)
{
	char buf[PGM_QUOTE_TEXT], text[200];

	CHECK_STR(pgm_quote("a b", 3, buf), "\"a b\"");
	CHECK_STR(pgm_quote("", 0, buf), "\"\"");
	CHECK_STR(pgm_quote("\0\x1b\xc3\xa4\x7f", 5, buf), "\"\\x00\\x1b\\xc3\\xa4\\x7f\"");
	for (size_t len = 0; len <= sizeof(text); len++) {
		for (int c = 'x'; c >= 0; c -= 'x') {
			memset(text, c, sizeof(text));
			pgm_quote(text, len, buf);
			CHECK(strlen(buf) < sizeof(buf) && buf[strlen(buf) - 1] == '"');
		}
	}
	CHECK_HAS(buf, "\\x00...\"");
}

CHECK_MAIN(CASE(to_a_terminal), CASE(to_the_journal), CASE(long_lines), CASE(no_error_wanted),
           CASE(new_errors_have_no_old_hint), CASE(quotes))

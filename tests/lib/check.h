/* SPDX-License-Identifier: Apache-2.0 */
/* The whole C test framework: named cases, checks that stop their case, skips with a reason, one summary line. */
#ifndef PGM_TESTS_CHECK_H
#define PGM_TESTS_CHECK_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct check_case {
	const char *name;
	void (*run)(void);
};

/* Runs the cases (all, or those whose name contains argv[1]), prints one line each and "N passed, N failed, N skipped".
 * Returns the exit code for main: 0 when nothing failed. */
int check_main(const struct check_case *cases, size_t count, int argc, char **argv);
#define CHECK_MAIN(...)                                                                                                \
	int main(int argc, char **argv)                                                                                \
	{                                                                                                              \
		static const struct check_case cases[] = {__VA_ARGS__};                                                \
		return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);                                \
	}
/* clang-format off */
#define CASE(function) {#function, function}
/* clang-format on */

/* Ends the running case as failed / skipped. */
_Noreturn void check_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
_Noreturn void check_skip(const char *why);

/* How often randomised parts repeat: PGM_TEST_SCALE (1 by default, more in test-long). */
unsigned check_scale(void);
/* The run's seed: PGM_TEST_SEED or random, printed once. check_random is a splitmix64 over it. */
uint64_t check_random(void);
static inline uint64_t check_below(uint64_t n)
{
	return check_random() % n;
}

#define CHECK(cond)                                                                                                    \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			check_fail(__FILE__, __LINE__, "%s", #cond);                                                   \
	} while (0)
#define CHECK_INT(got, want)                                                                                           \
	do {                                                                                                           \
		long long g_ = (long long)(got), w_ = (long long)(want);                                               \
		if (g_ != w_)                                                                                          \
			check_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #got, g_, w_);                          \
	} while (0)
#define CHECK_STR(got, want)                                                                                           \
	do {                                                                                                           \
		const char *g_ = (got), *w_ = (want);                                                                  \
		if (strcmp(g_, w_) != 0)                                                                               \
			check_fail(__FILE__, __LINE__, "%s is \"%s\", not \"%s\"", #got, g_, w_);                      \
	} while (0)
#define CHECK_HAS(got, part)                                                                                           \
	do {                                                                                                           \
		const char *g_ = (got), *w_ = (part);                                                                  \
		if (!strstr(g_, w_))                                                                                   \
			check_fail(__FILE__, __LINE__, "%s is \"%s\", without \"%s\"", #got, g_, w_);                  \
	} while (0)

#endif

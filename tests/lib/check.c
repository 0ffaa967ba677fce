/* SPDX-License-Identifier: Apache-2.0 */
/* The whole C test framework: named cases, checks that stop their case, skips with a reason, one summary line. */
#include "lib/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/random.h>

static jmp_buf back;
enum { RUN = 0, FAILED, SKIPPED };
static const char *running;

_Noreturn void check_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("FAIL %s: %s:%d: ", running, file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	longjmp(back, FAILED);
}

_Noreturn void check_skip(const char *why)
{
	printf("SKIP %s: %s\n", running, why);
	longjmp(back, SKIPPED);
}

unsigned check_scale(void)
{
	const char *text = getenv("PGM_TEST_SCALE");
	long n = text ? strtol(text, NULL, 10) : 1;

	return n >= 1 && n <= 1000 ? (unsigned)n : 1;
}

uint64_t check_random(void)
{
	static uint64_t state;
	static bool seeded;

	if (!seeded) {
		const char *text = getenv("PGM_TEST_SEED");
		if (text)
			state = strtoull(text, NULL, 0);
		else if (getrandom(&state, sizeof(state), 0) != (ssize_t)sizeof(state))
			abort();
		printf("seed PGM_TEST_SEED=%#llx\n", (unsigned long long)state);
		seeded = true;
	}
	uint64_t z = (state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int check_main(const struct check_case *cases, size_t count, int argc, char **argv)
{
	volatile unsigned passed = 0, failed = 0, skipped = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (volatile size_t i = 0; i < count; i++) {
		if (argc > 1 && !strstr(cases[i].name, argv[1]))
			continue;
		running = cases[i].name;
		int how = setjmp(back);
		if (how == RUN) {
			cases[i].run();
			printf("ok   %s\n", running);
			passed++;
		} else if (how == FAILED) {
			failed++;
		} else {
			skipped++;
		}
	}
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed || passed + skipped == 0 ? 1 : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmark's programs share: giving up, numbers from the command line, the clock, one CPU. */
#ifndef PGM_BENCH_BENCH_H
#define PGM_BENCH_BENCH_H

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIE(...)                                                                                                       \
	do {                                                                                                           \
		fprintf(stderr, "bench: " __VA_ARGS__);                                                                \
		fputc('\n', stderr);                                                                                   \
		exit(1);                                                                                               \
	} while (0)

/* result is what a call returned: 0 or more is fine. */
static inline void need(long result, const char *what)
{
	if (result < 0)
		DIE("%s: %s", what, strerror(errno));
}

static inline uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end)
		DIE("%s is not a number", text);
	return value;
}

/* CPU time of this thread, with the softirqs that ran on top of it. Time of others on the same CPU is not in it. */
static inline uint64_t cpu_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static cpu_set_t cpus_allowed;

static inline void cpus_note(void)
{
	need(sched_getaffinity(0, sizeof(cpus_allowed), &cpus_allowed), "sched_getaffinity");
}

/* Rounds go around the CPUs: one that shares its core with a busy neighbour is half as fast for minutes. */
static inline unsigned cpu_of_round(unsigned round)
{
	unsigned nth = round % (unsigned)CPU_COUNT(&cpus_allowed), cpu = 0;

	while (!CPU_ISSET(cpu, &cpus_allowed) || nth-- > 0)
		cpu++;
	return cpu;
}

static inline void stay_on_cpu(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	need(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

/* The same numbers in every run (splitmix64). */
static inline uint64_t random_next(void)
{
	static uint64_t state = 42;
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The grace period really waits: a program that runs when it begins has finished when it ends. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gate/kernel_internal.h"
#include "lib/check.h"
#include "lib/live.h"
#include "lib/sandbox.h"

#define INSN(c, d, s, o, i)                                                                                            \
	((struct bpf_insn){.code = (c), .dst_reg = (d)&15, .src_reg = (s)&15, .off = (o), .imm = (i)})
#define MOV(d, s)      INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)  INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define CALL(f)        INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define STORE(d, o, i) INSN(BPF_ST | BPF_MEM | BPF_DW, d, 0, o, i)

#define ROUNDS 60000 /* of a checksum over a page: some milliseconds; the verifier walks through all of them */
#define PAGE   4096

/* What the slow program tells. It fills a page, which is what its checksums run over. */
struct tale {
	_Atomic uint64_t started;
	_Atomic uint64_t finished;
	uint64_t rest[PAGE / 8 - 2];
};

static struct live live;

/* tale->started = 1; ROUNDS checksums; tale->finished = 1 */
static int load_slow_program(int map)
{
	const struct bpf_insn program[] = {
	        STORE(BPF_REG_10, -8, 0),
	        INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
	        INSN(0, 0, 0, 0, 0),
	        MOV(BPF_REG_2, BPF_REG_10),
	        INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -8),
	        CALL(BPF_FUNC_map_lookup_elem),
	        INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 12, 0), /* to exit */
	        MOV(BPF_REG_6, BPF_REG_0),
	        STORE(BPF_REG_6, offsetof(struct tale, started), 1),
	        MOV_IMM(BPF_REG_7, ROUNDS),
	        MOV_IMM(BPF_REG_1, 0), /* round: csum_diff(NULL, 0, page, PAGE, 0) */
	        MOV_IMM(BPF_REG_2, 0),
	        MOV(BPF_REG_3, BPF_REG_6),
	        MOV_IMM(BPF_REG_4, PAGE),
	        MOV_IMM(BPF_REG_5, 0),
	        CALL(BPF_FUNC_csum_diff),
	        INSN(BPF_ALU64 | BPF_SUB | BPF_K, BPF_REG_7, 0, 0, 1),
	        INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_7, 0, -8, 0),
	        STORE(BPF_REG_6, offsetof(struct tale, finished), 1),
	        MOV_IMM(BPF_REG_0, XDP_PASS),
	        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = log, .log_size = sizeof(log), .log_level = 4);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "slow", "GPL", program, sizeof(program) / sizeof(program[0]), &opts);

	if (fd < 0)
		check_fail(__FILE__, __LINE__, "%s: %s", strerror(-fd), log);
	return fd;
}

static void *run_program(void *arg)
{
	char frame[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));

	bpf_prog_test_run_opts(*(int *)arg, &opts);
	return NULL;
}

/* True if the program was seen running when the grace period began: only then the rest says anything. */
static bool wait_through_one_run(int program, struct tale *tale)
{
	pthread_t thread;

	tale->started = tale->finished = 0;
	CHECK_INT(pthread_create(&thread, NULL, run_program, &program), 0);
	while (!tale->started)
		;
	bool running = !tale->finished;
	int code = pgm_grace_period(live.kernel);
	bool finished = tale->finished;
	pthread_join(thread, NULL);
	CHECK_INT(code, 0);
	CHECK(finished);
	return running;
}

static void a_running_program_is_waited_for(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, mmapable, .map_flags = BPF_F_MMAPABLE);
	unsigned seen = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		check_skip("one CPU cannot watch a program run");
	live_open(&live, NULL);
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "tale", 4, sizeof(struct tale), 1, &mmapable);
	CHECK(map >= 0);
	struct tale *tale = mmap(NULL, sizeof(*tale), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	CHECK(tale != MAP_FAILED);
	int program = load_slow_program(map);
	for (unsigned i = 0; i < 2000 && seen < 20 * check_scale(); i++)
		seen += wait_through_one_run(program, tale);
	munmap(tale, sizeof(*tale));
	close(program);
	close(map);
	printf("  %u runs waited for\n", seen);
	CHECK(seen > 0);
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {CASE(a_running_program_is_waited_for)};

	sandbox_enter();
	int code = check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
	live_close(&live);
	return code;
}

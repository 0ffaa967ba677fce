/* SPDX-License-Identifier: Apache-2.0 */
/* Sends SYNs from sources that a list refuses out of one end of a veth; prints how many, and CPU ns per packet. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/packet.h"
#include "skeleton.h"
#include "sources.h"

enum { SOURCES = 65536, WARM = 1 << 16 };

/* Frames from a program, as from a card, reach a veth only if it polls: with a program of its own, or with GRO. */
static void gro_on(const char *interface)
{
	struct ethtool_value value = {.cmd = ETHTOOL_SGRO, .data = 1};
	struct ifreq request = {.ifr_data = (void *)&value};
	PGM_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	need(ioctl(fd, SIOCETHTOOL, &request), interface);
}

/* Only the sender and the dropper are wanted, not the gate. */
static struct bench_bpf *load_programs(void)
{
	struct bench_bpf *skel = bench_bpf__open();
	struct bpf_program *program;

	if (!skel)
		DIE("cannot open the programs");
	bpf_object__for_each_program (program, skel->obj)
		bpf_program__set_autoload(program,
		                          program == skel->progs.bench_send || program == skel->progs.bench_drop);
	need(bench_bpf__load(skel), "load the programs");
	return skel;
}

static void fill_sources(struct bench_bpf *skel, const char *list)
{
	struct pgm_config config = {0};
	struct pgm_ruleset *set = list_read(list, &config);

	for (uint32_t i = 0; i < SOURCES; i++) {
		uint8_t addr[16];

		source_draw(set, AF_INET, OUTSIDE, addr);
		need(bpf_map_update_elem(bpf_map__fd(skel->maps.sources4), &i, addr, BPF_ANY), "fill the sources");
	}
	pgm_ruleset_unref(set);
	skel->bss->source_mask = SOURCES - 1;
}

static void send_some(const struct bench_bpf *skel, const struct pkt *syn, uint32_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = syn->bytes, .data_size_in = (__u32)syn->len,
	            .repeat = (int)count, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	need(bpf_prog_test_run_opts(bpf_program__fd(skel->progs.bench_send), &opts), "send");
}

int main(int argc, char **argv)
{
	struct pkt syn;

	if (argc != 5 && argc != 6)
		DIE("usage: bench_flood NEAR FAR LIST COUNT [drop]      drop: the far end drops at once");
	struct bench_bpf *skel = load_programs();
	uint32_t count = (uint32_t)number(argv[4]);
	int far = (int)if_nametoindex(argv[2]);

	skel->bss->send_ifindex = (int)if_nametoindex(argv[1]);
	fill_sources(skel, argv[3]);
	gro_on(argv[2]);
	if (argc == 6) /* goes with this process */
		need(libbpf_get_error(bpf_program__attach_xdp(skel->progs.bench_drop, far)), "attach the dropper");
	pkt_start(&syn);
	pkt_ipv4(&syn, "192.0.2.1");
	pkt_tcp(&syn, 5432, "S");
	pkt_finish(&syn);
	stay_on_cpu((unsigned)sched_getcpu());
	send_some(skel, &syn, WARM);

	uint64_t start = cpu_now_ns();
	send_some(skel, &syn, count);
	printf("%u %.2f\n", count + WARM, (double)(cpu_now_ns() - start) / count);
	bench_bpf__destroy(skel);
	return 0;
}

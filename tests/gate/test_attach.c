/* SPDX-License-Identifier: Apache-2.0 */
/* One interface's guard: every way onto it, what stands in the way, changes without a gap, and off again. */
#include "gate/attach.h"

#include <linux/pkt_cls.h>
#include <linux/virtio_net.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "gate/attach_fix.h"
#include "gate/attach_internal.h"

static struct live live;
static struct wire wire;
static struct pgm_guard guard = {.link_fd = -1};
static struct pgm_error err;

/* A new pair near - far without a guard; far is what is guarded. */
static void begin(enum pgm_attach_mode mode)
{
	if (guard.link_fd >= 0)
		close(guard.link_fd);
	sandbox_sh("ip link del near 2>/dev/null; ip link del extra 2>/dev/null; true");
	live_open(&live, NULL);
	live.config.attach_mode = mode;
	snprintf(live.config.state_dir, sizeof(live.config.state_dir), "%s", sandbox_folder());
	wire_open(&wire);
	guard = (struct pgm_guard){.ifindex = wire.ifindex, .name = "far", .link_fd = -1};
}

static void end(void)
{
	wire_close(&wire);
	live_close(&live);
}

static void attach(enum pgm_hook hook)
{
	int r = pgm_attach(live.kernel, &live.config, &guard, &err);

	if (r < 0)
		check_fail(__FILE__, __LINE__, "%s (%s)", err.what, err.hint);
	CHECK_STR(pgm_hook_name(guard.hook), pgm_hook_name(hook));
	CHECK(pgm_attach_verify(live.kernel, &guard));
}

/* As after a kill and a start. */
static void restart(void)
{
	if (guard.link_fd >= 0)
		close(guard.link_fd);
	guard = (struct pgm_guard){.ifindex = wire.ifindex, .name = "far", .link_fd = -1};
	live_reopen(&live);
}

static void check_only(bool xdp, bool tc)
{
	sandbox_sh("%s ip -d link show far | grep -q 'prog/xdp'", xdp ? "" : "!");
	sandbox_sh("%s tc filter show dev far ingress | grep -q 'handle 0x70676d gate_tc'", tc ? "" : "!");
	sandbox_sh("%s tc qdisc show dev far | grep -q clsact", tc ? "" : "!");
	sandbox_sh("%s test -e " LIVE_PINS "/link_%d", xdp ? "" : "!", wire.ifindex);
}

static void native_drops_on_the_wire(void)
{
	begin(PGM_ATTACH_AUTO);
	live_apply(&live, live_rules(&live, PGM_MODE_NOWHERE, ""));
	attach(PGM_HOOK_NATIVE);
	CHECK_INT(guard.flavour, PGM_FLAVOUR_XDP_FRAGS);
	CHECK_STR(guard.why, "");
	check_only(true, false);
	send_judged(&live, &wire);
	CHECK_INT(live_metrics(&live).refused_nowhere, 1);
	end();
}

static void tc_drops_on_the_wire(void)
{
	begin(PGM_ATTACH_TC);
	live_apply(&live, live_rules(&live, PGM_MODE_NOWHERE, ""));
	attach(PGM_HOOK_TC);
	CHECK_STR(guard.why, "");
	check_only(false, true);
	send_judged(&live, &wire);
	CHECK_INT(live_metrics(&live).refused_nowhere, 1);
	end();
}

static void generic_when_asked_for(void)
{
	begin(PGM_ATTACH_GENERIC);
	attach(PGM_HOOK_GENERIC);
	sandbox_sh("ip link show far | grep -q xdpgeneric");
	send_judged(&live, &wire);
	end();
}

static void adoption_keeps_the_link(void)
{
	begin(PGM_ATTACH_AUTO);
	attach(PGM_HOOK_NATIVE);
	struct bpf_link_info before = link_info(guard.link_fd);
	restart();
	attach(PGM_HOOK_NATIVE);
	struct bpf_link_info after = link_info(guard.link_fd);
	CHECK_INT(after.id, before.id);
	CHECK(after.prog_id != before.prog_id);
	CHECK_INT(after.prog_id, program_id(pgm_kernel_program(live.kernel, PGM_FLAVOUR_XDP_FRAGS)));
	send_judged(&live, &wire);
	end();
}

static void adoption_keeps_the_filter(void)
{
	begin(PGM_ATTACH_TC);
	attach(PGM_HOOK_TC);
	restart();
	guard.hook = PGM_HOOK_TC;
	guard.flavour = PGM_FLAVOUR_TC;
	CHECK(!pgm_attach_verify(live.kernel, &guard)); /* there, but with the program of before */
	attach(PGM_HOOK_TC);
	sandbox_sh("test $(tc filter show dev far ingress | grep -c 'handle') = 1");
	send_judged(&live, &wire);
	end();
}

/* Each change of mode goes through a restart, and back. */
static void modes_replace_each_other(void)
{
	static const struct {
		enum pgm_attach_mode mode;
		enum pgm_hook hook;
	} steps[] = {{PGM_ATTACH_AUTO, PGM_HOOK_NATIVE},     {PGM_ATTACH_TC, PGM_HOOK_TC},
	             {PGM_ATTACH_NATIVE, PGM_HOOK_NATIVE},   {PGM_ATTACH_GENERIC, PGM_HOOK_GENERIC},
	             {PGM_ATTACH_NATIVE, PGM_HOOK_NATIVE},   {PGM_ATTACH_TC, PGM_HOOK_TC},
	             {PGM_ATTACH_GENERIC, PGM_HOOK_GENERIC}, {PGM_ATTACH_AUTO, PGM_HOOK_NATIVE}};

	begin(PGM_ATTACH_AUTO);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		live.config.attach_mode = steps[i].mode;
		attach(steps[i].hook);
		check_only(steps[i].hook != PGM_HOOK_TC, steps[i].hook == PGM_HOOK_TC);
		send_judged(&live, &wire);
		restart();
	}
	end();
}

/* IPv4 packets that came through to the stack of this namespace. */
static unsigned long long delivered(void)
{
	FILE *file = fopen("/proc/net/snmp", "re");
	unsigned long long count = 0;
	char line[1024];
	bool found = false;

	CHECK(file != NULL);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "Ip: %*u %*u %llu", &count) == 1;
	fclose(file);
	CHECK(found);
	return count;
}

/* A child that sends until it is killed, or until this process ends. */
static pid_t flood(void)
{
	static struct pkt pkt;
	struct virtio_net_hdr header = {0};
	struct iovec parts[] = {{&header, sizeof(header)}, {pkt.bytes, 0}};
	int ready[2];
	pid_t child;

	CHECK_INT(pipe(ready), 0);
	pkt_make(&pkt, "ip4=192.0.2.7 tcp=5432:S");
	parts[1].iov_len = pkt.len;
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(wire.socket, 3);
		close_range(4, ~0u, 0); /* the gate's lock among them */
	}
	while (child == 0)
		(void)!writev(3, parts, 2);
	close(ready[1]);
	CHECK_INT(read(ready[0], &(char){0}, 1), 0); /* the child has closed its end */
	close(ready[0]);
	return child;
}

/* A wire on which a gap shows: returns delivered() of before, with one packet let through to prove that it counts. */
static unsigned long long begin_refusing(enum pgm_attach_mode mode)
{
	unsigned long long before;
	struct pkt pkt;

	begin(mode);
	sandbox_sh("ip link set far address 02:00:00:00:00:01");
	before = delivered();
	pkt_make(&pkt, "ip4=192.0.2.7 tcp=5432:S");
	wire_send(&wire, &pkt, false);
	AWAIT(delivered() == before + 1);
	live_apply(&live, live_rules(&live, PGM_MODE_NOWHERE, ""));
	return before + 1;
}

static void end_refusing(pid_t child, unsigned long long before)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	CHECK(live_metrics(&live).refused_nowhere > 0);
	CHECK_INT(delivered(), before);
	end();
}

/* Everything is refused, and packets come all the while: one that reaches the stack came through a gap. */
static void no_gap_between_modes(void)
{
	static const enum pgm_attach_mode modes[] = {PGM_ATTACH_TC, PGM_ATTACH_AUTO, PGM_ATTACH_GENERIC,
	                                             PGM_ATTACH_NATIVE};
	unsigned long long before = begin_refusing(PGM_ATTACH_AUTO);

	attach(PGM_HOOK_NATIVE);
	pid_t child = flood();
	for (unsigned i = 0; i < 20 * check_scale(); i++) {
		live.config.attach_mode = modes[i % 4];
		(void)pgm_attach(live.kernel, &live.config, &guard, &err);
	}
	end_refusing(child, before);
}

static void no_gap_while_moving_to_the_front(void)
{
	int theirs = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "stranger", TC_ACT_UNSPEC);
	unsigned long long before = begin_refusing(PGM_ATTACH_TC);

	attach(PGM_HOOK_TC);
	pid_t child = flood();
	for (unsigned i = 0; i < 20 * check_scale(); i++) {
		foreign_filter("far", BPF_TC_INGRESS, i + 1, 1, theirs);
		(void)pgm_attach(live.kernel, &live.config, &guard, &err);
	}
	CHECK(pgm_attach_verify(live.kernel, &guard));
	end_refusing(child, before);
	close(theirs);
}

static void no_gap_over_restarts(void)
{
	for (int tc = 0; tc < 2; tc++) {
		unsigned long long before = begin_refusing(tc ? PGM_ATTACH_TC : PGM_ATTACH_AUTO);

		attach(tc ? PGM_HOOK_TC : PGM_HOOK_NATIVE);
		pid_t child = flood();
		for (unsigned i = 0; i < 3 * check_scale(); i++) {
			restart();
			(void)pgm_attach(live.kernel, &live.config, &guard, &err);
		}
		end_refusing(child, before);
	}
}

/* veth wants as many receive queues as the peer sends to; it has words for it, the link syscall has none. */
static void the_driver_is_quoted(void)
{
	begin(PGM_ATTACH_AUTO);
	sandbox_sh("ip link del near && ip link add near numtxqueues 4 type veth peer name far numrxqueues 1 && "
	           "ip link set near up && ip link set far up");
	guard.ifindex = (int)if_nametoindex("far");
	attach(PGM_HOOK_TC);
	CHECK_HAS(guard.why, "native XDP is not possible: veth: XDP expects number of rx queues");
	live.config.attach_mode = PGM_ATTACH_NATIVE;
	CHECK_INT(pgm_tc_take_off(guard.ifindex), 1);
	guard.hook = PGM_HOOK_NONE;
	CHECK_INT(pgm_attach(live.kernel, &live.config, &guard, &err), -ENOSPC);
	CHECK_INT(guard.hook, PGM_HOOK_NONE);
	CHECK_HAS(guard.why, "native XDP: veth: XDP expects number of rx queues");
	CHECK_HAS(err.what, "interface far is not guarded");
	CHECK_HAS(err.hint, "mode = auto");
	sandbox_sh("! tc qdisc show dev far | grep -q clsact");
	end();
}

static void no_native_driver_at_all(void)
{
	begin(PGM_ATTACH_AUTO);
	sandbox_sh("ip link add extra type ifb");
	guard.ifindex = (int)if_nametoindex("extra");
	snprintf(guard.name, sizeof(guard.name), "extra");
	attach(PGM_HOOK_TC);
	CHECK_HAS(guard.why, "native XDP is not possible: ");
	CHECK_HAS(guard.why, "driver does not support XDP in native mode");
	sandbox_sh("ip link del extra");
	end();
}

static void foreign_xdp(unsigned flags, const char *mode, bool by_link)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	char text[128];

	begin(PGM_ATTACH_AUTO);
	sandbox_sh("ip link set near mtu 1500"); /* theirs has no frags */
	int fd = foreign_program(BPF_PROG_TYPE_XDP, "stranger", 2 /* XDP_PASS */), link = -1;
	if (by_link)
		link = bpf_link_create(fd, wire.ifindex, BPF_XDP, &opts);
	else
		CHECK_INT(bpf_xdp_attach(wire.ifindex, fd, flags, NULL), 0);
	CHECK(!by_link || link >= 0);
	attach(PGM_HOOK_TC);
	snprintf(text, sizeof(text), "interface far already carries XDP program 'stranger' (id %u, %s mode)",
	         program_id(fd), mode);
	CHECK_HAS(guard.why, text);
	send_judged(&live, &wire);
	CHECK_INT(pgm_tc_take_off(wire.ifindex), 1);
	live.config.attach_mode = PGM_ATTACH_NATIVE;
	guard.hook = PGM_HOOK_NONE;
	CHECK(pgm_attach(live.kernel, &live.config, &guard, &err) < 0);
	CHECK_HAS(err.what, text);
	close(fd);
	if (link >= 0)
		close(link);
	end();
}

static void foreign_native_program(void)
{
	foreign_xdp(XDP_FLAGS_DRV_MODE, "native", false);
}
static void foreign_generic_program(void)
{
	foreign_xdp(XDP_FLAGS_SKB_MODE, "generic", false);
}
static void foreign_link(void)
{
	foreign_xdp(XDP_FLAGS_DRV_MODE, "native", true);
}

static void tc_comes_back(void)
{
	begin(PGM_ATTACH_TC);
	attach(PGM_HOOK_TC);
	sandbox_sh("tc filter del dev far ingress");
	CHECK(!pgm_attach_verify(live.kernel, &guard));
	attach(PGM_HOOK_TC);
	sandbox_sh("tc qdisc del dev far clsact");
	CHECK(!pgm_attach_verify(live.kernel, &guard));
	attach(PGM_HOOK_TC);
	send_judged(&live, &wire);
	end();
}

static void a_lost_link_comes_back(void)
{
	begin(PGM_ATTACH_AUTO);
	attach(PGM_HOOK_NATIVE);
	CHECK_INT(bpf_link_detach(guard.link_fd), 0);
	CHECK(!pgm_attach_verify(live.kernel, &guard));
	attach(PGM_HOOK_NATIVE);
	check_only(true, false);
	send_judged(&live, &wire);
	end();
}

static void a_lost_pin_comes_back(void)
{
	begin(PGM_ATTACH_AUTO);
	attach(PGM_HOOK_NATIVE);
	__u32 id = link_info(guard.link_fd).id;
	sandbox_sh("rm " LIVE_PINS "/link_%d", wire.ifindex);
	CHECK_INT(pgm_xdp_keep_pinned(&live.config, &guard), 0);
	restart();
	attach(PGM_HOOK_NATIVE);
	CHECK_INT(link_info(guard.link_fd).id, id);
	end();
}

/* An `ingress` qdisc excludes clsact; it is not ours, so it stays. */
static void ingress_qdisc_is_used(void)
{
	begin(PGM_ATTACH_TC);
	sandbox_sh("tc qdisc add dev far ingress");
	attach(PGM_HOOK_TC);
	send_judged(&live, &wire);
	CHECK_INT(pgm_tc_take_off(wire.ifindex), 1);
	sandbox_sh("tc qdisc show dev far | grep -q 'qdisc ingress'");
	end();
}

static uint64_t runs(int program)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	CHECK_INT(bpf_obj_get_info_by_fd(program, &info, &len), 0);
	return info.run_cnt;
}

static void foreign_filters_stay_and_run(void)
{
	begin(PGM_ATTACH_TC);
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	int theirs = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "stranger", TC_ACT_OK);
	CHECK(stats >= 0);
	sandbox_sh("tc qdisc add dev far clsact");
	foreign_filter("far", BPF_TC_INGRESS, 1, 1, theirs);
	foreign_filter("far", BPF_TC_INGRESS, 1, 7, theirs);
	attach(PGM_HOOK_TC);
	uint64_t before = runs(theirs);
	send_judged(&live, &wire);
	AWAIT(runs(theirs) == before + 1);
	CHECK_INT(pgm_tc_take_off(wire.ifindex), 1);
	sandbox_sh("test $(tc filter show dev far ingress | grep -c 'handle 0x1 stranger') = 2");
	close(theirs);
	close(stats);
	end();
}

/* The newest bpf filter of a priority runs first, and this one ends with a verdict. */
static void ours_moves_to_the_front(void)
{
	begin(PGM_ATTACH_TC);
	int theirs = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "stranger", TC_ACT_OK);
	attach(PGM_HOOK_TC);
	foreign_filter("far", BPF_TC_INGRESS, 1, 1, theirs);
	CHECK(!pgm_attach_verify(live.kernel, &guard));
	attach(PGM_HOOK_TC);
	send_judged(&live, &wire);
	sandbox_sh("tc filter show dev far ingress | grep -q 'handle 0x1 stranger'");
	sandbox_sh("! tc filter show dev far ingress | grep -q 0x70676e");
	close(theirs);
	end();
}

/* A crash may leave the deputy, alone or with others around it. */
static void a_forgotten_deputy_is_relieved(void)
{
	for (int others = 0; others < 2; others++) {
		begin(PGM_ATTACH_TC);
		int theirs = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "stranger", TC_ACT_OK);
		int ours = pgm_kernel_program(live.kernel, PGM_FLAVOUR_TC);
		sandbox_sh("tc qdisc add dev far clsact");
		foreign_filter("far", BPF_TC_INGRESS, 0x70676e, 1, ours);
		if (others) {
			foreign_filter("far", BPF_TC_INGRESS, 0x70676d, 1, ours);
			foreign_filter("far", BPF_TC_INGRESS, 1, 1, theirs);
		}
		CHECK(pgm_attach_found(&live.config, wire.ifindex));
		attach(PGM_HOOK_TC);
		send_judged(&live, &wire);
		sandbox_sh("! tc filter show dev far ingress | grep -q 0x70676e");
		close(theirs);
		end();
	}
}

static void a_taken_priority_is_named(void)
{
	begin(PGM_ATTACH_TC);
	sandbox_sh(
	        "tc qdisc add dev far clsact && tc filter add dev far ingress pref 1 protocol all u32 match u32 0 0");
	CHECK(pgm_attach(live.kernel, &live.config, &guard, &err) < 0);
	CHECK_INT(guard.hook, PGM_HOOK_NONE);
	CHECK_HAS(err.what, "tc priority 1 on ingress is taken by a u32 filter");
	CHECK_HAS(err.what, "tc filter show dev far ingress");
	end();
}

/* The mode asks for tc, tc is impossible: what stands keeps standing. */
static void an_old_guard_outlives_a_failed_new_one(void)
{
	begin(PGM_ATTACH_AUTO);
	attach(PGM_HOOK_NATIVE);
	sandbox_sh(
	        "tc qdisc add dev far clsact && tc filter add dev far ingress pref 1 protocol all u32 match u32 0 0");
	live.config.attach_mode = PGM_ATTACH_TC;
	restart();
	attach(PGM_HOOK_NATIVE);
	CHECK_HAS(guard.why, "the native XDP link of before stays, because tc priority 1");
	send_judged(&live, &wire);
	end();
}

static void an_old_filter_outlives_a_failed_link(void)
{
	begin(PGM_ATTACH_TC);
	attach(PGM_HOOK_TC);
	sandbox_sh("ip link set near mtu 1500"); /* theirs has no frags */
	int fd = foreign_program(BPF_PROG_TYPE_XDP, "stranger", 2 /* XDP_PASS */);
	CHECK_INT(bpf_xdp_attach(wire.ifindex, fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	live.config.attach_mode = PGM_ATTACH_NATIVE;
	restart();
	attach(PGM_HOOK_TC);
	CHECK_HAS(guard.why, "native XDP is not possible: interface far already carries");
	send_judged(&live, &wire);
	close(fd);
	end();
}

static void the_pin_of_a_dead_interface(void)
{
	begin(PGM_ATTACH_AUTO);
	attach(PGM_HOOK_NATIVE);
	__u32 id = link_info(guard.link_fd).id;
	close(guard.link_fd);
	sandbox_sh(
	        "ip link del near && ip link add name far index %d type veth peer name near && ip link set near up && "
	        "ip link set far up",
	        wire.ifindex);
	CHECK_INT(if_nametoindex("far"), wire.ifindex);
	guard.link_fd = -1;
	guard.hook = PGM_HOOK_NONE;
	attach(PGM_HOOK_NATIVE);
	CHECK(link_info(guard.link_fd).id != id);
	pgm_attach_forget(&live.config, &guard);
	CHECK_INT(guard.link_fd, -1);
	check_only(false, false);
	end();
}

static void only_ethernet(void)
{
	begin(PGM_ATTACH_AUTO);
	guard.ifindex = (int)if_nametoindex("lo");
	snprintf(guard.name, sizeof(guard.name), "lo");
	CHECK_INT(pgm_attach(live.kernel, &live.config, &guard, &err), -EPFNOSUPPORT);
	CHECK_HAS(guard.why, "not an Ethernet interface (type 772)");
	guard.ifindex = 999999;
	CHECK_INT(pgm_attach(live.kernel, &live.config, &guard, &err), -ENODEV);
	CHECK_HAS(guard.why, "no such interface");
	end();
}

static void a_foreign_tcx_program_is_counted(void)
{
	char name[96];

	begin(PGM_ATTACH_TC);
	int fd = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "early", TC_ACT_OK);
	CHECK_INT(pgm_tcx_foreign(wire.ifindex, name, sizeof(name)), 0);
	int link = bpf_link_create(fd, wire.ifindex, 46 /* BPF_TCX_INGRESS */, NULL);
	if (link < 0) {
		close(fd);
		end();
		check_skip("this kernel has no tcx");
	}
	CHECK_INT(pgm_tcx_foreign(wire.ifindex, name, sizeof(name)), 1);
	CHECK_HAS(name, "'early' (id ");
	close(link);
	close(fd);
	end();
}

static char *detach_all(int want)
{
	static char said[4096];
	FILE *out = fmemopen(said, sizeof(said), "w");

	memset(said, 0, sizeof(said));
	CHECK(out != NULL);
	CHECK_INT(pgm_detach_all(&live.config, out, &err), want);
	fclose(out);
	return said;
}

/* Two interfaces, one of each kind, no daemon; what others have on them stays. */
static void detach_takes_everything_of_ours(void)
{
	begin(PGM_ATTACH_AUTO);
	attach(PGM_HOOK_NATIVE);
	struct pgm_guard tc = {.ifindex = (int)if_nametoindex("near"), .name = "near", .link_fd = -1};
	int theirs = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "stranger", TC_ACT_OK);
	live.config.attach_mode = PGM_ATTACH_TC;
	CHECK_INT(pgm_attach(live.kernel, &live.config, &tc, &err), 0);
	foreign_filter("near", BPF_TC_EGRESS, 1, 3, theirs);
	detach_all(-EBUSY);
	CHECK_HAS(err.what, "is running");
	close(guard.link_fd);
	guard.link_fd = -1;
	pgm_kernel_close(live.kernel);
	live.kernel = NULL;
	const char *said = detach_all(0);
	CHECK_HAS(said, "interface far: native XDP link taken off");
	CHECK_HAS(said, "interface near: tc filter taken off");
	check_only(false, false);
	sandbox_sh("! tc filter show dev near ingress | grep -q gate_tc");
	sandbox_sh("tc filter show dev near egress | grep -q stranger");
	sandbox_sh("! test -e " LIVE_PINS);
	CHECK_STR(detach_all(0), "");
	close(theirs);
	end();
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(native_drops_on_the_wire),
	        CASE(tc_drops_on_the_wire),
	        CASE(generic_when_asked_for),
	        CASE(adoption_keeps_the_link),
	        CASE(adoption_keeps_the_filter),
	        CASE(modes_replace_each_other),
	        CASE(no_gap_between_modes),
	        CASE(no_gap_while_moving_to_the_front),
	        CASE(no_gap_over_restarts),
	        CASE(the_driver_is_quoted),
	        CASE(no_native_driver_at_all),
	        CASE(foreign_native_program),
	        CASE(foreign_generic_program),
	        CASE(foreign_link),
	        CASE(tc_comes_back),
	        CASE(a_lost_link_comes_back),
	        CASE(a_lost_pin_comes_back),
	        CASE(ingress_qdisc_is_used),
	        CASE(foreign_filters_stay_and_run),
	        CASE(ours_moves_to_the_front),
	        CASE(a_forgotten_deputy_is_relieved),
	        CASE(a_taken_priority_is_named),
	        CASE(an_old_guard_outlives_a_failed_new_one),
	        CASE(an_old_filter_outlives_a_failed_link),
	        CASE(the_pin_of_a_dead_interface),
	        CASE(only_ethernet),
	        CASE(a_foreign_tcx_program_is_counted),
	        CASE(detach_takes_everything_of_ours),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

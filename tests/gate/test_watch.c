/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces come, go, change and lose their guards under a running event loop: each is guarded after its message. */
#include "gate/watch.h"

#include <linux/pkt_cls.h>
#include <sys/socket.h>

#include "gate/attach_fix.h"
#include "gate/watch_internal.h"

static struct live live;
static sd_event *event;
static struct pgm_watch *watch;

static void stop(void)
{
	pgm_watch_free(watch);
	event = sd_event_unref(event);
	watch = NULL;
}

static void start(void)
{
	struct pgm_error err;

	CHECK_INT(sd_event_new(&event), 0);
	if (pgm_watch_start(event, live.kernel, &live.config, &watch, &err) < 0)
		check_fail(__FILE__, __LINE__, "%s", err.what);
}

/* names: what [gate] interfaces is set to. Interfaces of the case before are gone. */
static void begin(const char *names)
{
	char config[256];

	stop();
	sandbox_sh("ip -o link show type veth | sed 's/^[0-9]*: \\([^@:]*\\).*/\\1/' | "
	           "while read d; do ip link del $d 2>/dev/null; done; true");
	sandbox_sh("ip link del extra 2>/dev/null; true");
	snprintf(config, sizeof(config), "interfaces = %s\n[scopes]\ndirect = 5432\n", names);
	live_open(&live, config);
}

static void end(void)
{
	stop();
	live_close(&live);
}

static const struct pgm_watch_row *row(const char *name)
{
	const struct pgm_watch_row *rows;
	size_t count = pgm_watch_rows(watch, &rows);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(rows[i].guard.name, name))
			return &rows[i];
	return NULL;
}

/* The tick would repair what a message should have: the test must not live by it. */
static void without_tick(void)
{
	CHECK(sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF) >= 0);
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Turn the loop until the condition holds; the case fails if it does not. */
#define TURN_UNTIL(cond)                                                                                               \
	do {                                                                                                           \
		uint64_t end_ = now_us() + 10000000;                                                                   \
		while (!(cond) && now_us() < end_)                                                                     \
			CHECK(sd_event_run(event, 50000) >= 0);                                                        \
		CHECK(cond);                                                                                           \
	} while (0)

static bool guarded(const char *name, enum pgm_hook hook)
{
	const struct pgm_watch_row *r = row(name);

	return r && r->guard.hook == hook && r->guard.ifindex == (int)if_nametoindex(name) &&
	       pgm_attach_verify(live.kernel, &r->guard);
}

/* Everything that waits is taken in, and nothing more comes of it. */
static void settle_down(void)
{
	while (sd_event_run(event, 200000) > 0)
		;
}

static void pair(const char *name, const char *peer)
{
	sandbox_sh("ip link add %s type veth peer name %s && ip link set %s up && ip link set %s up", name, peer, name,
	           peer);
}

static void named_interfaces_down_missing_and_late(void)
{
	begin("a0, b0");
	sandbox_sh("ip link add a0 type veth peer name a1"); /* stays down */
	start();
	without_tick();
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	CHECK(row("a0")->wanted && row("a0")->ethernet);
	CHECK(row("b0") != NULL);
	CHECK_INT(row("b0")->guard.ifindex, 0);
	CHECK(row("b0")->wanted);
	CHECK_HAS(row("b0")->guard.why, "no such interface");
	CHECK_INT(pgm_watch_unguarded(watch), 1);
	CHECK_INT(row("a1")->guard.hook, PGM_HOOK_NONE);
	CHECK(!row("a1")->wanted);
	CHECK_HAS(row("a1")->guard.why, "not in [gate] interfaces");
	CHECK_HAS(row("lo")->guard.why, "loopback: local clients are not filtered");
	CHECK(!row("lo")->ethernet && !row("lo")->wanted);
	pair("b0", "b1");
	TURN_UNTIL(guarded("b0", PGM_HOOK_NATIVE));
	CHECK_INT(pgm_watch_unguarded(watch), 0);
	sandbox_sh("ip link del b0");
	TURN_UNTIL(row("b0") && row("b0")->guard.ifindex == 0);
	CHECK_INT(pgm_watch_unguarded(watch), 1);
	end();
}

static void auto_follows_addresses(void)
{
	begin("auto");
	sandbox_sh("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
	pair("a0", "a1");
	start();
	without_tick();
	CHECK(!row("a0")->wanted);
	CHECK_HAS(row("a0")->guard.why, "no address");
	sandbox_sh("ip address add 192.0.2.1/24 dev a0");
	TURN_UNTIL(guarded("a0", PGM_HOOK_NATIVE));
	CHECK(row("a0")->wanted);
	CHECK_STR(row("a0")->guard.why, "");
	sandbox_sh("ip address add 192.0.2.2/24 dev a0 && ip address del 192.0.2.1/24 dev a0");
	settle_down();
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	sandbox_sh("ip address flush dev a0");
	TURN_UNTIL(row("a0")->guard.why[0] != '\0');
	CHECK_HAS(row("a0")->guard.why, "no address any more");
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	CHECK(row("a0")->wanted);
	/* A daemon that starts without the address finds the guard and keeps it. */
	stop();
	start();
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	sandbox_sh("echo 0 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
	pair("b0", "b1"); /* link-local addresses come by themselves */
	TURN_UNTIL(guarded("b0", PGM_HOOK_NATIVE) && guarded("b1", PGM_HOOK_NATIVE));
	end();
}

static void renamed_to_and_from(void)
{
	begin("wan0");
	pair("a0", "a1");
	start();
	without_tick();
	CHECK(!row("a0")->wanted);
	sandbox_sh("ip link set a0 down && ip link set a0 name wan0 && ip link set wan0 up");
	TURN_UNTIL(guarded("wan0", PGM_HOOK_NATIVE));
	CHECK(row("a0") == NULL);
	CHECK_INT(pgm_watch_unguarded(watch), 0);
	int ifindex = row("wan0")->guard.ifindex;
	sandbox_sh("ip link set wan0 down && ip link set wan0 name other && ip link set other up");
	TURN_UNTIL(row("other") != NULL);
	CHECK(guarded("other", PGM_HOOK_NATIVE));
	CHECK_INT(row("other")->guard.ifindex, ifindex);
	CHECK(!row("other")->wanted);
	CHECK_HAS(row("other")->guard.why, "its guard of before stays");
	CHECK_INT(row("wan0")->guard.ifindex, 0);
	CHECK_INT(pgm_watch_unguarded(watch), 1);
	/* And so it is after a restart. */
	stop();
	start();
	CHECK(guarded("other", PGM_HOOK_NATIVE));
	CHECK(!row("other")->wanted);
	end();
}

static void deleted_and_created_again(void)
{
	begin("a0");
	pair("a0", "a1");
	start();
	without_tick();
	for (int i = 0; i < 3; i++) {
		int old = row("a0")->guard.ifindex;
		sandbox_sh("ip link del a0");
		pair("a0", "a1");
		TURN_UNTIL(row("a0") && row("a0")->guard.ifindex != old && guarded("a0", PGM_HOOK_NATIVE));
		sandbox_sh("test $(ls " LIVE_PINS " | grep link_) = link_%d", row("a0")->guard.ifindex);
	}
	end();
}

static void pins_of_interfaces_that_went_meanwhile(void)
{
	begin("a0");
	pair("a0", "a1");
	start();
	int old = row("a0")->guard.ifindex;
	stop();
	sandbox_sh("ip link del a0");
	pair("a0", "a1");
	sandbox_sh("test -e " LIVE_PINS "/link_%d", old);
	start();
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	sandbox_sh("! test -e " LIVE_PINS "/link_%d", old);
	end();
}

static void second_interface_added(void)
{
	begin("auto");
	pair("a0", "a1");
	sandbox_sh("ip address add 192.0.2.1/24 dev a0");
	start();
	without_tick();
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	pair("b0", "b1");
	sandbox_sh("ip address add 198.51.100.1/24 dev b0");
	TURN_UNTIL(guarded("b0", PGM_HOOK_NATIVE));
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	end();
}

static void filter_and_qdisc_come_back(void)
{
	begin("a0");
	live.config.attach_mode = PGM_ATTACH_TC;
	pair("a0", "a1");
	start();
	without_tick();
	CHECK(guarded("a0", PGM_HOOK_TC));
	sandbox_sh("tc filter del dev a0 ingress");
	CHECK(!guarded("a0", PGM_HOOK_TC));
	TURN_UNTIL(guarded("a0", PGM_HOOK_TC));
	sandbox_sh("tc qdisc del dev a0 clsact");
	CHECK(!guarded("a0", PGM_HOOK_TC));
	TURN_UNTIL(guarded("a0", PGM_HOOK_TC));
	end();
}

static void a_filter_before_ours_is_overtaken(void)
{
	begin("a0");
	live.config.attach_mode = PGM_ATTACH_TC;
	pair("a0", "a1");
	start();
	without_tick();
	int theirs = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "stranger", TC_ACT_OK);
	foreign_filter("a0", BPF_TC_INGRESS, 1, 1, theirs);
	CHECK(!guarded("a0", PGM_HOOK_TC));
	TURN_UNTIL(guarded("a0", PGM_HOOK_TC));
	sandbox_sh("tc filter show dev a0 ingress | grep -q stranger");
	settle_down(); /* our own changes make messages too; they must not make more changes */
	CHECK(guarded("a0", PGM_HOOK_TC));
	close(theirs);
	end();
}

/* Somebody who insists gets the last word for a few seconds, and is not answered without end; then it is said. */
static void a_fight_is_bounded(void)
{
	const struct pgm_watch_row *r;

	begin("a0");
	live.config.attach_mode = PGM_ATTACH_TC;
	pair("a0", "a1");
	start();
	without_tick();
	for (int i = 0; i < 30 && guarded("a0", PGM_HOOK_TC); i++) {
		sandbox_sh("tc filter del dev a0 ingress");
		settle_down();
	}
	r = row("a0");
	CHECK_INT(r->guard.hook, PGM_HOOK_NONE);
	CHECK(r->wanted);
	CHECK_HAS(r->guard.why, "something keeps taking its guard off");
	CHECK_INT(pgm_watch_unguarded(watch), 1);
	CHECK(sd_event_source_set_time_relative(watch->timer, 0) >= 0);
	CHECK(sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT) >= 0);
	TURN_UNTIL(guarded("a0", PGM_HOOK_TC));
	end();
}

/* `ip link set xdp off` can't take a link off; detaching the link by force can. */
static void a_detached_link_comes_back(void)
{
	begin("a0");
	pair("a0", "a1");
	start();
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	CHECK_INT(bpf_link_detach(row("a0")->guard.link_fd), 0);
	CHECK(!guarded("a0", PGM_HOOK_NATIVE));
	TURN_UNTIL(guarded("a0", PGM_HOOK_NATIVE));
	sandbox_sh("rm " LIVE_PINS "/link_%d", row("a0")->guard.ifindex);
	TURN_UNTIL(access("/sys/fs/bpf/pgmoat", F_OK) == 0 && system("ls " LIVE_PINS " | grep -q link_") == 0);
	end();
}

/* mode = native: no fall through, tried again when something changes and by the tick. */
static void an_unguarded_one_is_tried_again(void)
{
	begin("a0");
	live.config.attach_mode = PGM_ATTACH_NATIVE;
	pair("a0", "a1");
	int theirs = foreign_program(BPF_PROG_TYPE_XDP, "stranger", 2 /* XDP_PASS */);
	int ifindex = (int)if_nametoindex("a0");
	CHECK_INT(bpf_xdp_attach(ifindex, theirs, XDP_FLAGS_DRV_MODE, NULL), 0);
	start();
	without_tick();
	CHECK_INT(row("a0")->guard.hook, PGM_HOOK_NONE);
	CHECK_HAS(row("a0")->guard.why, "'stranger'");
	CHECK_INT(pgm_watch_unguarded(watch), 1);
	CHECK_INT(bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, NULL), 0);
	TURN_UNTIL(guarded("a0", PGM_HOOK_NATIVE));
	CHECK_STR(row("a0")->guard.why, "");
	CHECK_INT(pgm_watch_unguarded(watch), 0);
	close(theirs);
	end();
}

static void not_ethernet(void)
{
	begin("auto");
	sandbox_sh(
	        "ip tuntap add dev extra mode tun && ip address add 198.18.0.1/24 dev extra && ip link set extra up");
	start();
	CHECK(row("extra") && !row("extra")->ethernet && !row("extra")->wanted);
	CHECK_INT(row("extra")->guard.hook, PGM_HOOK_NONE);
	CHECK_HAS(row("extra")->guard.why, "not an Ethernet interface (type 65534): its packets are not filtered");
	CHECK_INT(pgm_watch_unguarded(watch), 0);
	sandbox_sh("ip link del extra");
	end();
	begin("extra");
	sandbox_sh("ip tuntap add dev extra mode tun");
	start();
	CHECK(row("extra")->wanted);
	CHECK_INT(pgm_watch_unguarded(watch), 1);
	sandbox_sh("ip link del extra");
	end();
}

/* A port that leaves a bridge is told as a deleted link of family AF_BRIDGE. */
static void a_port_leaves_its_bridge(void)
{
	begin("a0");
	pair("a0", "a1");
	sandbox_sh("ip link add extra type bridge && ip link set a0 master extra");
	start();
	without_tick();
	__u32 id = link_info(row("a0")->guard.link_fd).id;
	sandbox_sh("ip link set a0 nomaster");
	settle_down();
	CHECK(guarded("a0", PGM_HOOK_NATIVE));
	CHECK_INT(link_info(row("a0")->guard.link_fd).id, id);
	sandbox_sh("ip link del extra");
	end();
}

static void lost_messages(void)
{
	int small = 4096;

	begin("auto");
	pair("a0", "a1");
	sandbox_sh("ip address add 192.0.2.1/24 dev a0");
	start();
	without_tick();
	settle_down();
	CHECK_INT(setsockopt(nl_socket_get_fd(watch->listener), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	sandbox_sh("for i in $(seq 50); do ip link set a1 mtu $((1400 + i)); done");
	sandbox_sh("ip link del a0");
	for (int i = 0; i < 5; i++) {
		char name[16], peer[16];
		snprintf(name, sizeof(name), "m%d", i);
		snprintf(peer, sizeof(peer), "p%d", i);
		pair(name, peer);
		sandbox_sh("ip address add 198.51.%d.1/24 dev m%d", i, i);
	}
	TURN_UNTIL(guarded("m0", PGM_HOOK_NATIVE) && guarded("m4", PGM_HOOK_NATIVE) && row("a0") == NULL);
	end();
}

/* A hundred interfaces in one go. */
static void many_at_once(void)
{
	begin("auto");
	start();
	without_tick();
	sandbox_sh("for i in $(seq 100); do echo link add m$i type veth peer name p$i; echo link set m$i up; "
	           "echo address add 198.51.100.$i/32 dev m$i; done | ip -batch -");
	size_t left = 100;
	for (int i = 1; i <= 100; i++) {
		char name[16];
		snprintf(name, sizeof(name), "m%d", i);
		TURN_UNTIL(guarded(name, PGM_HOOK_NATIVE));
		left--;
	}
	CHECK_INT(left, 0);
	end();
}

static void a_tcx_program_is_reported(void)
{
	begin("a0");
	live.config.attach_mode = PGM_ATTACH_TC;
	pair("a0", "a1");
	start();
	CHECK_STR(row("a0")->guard.why, "");
	int fd = foreign_program(BPF_PROG_TYPE_SCHED_CLS, "early", TC_ACT_OK);
	int link = bpf_link_create(fd, (int)if_nametoindex("a0"), 46 /* BPF_TCX_INGRESS */, NULL);
	if (link < 0) {
		close(fd);
		end();
		check_skip("this kernel has no tcx");
	}
	TURN_UNTIL(strstr(row("a0")->guard.why, "tcx"));
	CHECK_HAS(row("a0")->guard.why,
	          "1 tcx program runs before the filter and may pass packets by it, first 'early'");
	CHECK(guarded("a0", PGM_HOOK_TC));
	close(link);
	TURN_UNTIL(row("a0")->guard.why[0] == '\0');
	close(fd);
	end();
}

int main(int argc, char **argv)
{
	static const struct check_case cases[] = {
	        CASE(named_interfaces_down_missing_and_late),
	        CASE(auto_follows_addresses),
	        CASE(renamed_to_and_from),
	        CASE(deleted_and_created_again),
	        CASE(pins_of_interfaces_that_went_meanwhile),
	        CASE(second_interface_added),
	        CASE(filter_and_qdisc_come_back),
	        CASE(a_filter_before_ours_is_overtaken),
	        CASE(a_fight_is_bounded),
	        CASE(a_detached_link_comes_back),
	        CASE(an_unguarded_one_is_tried_again),
	        CASE(not_ethernet),
	        CASE(a_port_leaves_its_bridge),
	        CASE(lost_messages),
	        CASE(many_at_once),
	        CASE(a_tcx_program_is_reported),
	};

	sandbox_enter();
	return check_main(cases, sizeof(cases) / sizeof(cases[0]), argc, argv);
}

# SPDX-License-Identifier: Apache-2.0
"""Interfaces come, go, change their names and are taken by others: what is configured is guarded, or said not to be."""
import json
import subprocess

from lib.case import HostCase
from lib.net import Listener, ip
from lib.wait import until

FOREIGN = """
#include <linux/bpf.h>
#define SEC(name) __attribute__((section(name), used))
SEC("xdp") int foreign(struct xdp_md *ctx) { return XDP_PASS; }
SEC("tc") int drop_all(struct __sk_buff *ctx) { return 2; } /* TC_ACT_SHOT */
char terms[] SEC("license") = "GPL";
"""


class InterfaceCase(HostCase):
    def setUp(self):
        super().setUp()
        for family in 4, 6:
            listener = Listener(5432, family)
            self.addCleanup(listener.close)

    def interface(self, pgmoat, name):
        return next((i for i in pgmoat.status()["gate"]["interfaces"] if i["name"] == name), None)

    def wait_guarded(self, pgmoat, name, guard=None):
        def guarded():
            it = self.interface(pgmoat, name)
            return it if it and it["guard"] != "none" and (guard is None or it["guard"] == guard) else None
        return until(guarded, lambda: f"{name} is not guarded: {pgmoat.status()}\n{pgmoat.daemon.log()}")

    def xdp_on(self, name):
        return "xdp" in json.loads(subprocess.check_output(["ip", "-j", "link", "show", "dev", name]))[0]

    def tc_on(self, name):
        shown = subprocess.run(["tc", "filter", "show", "dev", name, "ingress"], capture_output=True, text=True)
        return "0x70676d" in shown.stdout

    def foreign(self):
        """Somebody else's programs, compiled."""
        source, program = self.folder / "foreign.c", self.folder / "foreign.o"
        source.write_text(FOREIGN)
        multiarch = subprocess.check_output(["gcc", "-print-multiarch"], text=True).strip()
        subprocess.run(["clang", "-target", "bpf", "-O2", "-g", f"-I/usr/include/{multiarch}", "-c", str(source), "-o",
                        str(program)], check=True)
        return str(program)

    def foreign_xdp(self, name):
        ip("link", "set", "dev", name, "xdp", "obj", self.foreign(), "sec", "xdp")


class Followed(InterfaceCase):
    """interfaces = auto"""

    def test_second_interface_added(self):
        c1 = self.client(1)
        pg = self.pgmoat()
        pg.set(c1.v4)
        c2 = self.client(2)
        self.wait_guarded(pg, "s2", "native")
        self.assert_keeps_out(pg, c2)
        self.assert_lets_in(pg, c1)
        pg.ok("filter", "add", c2.v4)
        self.assert_lets_in(pg, c2)

    def test_deleted_and_created_again(self):
        c1 = self.client(1)
        pg = self.pgmoat()
        pg.set("192.0.2.1")
        for _ in range(5):
            old = self.wait_guarded(pg, "s1")
            c1.unplug()
            c1.plug()
            until(lambda: (self.interface(pg, "s1") or old)["ifindex"] != old["ifindex"], "s1 is still the old one")
            self.wait_guarded(pg, "s1", "native")
            self.assert_keeps_out(pg, c1)
            self.assert_keeps_out(pg, c1, family=6)
        links = [p.name for p in pg.pin_dir.iterdir() if p.name.startswith("link_")]
        self.assertEqual(links, [f"link_{self.interface(pg, 's1')['ifindex']}"])

    def test_deleted_while_the_daemon_is_dead(self):
        c1 = self.client(1)
        pg = self.pgmoat()
        pg.set("192.0.2.1")
        pg.kill()
        c1.unplug()
        c1.plug()
        pg.start()
        self.wait_guarded(pg, "s1", "native")
        self.assert_keeps_out(pg, c1)

    def test_renamed(self):
        c1 = self.client(1)
        pg = self.pgmoat()
        pg.set("192.0.2.1")
        ip("link", "set", "s1", "down")
        ip("link", "set", "s1", "name", "wan0")
        ip("link", "set", "wan0", "up")
        ip("address", "replace", f"{c1.server_v6}/64", "dev", "wan0", "nodad")
        self.addCleanup(subprocess.run, ["ip", "link", "delete", "wan0"])
        self.wait_guarded(pg, "wan0")
        until(lambda: self.interface(pg, "s1") is None, "s1 is still shown")
        self.assert_keeps_out(pg, c1)

    def test_address_comes_and_goes(self):
        c1 = self.client(1)
        ip("address", "flush", "dev", "s1")
        pg = self.pgmoat()
        pg.set("192.0.2.1")
        self.assertIn((self.interface(pg, "s1") or {"guard": "none"})["guard"], ("none",))
        ip("address", "add", f"{c1.server_v4}/24", "dev", "s1")
        self.wait_guarded(pg, "s1")
        self.assert_keeps_out(pg, c1)

    def test_not_ethernet_is_reported(self):
        self.client(1)
        ip("tuntap", "add", "dev", "tun7", "mode", "tun")
        self.addCleanup(ip, "link", "delete", "tun7")
        ip("address", "add", "10.98.0.1/24", "dev", "tun7")
        ip("link", "set", "tun7", "up")
        pg = self.pgmoat()
        tun = self.interface(pg, "tun7")
        self.assertEqual((tun["guard"], tun["ethernet"]), ("none", False))
        self.assertIn("Ethernet", tun["why"])
        self.assertIn("tun7", pg.ok("status").out)
        self.assertFalse(self.xdp_on("tun7"))

    def test_many_at_once(self):
        """More messages than a small receive buffer holds: nothing is overlooked."""
        self.client(1)
        pg = self.pgmoat()
        pg.set("192.0.2.1")
        names = [f"m{i}" for i in range(40)]
        text = "".join(f"link add {n} type veth peer name {n}p\naddress add 10.97.{i}.1/24 dev {n}\nlink set {n} up\n"
                       for i, n in enumerate(names))
        subprocess.run(["ip", "-batch", "-"], input=text, text=True, check=True)
        for name in names:
            self.addCleanup(ip, "link", "delete", name)
        def all_guarded():
            guards = {i["name"]: i["guard"] for i in pg.status()["gate"]["interfaces"]}
            return all(guards.get(name) == "native" for name in names)
        until(all_guarded, lambda: str(pg.status()["gate"]["interfaces"]))


class Named(InterfaceCase):
    """interfaces = NAME"""

    def test_missing_interface(self):
        c1 = self.client(1)
        pg = self.pgmoat({"gate": {"interfaces": "s1, s9"}})
        self.assertEqual(self.interface(pg, "s1")["guard"], "native")
        self.assertEqual(self.interface(pg, "s9")["guard"], "none")
        self.assertTrue(any("s9" in problem for problem in pg.status()["problems"]))
        self.assertIn("s9", pg.daemon.log())
        self.assertIn("s9", pg.ok("status").out)
        pg.set(c1.v4)
        late = self.client(9)
        self.wait_guarded(pg, "s9", "native")
        self.assert_keeps_out(pg, late)
        self.assertFalse(any("s9" in problem for problem in pg.status()["problems"]))

    def test_strict_ends_when_an_interface_cannot_be_guarded(self):
        self.client(1)
        pg = self.pgmoat({"gate": {"interfaces": "s1, s9"}}, start=False)
        pg.start("--strict", ready=False)
        self.assertNotEqual(pg.daemon.process.wait(60), 0)
        self.assertIn("s9", pg.daemon.log())

    def test_only_what_is_named_is_guarded(self):
        c1, c2 = self.client(1), self.client(2)
        pg = self.pgmoat({"gate": {"interfaces": "s1"}})
        pg.ok("filter", "nowhere")
        self.assert_keeps_out(pg, c1, verdict="refused_nowhere")
        c2.connect().close()
        self.assertFalse(self.xdp_on("s2"))

    def test_no_longer_named(self):
        self.client(1), self.client(2)
        pg = self.pgmoat({"gate": {"interfaces": "s1, s2"}})
        pg.stop()
        pg.configure({"gate": {"interfaces": "s1"}})
        pg.start()
        self.assertTrue(self.xdp_on("s1"))
        shown = self.interface(pg, "s2")
        self.assertEqual(self.xdp_on("s2"), bool(shown and shown["guard"] != "none"))


class Shared(InterfaceCase):
    """Others use the same hooks."""

    def test_foreign_xdp_program(self):
        c1 = self.client(1)
        self.foreign_xdp("s1")
        pg = self.pgmoat()
        pg.set("192.0.2.1")
        it = self.wait_guarded(pg, "s1", "tc")
        self.assertIn("foreign", it["why"])
        self.assertIn("foreign", pg.ok("status").out)
        self.assert_keeps_out(pg, c1)
        self.assertTrue(self.xdp_on("s1"))
        pg.stop()
        self.assert_command(pg.pgmoatd("--detach"), 0)
        self.assertTrue(self.xdp_on("s1"), "somebody else's program was taken off")

    def test_native_only_says_why_not(self):
        c1 = self.client(1)
        self.foreign_xdp("s1")
        pg = self.pgmoat({"gate": {"mode": "native"}})
        it = self.interface(pg, "s1")
        self.assertEqual(it["guard"], "none")
        self.assertIn("foreign", it["why"])
        self.assertTrue(any("s1" in problem for problem in pg.status()["problems"]))
        c1.connect().close()

    def test_tc_filter_is_put_back(self):
        c1 = self.client(1)
        pg = self.pgmoat({"gate": {"mode": "tc"}})
        pg.set("192.0.2.1")
        for args in (["filter", "del", "dev", "s1", "ingress"], ["qdisc", "del", "dev", "s1", "clsact"]):
            subprocess.run(["tc", *args], check=True)
            until(lambda: self.tc_on("s1"), lambda: f"not put back after tc {args}:\n{pg.daemon.log()}")
            self.assert_keeps_out(pg, c1)

    def test_filters_behind_ours_still_run(self):
        c1 = self.client(1)
        subprocess.run(["tc", "qdisc", "add", "dev", "s1", "clsact"], check=True)
        subprocess.run(["tc", "filter", "add", "dev", "s1", "ingress", "pref", "50", "bpf", "da", "obj", self.foreign(),
                        "sec", "tc"], check=True)
        pg = self.pgmoat({"gate": {"mode": "tc"}})
        pg.set(c1.v4)
        before = pg.metrics()["allowed_list"]
        with self.client_syn(c1) as wire:
            until(lambda: pg.metrics()["allowed_list"] > before, "no verdict")
            self.assertEqual(wire.received(), [])
        pg.stop()
        pg.pgmoatd("--detach")
        shown = subprocess.check_output(["tc", "filter", "show", "dev", "s1", "ingress"], text=True)
        self.assertIn("pref 50", shown, "somebody else's filter was taken off")

    @staticmethod
    def client_syn(client):
        wire = client.wire()
        wire.syn()
        return wire

    def test_generic_only_when_asked_for(self):
        c1 = self.client(1)
        pg = self.pgmoat({"gate": {"mode": "generic"}})
        self.assertEqual(self.interface(pg, "s1")["guard"], "generic")
        pg.set("192.0.2.1")
        self.assert_keeps_out(pg, c1)

    def test_mode_changes_with_a_restart(self):
        c1 = self.client(1)
        pg = self.pgmoat({"gate": {"mode": "tc"}})
        pg.set("192.0.2.1")
        for mode, xdp, tc in ("auto", True, False), ("tc", False, True), ("native", True, False):
            pg.stop()
            pg.configure({"gate": {"mode": mode}})
            pg.start()
            self.assertEqual((self.xdp_on("s1"), self.tc_on("s1")), (xdp, tc), mode)
            self.assert_keeps_out(pg, c1)


class Detached(InterfaceCase):
    def assert_clean(self, pg):
        for name in "s1", "s2":
            self.assertFalse(self.xdp_on(name))
            self.assertFalse(self.tc_on(name))
            self.assertNotIn("clsact", subprocess.check_output(["tc", "qdisc", "show", "dev", name], text=True))
        self.assertFalse(pg.pin_dir.exists() and list(pg.pin_dir.iterdir()))

    def detach(self, mode, with_daemon):
        c1, _ = self.client(1), self.client(2)
        pg = self.pgmoat({"gate": {"mode": mode}})
        pg.set("192.0.2.1")
        self.assert_keeps_out(pg, c1)
        if not with_daemon:
            pg.kill()
        done = pg.pgmoatd("--detach")
        if with_daemon and done.code != 0:
            # A running daemon would put everything back: refusing is right, if it says so.
            self.assertIn("running", done.err)
            pg.stop()
            done = pg.pgmoatd("--detach")
        self.assert_command(done, 0, "s1", "5432")
        self.assertIn("reachable by everyone", done.out + done.err)
        self.assert_clean(pg)
        c1.connect().close()
        self.assert_command(pg.pgmoatd("--detach"), 0)

    def test_native(self):
        self.detach("native", with_daemon=False)

    def test_tc(self):
        self.detach("tc", with_daemon=False)

    def test_while_the_daemon_runs(self):
        self.detach("native", with_daemon=True)

    def test_stop_changes_nothing(self):
        for mode in "native", "tc":
            c = self.client(1 if mode == "native" else 2)
            pg = self.pgmoat({"gate": {"mode": mode}})
            pg.set("192.0.2.1")
            pg.stop()
            self.assert_keeps_out(pg, c)
            pg.pgmoatd("--detach")


class ReservedPorts(HostCase):
    PATH = "/proc/sys/net/ipv4/ip_local_reserved_ports"

    def reserved(self):
        ports = set()
        with open(self.PATH) as file:
            for part in filter(None, file.read().strip().split(",")):
                first, _, last = part.partition("-")
                ports |= set(range(int(first), int(last or first) + 1))
        return ports

    def test_guarded_ports_are_reserved_and_given_back(self):
        self.client(1)
        with open(self.PATH, "w") as file:
            file.write("5432,8000-8002")
        pg = self.pgmoat({"scopes": {"direct": "5432", "pooler": "6432, 50001-50004"}})
        guarded = {5432, 6432, *range(50001, 50005)}
        self.assertEqual(self.reserved(), guarded | {8000, 8001, 8002})
        pg.stop()
        pg.configure({"scopes": {"direct": "5432", "pooler": "6432"}})
        pg.start()
        self.assertEqual(self.reserved(), {5432, 6432, 8000, 8001, 8002})
        pg.stop()
        self.assertEqual(self.reserved(), {5432, 6432, 8000, 8001, 8002})
        pg.pgmoatd("--detach")
        # 5432 was reserved before: it is not ours to give back.
        self.assertEqual(self.reserved(), {5432, 8000, 8001, 8002})
        with open(self.PATH, "w") as file:
            file.write("\n")

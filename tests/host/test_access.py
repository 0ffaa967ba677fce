# SPDX-License-Identifier: Apache-2.0
"""Who reaches a real PostgreSQL and who does not: by address, port, mode and time, with XDP in the driver and with tc."""
import select
import subprocess

from lib.case import HostCase
from lib.net import Listener, connections, hang_up, stack_counters
from lib.packets import ACK, SYN
from lib.postgres import Postgres
from lib import sandbox
from lib.wait import DEADLINE, until

postgres = None


def setUpModule():
    global postgres
    postgres = Postgres(sandbox.SCRATCH)


def tearDownModule():
    postgres.close()


class Session:
    """psql held open: one line of SQL in, one line of answer out."""

    def __init__(self, client, family):
        self.process = subprocess.Popen(
            client.command("psql", "-XAtq", "-h", client.server(family), "-U", "postgres", "-d", "postgres"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)

    def send(self, sql):
        self.process.stdin.write(sql.encode() + b";\n")

    def answer(self):
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], DEADLINE)[0]:
                raise AssertionError(f"psql does not answer: {line}")
            more = self.process.stdout.read(1)
            if not more:
                break
            line += more
        return line.decode().strip()

    def close(self):
        self.process.kill()
        self.process.communicate()


class Access:
    """The tests, for a way of attaching."""
    ATTACH = None
    GUARD = None

    def setUp(self):
        super().setUp()
        self.c1, self.c2 = self.client(1), self.client(2)
        # Runs when the gate is off again and the clients are still there: nothing is left for the next test.
        self.addCleanup(self.wait_closed)

    @staticmethod
    def wait_closed():
        until(lambda: not connections(), "a connection does not end")

    def start(self, system=None):
        pgmoat = self.pgmoat({"gate": {"mode": self.ATTACH}, "system": system or {}})
        guards = {i["name"]: i["guard"] for i in pgmoat.status()["gate"]["interfaces"]}
        self.assertEqual(guards.pop("lo"), "none")
        self.assertEqual(guards, {"s1": self.GUARD, "s2": self.GUARD})
        return pgmoat

    def assert_psql(self, client, family):
        done = client.psql("select inet_client_addr()", family)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, client.address(family)), done.stderr)

    def test_unset_lets_everybody_in(self):
        pgmoat = self.start()
        self.assertEqual(pgmoat.status()["gate"]["mode"], "unset")
        for client in self.c1, self.c2:
            for family in 4, 6:
                self.assert_psql(client, family)
                self.assert_lets_in(pgmoat, client, family, verdict="allowed_mode")

    def test_allowed_gets_a_row_and_denied_gets_nothing(self):
        pgmoat = self.start()
        pgmoat.set(self.c1.v4, self.c1.v6)
        for family in 4, 6:
            self.assert_psql(self.c1, family)
            self.assert_lets_in(pgmoat, self.c1, family)
            self.assert_keeps_out(pgmoat, self.c2, family)
        done = self.c2.psql("select 1", timeout=2)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("timeout expired", done.stderr)

    def test_denied_syn_never_reaches_the_stack(self):
        pgmoat = self.start()
        pgmoat.set(self.c1.v4, self.c1.v6)
        for family in 4, 6:
            self.wait_closed()
            with self.c2.wire() as wire:
                before, refused = stack_counters(), pgmoat.metrics()["refused_not_listed"]
                for sport in range(41000, 41100):
                    wire.syn(sport=sport, family=family)
                until(lambda: pgmoat.metrics()["refused_not_listed"] == refused + 100, pgmoat.metrics)
                after = stack_counters()
                for name in ("Tcp.InSegs", "Tcp.OutSegs", "Tcp.PassiveOpens", "Tcp.InErrs", "Tcp.AttemptFails"):
                    self.assertEqual(after[name], before[name], name)
                self.assertEqual(wire.received(), [])
            # The same counters do move for a source that is let in: the measurement is not blind.
            with self.c1.wire() as wire:
                wire.syn(family=family)
                until(lambda: (5432, SYN | ACK) in [(s[1], s[4]) for s in wire.received()], "no SYN-ACK")
            self.assertGreater(stack_counters()["Tcp.InSegs"], before["Tcp.InSegs"])

    def test_out_of_scope(self):
        pgmoat = self.start()
        listener = Listener(6432)
        self.addCleanup(listener.close)
        pgmoat.set(f"{self.c1.v4} scope=direct", f"{self.c2.v4} scope=pooler")
        self.assert_lets_in(pgmoat, self.c1, port=5432)
        self.assert_keeps_out(pgmoat, self.c1, port=6432, verdict="refused_out_of_scope")
        self.assert_lets_in(pgmoat, self.c2, port=6432)
        self.assert_keeps_out(pgmoat, self.c2, port=5432, verdict="refused_out_of_scope")

    def test_other_ports_are_nobodys_business(self):
        pgmoat = self.start()
        listener = Listener(7000)
        self.addCleanup(listener.close)
        pgmoat.ok("filter", "nowhere")
        self.assert_lets_in(pgmoat, self.c2, port=7000, verdict="port_not_guarded")

    def test_rule_expires_in_the_middle_of_a_session(self):
        pgmoat = self.start()
        for client, family in (self.c1, 4), (self.c2, 6):
            address = client.address(family)
            with self.subTest(family=family):
                pgmoat.ok("filter", "add", address, "--for", "4s")
                session = Session(client, family)
                self.addCleanup(session.close)
                session.send("select 'before'")
                self.assertEqual(session.answer(), "before")
                # Nothing but time changes: also with the daemon dead.
                pgmoat.kill()
                before = pgmoat.metrics()
                self.assertEqual(before["refused_expired"], 0 if family == 4 else before["refused_expired"])
                with client.wire() as wire:
                    def refused():
                        wire.syn(family=family)
                        return pgmoat.metrics()["refused_expired"] > before["refused_expired"]
                    until(refused, "the rule does not expire")
                    expired = pgmoat.metrics()["refused_expired"]
                    session.send("select 'after'")
                    until(lambda: pgmoat.metrics()["refused_expired"] > expired, "the session's packets still pass")
                pgmoat.start()
                rule = next(r for r in pgmoat.ok("filter", "list", "--json").json()["rules"] if r["address"] == address)
                self.assertTrue(rule["expired"])
                # Let in again, the session goes on where it was: TCP has kept what was dropped.
                pgmoat.set(address)
                self.assertEqual(session.answer(), "after")
                session.close()
                self.wait_closed()

    def test_modes(self):
        pgmoat = self.start({"monitoring": f"{self.c2.v4}/32, {self.c2.v6}/128"})
        pgmoat.set(self.c1.v4)
        self.assert_lets_in(pgmoat, self.c1)
        self.assert_lets_in(pgmoat, self.c2, verdict="allowed_system")
        pgmoat.ok("filter", "nowhere")
        self.assert_keeps_out(pgmoat, self.c1, verdict="refused_nowhere")
        self.assert_lets_in(pgmoat, self.c2, verdict="allowed_system")
        self.assert_lets_in(pgmoat, self.c2, family=6, verdict="allowed_system")
        pgmoat.ok("filter", "anywhere")
        self.assert_lets_in(pgmoat, self.c1, verdict="allowed_mode")
        pgmoat.ok("filter", "enforce")
        self.assert_lets_in(pgmoat, self.c1)
        self.assert_keeps_out(pgmoat, self.c1, family=6)

    def test_list_changes_live(self):
        pgmoat = self.start()
        pgmoat.set(self.c1.v4)
        self.assert_keeps_out(pgmoat, self.c2)
        pgmoat.ok("filter", "add", self.c2.v4, "--comment", "let in live")
        self.assert_lets_in(pgmoat, self.c2)
        pgmoat.ok("filter", "remove", self.c2.v4)
        self.assert_keeps_out(pgmoat, self.c2)
        self.assert_lets_in(pgmoat, self.c1)
        warned = pgmoat.ok("filter", "remove", self.c1.v4)
        self.assertIn("nobody", (warned.out + warned.err).lower())
        self.assert_keeps_out(pgmoat, self.c1)

    def test_networks_and_ranges(self):
        pgmoat = self.start()
        pgmoat.set("10.99.1.0/24", "fd99:1::1-fd99:1::3")
        for family in 4, 6:
            self.assert_lets_in(pgmoat, self.c1, family)
            self.assert_keeps_out(pgmoat, self.c2, family)

    def test_check_says_what_the_wire_does(self):
        pgmoat = self.start({"replication": f"{self.c2.v6}/128"})
        pgmoat.set(f"{self.c1.v4} scope=direct # the application", f"{self.c2.v4} for=1h")
        # All but what machines say to each other unasked (neighbour discovery).
        def counts():
            return {name: n for name, n in pgmoat.metrics().items() if name not in ("not_ip", "not_tcp")}

        counted = counts()
        self.assert_command(pgmoat.run("filter", "check", self.c1.v4, "5432"), 0, "allowed", "direct")
        self.assert_command(pgmoat.run("filter", "check", self.c1.v4, "6432"), 1, "refused")
        self.assert_command(pgmoat.run("filter", "check", self.c1.v4), 1, "allowed", "refused", "direct", "pooler")
        self.assert_command(pgmoat.run("filter", "check", self.c2.v4), 0, "allowed")
        self.assert_command(pgmoat.run("filter", "check", self.c2.v6), 0, "allowed", "replication")
        self.assert_command(pgmoat.run("filter", "check", self.c1.v6, "5432"), 1, "refused")
        self.assert_command(pgmoat.run("filter", "check", self.c1.v6, "70000"), 2)
        self.assert_command(pgmoat.run("filter", "check", "example.org"), 2)
        first = pgmoat.run("filter", "check", self.c1.v6, "5432").out.split()[0]
        self.assertEqual(first, "refused")
        self.assertEqual(counts(), counted)
        self.assertEqual(pgmoat.ok("filter", "denied", "--json").json()["sources"], [])

    def test_denied_names_the_refused(self):
        pgmoat = self.start()
        pgmoat.set(self.c1.v4)
        for family in 4, 6:
            self.assert_keeps_out(pgmoat, self.c2, family)
        sources = {s["address"]: s for s in pgmoat.ok("filter", "denied", "--json").json()["sources"]}
        self.assertEqual(set(sources), {self.c2.v4, self.c2.v6})
        for source in sources.values():
            self.assertGreaterEqual(source["count"], 1)
            self.assertEqual(source["port"], 5432)
        self.assert_command(pgmoat.run("filter", "denied"), 0, self.c2.v4, self.c2.v6)

    def test_hits_are_counted_for_the_rule_that_allows(self):
        pgmoat = self.start()
        pgmoat.set("10.99.0.0/16 # wide", f"{self.c1.v4} # narrow")
        for _ in range(3):
            hang_up(self.c1.connect())
        hang_up(self.c2.connect())
        rules = {r["comment"]: r for r in pgmoat.ok("filter", "list", "--json").json()["rules"]}
        self.assertEqual({comment: r["connections"] for comment, r in rules.items()}, {"narrow": 3, "wide": 1})
        self.assertIsNotNone(rules["wide"]["last_connection"])
        # A rule that stays keeps its counters through a new list.
        pgmoat.set("10.99.0.0/16 # wide", f"{self.c1.v4} # narrow", "192.0.2.1")
        again = {r["comment"]: r for r in pgmoat.ok("filter", "list", "--json").json()["rules"]}
        for comment in "wide", "narrow":
            self.assertGreaterEqual(again[comment]["packets"], rules[comment]["packets"])
            self.assertEqual(again[comment]["connections"], rules[comment]["connections"])


class Native(Access, HostCase):
    ATTACH, GUARD = "native", "native"


class Tc(Access, HostCase):
    ATTACH, GUARD = "tc", "tc"

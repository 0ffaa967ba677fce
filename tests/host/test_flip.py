# SPDX-License-Identifier: Apache-2.0
"""Changes under traffic: while lists flip and the daemon restarts, nobody is judged by anything but a whole policy."""
import random
import signal
import threading

from lib import sandbox
from lib.case import HostCase
from lib.net import Listener
from lib.pgmoat import VERDICTS_LET_IN
from lib.wait import until

RULES = 20_000 if sandbox.ASAN else 100_000
FLIPS = (40 if sandbox.ASAN else 200) * sandbox.SCALE
RESTARTS = 10 * sandbox.SCALE


class Talker(threading.Thread):
    """The allowed client: one connection per family that never stops exchanging small messages."""

    def __init__(self, client):
        super().__init__()
        self.socks = [client.connect(family) for family in (4, 6)]
        self.exchanges, self.error, self.ending = 0, None, threading.Event()

    def run(self):
        try:
            while not self.ending.wait(0.001):
                message = b"%08d" % self.exchanges
                for sock in self.socks:
                    sock.sendall(message)
                for sock in self.socks:
                    got = b""
                    while len(got) < len(message):
                        more = sock.recv(len(message) - len(got))
                        if not more:
                            raise ConnectionError("the server hung up")
                        got += more
                    if got != message:
                        raise AssertionError(f"{got} came back for {message}")
                self.exchanges += 1
        except (OSError, AssertionError) as error:
            self.error = error

    def end(self):
        self.ending.set()
        self.join()
        for sock in self.socks:
            sock.close()


class Knocker(threading.Thread):
    """The denied client: SYNs in both families, every one of them counted, none of them answered by its own stack."""

    def __init__(self, client):
        super().__init__()
        self.wire, self.sent, self.heard, self.ending = client.wire(), 0, [], threading.Event()

    def run(self):
        while not self.ending.is_set():
            for family in (4, 6):
                self.wire.syn(family=family, sport=20000 + self.sent % 40000)
                self.sent += 1
            self.heard += [s for s in self.wire.received(0.002) if s[1] == 5432]

    def end(self):
        self.ending.set()
        self.join()
        self.heard += [s for s in self.wire.received() if s[1] == 5432]
        self.wire.sock.close()


class UnderTraffic:
    ATTACH = None

    def setUp(self):
        super().setUp()
        self.c1, self.c2 = self.client(1), self.client(2)
        for port, family in (5432, 4), (5432, 6):
            listener = Listener(port, family)
            self.addCleanup(listener.close)
        self.pg = self.pgmoat({"gate": {"mode": self.ATTACH}})

    def lists(self, count):
        """Two lists that let in c1, each in its own way, and never c2; nothing else in common."""
        rng = random.Random(count)
        paths = []
        for name, own in ("a", [self.c1.v4, self.c1.v6]), ("b", ["10.99.1.0/24", "fd99:1::/64"]):
            first = {"a": 20, "b": 120}[name]
            lines = {f"{first + rng.randrange(80)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
                     for _ in range(count * 3 // 4)}
            lines |= {f"2001:db8:{first:x}:{rng.randrange(1 << 16):x}::{rng.randrange(1, 1 << 16):x}"
                      for _ in range(count // 4)}
            path = self.folder / f"list-{count}-{name}"
            path.write_text("\n".join(sorted(lines) + own) + "\n")
            paths.append(str(path))
        return paths

    def under_traffic(self, change):
        """Runs change() while both clients are busy, and judges by counters and by the receivers."""
        self.pg.ok("filter", "set", self.lists(1000)[0])
        talker, knocker = self.talker, self.knocker = Talker(self.c1), Knocker(self.c2)
        before = self.pg.metrics()
        talker.start()
        knocker.start()
        try:
            change()
        finally:
            talker.end()
            knocker.end()

        def refused():
            now = self.pg.metrics()
            return sum(now[name] - before[name] for name in now
                       if name not in VERDICTS_LET_IN and name != "sources_unrecorded")
        self.assertIsNone(talker.error)
        self.assertEqual(knocker.heard, [])
        self.assertGreater(talker.exchanges, 0)
        self.assertGreater(knocker.sent, 0)
        # Every SYN of the denied client was refused, and nothing else was: no packet of the allowed one.
        until(lambda: refused() >= knocker.sent, lambda: f"{knocker.sent} SYNs, {refused()} refused", 10)
        self.assertEqual(refused(), knocker.sent)
        after = self.pg.metrics()
        self.assertEqual(after["allowed_mode"], before["allowed_mode"])
        self.assertEqual(after["refused_not_listed"] - before["refused_not_listed"], knocker.sent)
        self.assertGreaterEqual(after["allowed_list"] - before["allowed_list"], 2 * talker.exchanges)
        print(f"     {talker.exchanges} exchanges, {knocker.sent} SYNs refused", flush=True)

    def flip(self, count, rules):
        paths = self.lists(rules)

        def change():
            for i in range(count):
                self.pg.ok("filter", "set", paths[i % 2])
            self.assertGreater(self.pg.status()["gate"]["rules"], rules * 9 // 10)
        self.under_traffic(change)

    def wait_for_traffic(self):
        """Until both clients have been judged some more times."""
        exchanges, sent = self.talker.exchanges + 20, self.knocker.sent + 20
        until(lambda: self.talker.error or (self.talker.exchanges > exchanges and self.knocker.sent > sent),
              "there is no traffic")

    def restart(self, how):
        def change():
            for i in range(RESTARTS):
                self.wait_for_traffic()
                self.pg.daemon.stop(how)
                self.wait_for_traffic()
                self.pg.start()
                self.assertEqual(self.pg.status()["gate"]["mode"], "list", i)
        self.under_traffic(change)

    def test_stop_and_start(self):
        self.restart(signal.SIGTERM)

    def test_kill_and_start(self):
        self.restart(signal.SIGKILL)


class Native(UnderTraffic, HostCase):
    ATTACH = "native"

    def test_flip_a_large_list(self):
        self.flip(FLIPS, RULES)

    def test_single_changes(self):
        """add and remove obey the law of change too."""
        def change():
            for i in range(FLIPS):
                self.pg.ok("filter", "add", f"198.51.100.{i % 250}")
                self.pg.ok("filter", "remove", f"198.51.100.{i % 250}")
        self.under_traffic(change)


class Tc(UnderTraffic, HostCase):
    ATTACH = "tc"

    def test_flip_a_list(self):
        self.flip(FLIPS // 5, RULES // 10)

# SPDX-License-Identifier: Apache-2.0
"""Killed at any point, disk full, files damaged: the policy is the old one or the new one, whole, and never unset."""
import os
import random
import select
import subprocess
import time

from lib import sandbox
from lib.case import HostCase
from lib.net import Listener
from lib.wait import until

KILLS = 15 * sandbox.SCALE
RULES = 2000 if sandbox.ASAN else 20_000

BOTH = "192.0.2.77"  # in the old and in the new list


class CrashCase(HostCase):
    def setUp(self):
        super().setUp()
        self.c1 = self.client(1)
        self.pg = self.pgmoat()

    def numbered(self, net, count):
        return [f"{net}.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(count)]

    def verdict(self, source):
        """What the gate does with a SYN of source: True if it lets it in. By the counters, no daemon needed."""
        before = self.pg.metrics()
        with self.c1.wire() as wire:
            wire.syn(source=source, family=6 if ":" in source else 4)

            def changed():
                now = self.pg.metrics()
                grown = {n for n in now if now[n] > before[n] and n.startswith(("allowed_", "refused_"))}
                return grown
            grown = until(changed, lambda: f"no verdict on {source}: {self.pg.metrics()}")
        self.assertEqual(len(grown), 1, grown)
        name = grown.pop()
        self.assertNotEqual(name, "allowed_mode", "the policy was lost: everybody is let in")
        return name.startswith("allowed_")

    def listed(self):
        return self.pg.ok("filter", "list", "--plain").out

    def assert_enforces(self, allowed, denied):
        self.assertEqual(self.pg.status()["gate"]["mode"], "list")
        for source in allowed:
            self.assertTrue(self.verdict(source), source)
        for source in denied:
            self.assertFalse(self.verdict(source), source)


class Killed(CrashCase):
    def test_kill_at_random_points_of_set(self):
        lists = {
            "old": [*self.numbered("11", RULES), "11:1::/64", BOTH],
            "new": [*self.numbered("12", RULES), "12:1::/64", BOTH],
        }
        for name, lines in lists.items():
            (self.folder / name).write_text("\n".join(lines) + "\n")
        probes = {"old": ["11.0.0.1", f"11.0.{(RULES - 1) >> 8}.{(RULES - 1) & 255}", "11:1::9"],
                  "new": ["12.0.0.1", f"12.0.{(RULES - 1) >> 8}.{(RULES - 1) & 255}", "12:1::9"]}
        plain = {}
        for name in ("new", "old"):
            self.pg.kill()
            self.pg.start()
            started = time.monotonic()
            self.pg.ok("filter", "set", str(self.folder / name))
            took = time.monotonic() - started
            plain[name] = self.listed()
        seed = int(os.environ.get("PGM_TEST_SEED", "0"), 0) or random.SystemRandom().getrandbits(64)
        print(f"     PGM_TEST_SEED={seed:#x}", flush=True)
        rng = random.Random(seed)
        seen = set()
        now = "old"
        for turn in range(KILLS):
            other = "new" if now == "old" else "old"
            process, finish = self.pg.start_command("filter", "set", str(self.folder / other))
            delay = rng.random() * took * 1.2
            select.select([], [], [], delay)
            self.pg.kill()
            result = finish()
            told = f"turn {turn}, killed after {delay:.4f} of {took:.4f} s: {result}"

            kernel = {name: [self.verdict(source) for source in probes[name]] for name in probes}
            live = [name for name in probes if all(kernel[name])]
            self.assertEqual(len(live), 1, f"{told}: {kernel}")
            self.assertFalse(any(kernel["new" if live[0] == "old" else "old"]), f"a mix: {told}: {kernel}")
            self.assertTrue(self.verdict(BOTH), told)

            self.pg.start()
            status = self.pg.status()
            self.assertEqual(status["gate"]["mode"], "list", told)
            listed = self.listed()
            self.assertIn(listed, plain.values(), told)
            after = next(name for name in plain if plain[name] == listed)
            if result.code == 0:
                self.assertEqual(after, other, f"said to be done, and lost: {told}")
            for name in probes:
                for source in probes[name]:
                    self.assertEqual(self.verdict(source), name == after, f"{source}: {told}")
            self.assertEqual(status["gate"]["rules"], len(lists[after]), told)
            self.assert_command(self.pg.run("audit-log", "verify"), 0)
            seen.add((live[0] == other, after == other, result.code == 0))
            now = after
        print(f"     {KILLS} kills; (flipped, kept, reported): {sorted(seen)}", flush=True)

    def test_kill_in_the_middle_of_an_upload(self):
        self.pg.set("11.0.0.1")
        process, finish = self.pg.start_command("filter", "set", "-")
        process.stdin.write(b"12.0.0.1\n" * 10)
        process.stdin.flush()
        self.pg.kill()
        self.assertNotEqual(finish().code, 0)
        self.pg.start()
        self.assert_enforces(["11.0.0.1"], ["12.0.0.1"])


class DiskFull(HostCase):
    def test_disk_full_while_saving(self):
        state = self.folder / "state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0750", "tmpfs", str(state)], check=True)
        self.addCleanup(subprocess.run, ["umount", str(state)], check=True)
        pg = self.pgmoat()
        pg.set("11.0.0.1", "11.0.0.2")
        before, file_before = pg.status()["gate"], pg.rules_file.read_bytes()
        listed = pg.ok("filter", "list", "--plain").out
        large = "".join(f"12.0.{i >> 8}.{i & 255}\n" for i in range(20_000)).encode()
        result = pg.run("filter", "set", "-", stdin=large)
        self.assert_command(result, 1, "No space left", "HINT")
        self.assertIn("filter.rules", result.err)
        after = pg.status()["gate"]
        self.assertEqual((after["mode"], after["rules"], after["generation"]),
                         ("list", 2, before["generation"]))
        self.assertEqual(pg.rules_file.read_bytes(), file_before)
        self.assertEqual(pg.ok("filter", "list", "--plain").out, listed)
        self.assert_command(pg.run("filter", "check", "11.0.0.1", "5432"), 0)
        self.assert_command(pg.run("filter", "check", "12.0.0.1", "5432"), 1)
        pg.stop()
        pg.start()
        self.assertEqual(pg.ok("filter", "list", "--plain").out, listed)
        # With room again, the same command works.
        subprocess.run(["mount", "-o", "remount,size=64m", str(state)], check=True)
        pg.ok("filter", "set", "-", stdin=large)
        self.assert_command(pg.run("filter", "check", "12.0.0.1", "5432"), 0)
        self.assert_command(pg.run("audit-log", "verify"), 0)

    def test_not_even_room_for_the_audit_line(self):
        """A change that can't be written down is not made, or said not to be written down; never silently."""
        state = self.folder / "state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0750", "tmpfs", str(state)], check=True)
        self.addCleanup(subprocess.run, ["umount", str(state)], check=True)
        pg = self.pgmoat()
        pg.set("11.0.0.1", "11.0.0.2")
        with open(state / "ballast", "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        result = pg.run("filter", "add", "12.0.0.1")
        self.assertEqual(result.code, 1, str(result))
        self.assertIn("No space left", result.err)
        self.assert_command(pg.run("filter", "check", "11.0.0.1", "5432"), 0)
        self.assert_command(pg.run("filter", "check", "12.0.0.1", "5432"), 1)
        self.assertEqual(pg.status()["gate"]["rules"], 2)
        (state / "ballast").unlink()
        pg.ok("filter", "add", "12.0.0.1")
        self.assert_command(pg.run("audit-log", "verify"), 0)


def truncated(data):
    return data[:len(data) // 2]


def without_last_byte(data):
    return data[:-1]


def zero_length(_data):
    return b""


def one_bit_flipped(data):
    at = data.index(b"12.0.0.1") + 7
    return data[:at] + bytes([data[at] ^ 2]) + data[at + 1:]


def garbage(_data):
    return random.Random(1).randbytes(5000)


def zeros(data):
    return bytes(len(data))


def trailing(data):
    return data + b"13.0.0.1\n"


DAMAGES = [truncated, without_last_byte, zero_length, one_bit_flipped, garbage, zeros, trailing]


class Damaged(CrashCase):
    def setUp(self):
        super().setUp()
        self.pg.set("11.0.0.1", BOTH)
        self.pg.set("12.0.0.1", BOTH)
        self.current = self.pg.rules_file
        self.previous = self.current.with_name(self.current.name + ".prev")
        self.assertTrue(self.previous.exists())
        self.good, self.good_previous = self.current.read_bytes(), self.previous.read_bytes()

    def assert_loud(self):
        problems = " ".join(self.pg.status()["problems"])
        self.assertIn("filter.rules", problems)
        self.assertIn("filter.rules", self.pg.daemon.log())

    def test_rules_file_damaged(self):
        for damage in DAMAGES:
            with self.subTest(damage=damage.__name__):
                self.pg.stop()
                self.current.write_bytes(damage(self.good))
                self.pg.start()
                self.assert_loud()
                self.assert_enforces([BOTH], ["13.0.0.1", self.c1.v4])
                # One whole policy out of the two, the same in the kernel and in the list.
                old, new = self.verdict("11.0.0.1"), self.verdict("12.0.0.1")
                self.assertNotEqual(old, new)
                self.assertIn("12.0.0.1" if new else "11.0.0.1", self.listed())
                self.pg.set("11.0.0.1", BOTH)
                self.pg.set("12.0.0.1", BOTH)
                self.assertEqual(self.pg.status()["problems"], [])

    def test_both_files_damaged(self):
        for damage in DAMAGES:
            with self.subTest(damage=damage.__name__):
                self.pg.stop()
                self.current.write_bytes(damage(self.good))
                self.previous.write_bytes(damage(self.good_previous) if damage != one_bit_flipped else b"")
                self.pg.start()
                self.assert_loud()
                self.assert_enforces([BOTH, "12.0.0.1"], ["11.0.0.1", "13.0.0.1", self.c1.v4])
                self.pg.set("11.0.0.1", BOTH)
                self.pg.set("12.0.0.1", BOTH)

    def test_nothing_readable_and_nothing_pinned(self):
        """The worst case: no file can be read and the kernel has forgotten. Closed, and loudly."""
        listener = Listener(5432)
        self.addCleanup(listener.close)
        self.pg.stop()
        self.assert_command(self.pg.pgmoatd("--detach"), 0)
        self.current.write_bytes(b"")
        self.previous.write_bytes(b"")
        self.pg.start()
        self.assert_loud()
        self.assertNotIn(self.pg.status()["gate"]["mode"], ("unset", "anywhere"))
        for source in BOTH, "11.0.0.1", "12.0.0.1", self.c1.v4:
            self.assertFalse(self.verdict(source), source)

    def test_rules_file_gone(self):
        self.pg.stop()
        self.current.unlink()
        self.pg.start()
        self.assert_enforces([BOTH], ["13.0.0.1"])

    def test_rules_file_of_a_stranger_version(self):
        self.pg.stop()
        first, rest = self.good.split(b"\n", 1)
        self.current.write_bytes(first.replace(b"1", b"9") + b"\n" + rest)
        self.pg.start()
        self.assert_loud()
        self.assert_enforces([BOTH], ["13.0.0.1"])


class AfterRestart(CrashCase):
    def test_everything_is_kept(self):
        self.pg.set("11.0.0.0/16 scope=direct # office", "11:1::/64", "11.5.0.1-11.5.0.9 for=2h")
        self.assertTrue(self.verdict("11.0.3.3"))
        before = self.pg.ok("filter", "list", "--json").json()["rules"]
        self.pg.stop()
        self.assertTrue(self.verdict("11.0.3.3"))
        self.pg.start()
        after = self.pg.ok("filter", "list", "--json").json()["rules"]
        for old, new in zip(before, after, strict=True):
            for key in "address", "scopes", "comment", "class", "expires", "implicit":
                self.assertEqual(new[key], old[key])
            self.assertGreaterEqual(new["packets"], old["packets"])
        self.assertEqual(sum(r["packets"] for r in after), 2)

    def test_modes_are_kept(self):
        self.pg.set("11.0.0.1")
        for word in "nowhere", "anywhere":
            self.pg.ok("filter", word)
            self.pg.stop()
            self.pg.start()
            self.assertEqual(self.pg.status()["gate"]["mode"], word)
        self.pg.ok("filter", "enforce")
        self.assert_enforces(["11.0.0.1"], ["12.0.0.1"])

    def test_the_kernel_has_forgotten(self):
        """As after a reboot: no pins. The file rules."""
        self.pg.set("11.0.0.1", "11.0.0.2 for=1h")
        generation = self.pg.status()["gate"]["generation"]
        self.pg.stop()
        self.pg.pgmoatd("--detach")
        self.pg.start()
        self.assert_enforces(["11.0.0.1", "11.0.0.2"], ["12.0.0.1"])
        self.assertGreaterEqual(self.pg.status()["gate"]["generation"], generation)

    def test_rules_file_is_readable(self):
        self.pg.set("11.0.0.0/16 scope=direct # office", "11:1::/64", "11.5.0.1 for=2h")
        text = self.pg.rules_file.read_text()
        for part in "11.0.0.0/16", "office", "11:1::/64", "direct", "11.5.0.1", "list":
            self.assertIn(part, text)
        self.assertEqual(self.pg.rules_file.stat().st_mode & 0o777, 0o600)

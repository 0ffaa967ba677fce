# SPDX-License-Identifier: Apache-2.0
"""pgmoat as an operator uses it: lists in and out, what it says when something is wrong, and what works without the daemon."""
import json
import signal
import stat
import subprocess
import time

from lib import sandbox
from lib.case import HostCase
from lib.sandbox import GROUP_ID, NOBODY
from lib.wait import until

MILLION = 100_000 if sandbox.ASAN else 1_000_000


def million(count):
    """Addresses in IPv4 and IPv6 (one in eight), every one a rule of its own."""
    for i in range(count):
        if i % 8 == 7:
            yield f"2001:db8:{i >> 16:x}:{i & 0xffff:x}::1"
        else:
            yield f"{20 + (i >> 18)}.{i >> 10 & 255}.{i >> 2 & 255}.{i % 4 * 64 + 1}"


class Lists(HostCase):
    def setUp(self):
        super().setUp()
        self.client(1)
        self.pg = self.pgmoat()

    def plain(self):
        return self.pg.ok("filter", "list", "--plain").out

    def test_what_list_prints_set_reads(self):
        self.pg.set("192.0.2.0/24 scope=direct # the office", "2001:db8::/32", "198.51.100.7 for=2h # a guest",
                    "198.51.100.10-198.51.100.20 scope=pooler,direct", "203.0.113.1", "203.0.113.0/24")
        first = self.plain()
        self.assertEqual(len(first.splitlines()), 6)
        result = self.pg.ok("filter", "set", "-", stdin=first.encode())
        second = self.plain()
        self.assertEqual([line for line in first.splitlines() if "for=" not in line],
                         [line for line in second.splitlines() if "for=" not in line], str(result))

    def test_empty_is_an_error(self):
        self.pg.set("192.0.2.1")
        for text in b"", b"\n\n", b"# nothing but words\n":
            self.assertEqual(self.pg.run("filter", "set", "-", stdin=text).code, 2)
        self.assertEqual(self.plain(), "192.0.2.1\n")
        self.assertEqual(self.pg.run("filter", "set", str(self.folder / "no-such-file")).code, 1)

    def test_errors_name_their_lines_and_nothing_is_applied(self):
        self.pg.set("192.0.2.1")
        path = self.folder / "list"
        path.write_text("192.0.2.5\n192.0.2.1/24\nfe80::1%eth0\n192.0.2.1:5432\nexample.org\n1.2.3\n"
                        "192.0.2.9-192.0.2.3\n192.0.2.8 scope=nosuch\n192.0.2.8 for=never\n192.0.2.8 for=0s\n")
        result = self.pg.run("filter", "set", str(path))
        self.assertEqual(result.code, 2, str(result))
        for line in range(2, 11):
            self.assertRegex(result.err, rf"(?m)\b{line}:", f"line {line}")
        self.assertIn("192.0.2.0/24", result.err)
        self.assertEqual(self.plain(), "192.0.2.1\n")

    def test_mapped_addresses_are_folded_and_said_so(self):
        result = self.pg.ok("filter", "add", "::ffff:192.0.2.1")
        self.assertIn("192.0.2.1", result.out + result.err)
        self.assertEqual(self.plain(), "192.0.2.1\n")

    def test_refused_addresses(self):
        for address, said in (("192.0.2.1/24", "192.0.2.0/24"), ("2001:db8::1/64", "2001:db8::/64"),
                              ("fe80::1%eth0", "zone"), ("192.0.2.1:5432", "port"), ("db.example.org", "name"),
                              ("192.0.2.256", ""), ("", "")):
            result = self.pg.run("filter", "add", address)
            self.assertEqual(result.code, 2, str(result))
            self.assertIn(said, result.err, str(result))
        self.assertEqual(self.pg.status()["gate"]["mode"], "unset")

    def test_add_goes_from_unset_to_list_and_says_so(self):
        result = self.pg.ok("filter", "add", "192.0.2.1")
        self.assertIn("list", result.out + result.err)
        self.assertEqual(self.pg.status()["gate"]["mode"], "list")
        self.pg.ok("filter", "anywhere")
        self.pg.ok("filter", "add", "192.0.2.2")
        self.assertEqual(self.pg.status()["gate"]["mode"], "anywhere")
        self.pg.ok("filter", "enforce")
        self.assertEqual(len(self.plain().splitlines()), 2)

    def test_remove_by_address_and_by_id(self):
        self.pg.set("192.0.2.1", "192.0.2.2", "192.0.2.0/24")
        self.pg.ok("filter", "remove", "192.0.2.1")
        rules = self.pg.ok("filter", "list", "--json").json()["rules"]
        two = next(r for r in rules if r["address"] == "192.0.2.2")
        shown = self.pg.ok("filter", "show", str(two["id"])).out
        self.assertIn("192.0.2.2", shown)
        self.pg.ok("filter", "remove", str(two["id"]))
        self.assertEqual(self.plain(), "192.0.2.0/24\n")
        missing = self.pg.run("filter", "remove", "192.0.2.1")
        self.assertEqual(missing.code, 1, str(missing))
        self.assertIn("192.0.2.1", missing.err)

    def test_a_large_list(self):
        path = self.folder / "million"
        with open(path, "w") as file:
            file.writelines(line + "\n" for line in million(MILLION))
        started = time.monotonic()
        result = self.pg.ok("filter", "set", str(path))
        print(f"     {MILLION} rules from file to live in {time.monotonic() - started:.1f} s", flush=True)
        gate = self.pg.status()["gate"]
        self.assertEqual((gate["mode"], gate["rules"]), ("list", MILLION), str(result))
        lines = list(million(MILLION))
        for line in lines[0], lines[7], lines[-2], lines[-1], lines[MILLION // 2]:
            self.assert_command(self.pg.run("filter", "check", line, "5432"), 0, "allowed", line)
        self.assert_command(self.pg.run("filter", "check", "192.0.2.1", "5432"), 1, "refused")
        self.assertEqual(len(self.plain().splitlines()), MILLION)
        self.pg.stop()
        started = time.monotonic()
        self.pg.start()
        print(f"     and a start with them in {time.monotonic() - started:.1f} s", flush=True)
        self.assertEqual(self.pg.status()["gate"]["rules"], MILLION)
        self.assert_command(self.pg.run("filter", "check", lines[-1], "5432"), 0, "allowed")

    def test_usage_errors(self):
        for args in ([], ["nonsense"], ["filter"], ["filter", "nonsense"], ["filter", "add"], ["filter", "check"],
                     ["filter", "set"], ["filter", "add", "192.0.2.1", "--for", "soon"],
                     ["filter", "add", "192.0.2.1", "--scope", "nosuch"], ["status", "--nonsense"],
                     ["filter", "denied", "--top", "x"], ["filter", "list", "extra"]):
            result = self.pg.run(*args)
            self.assertEqual(result.code, 2, str(result))
            self.assertEqual(result.out, "", str(result))
            self.assertTrue(result.err.strip(), str(result))

    def test_help_is_everywhere(self):
        for args in ([], ["filter"], ["status"], ["metrics"], ["audit-log", "verify"],
                     *(["filter", word] for word in ("list", "show", "set", "add", "remove", "anywhere", "nowhere",
                                                     "enforce", "check", "denied"))):
            self.assert_command(self.pg.run(*args, "--help"), 0, "pgmoat", "--config")

    def test_json_everywhere(self):
        self.pg.set("192.0.2.1")
        for args in (["status"], ["filter", "list"], ["filter", "denied"], ["filter", "add", "192.0.2.2"],
                     ["filter", "remove", "192.0.2.2"], ["filter", "nowhere"], ["filter", "enforce"],
                     ["filter", "check", "192.0.2.1"], ["audit-log", "verify"]):
            json.loads(self.pg.ok(*args, "--json").out)


class AuditLog(HostCase):
    def setUp(self):
        super().setUp()
        self.client(1)
        self.pg = self.pgmoat()
        self.pg.set("192.0.2.1", "192.0.2.2")
        self.pg.ok("filter", "add", "192.0.2.3", "--comment", 'a "quoted" word')
        self.pg.ok("filter", "remove", "192.0.2.1")
        self.pg.ok("filter", "nowhere")
        self.pg.ok("filter", "enforce")

    def verify(self):
        return self.pg.run("audit-log", "verify")

    def test_one_line_per_change(self):
        lines = [json.loads(line) for line in self.pg.audit_log.read_text().splitlines()]
        changes = [line for line in lines if line.get("uid") == 0 and str(line.get("command", "")).startswith("filter")]
        self.assertEqual(len(changes), 5, lines)
        for line in changes:
            for key in "time", "uid", "pid", "command", "generation", "added", "removed":
                self.assertIn(key, line)
        self.assertEqual([c["generation"] for c in changes], sorted({c["generation"] for c in changes}))
        self.assertEqual(changes[0]["added"], 2)
        self.assertEqual(changes[2]["removed"], 1)
        info = self.pg.audit_log.stat()
        self.assertEqual((info.st_uid, info.st_mode & 0o037), (0, 0))
        self.assert_command(self.verify(), 0)

    def test_verify_needs_no_daemon(self):
        self.pg.stop()
        self.assert_command(self.verify(), 0)

    def test_the_chain_goes_on_after_a_restart(self):
        for how in signal.SIGTERM, signal.SIGKILL:
            self.pg.daemon.stop(how)
            self.pg.start()
            self.pg.set(f"192.0.2.{int(how)}")
            self.assert_command(self.verify(), 0)

    def test_tampering_is_found(self):
        good = self.pg.audit_log.read_bytes()
        lines = good.splitlines(keepends=True)
        tampered = {
            "a word changed": good.replace(b'"added":2', b'"added":3', 1).replace(b'"added": 2', b'"added": 3', 1),
            "a line gone": b"".join(lines[:1] + lines[2:]),
            "the first line gone": b"".join(lines[1:]),
            "two lines swapped": b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
            "a line twice": b"".join(lines[:2] + lines[1:]),
            "a line in between": b"".join(lines[:2] + [b"{}\n"] + lines[2:]),
            "cut in a line": good[:-10],
            "not JSON": b"nonsense\n" + good,
        }
        for what, data in tampered.items():
            with self.subTest(what):
                self.assertNotEqual(data, good)
                self.pg.audit_log.write_bytes(data)
                result = self.verify()
                self.assertEqual(result.code, 1, str(result))
                self.assertIn("line", result.out + result.err)
        self.pg.audit_log.write_bytes(good)
        self.assert_command(self.verify(), 0)


class Metrics(HostCase):
    """Metrics are for whoever is in the group, whether the daemon lives or not."""

    def setUp(self):
        super().setUp()
        self.c1 = self.client(1)
        self.pg = self.pgmoat()
        self.pg.set("192.0.2.1", "192.0.2.2")
        with self.c1.wire() as wire:
            for _ in range(5):
                wire.syn()
        until(lambda: self.pg.metrics()["refused_not_listed"] == 5, self.pg.metrics)

    def parse(self, text):
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        samples = {}
        for family in text_string_to_metric_families(text):
            self.assertTrue(family.name.startswith("pgmoat_"), family.name)
            self.assertTrue(family.documentation, family.name)
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                self.assertNotIn(key, samples)
                samples[key] = sample.value
        return samples

    def verdicts(self, samples):
        return {dict(labels)["verdict"]: int(value) for (name, labels), value in samples.items()
                if "verdict" in dict(labels)}

    def test_openmetrics(self):
        # Neighbour discovery may be counted in between: then both are asked again.
        def both():
            wanted = {name: n for name, n in self.pg.metrics().items() if name != "sources_unrecorded"}
            return wanted if self.verdicts(self.parse(self.pg.ok("metrics").out)) == wanted else None
        wanted = until(both, lambda: f"{self.pg.ok('metrics').out}{self.pg.metrics()}", 10)
        self.assertEqual(wanted["refused_not_listed"], 5)

    def test_a_member_of_the_group_without_the_daemon(self):
        self.pg.kill()
        result = self.pg.ok("metrics", user=NOBODY, groups=[GROUP_ID])
        self.assertEqual(self.verdicts(self.parse(result.out))["refused_not_listed"], 5)

    def test_a_stranger_gets_a_reason(self):
        result = self.pg.run("metrics", user=NOBODY)
        self.assertEqual((result.code, result.out), (1, ""), str(result))
        self.assertIn("group", result.err.lower())

    def test_pins_and_their_modes(self):
        for path in self.pg.pin_dir.iterdir():
            info = path.stat()
            self.assertNotIn(".", path.name)
            self.assertEqual(info.st_uid, 0)
            shared = path.name in ("metrics", "policy")
            self.assertEqual((stat.S_IMODE(info.st_mode), info.st_gid), (0o640, GROUP_ID) if shared else (0o600, 0),
                             path.name)

    def test_bpftool_prints_names(self):
        shown = subprocess.check_output(["bpftool", "map", "dump", "pinned", str(self.pg.pin_dir / "metrics")],
                                        text=True)
        for name in self.pg.metrics():
            self.assertIn(f'"{name}"', shown)
        policy = subprocess.check_output(["bpftool", "map", "dump", "pinned", str(self.pg.pin_dir / "policy")],
                                         text=True)
        for name in "mode", "generation", "rules", "schema":
            self.assertIn(f'"{name}"', policy)


class WithoutDaemon(HostCase):
    def setUp(self):
        super().setUp()
        self.c1 = self.client(1)
        self.pg = self.pgmoat()

    def test_says_that_it_is_not_running_and_what_is_enforced(self):
        self.pg.set(self.c1.v4, "192.0.2.1")
        self.pg.kill()
        for args, code in ((["status"], 1), (["filter", "list"], 1), (["filter", "add", "192.0.2.9"], 1),
                           (["filter", "check", "192.0.2.1"], 3)):
            result = self.pg.run(*args)
            self.assertEqual(result.code, code, str(result))
            self.assertIn("not running", result.err, str(result))
            self.assertIn("pgmoatd.service", result.err, str(result))
            self.assertIn("enforc", result.out + result.err, str(result))
            self.assertIn("2 rules", result.out + result.err, str(result))

    def test_says_that_nothing_is_enforced(self):
        self.pg.stop()
        self.pg.pgmoatd("--detach")
        result = self.pg.run("status")
        self.assertEqual(result.code, 1)
        self.assertIn("not running", result.err)
        self.assertRegex((result.out + result.err).lower(), "no gate|not guarded|nothing is|open|no pinned")

    def test_second_daemon_refuses_to_start(self):
        second = self.pg.pgmoatd()
        self.assertNotEqual(second.code, 0)
        self.assertIn("another pgmoatd", second.err)
        self.pg.ok("status")


class Config(HostCase):
    def setUp(self):
        super().setUp()
        self.pg = self.pgmoat(start=False)

    def test_dump_is_read_back(self):
        self.pg.configure({"gate": {"interfaces": "eth0, eth1", "mode": "tc", "metrics_group": "adm"},
                           "scopes": {"direct": "5432", "pooler": "6432, 50001-50032"},
                           "system": {"replication": "192.0.2.0/28, 2001:db8::/64", "monitoring": "198.51.100.1"}})
        first = self.pg.pgmoatd("--dump-config")
        self.assert_command(first, 0, "50001-50032", "192.0.2.0/28", "eth1")
        self.pg.config.write_text(first.out)
        second = self.pg.pgmoatd("--dump-config")
        self.assertEqual(second.out, first.out)
        self.assert_command(self.pg.pgmoatd("--check"), 0)

    def test_an_empty_file_works(self):
        self.pg.config.write_text("")
        self.assert_command(self.pg.pgmoatd("--check"), 0)
        self.assert_command(self.pg.pgmoatd("--dump-config"), 0, "/var/lib/pgmoat", "5432")

    def test_the_example_is_the_default(self):
        self.pg.config.write_text("")
        empty = self.pg.pgmoatd("--dump-config").out
        example = (sandbox.TOP / "docs/pgmoat.conf.example").read_text()
        # All defaults stand there, commented out; the networks of [system] are examples.
        lines = [line.removeprefix("# ") if " = " in line and "192.0.2." not in line and "2001:db8:" not in line else line
                 for line in example.splitlines()]
        self.assertNotEqual(lines, example.splitlines())
        self.pg.config.write_text("\n".join(lines) + "\n")
        self.assertEqual(self.pg.pgmoatd("--dump-config").out, empty)

    def test_all_errors_in_one_pass(self):
        self.pg.config.write_text("[daemon]\nstate_dir = relative\ncolour = red\n[gate]\nmode = fast\n[scopes]\n"
                                  "direct = 5432\npooler = 5432, 70000\n[system]\nreplication = 192.0.2.1/24\n[nonsense]\n"
                                  "a = b\n")
        result = self.pg.pgmoatd("--check")
        self.assertEqual(result.code, 1, str(result))
        for line in 2, 3, 5, 8, 10:
            self.assertIn(f"pgmoat.conf:{line}:", result.err)
        self.assertRegex(result.err, r"pgmoat\.conf:1[12]:")

    def test_missing_file(self):
        self.pg.config.unlink()
        self.assertNotEqual(self.pg.pgmoatd("--check").code, 0)

    def test_no_such_group_is_a_warning(self):
        self.client(1)
        self.pg.configure({"gate": {"metrics_group": "no-such-group"}})
        self.pg.start()
        self.assertIn("no-such-group", self.pg.daemon.log())
        self.assertTrue(any("no-such-group" in w for w in self.pg.status()["warnings"]))

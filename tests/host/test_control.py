# SPDX-License-Identifier: Apache-2.0
"""The control socket against people without rights and clients without manners: refused, cut off, and nobody else waits."""
import json
import select
import socket
import struct

from lib import sandbox
from lib.case import HostCase
from lib.protocol import MAX_FRAME, Control, ask
from lib.sandbox import GROUP_ID, NOBODY
from lib.wait import until

CUT_OFF = 60  # seconds, generous: the daemon promises 10


class ControlCase(HostCase):
    def setUp(self):
        super().setUp()
        self.client(1)
        self.pg = self.pgmoat()
        self.pg.set("192.0.2.1")
        self.generation = self.status()["gate"]["generation"]

    def status(self):
        answer = ask(self.pg.socket, {"cmd": "status"})
        self.assertTrue(answer and answer["ok"], answer)
        return answer

    def assert_unchanged(self):
        gate = self.status()["gate"]
        self.assertEqual((gate["generation"], gate["rules"], gate["mode"]), (self.generation, 1, "list"))


class Rights(ControlCase):
    def test_socket_is_for_root_and_the_group(self):
        info = self.pg.socket.stat()
        self.assertEqual((info.st_uid, info.st_gid, info.st_mode & 0o777), (0, GROUP_ID, 0o660))

    def test_a_stranger_gets_nothing(self):
        for args in ["status"], ["filter", "list"], ["filter", "add", "192.0.2.2"], ["filter", "anywhere"]:
            result = self.pg.run(*args, user=NOBODY)
            self.assertEqual(result.code, 1, str(result))
            self.assertIn("ermission", result.err, str(result))
            self.assertNotIn("192.0.2.1", result.out)
        self.assertEqual(self.pg.run("filter", "check", "192.0.2.1", user=NOBODY).code, 3)
        self.assert_unchanged()

    def test_a_stranger_who_gets_through_is_refused(self):
        """The mode of the socket is not the only lock: the peer's credentials are asked too."""
        self.pg.socket.chmod(0o666)
        result = self.pg.run("filter", "list", user=NOBODY)
        self.assertEqual(result.code, 1, str(result))
        self.assertNotIn("192.0.2.1", result.out)
        self.assertEqual(self.pg.run("filter", "add", "192.0.2.2", user=NOBODY).code, 1)
        self.assert_unchanged()

    def test_the_group_reads_and_changes_nothing(self):
        member = {"user": NOBODY, "groups": [GROUP_ID]}
        self.assertIn("192.0.2.1", self.pg.ok("filter", "list", **member).out)
        self.pg.ok("status", **member)
        self.pg.ok("filter", "denied", **member)
        self.assertEqual(self.pg.run("filter", "check", "192.0.2.1", "5432", **member).code, 0)
        for args in (["filter", "add", "192.0.2.2"], ["filter", "remove", "192.0.2.1"], ["filter", "anywhere"],
                     ["filter", "nowhere"], ["filter", "enforce"], ["filter", "set", "-"]):
            result = self.pg.run(*args, stdin=b"192.0.2.9\n", **member)
            self.assertEqual(result.code, 1, str(result))
            self.assertIn("root", result.err, str(result))
        self.assert_unchanged()


class Manners(ControlCase):
    def assert_cut_off(self, control):
        self.assertTrue(control.closed_within(CUT_OFF), "the connection stays open")

    def test_garbage(self):
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 64, b"\xff" * 64, b"status\n",
                     struct.pack("!I", 0), struct.pack("!I", 5) + b"{\"cmd", struct.pack("!I", 4) + b"\xff\xfe\x00\x01"):
            with self.subTest(data=data[:8]), Control(self.pg.socket) as control:
                control.send_bytes(data)
                control.sock.shutdown(socket.SHUT_WR)
                self.assert_cut_off(control)
        self.assert_unchanged()

    def test_wrong_requests(self):
        for message in ({}, [], 1, None, "status", {"cmd": 1}, {"cmd": None}, {"cmd": "no such"}, {"cmd": "filter.add"},
                        {"cmd": "filter.add", "address": 7}, {"cmd": "filter.add", "address": "192.0.2.0/33"},
                        {"cmd": "filter.add", "address": "192.0.2.2", "for": -1},
                        {"cmd": "filter.add", "address": "192.0.2.2", "for": "2h"},
                        {"cmd": "filter.add", "address": "192.0.2.2", "for": 1e300},
                        {"cmd": "filter.add", "address": "192.0.2.2", "for": 0},
                        {"cmd": "filter.add", "address": "192.0.2.2", "comment": "x" * 100_000},
                        {"cmd": "filter.add", "address": "192.0.2.2", "comment": "two\nlines"},
                        {"cmd": "filter.add", "address": "192.0.2.2", "scopes": "nowhere"},
                        {"cmd": "filter.add", "address": "192.0.2.2", "class": "king"},
                        {"cmd": "filter.mode", "mode": "unset"}, {"cmd": "filter.mode"},
                        {"cmd": "filter.remove", "target": ""}, {"cmd": "filter.show", "id": -1},
                        {"cmd": "filter.show", "id": "1"}, {"cmd": "filter.show", "id": 1 << 70},
                        {"cmd": "filter.check", "address": "192.0.2.1", "port": 65536},
                        {"cmd": "filter.check", "address": "192.0.2.1", "port": 0},
                        {"cmd": "filter.denied", "top": -1}, {"cmd": "filter.denied", "top": "all"}):
            with self.subTest(message=str(message)[:80]):
                answer = ask(self.pg.socket, message)
                self.assertIsNotNone(answer, "no answer")
                self.assertFalse(answer["ok"], answer)
                self.assertIn(answer["kind"], ("usage", "not-found"), answer)
                self.assertTrue(answer["error"])
        self.assert_unchanged()

    def test_deep_and_odd_json(self):
        for text in (b"[" * 100_000, b'{"cmd":' * 30_000, b'{"cmd":"status","cmd":"filter.mode","mode":"anywhere"}',
                     b'{"cmd":"sta\\u0000tus"}', b'{"cmd":"status"} trailing', b'{"cmd":"status\xff"}', b"\xef\xbb\xbf{}"):
            with self.subTest(text=text[:20]), Control(self.pg.socket) as control:
                control.send_bytes(struct.pack("!I", len(text)) + text)
                answer = control.final()
                self.assertFalse(answer and answer["ok"], answer)
        self.assert_unchanged()

    def test_oversized(self):
        for length in MAX_FRAME + 1, 0x7FFFFFFF, 0xFFFFFFFF:
            with self.subTest(length=length), Control(self.pg.socket) as control:
                control.send_bytes(struct.pack("!I", length))
                self.assert_cut_off(control)
        # The largest frame that is allowed is read, and judged by what it says.
        filler = "x" * (MAX_FRAME - len(json.dumps({"cmd": ""})))
        answer = ask(self.pg.socket, {"cmd": filler})
        self.assertEqual(answer["kind"], "usage")
        self.assert_unchanged()

    def test_slow_clients_are_cut_off_and_delay_nobody(self):
        slow = [Control(self.pg.socket) for _ in range(30)]
        for i, control in enumerate(slow):
            self.addCleanup(control.sock.close)
            control.send_bytes((struct.pack("!I", 17) + b'{"cmd":"status"}')[:i % 20])
        self.status()
        self.pg.set("192.0.2.1")
        self.generation = self.status()["gate"]["generation"]
        for control in slow:
            self.assert_cut_off(control)
        self.assert_unchanged()

    def test_many_clients(self):
        """More connections than anybody needs: some may be turned away, root is served again when they are gone."""
        crowd = []
        for _ in range(300):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                sock.connect(str(self.pg.socket))
            except BlockingIOError:
                pass
            crowd.append(sock)
        for sock in crowd:
            sock.close()
        until(lambda: (ask(self.pg.socket, {"cmd": "status"}) or {"ok": False})["ok"], "no answer any more")
        self.assert_unchanged()

    def test_half_closed(self):
        with Control(self.pg.socket) as control:
            control.send({"cmd": "status"})
            control.sock.shutdown(socket.SHUT_WR)
            self.assertTrue(control.final()["ok"])
        with Control(self.pg.socket) as control:
            control.send_bytes(struct.pack("!I", 100) + b'{"cmd"')
            control.sock.shutdown(socket.SHUT_WR)
            self.assert_cut_off(control)
        with Control(self.pg.socket) as control:
            control.send({"cmd": "filter.list"})
            control.sock.shutdown(socket.SHUT_RD)
        self.assert_unchanged()

    def test_gone_before_the_answer(self):
        for _ in range(50):
            with Control(self.pg.socket) as control:
                control.send({"cmd": "status"})
        self.assert_unchanged()

    def test_a_client_that_does_not_read(self):
        many = 20_000 if sandbox.ASAN else 100_000
        self.pg.ok("filter", "set", "-",
                   stdin="".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(many)).encode())
        with Control(self.pg.socket) as deaf:
            deaf.send({"cmd": "filter.list"})
            select.select([deaf.sock], [], [], 60)
            self.pg.set("192.0.2.1")
            self.assertEqual(self.status()["gate"]["rules"], 1)
            # It reads late: what it gets is the list as it was, or an end; never a mix.
            rules, final = 0, None
            while (frame := deaf.receive()) is not None:
                if "ok" in frame:
                    final = frame
                else:
                    rules += len(frame["part"]["rules"])
            if final:
                self.assertEqual((rules, final["total"]), (many, many))

    def test_request_twice_on_one_connection(self):
        with Control(self.pg.socket) as control:
            control.send({"cmd": "status"})
            control.send({"cmd": "filter.mode", "mode": "anywhere"})
            self.assertTrue(control.final()["ok"])
            self.assert_cut_off(control)
        self.assert_unchanged()


class Upload(ControlCase):
    def upload(self, *frames, end=True):
        control = Control(self.pg.socket)
        self.addCleanup(control.sock.close)
        control.send({"cmd": "filter.set"})
        for frame in frames:
            control.send(frame)
        if end:
            control.send({"end": True})
        return control

    def test_cut_anywhere(self):
        text = "192.0.2.1\n192.0.2.2 scope=direct # two\n"
        answer = self.upload(*({"lines": character} for character in text)).final()
        self.assertTrue(answer["ok"], answer)
        self.assertEqual(answer["rules"], 2)
        self.assertEqual(self.pg.ok("filter", "list", "--plain").out.count("192.0.2."), 2)

    def test_without_a_last_newline(self):
        answer = self.upload({"lines": "192.0.2.1\n192.0.2.2"}).final()
        self.assertEqual((answer["ok"], answer["rules"]), (True, 2))

    def test_closed_before_its_end(self):
        control = self.upload({"lines": "192.0.2.8\n" * 1000}, end=False)
        control.sock.close()
        control = self.upload({"lines": "192.0.2.8\n" * 1000}, end=False)
        control.sock.shutdown(socket.SHUT_WR)
        self.assertTrue(control.closed_within(CUT_OFF))
        self.assert_unchanged()

    def test_nonsense_in_the_middle(self):
        for frame in {"lines": 7}, {"end": "yes"}, {"end": False}, {}, {"cmd": "status"}, {"lines": None}:
            with self.subTest(frame=frame):
                answer = self.upload({"lines": "192.0.2.8\n"}, frame, end=False).final()
                self.assertFalse(answer and answer["ok"], answer)
        self.assert_unchanged()

    def test_nothing(self):
        for lines in [], [""], ["\n\n"], ["# only words\n"]:
            answer = self.upload(*({"lines": text} for text in lines)).final()
            self.assertFalse(answer["ok"], answer)
        self.assert_unchanged()

    def test_one_endless_line(self):
        control = self.upload(end=False)
        try:
            for _ in range(100):
                control.send({"lines": "1" * 200_000})
            control.send({"end": True})
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = control.final()
        self.assertFalse(answer and answer["ok"], answer)
        self.assert_unchanged()

    def test_errors_carry_line_numbers_and_nothing_is_applied(self):
        answer = self.upload({"lines": "192.0.2.1\n192.0.2.300\n\n# fine\n192.0.2.1/24\nexample.org\n"}).final()
        self.assertFalse(answer["ok"])
        self.assertEqual([e["line"] for e in answer["errors"]], [2, 5, 6])
        self.assertEqual(answer["error_count"], 3)
        self.assertIn("192.0.2.0/24", answer["errors"][1]["text"])
        self.assert_unchanged()

    def test_thousands_of_errors(self):
        answer = self.upload(*({"lines": "nonsense\n" * 5000} for _ in range(10))).final()
        self.assertFalse(answer["ok"])
        self.assertEqual((len(answer["errors"]), answer["error_count"]), (100, 50_000))
        self.assert_unchanged()

    def test_two_changes_at_once(self):
        """Whoever comes second waits or is told that somebody else is at it; both at once is impossible."""
        slow = self.upload({"lines": "192.0.2.8\n"}, end=False)
        added = self.pg.run("filter", "add", "192.0.2.2")
        self.assertIn(added.code, (0, 1), str(added))
        slow.send({"end": True})
        answer = slow.final()
        listed = self.pg.ok("filter", "list", "--plain").out.split()
        if answer["ok"]:
            self.assertEqual(listed, ["192.0.2.8"])
        else:
            self.assertEqual(answer["kind"], "busy")
            self.assertEqual(sorted(listed), ["192.0.2.1", "192.0.2.2"])

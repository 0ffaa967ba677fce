# SPDX-License-Identifier: Apache-2.0
"""The control protocol by hand, for what no well-behaved client sends. See docs/control-protocol.md."""
import json
import select
import socket
import struct

from .wait import until

MAX_FRAME = 256 * 1024


class Control:
    """One connection to the daemon."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        until(lambda: self.connected(path), f"no room in the queue of {path}")

    def connected(self, path):
        """False while the queue of the listening socket is full: a Unix socket with a timeout says so at once."""
        try:
            self.sock.connect(str(path))
        except BlockingIOError:
            return False
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send_bytes(self, data):
        self.sock.sendall(data)

    def send(self, message):
        data = json.dumps(message).encode()
        self.send_bytes(struct.pack("!I", len(data)) + data)

    def receive(self):
        """The next frame, or None at the end of the stream."""
        head = self._exactly(4)
        if not head:
            return None
        data = self._exactly(struct.unpack("!I", head)[0])
        return json.loads(data) if data else None

    def final(self):
        """The final frame; parts and progress before it are dropped."""
        while (frame := self.receive()) is not None:
            if "ok" in frame:
                return frame
        return None

    def closed_within(self, seconds):
        """True if the daemon ends the connection, whatever it says before."""
        try:
            while select.select([self.sock], [], [], seconds)[0]:
                if not self.sock.recv(65536):
                    return True
        except ConnectionResetError:
            return True
        return False

    def _exactly(self, count):
        data = b""
        try:
            while len(data) < count:
                more = self.sock.recv(count - len(data))
                if not more:
                    return None
                data += more
        except ConnectionResetError:
            return None
        return data


def ask(path, message):
    with Control(path) as control:
        control.send(message)
        return control.final()

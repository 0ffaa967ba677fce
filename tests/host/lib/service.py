# SPDX-License-Identifier: Apache-2.0
"""A program that says by sd_notify when it is ready, as systemd would start it."""
import os
import select
import signal
import socket
import subprocess
import time

from .wait import DEADLINE


class Service:
    """Runs a command; ready when it says READY=1. Its output goes to a file."""

    def __init__(self, name, folder, command, env=None):
        self.name = name
        self.log_path = folder / f"{name}.log"
        self.messages = []
        path = folder / f"{name}.notify"
        path.unlink(missing_ok=True)
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._notify.bind(str(path))
        path.chmod(0o666)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=dict(os.environ, NOTIFY_SOCKET=str(path), **(env or {})))
        self._pidfd = os.pidfd_open(self.process.pid)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self, seconds=DEADLINE):
        self.wait_message(lambda text: "READY=1" in text.splitlines(), seconds)
        return self

    def wait_message(self, wanted, seconds=DEADLINE):
        """Waits for a notification; the end of the program or the deadline is a failure that shows its log."""
        end = time.monotonic() + seconds
        while True:
            readable = select.select([self._notify, self._pidfd], [], [], max(0, end - time.monotonic()))[0]
            if self._notify in readable:
                text = self._notify.recv(65536).decode()
                self.messages.append(text)
                if wanted(text):
                    return text
            elif self._pidfd in readable:
                raise AssertionError(f"{self.name} ended with {self.process.wait()} before it was ready:\n{self.log()}")
            else:
                raise AssertionError(f"{self.name} was not ready within {seconds} s:\n{self.log()}")

    def ignore_messages(self):
        """No more notifications are wanted. A program whose notifications nobody reads waits, after some ten of them."""
        self._notify.close()

    def alive(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=DEADLINE):
        """Ends the program and returns its exit code."""
        if self.alive():
            self.process.send_signal(how)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within {seconds} s of signal {how}:\n{self.log()}") from None
        finally:
            self._notify.close()
            os.close(self._pidfd)
            self._pidfd = -1

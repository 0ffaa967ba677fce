# SPDX-License-Identifier: Apache-2.0
"""A program that says by sd_notify when it is ready, as systemd would start it."""
import os
import select
import signal
import socket
import subprocess
import threading

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
        self._news = threading.Condition()
        self._ended = False
        # Read all the time, as systemd does: a program that tells more than the socket holds would wait for ever.
        threading.Thread(target=self._listen, args=(os.pidfd_open(self.process.pid),), daemon=True).start()

    def _listen(self, pidfd):
        while not self._ended:
            readable = select.select([self._notify, pidfd], [], [])[0]
            with self._news:
                if self._notify in readable:
                    self.messages.append(self._notify.recv(65536).decode())
                else:
                    self._ended = True
                self._news.notify_all()
        os.close(pidfd)
        self._notify.close()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self, seconds=DEADLINE):
        self.wait_message(lambda text: "READY=1" in text.splitlines(), seconds)
        return self

    def wait_message(self, wanted, seconds=DEADLINE):
        """Waits for a notification; the end of the program or the deadline is a failure, with its log."""
        def found():
            return next(filter(wanted, self.messages), None)
        with self._news:
            self._news.wait_for(lambda: found() or self._ended, seconds)
            if found():
                return found()
            ended = self._ended
        how = f"ended with {self.process.wait()}" if ended else f"was not ready within {seconds} s"
        raise AssertionError(f"{self.name} {how}:\n{self.log()}")

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

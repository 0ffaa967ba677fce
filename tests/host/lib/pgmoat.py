# SPDX-License-Identifier: Apache-2.0
"""pgmoatd with folders of its own, and pgmoat as an operator types it."""
import json
import signal
import subprocess

from . import sandbox
from .service import Service

VERDICTS_LET_IN = ("not_ip", "not_tcp", "port_not_guarded", "allowed_mode", "allowed_list", "allowed_system",
                   "later_fragment_passed")


class Result:
    """What a command answered."""

    def __init__(self, command, done):
        self.command, self.code = command, done.returncode
        self.out, self.err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def __str__(self):
        return f"$ {' '.join(self.command)}\n{self.out}{self.err}[exit code {self.code}]"

    def json(self):
        return json.loads(self.out)


class Pgmoat:
    """One instance: config, state, run and pin folders below folder and the bpffs."""

    def __init__(self, folder, sections=None):
        self.folder = folder
        self.config = folder / "pgmoat.conf"
        self.state_dir, self.run_dir = folder / "state", folder / "run"
        self.pin_dir = sandbox.BPFFS / "pgmoat"
        self.socket = self.run_dir / "control.sock"
        self.rules_file = self.state_dir / "filter.rules"
        self.audit_log = self.state_dir / "audit.log"
        self.daemon = None
        self.configure(sections or {})

    def configure(self, sections):
        """Writes the config: the folders, and what sections says ({"gate": {"mode": "tc"}})."""
        whole = {"daemon": {"state_dir": self.state_dir, "run_dir": self.run_dir}, "gate": {"pin_dir": self.pin_dir}}
        for name, keys in sections.items():
            whole.setdefault(name, {}).update(keys)
        self.config.write_text("".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
                                       for name, keys in whole.items()))

    def start(self, *args, ready=True):
        self.daemon = Service("pgmoatd", self.folder, [str(sandbox.BUILD / "bin/pgmoatd"), "--config", str(self.config),
                                                       *args])
        if ready:
            self.daemon.wait_ready()
        return self

    def stop(self):
        """A plain stop; anything but exit code 0 (a leak found by ASan, too) is a failure."""
        code = self.daemon.stop()
        assert code == 0, f"pgmoatd ended with {code}:\n{self.daemon.log()}"

    def kill(self):
        self.daemon.stop(signal.SIGKILL)

    def close(self):
        """Stops what runs and takes everything off the interfaces."""
        if not self.daemon:
            return
        try:
            if self.daemon.alive():
                self.stop()
        finally:
            done = self.pgmoatd("--detach")
        assert done.code == 0, f"--detach failed:\n{done}"

    def pgmoatd(self, *args):
        """pgmoatd run to its end."""
        return self._run([str(sandbox.BUILD / "bin/pgmoatd"), "--config", str(self.config), *args])

    def command(self, *args):
        """What runs pgmoat with arguments."""
        return [str(sandbox.BUILD / "bin/pgmoat"), *args, "--config", str(self.config)]

    def run(self, *args, stdin=b"", user=None, groups=()):
        """pgmoat with arguments. user: a uid to run as instead of root, with exactly these groups."""
        command = self.command(*args)
        if user is not None:
            command = ["setpriv", "--reuid", str(user), "--regid", str(user),
                       *(["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]), *command]
        return self._run(command, stdin)

    def start_command(self, *args, stdin=b""):
        """pgmoat left running: (process, function that waits for its Result)."""
        command = self.command(*args)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def finish():
            out, err = process.communicate(stdin)
            return Result(command, subprocess.CompletedProcess(command, process.returncode, out, err))
        return process, finish

    def ok(self, *args, **kwargs):
        """pgmoat that must succeed."""
        result = self.run(*args, **kwargs)
        assert result.code == 0, f"failed:\n{result}\n{self.daemon.log() if self.daemon else ''}"
        return result

    def set(self, *lines):
        return self.ok("filter", "set", "-", stdin="".join(line + "\n" for line in lines).encode())

    def status(self):
        return self.ok("status", "--json").json()

    def metrics(self):
        """Verdict counters straight out of the pinned map, by name, as bpftool shows them."""
        done = self._run(["bpftool", "-j", "map", "dump", "pinned", str(self.pin_dir / "metrics")])
        assert done.code == 0, str(done)
        total = {}
        for cpu in done.json()[0]["formatted"]["values"]:
            for name, value in cpu["value"].items():
                total[name] = total.get(name, 0) + int(value)
        return total

    @staticmethod
    def _run(command, stdin=b""):
        return Result(command, subprocess.run(command, input=stdin, capture_output=True))

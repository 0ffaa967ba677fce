# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL 15 on the server, in a folder on tmpfs."""
import os
import pwd
import signal
import subprocess
from pathlib import Path

from .service import Service

BIN = Path("/usr/lib/postgresql/15/bin")
AS_POSTGRES = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]


class Postgres:
    """Listens on every address of the namespace that starts it, and lets everybody in who reaches it."""

    def __init__(self, folder, port=5432):
        user = pwd.getpwnam("postgres")
        self.home = folder / "postgres"
        self.home.mkdir()
        os.chown(self.home, user.pw_uid, user.pw_gid)
        data = self.home / "data"
        subprocess.run([*AS_POSTGRES, str(BIN / "initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8", "--no-locale",
                        "--no-sync", "--no-instructions"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        with open(data / "pg_hba.conf", "a") as hba:
            hba.write("host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\n")
        settings = {"listen_addresses": "*", "port": port, "unix_socket_directories": self.home, "fsync": "off",
                    "ssl": "off", "max_connections": 50, "shared_buffers": "32MB"}
        self.service = Service("postgres", folder, [
            *AS_POSTGRES, str(BIN / "postgres"), "-D", str(data),
            *[word for key, value in settings.items() for word in ("-c", f"{key}={value}")]]).wait_ready()

    def close(self):
        self.service.stop(signal.SIGINT)

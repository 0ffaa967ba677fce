# SPDX-License-Identifier: Apache-2.0
"""A private world for one test file: own mounts, bpffs, network and processes, gone without a trace at its end."""
import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("PGM_BUILD") or TOP / "build").resolve()
ASAN = "asan" in BUILD.name
SCALE = int(os.environ.get("PGM_TEST_SCALE", "1"))

SCRATCH = Path("/run/scratch")
BPFFS = Path("/sys/fs/bpf")
GROUP, GROUP_ID = "pgmoat", 64123  # exists only in here: /etc/group is covered
NOBODY = 65534

_INSIDE = "PGM_SANDBOX"


def enter():
    """Runs the calling script again inside new namespaces, of which it is the first process: when it ends, the kernel
    ends whatever it has started."""
    if os.environ.get(_INSIDE) != str(os.getpid()):
        if os.geteuid() != 0:
            sys.exit("host tests make network namespaces and load BPF programs: run them as root")
        if not (BUILD / "bin/pgmoatd").exists():
            sys.exit(f"{BUILD}/bin/pgmoatd is not built (make, or PGM_BUILD=FOLDER)")
        # The environment names the process that may believe it: in its namespace, that is number 1.
        os.environ[_INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                              sys.executable, "-B", *sys.argv])
    # A new sysfs: the old one shows the interfaces of the old network namespace.
    _mount("-t", "sysfs", "sysfs", "/sys")
    _mount("-t", "bpf", "bpf", str(BPFFS))
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    SCRATCH.mkdir(mode=0o755)
    _add_group()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Addresses are usable at once: nobody else is on these wires.
    for which in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{which}/accept_dad").write_text("0")
        # And what the gate lets in must be answered, whatever its source, unless a test finds the gate at fault.
        Path(f"/proc/sys/net/ipv4/conf/{which}/rp_filter").write_text("0")


def _mount(*args):
    subprocess.run(["mount", *args], check=True)


def _add_group():
    lines = [line for line in Path("/etc/group").read_text().splitlines() if not line.startswith(GROUP + ":")]
    covered = SCRATCH / "group"
    covered.write_text("\n".join(lines + [f"{GROUP}:x:{GROUP_ID}:"]) + "\n")
    _mount("--bind", str(covered), "/etc/group")

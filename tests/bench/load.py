# SPDX-License-Identifier: Apache-2.0
"""From a list's file to the list in force: `pgmoat filter set` against a running daemon, and `nft -f`."""
import os
import subprocess
import time
from pathlib import Path

ROUNDS = 4
METHOD = f"""\
From a file of sorted IPv4 prefixes to the list in force, in seconds: the lowest of up to {ROUNDS} rounds in turn, each on one CPU. pgmoat
filter set, with a guarded interface, the rules saved durably and the audit log written, against nft -f of an interval set with its
netdev chain. CPU is user and system time of pgmoat and pgmoatd, or of nft. The list before has one rule, or is none."""


def nft_file(path, prefixes, device):
    """What `nft -f` reads: everything that is not in the set is dropped at the ingress of device."""
    elements = ",".join(Path(prefixes).read_text().split())
    path.write_text(f"""table netdev bench {{
 set allowed {{ type ipv4_addr; flags interval; elements = {{ {elements} }} }}
 chain in {{
  type filter hook ingress device {device} priority 0; policy accept;
  tcp dport 5432 ip saddr != @allowed drop
 }}
}}
""")
    return path


def nft_clear():
    subprocess.run(["nft", "delete", "table", "netdev", "bench"], stderr=subprocess.DEVNULL)


def timed(command, cpu):
    """(wall, CPU) seconds of a command that runs on one CPU."""
    start = time.monotonic()
    process = subprocess.Popen(["taskset", "-c", str(cpu), *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with process.stderr:
        error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(map(str, command))}: {error.decode()}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime


def cpu_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def set_list(gate, path, cpu):
    """(wall, CPU) seconds of one `pgmoat filter set`, after the list before has been made small."""
    daemon = gate.daemon.process.pid
    gate.set("192.0.2.1")
    os.sched_setaffinity(daemon, {cpu})  # of its main thread, from which the thread that loads has it
    before = cpu_of(daemon)
    wall, used = timed(gate.command("filter", "set", str(path)), cpu)
    return wall, used + cpu_of(daemon) - before


def load_nft(path, cpu):
    nft_clear()
    return timed(["nft", "-f", str(path)], cpu)


def peak_memory_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024)
    return None


def lowest(pairs):
    wall, cpu = zip(*pairs)
    return {"wall": round(min(wall), 3), "cpu": round(min(cpu), 3)}


def run(lists, gate, device, folder, note):
    """lists: [(rules, path)]; gate: a running Pgmoat; device: where nft's chain stands."""
    results = []
    cpus = sorted(os.sched_getaffinity(0))
    for rules, path in lists:
        note(f"load: {rules:,} rules")
        script = nft_file(folder / "load.nft", path, device)
        ours, theirs = [], []
        for i in range(ROUNDS):
            cpu = cpus[i % len(cpus)]
            ours.append(set_list(gate, path, cpu))
            if i < 2 or sum(wall for wall, _ in theirs) < 10:  # a million takes nft a quarter of a minute
                theirs.append(load_nft(script, cpu))
        nft_clear()
        result = {"rules": rules, "pgmoat": lowest(ours), "nft": lowest(theirs),
                  "daemon_peak_mb": peak_memory_mb(gate.daemon.process.pid)}
        result["times_sooner"] = round(result["nft"]["wall"] / result["pgmoat"]["wall"], 1)
        results.append(result)
    return results


def table(results):
    rows = [["rules", "pgmoat", "CPU", "nft", "CPU", "sooner", "daemon's peak"]]
    for r in results:
        rows.append([f"{r['rules']:,}", f"{r['pgmoat']['wall']:.2f} s", f"{r['pgmoat']['cpu']:.2f} s",
                     f"{r['nft']['wall']:.2f} s", f"{r['nft']['cpu']:.2f} s", f"{r['times_sooner']:.1f} x",
                     f"{r['daemon_peak_mb']} MB"])
    return rows

# SPDX-License-Identifier: Apache-2.0
"""What a refused packet costs the machine that it reaches, in the gate and in nftables."""
import os
import subprocess
from pathlib import Path

from host.lib import net, sandbox

import load

ROUNDS = 8
PACKETS = 1_000_000
RECEIVERS = ("drop", "native", "tc", "nft")
METHOD = f"""\
CPU ns per dropped SYN on a veth, the lowest of {ROUNDS} rounds in turn of {PACKETS:,} SYNs from 65536 refused sources. The sender is a program
(BPF_PROG_TEST_RUN on live frames, redirected into the veth), so that frames arrive as from a card: without a socket buffer. Sender,
softirq and receiver share one CPU and one thread; what is counted is that thread's CPU time. drop: the receiver is a program that drops
at once; the other columns say what they cost beyond that, and drops a CPU second are a thousand million by that cost."""


def receive_count(far):
    return int(Path(f"/sys/class/net/{far}/statistics/rx_packets").read_text())


def make_pair(name):
    """near-NAME and far-NAME; the far end has the address that the SYNs are sent to."""
    net.ip_batch(f"link add near-{name} type veth peer name far-{name} address 02:00:00:00:00:01\n"
                 f"link set near-{name} up\nlink set far-{name} up\n")
    return f"near-{name}", f"far-{name}"


def flood(name, path, cpu):
    """ns per packet, on one CPU. Every packet must arrive, and none of them may get past the receiver."""
    far, stack = f"far-{name}", net.stack_counters()["Ip.InReceives"]
    before = receive_count(far)
    command = ["taskset", "-c", str(cpu), str(sandbox.BUILD / "bench/bench_flood"), f"near-{name}", far, str(path), str(PACKETS)]
    out = subprocess.run(command + (["drop"] if name == "drop" else []), check=True, stdout=subprocess.PIPE).stdout
    sent, ns = out.split()
    lost = int(sent) - (receive_count(far) - before)
    passed = net.stack_counters()["Ip.InReceives"] - stack
    if lost > PACKETS / 1000 or passed > 0:
        raise SystemExit(f"bench: {name}: {lost} of {sent} frames were lost, {passed} got past the filter")
    return float(ns)


def one_list(rules, path, gates, folder):
    script = load.nft_file(folder / "drops.nft", path, "far-nft")
    cpus = sorted(os.sched_getaffinity(0))
    load.load_nft(script, cpus[0])
    for gate in gates:
        gate.ok("filter", "set", str(path))
    rounds = {name: [] for name in RECEIVERS}
    for i in range(ROUNDS):
        for name in RECEIVERS:
            rounds[name].append(flood(name, path, cpus[i % len(cpus)]))
    load.nft_clear()
    cost = {name: min(values) for name, values in rounds.items()}
    result = {"rules": rules, "drop": round(cost["drop"], 1)}
    for name in RECEIVERS[1:]:
        beyond = cost[name] - cost["drop"]
        result[name] = {"ns": round(cost[name], 1), "beyond": round(beyond, 1), "per_cpu_second": round(1e9 / beyond)}
    for name in ("native", "tc"):
        result[f"nft_by_{name}"] = round(result["nft"]["beyond"] / result[name]["beyond"], 2)
    return result


def run(lists, gates, folder, note):
    """lists: [(rules, path)]; gates: Pgmoats that guard far-native and far-tc."""
    results = []
    for rules, path in lists:
        note(f"drops: {rules:,} rules")
        results.append(one_list(rules, path, gates, folder))
    return results


def table(results):
    rows = [["rules", "drop", "gate, native", "drops/CPU s", "gate, tc", "drops/CPU s", "nft", "drops/CPU s",
             "nft : native", "nft : tc"]]
    for r in results:
        row = [f"{r['rules']:,}", f"{r['drop']:.0f}"]
        for name in RECEIVERS[1:]:
            row += [f"+{r[name]['beyond']:.0f}", f"{r[name]['per_cpu_second'] / 1e6:.1f} M"]
        rows.append(row + [f"{r['nft_by_native']:.1f}", f"{r['nft_by_tc']:.1f}"])
    return rows

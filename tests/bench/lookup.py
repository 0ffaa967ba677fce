# SPDX-License-Identifier: Apache-2.0
"""The gate's time per packet, by BPF_PROG_TEST_RUN."""
import statistics
import subprocess

from host.lib import sandbox

KINDS = {"allowed_hot": "allowed, 16 sources", "allowed": "allowed, 1024", "refused_hot": "refused, 16",
         "refused": "refused, 1024", "sibling": "sibling, 1024", "new": "refused, 65536"}
ROUNDS = 12
METHOD = f"""\
CPU ns per SYN by BPF_PROG_TEST_RUN, on a build of the gate that takes the source from so many random ones in turn: the
lowest of {ROUNDS} rounds in turn (what is above it is the machine's other work). trie: the same parser, then a bare lookup in the gate's
own trie. over: gate less trie. sibling: next to an allowed prefix, and refused. Refused sources stand in the table of
refused sources already, but for the last line: 65536 are more than it holds."""


def measure(family, path):
    """One list. {row: [ns of each round]}"""
    program = [str(sandbox.BUILD / "bench/bench_lookup"), str(path), str(family), str(ROUNDS)]
    out = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return dict(zip(out[0].split("\t"), zip(*[map(float, line.split("\t")) for line in out[1:]])))


def summary(rows):
    best = {name: min(values) for name, values in rows.items()}
    result = {"empty": best["empty"], "parse": best["parse"]}
    for kind in KINDS:
        trie, gate = f"trie {kind}", f"gate {kind}"
        result[kind] = {"trie": best[trie], "gate": best[gate], "over": round(best[gate] - best[trie], 2),
                        "median_over": round(statistics.median(g - t for g, t in zip(rows[gate], rows[trie])), 2)}
    return result


def run(lists, note):
    """lists: [(family, rules, path)]"""
    results = []
    for family, rules, path in lists:
        note(f"lookup: IPv{family}, {rules:,} rules")
        results.append({"family": family, "rules": rules, **summary(measure(family, path))})
    return results


def table(results, family):
    """A line for each kind of source, three columns for each size."""
    results = [r for r in results if r["family"] == family]
    rows = [[f"IPv{family}"] + [cell for r in results for cell in (f"{r['rules']:,}: trie", "gate", "over")]]
    for name in ("empty", "parse"):
        rows.append([name] + [cell for r in results for cell in ("", f"{r[name]:.0f}", "")])
    for kind, title in KINDS.items():
        rows.append([title] + [cell for r in results for cell in
                               (f"{r[kind]['trie']:.0f}", f"{r[kind]['gate']:.0f}", f"{r[kind]['over']:+.0f}")])
    return rows

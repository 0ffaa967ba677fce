# SPDX-License-Identifier: Apache-2.0
"""The gate's time per packet, by BPF_PROG_TEST_RUN."""
import statistics
import subprocess

from host.lib import sandbox

KINDS = ("hot", "allowed", "refused", "sibling", "new")
ROUNDS = 9
METHOD = """\
CPU ns per SYN by BPF_PROG_TEST_RUN on a build of the gate that rotates the source: the lowest of %d interleaved rounds
(what is above it is the machine's other work). trie: the same parser, then a bare lookup in the gate's own trie.
over: gate less trie. hot: 16 allowed sources in turn. allowed, refused, sibling (of an allowed prefix): 1024 each; refused ones
stand in the table of refused sources already. new: 65536 refused sources, more than that table holds.""" % ROUNDS


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


def table(results):
    head = ["", "rules", "empty", "parse"]
    for kind in KINDS:
        head += [f"{kind} trie", "gate", "over"]
    rows = [head]
    for r in results:
        row = [f"IPv{r['family']}", f"{r['rules']:,}", f"{r['empty']:.0f}", f"{r['parse']:.0f}"]
        for kind in KINDS:
            row += [f"{r[kind]['trie']:.0f}", f"{r[kind]['gate']:.0f}", f"{r[kind]['over']:+.0f}"]
        rows.append(row)
    return rows

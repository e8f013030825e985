#!/usr/bin/env python3
"""Backbones for the base pairs of known structures: how many pairs form, and how close the backbone is to the native.

    scripts/benchmarks/given_structures.py PROGRAM OUTPUT STRUCTURE... [--checkpoint FILE] [--samples N] [--steps N]
                                           [--min-pairs N]

STRUCTURE are PDB or mmCIF files, or folders of them; the first chain with RNA of each counts. The pairs are those that
`flashrna convert` finds. Every structure is sampled by the network alone (no corrections) and with the default
corrections, and `flashrna evaluate` compares with the pairs and the native. Prints means over the structures of: F1,
precision and recall of the pairs, lDDT of single samples and of the best sample of a structure, the same for the
TM-score, shares of links and helices, suites, and the median of the clashes.
"""

import argparse
import collections
import csv
import pathlib
import shutil
import statistics
import subprocess
import sys

ALONE = ["--steric-rounds", "0", "--relax-rounds", "0", "--pair-rounds", "0"]
MEANS = ["pair_f1", "pair_precision", "pair_recall", "native_lddt", "native_tm", "helix_share", "suite_outliers",
         "suiteness"]


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE)


def prepare(program, settings):
    """Writes natives/NAME.cif and given.dbn with the structures of enough pairs; returns their names."""
    output = settings.output
    run(program, "convert", *settings.structures, "--output", output / "natives.h5", "--overwrite", "--quiet")
    for kind, folder in (("cif", "natives"), ("dbn", "pairs")):
        shutil.rmtree(output / folder, ignore_errors=True)
        run(program, "export", output / "natives.h5", "--format", kind, "--output", output / folder, "--quiet")
    names, records = [], []
    for path in sorted((output / "pairs").glob("*.dbn")):
        record = path.read_text()
        if sum(record.split("\n")[2].count(letter) for letter in "([{<ABCD") >= settings.min_pairs:
            names.append(path.stem)
            records.append(record)
    if not names:
        sys.exit(f"error: no structure has {settings.min_pairs} base pairs")
    (output / "given.dbn").write_text("".join(records))
    return names


def evaluate(program, output, kind, names, settings):
    """Rows of samples.csv joined with those of metrics.csv, by structure. One evaluation per number of the sample, as
    a native belongs to the sample of its own name."""
    rows = collections.defaultdict(list)
    made = {row["name"]: row for row in csv.DictReader((output / kind / "samples.csv").open())}
    for k in range(settings.samples):
        folder = output / f"{kind}_{k}"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "samples").mkdir(parents=True)
        for name in names:
            shutil.copy(output / kind / made[f"{name}_sample_{k:03}"]["file"], folder / "samples" / f"{name}.cif")
        run(program, "evaluate", "--samples", folder / "samples", "--native", output / "natives", "--pairs",
            output / "pairs", "--no-novelty", "--no-diversity", "--output", folder / "evaluation", "--quiet")
        for row in csv.DictReader((folder / "evaluation" / "metrics.csv").open()):
            name = pathlib.Path(row["name"]).stem
            rows[name].append({**row, **made[f"{name}_sample_{k:03}"]})
    return rows


def summarize(rows):
    every = [row for group in rows.values() for row in group]
    summary = {key: statistics.mean(float(row[key]) for row in every if row[key]) for key in MEANS}
    for key in ("native_lddt", "native_tm"):
        summary[f"best_{key}"] = statistics.mean(max(float(row[key]) for row in group) for group in rows.values())
    for key in ("c4_neighbors", "bonded"):
        summary[key] = statistics.mean(float(row[key]) for row in every)
    summary["clashes"] = statistics.median(float(row["clashes_per_100_atoms"]) for row in every)
    summary["radius_of_gyration"] = statistics.mean(float(row["radius_of_gyration"]) for row in every)
    return summary


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("structures", type=pathlib.Path, nargs="+")
    parser.add_argument("--checkpoint")
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--min-pairs", type=int, default=5)
    settings = parser.parse_args()
    program = settings.program.resolve()
    checkpoint = ["--checkpoint", settings.checkpoint] if settings.checkpoint else []
    settings.output.mkdir(parents=True, exist_ok=True)
    names = prepare(program, settings)
    print(f"{len(names)} structures, {settings.samples} samples each, {settings.steps} steps, seed 1")
    for kind, options in (("alone", ALONE), ("corrected", [])):
        run(program, "sample", *checkpoint, "--secondary-structure", settings.output / "given.dbn", "--samples",
            settings.samples, "--steps", settings.steps, "--seed", 1, *options, "--output", settings.output / kind,
            "--quiet")
        summary = summarize(evaluate(program, settings.output, kind, names, settings))
        print(f"{kind}: " + ", ".join(f"{key} {value:.3f}" for key, value in summary.items()), flush=True)


if __name__ == "__main__":
    sys.exit(main())

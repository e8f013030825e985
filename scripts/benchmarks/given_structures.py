#!/usr/bin/env python3
"""Backbones for the base pairs of known structures: how many pairs form, and how close the backbone is to the native.

    scripts/benchmarks/given_structures.py PROGRAM OUTPUT STRUCTURE... [--checkpoint FILE] [--samples N] [--steps N]
                                           [--min-pairs N] [--rule whole-bases|two-atoms]

STRUCTURE are PDB or mmCIF files, or folders of them; the first chain with RNA of each counts. The pairs are those that
`flashrna convert` finds: with the rule two-atoms, from copies without base atoms beyond N9 or N1, as the pairs of samples
are found. The line `natives` is what the natives themselves reach. Every structure is sampled by the network alone (no corrections) and with the default
corrections, and `flashrna evaluate` compares with the pairs and the native. Prints means over the structures of: F1,
precision and recall of the pairs, lDDT of single samples and of the best sample of a structure, the same for the
TM-score, links, helices, suites, pucker, and the median of the clashes.
"""

import argparse
import collections
import csv
import pathlib
import shutil
import statistics
import subprocess
import sys

BACKBONE = set("P OP1 OP2 OP3 O5' C5' C4' O4' C3' O3' C2' O2' C1'".split())
ALONE = ["--steric-rounds", "0", "--relax-rounds", "0", "--pair-rounds", "0"]
MEASURES = ["pair_f1", "pair_precision", "pair_recall", "paired", "suite_outliers", "suiteness", "suites_1a", "c3_endo"]
MEANS = MEASURES + ["native_lddt", "native_tm", "c4_neighbors", "bonded", "radius_of_gyration"]


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE)


def without_bases(text):
    """The mmCIF file without the base atoms that a sample lacks, and with N for every nucleotide."""
    columns, kept = [], []
    for line in text.splitlines():
        if line.startswith("_atom_site."):
            columns.append(line.split(".")[1].strip())
        if line.startswith(("ATOM", "HETATM")):
            atom = dict(zip(columns, line.split()))
            name = atom["label_atom_id"].strip('"')
            nitrogen = "N9" if atom["label_comp_id"] in ("A", "G") else "N1"
            if name not in BACKBONE and name != nitrogen:
                continue
        kept.append(line)
    return "\n".join(kept) + "\n"


def export(program, dataset, kind, folder):
    shutil.rmtree(folder, ignore_errors=True)
    run(program, "export", dataset, "--format", kind, "--output", folder, "--quiet")


def prepare(program, settings):
    """Writes natives/NAME.cif and given.dbn with the structures of enough pairs; returns their names."""
    output = settings.output
    dataset = output / "natives.h5"
    run(program, "convert", *settings.structures, "--output", dataset, "--overwrite", "--quiet")
    export(program, dataset, "cif", output / "natives")
    if settings.rule == "two-atoms":
        dataset, bare = output / "natives_without_bases.h5", output / "natives_without_bases"
        shutil.rmtree(bare, ignore_errors=True)
        bare.mkdir()
        for path in (output / "natives").glob("*.cif"):
            (bare / path.name).write_text(without_bases(path.read_text()))
        run(program, "convert", bare, "--output", dataset, "--overwrite", "--quiet")
    export(program, dataset, "dbn", output / "pairs")
    names, records = [], []
    for native in sorted((output / "natives").glob("*.cif")):
        # A copy's identifier is its file's name, with model and chain if that name is no PDB entry's.
        written = next(path for path in (output / "pairs").glob(f"{native.stem}*.dbn")
                       if path.stem in (native.stem, f"{native.stem}_1_A"))
        path = written.rename(output / "pairs" / f"{native.stem}.dbn")
        record = f">{path.stem}\n" + path.read_text().split("\n", 1)[1]
        path.write_text(record)
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
        for name, row in metrics(program, output, folder).items():
            rows[name].append({**row, **made[f"{name}_sample_{k:03}"]})
    return rows


def metrics(program, output, folder):
    """Evaluates folder/samples beside natives and pairs; rows of metrics.csv by structure."""
    run(program, "evaluate", "--samples", folder / "samples", "--native", output / "natives", "--pairs",
        output / "pairs", "--no-novelty", "--no-diversity", "--output", folder / "evaluation", "--quiet")
    rows = csv.DictReader((folder / "evaluation" / "metrics.csv").open())
    return {pathlib.Path(row["name"]).stem: row for row in rows}


def means(rows, keys):
    return {key: statistics.mean(float(row[key]) for row in rows if row[key]) for key in keys}


def natives(program, output, names):
    folder = output / "natives_as_samples"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "samples").mkdir(parents=True)
    for name in names:
        shutil.copy(output / "natives" / f"{name}.cif", folder / "samples")
    return means(metrics(program, output, folder).values(), MEASURES)


def summarize(rows):
    every = [row for group in rows.values() for row in group]
    summary = means(every, MEANS)
    for key in ("native_lddt", "native_tm"):
        summary[f"best_{key}"] = statistics.mean(max(float(row[key]) for row in group) for group in rows.values())
    summary["clashes"] = statistics.median(float(row["clashes_per_100_atoms"]) for row in every)
    return summary


def show(kind, summary):
    print(f"{kind}: " + ", ".join(f"{key} {value:.3f}" for key, value in summary.items()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("structures", type=pathlib.Path, nargs="+")
    parser.add_argument("--checkpoint")
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--min-pairs", type=int, default=5)
    parser.add_argument("--rule", choices=["whole-bases", "two-atoms"], default="whole-bases")
    settings = parser.parse_args()
    program = settings.program.resolve()
    checkpoint = ["--checkpoint", settings.checkpoint] if settings.checkpoint else []
    settings.output.mkdir(parents=True, exist_ok=True)
    names = prepare(program, settings)
    print(f"{len(names)} structures, pairs by {settings.rule}, {settings.samples} samples each, {settings.steps} steps, "
          "seed 1")
    show("natives", natives(program, settings.output, names))
    for kind, options in (("alone", ALONE), ("corrected", [])):
        run(program, "sample", *checkpoint, "--secondary-structure", settings.output / "given.dbn", "--samples",
            settings.samples, "--steps", settings.steps, "--seed", 1, *options, "--output", settings.output / kind,
            "--quiet")
        show(kind, summarize(evaluate(program, settings.output, kind, names, settings)))


if __name__ == "__main__":
    sys.exit(main())

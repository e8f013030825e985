#!/usr/bin/env python3
"""Scaffolds around twelve motifs of known structures: how well they keep the motif, link, and avoid clashes.

    scripts/benchmarks/motifs.py PROGRAM DATASET OUTPUT [--checkpoint FILE] [--samples N] [--steps N] [--groups KIND]
                                 [--ends SHORTEST-LONGEST]

DATASET holds the chains of motifs.csv, whole chains, as `flashrna convert` writes them; none of them is in a cluster that
the shipped weights have seen. Residues in motifs.csv are positions in the stored chain, from 1; parts are separated by
";". Between two parts a scaffold has as many new residues as the native, 4 fewer to 6 more, and 5 to 15 at each end, or
what --ends says. Prints a row per motif and the means, and writes OUTPUT/motifs.csv.

A sample succeeds if the motif's RMSD is at most 0.001 Å (--groups fixed), or that of its worst part at most 1.5 Å (free),
if every link O3'-P is below 2.5 Å, and if links and clashes are as weights/thresholds.csv asks: at least 85 % of the
C4'-C4' distances in 5 to 7 Å (those inside the motif too, where natives' loops have longer ones), at most 2 clashes per
100 atoms. Diversity is the share of clusters at a TM-score of 0.5 (evaluate's d_raw); the samples share the motif.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys

LARGEST_MOTIF_RMSD = {"fixed": 0.001, "free": 1.5}  # Å
LEAST_C4_NEIGHBORS = 0.85
MOST_CLASHES = 2  # per 100 atoms


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, text=True, stdout=subprocess.PIPE).stdout


def author_numbers(path):
    """(chain, number with insertion code) of every residue in the first chain of an mmCIF file written by export."""
    columns, rows, seen = [], [], set()
    for line in path.read_text().splitlines():
        if line.startswith("_atom_site."):
            columns.append(line.split(".")[1].strip())
        elif columns and line.startswith(("ATOM", "HETATM")):
            values = dict(zip(columns, line.split()))
            code = values["pdbx_PDB_ins_code"]
            residue = values["auth_asym_id"], values["auth_seq_id"] + ("" if code in "?." else code)
            if residue not in seen:
                seen.add(residue)
                rows.append(residue)
    return rows


def contig_of(residues, parts, ends):
    """The contig of a motif: parts [(first, last)], positions from 1; ends, the range of new residues at each end."""
    items, previous = [ends], None
    for first, last in parts:
        if previous is not None:
            gap = first - previous - 1
            items.append(f"{max(1, gap - 4)}-{gap + 6}")
        chain, begin = residues[first - 1]
        items.append(f"{chain}{begin}-{residues[last - 1][1]}")
        previous = last
    return ",".join(items + [ends])


def measure(folder, kind):
    """The row of a motif from the samples.csv of its folder."""
    samples = list(csv.DictReader((folder / "samples.csv").open()))
    numbers = {key: [float(sample[key]) for sample in samples]
               for key in ("motif_rmsd", "bonded", "c4_neighbors", "clashes_per_100_atoms", "suite_outliers",
                           "helix_share")}
    good = [rmsd <= LARGEST_MOTIF_RMSD[kind] and bonded == 1 and links >= LEAST_C4_NEIGHBORS and clashes <= MOST_CLASHES
            for rmsd, bonded, links, clashes in zip(numbers["motif_rmsd"], numbers["bonded"], numbers["c4_neighbors"],
                                                    numbers["clashes_per_100_atoms"])]
    return {"samples": len(samples), "length": f"{statistics.mean(float(sample['length']) for sample in samples):.0f}",
            "success": f"{sum(good) / len(good):.2f}",
            "median_motif_rmsd": f"{statistics.median(numbers['motif_rmsd']):.4f}",
            "largest_motif_rmsd": f"{max(numbers['motif_rmsd']):.4f}",
            **{key: f"{statistics.mean(numbers[key]):.3f}" for key in numbers if key != "motif_rmsd"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("dataset", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--checkpoint")
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--steps", type=int, help="default: the program's")
    parser.add_argument("--groups", choices=["fixed", "free"], default="fixed")
    parser.add_argument("--ends", default="5-15")
    settings = parser.parse_args()
    program = settings.program.resolve()
    options = ["--checkpoint", settings.checkpoint] if settings.checkpoint else []
    options += ["--steps", settings.steps] if settings.steps else []
    motifs = list(csv.DictReader((pathlib.Path(__file__).parent / "motifs.csv").open()))
    chains = sorted({motif["chain"] for motif in motifs})
    run(program, "export", settings.dataset, "--chains", *chains, "--output", settings.output / "natives",
        "--overwrite", "--quiet")
    rows = []
    for motif in motifs:
        native = settings.output / "natives" / f"{motif['chain']}.cif"
        parts = [tuple(map(int, part.split("-"))) for part in motif["residues"].split(";")]
        contig = contig_of(author_numbers(native), parts, settings.ends)
        folder = settings.output / motif["name"]
        run(program, "sample", *options, "--contig", contig, "--motif", native, "--motif-groups", settings.groups,
            "--samples", settings.samples, "--seed", 1, "--output", folder, "--quiet")
        summary = json.loads(run(program, "evaluate", "--samples", folder, "--no-novelty", "--output",
                                 folder / "evaluation", "--json", "--quiet"))
        rows.append({"motif": motif["name"], "contig": contig, **measure(folder, settings.groups),
                     "diversity": f"{summary['measures']['d_raw']['samples']:.2f}"})
        print(*rows[-1].values(), sep="\t", flush=True)
    print("mean", "", *(f"{statistics.mean(float(row[key]) for row in rows):.4g}" for key in list(rows[0])[2:]), sep="\t")
    with (settings.output / "motifs.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())

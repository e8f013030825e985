#!/usr/bin/env python3
"""Writes the model card of weights that ship from what was measured, to standard output:

  scripts/model_card.py WEIGHTS.h5 QUALITY --dataset split.h5 --run runs/small --hardware TEXT > weights/README.md

QUALITY is the folder of scripts/quality.sh, --dataset what it was given and the run was trained on, --run the folder of
the training. Words that no file holds (--hardware, --notes) come from the command line. Needs h5py.
"""

import argparse
import configparser
import csv
import hashlib
import json
import pathlib
import sys

try:
    import h5py
except ImportError as error:
    sys.exit(f"error: {error}; apt-get install python3-h5py and use /usr/bin/python3, or pip install h5py")


def show(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def markdown(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(show(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def about(weights):
    data = weights.read_bytes()
    with h5py.File(weights) as file:
        facts = {name: value for name, value in file.attrs.items()}
    if facts.get("format") != "flashrna-weights":
        sys.exit(f"error: {weights}: not a file of `flashrna weights` (its format is {facts.get('format')})")
    rows = [
        ("file", f"`{weights.name}`, {len(data) / 1e6:.2f} MB, float16"),
        ("SHA-256", hashlib.sha256(data).hexdigest()),
        ("parameters", f"{facts['parameters']:,}, " + ("their moving average" if facts["averaged"] else "as trained")),
        ("steps of training", f"{facts['step']:,} ({facts['epoch']:,} epochs)"),
        ("longest training chain", f"{facts['longest_chain']}, {facts['longest_chain_length']} nt"
         if "longest_chain" in facts else None),
        ("training chains, and their fingerprint", facts["data"]),
        ("SHA-256 of the dataset", facts["dataset_sha256"]),
        ("license of the weights", facts["license"]),
        ("written by", f"flashrna {facts['program_version']}"),
    ]
    return facts, markdown(["", ""], [row for row in rows if row[1]])


def the_data(dataset, configuration):
    config = configparser.ConfigParser(interpolation=None)
    config.read_string(configuration)
    shortest, longest = config.getint("data", "min_length"), config.getint("data", "max_length")
    with h5py.File(dataset) as file:
        chains = file["chains"]
        table = list(zip(chains["entry"].asstr()[:], chains["split"].asstr()[:], chains["length"][:].tolist(),
                         chains["sequence_cluster"][:].tolist()))
        compared = (chains["structure_cluster"][:] >= 0).any()
        source = file.attrs["source"]
    rows, entries = [], {}
    for split in ("train", "validation", "test"):
        mine = [row for row in table if row[1] == split and row[2] >= shortest and (longest == 0 or row[2] <= longest)]
        entries[split] = sorted({row[0] for row in mine})
        rows.append((split, len(mine), len(entries[split]), len({row[3] for row in mine}), sum(row[2] for row in mine)))
    limits = f"{shortest} to {longest} nt" if longest else f"{shortest} nt and more"
    lists = "\n\n".join(f"Entries of {split}: {' '.join(names)}." for split, names in entries.items())
    return (f"Experimental RNA structures of the Protein Data Bank (coordinates are CC0), from `{source}`, chains of "
            f"{limits}. A sequence cluster{' or a fold' if compared else ''} is in one part only.\n\n"
            + markdown(["part", "chains", "entries", "clusters", "nucleotides"], rows) + "\n\n" + lists)


def training(run, hardware):
    with open(run / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    validated = [row for row in rows if row["validation_loss"]]
    last, lines = rows[-1], []
    # Each command of a resumed run counts its seconds from 0.
    seconds = [float(row["seconds"]) for row in rows]
    hours = sum(now for now, after in zip(seconds, [*seconds[1:], 0.0]) if after < now) / 3600
    lines.append(f"{int(last['step']):,} steps in {hours:.1f} hours on {hardware}, "
                 f"{float(last['residues_per_second']):,.0f} residues per second at the end.")
    state = ("step", "gradient_norm", "learning_rate", "epoch", "seconds", "residues_per_second", "waiting", "memory")
    terms = [name for name in last if name not in state and not name.startswith(("validation_", "sample_"))]
    lines.append(markdown(["step", *terms], [[last["step"], *(float(last[term]) for term in terms)]]))
    if validated:
        columns = [name for name in validated[-1] if name.startswith("validation_")]
        best = min(validated, key=lambda row: float(row["validation_loss"]))
        lines.append("Held-out clusters:\n\n" + markdown(
            ["", "step", *columns], [[name, row["step"], *(float(row[c]) for c in columns if row[c])]
                                     for name, row in (("last", validated[-1]), ("lowest", best))]))
    return "\n\n".join(lines)


def quality(folder):
    bounds = json.loads((folder / "thresholds.json").read_text())
    sets = [name for name in ("samples", "natives", "rebuilt") if name in bounds[0]]
    if "samples" not in sets:
        sys.exit(f"error: {folder}/thresholds.json: holds no samples; give scripts/quality.sh the weights")
    columns = [name for column in sets for name in (column, f"{column} passes")]
    table = markdown(["measure", "threshold", *columns, "reference"],
                     [[row["measure"] + (f", {row['unit']}" if row["unit"] else ""), row["threshold"],
                       *(row[column] for column in columns), row["reference"]] for row in bounds])
    measures = markdown(["measure", *sets, "reference", "key"],
                        [[row["measure"] + (f", {row['unit']}" if row["unit"] else ""),
                          *(row[column] for column in sets), row["reference"], f"`{row['key']}`"]
                         for row in json.loads((folder / "measures.json").read_text())])
    missed = [row for row in bounds if not row["samples passes"]]
    counts = next(row for row in json.loads((folder / "measures.json").read_text()) if row["key"] == "samples")
    return table, measures, missed, counts


def native_radius_of_gyration(length):
    """The trend of natives, Å: the size law of libfold/backbone/sampled_backbone.h."""
    return 5.7 * length ** 0.32


def long_samples(folder):
    rows = []
    for path in sorted((folder / "long").glob("*/samples.csv"), key=lambda path: int(path.parent.name)):
        peak = int((path.parent / "peak_kilobytes").read_text()) * 1024 / 1e9
        with open(path.parent / "timings.csv", newline="") as file:
            batches = list(csv.DictReader(file))
        seconds = sum(float(row["seconds"]) for row in batches) / sum(int(row["samples"]) for row in batches)
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                rows.append((row["name"], f"{seconds:.0f}", f"{peak:.2f}", row["c4_neighbors"],
                             row["bonded"], row.get("clashes_per_100_atoms") or row["clashes"],  # its name before 2026-12
                             row["radius_of_gyration"],
                             f"{native_radius_of_gyration(int(row['length'])):.1f}"))
    return markdown(["sample", "seconds each", "peak of memory, GB", "C4′–C4′ in 5–7 Å", "O3′–P < 2.5 Å",
                     "clashes per 100 atoms", "Rg, Å", "natives' trend, Å"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("quality", type=pathlib.Path)
    parser.add_argument("--dataset", type=pathlib.Path, required=True)
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--hardware", required=True, help="what it was trained and sampled on, and when")
    parser.add_argument("--notes", type=pathlib.Path, help="Markdown to end the card with: what was tried")
    given = parser.parse_args()
    facts, facts_table = about(given.weights)
    expected = facts["dataset_sha256"]
    if expected and hashlib.sha256(given.dataset.read_bytes()).hexdigest() != expected:
        sys.exit(f"error: {given.dataset}: is not the dataset that the weights name, of SHA-256 {expected}")
    bounds, measures, missed, counts = quality(given.quality)
    failures = [f"- {row['measure']}: {show(row['samples'])} where {row['threshold']} is asked for."
                for row in missed] or ["- It reaches every threshold above."]
    longest = facts.get("longest_chain_length")
    config = configparser.ConfigParser(interpolation=None)
    config.read_string(facts["configuration"])
    places_bases = config.get("model", "torsions", fallback="8") == "9"
    cannot = [*failures,
              "- No ligands, no proteins." + ("" if places_bases else " No whole bases (`--all-atom`)."),
              "- The nucleotides that it proposes are no replacement for an inverse-folding program.",
              "- It predicts no structure of a given sequence."]
    if longest:
        cannot.append(f"- It has seen no chain of more than {longest} nt: what is longer is extrapolated.")
    parts = [f"# {given.weights.stem}\n\n{facts['description']}".rstrip(),
             *([f"**It misses {len(missed)} threshold{'' if len(missed) == 1 else 's'} below**: " + "; ".join(
                 f"{row['measure']} {show(row['samples'])}, natives {show(row['natives'])}" for row in missed) + "."]
               if missed else []),
             facts_table, "## Data\n\n" + the_data(given.dataset, facts["configuration"]),
             "## Training\n\n" + training(given.run, given.hardware),
             "## What its samples are like\n\n"
             f"{counts['samples']:.0f} samples, as many at each of 40, 50, …, 150 nt (`scripts/quality.sh`), beside "
             f"{counts['natives']:.0f} held-out natives of 40 to 150 nt, the same natives rebuilt from their own frames "
             "and torsions, and the training chains as the reference. Measures as in `docs/evaluation.md`; on "
             + given.hardware + ".\n\n"
             + bounds, measures,
             "Long ones, from the same weights:\n\n" + long_samples(given.quality),
             "## What it cannot do\n\n" + "\n".join(cannot)]
    if given.notes:
        parts.append(given.notes.read_text().rstrip())
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()

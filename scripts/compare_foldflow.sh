#!/usr/bin/env bash
# Compares the dense and the factorized pair representation of FoldFlow's network (docs/foldflow.md): trains both on the
# same chains with equal batches and equal draws of noise, with three seeds each. Writes FOLDER/losses.csv, the means of
# every loss term over tenths of the steps, and prints the last tenth. With gnuplot also FOLDER/losses.svg.
#
#   scripts/compare_foldflow.sh PROGRAM DATASET FOLDER [OPTION...]
#
# DATASET: of flashrna convert --polymer protein. OPTION...: of flashrna train, such as --training.steps 2000; the
# configuration is configs/foldflow_small.ini. Runs that are complete are not repeated.
set -euo pipefail
usage="usage: scripts/compare_foldflow.sh PROGRAM DATASET FOLDER [OPTION...]"
program=$(realpath "${1:?$usage}")
dataset=$(realpath "${2:?$usage}")
folder=${3:?$usage}
shift 3
config=$(dirname "${BASH_SOURCE[0]}")/../configs/foldflow_small.ini
mkdir -p "$folder"

for seed in 0 1 2; do
  for form in dense factorized; do
    run=$folder/${form}_$seed
    [ -e "$run.done" ] && continue
    rm -rf "$run"
    mode=flash_1d_bias
    [ "$form" = dense ] && mode=orig_2d_bias
    "$program" train --config "$config" --data.path "$dataset" --output "$run" --model.mode "$mode" \
      --training.seed "$seed" --training.validate_every 0 "$@"
    touch "$run.done"
  done
done

python3 - "$folder" <<'PYTHON'
import csv, pathlib, shutil, statistics, subprocess, sys

folder = pathlib.Path(sys.argv[1])
terms = ("loss", "translation", "rotation", "atoms", "distances")
rows = []
for form in ("dense", "factorized"):
    for seed in (0, 1, 2):
        with open(folder / f"{form}_{seed}/metrics.csv") as file:
            steps = [{key: float(row[key]) for key in ("step",) + terms} for row in csv.DictReader(file)]
        for tenth in range(10):
            part = steps[len(steps) * tenth // 10:len(steps) * (tenth + 1) // 10]
            if part:
                rows.append([form, seed, int(part[-1]["step"])] +
                            [statistics.fmean(row[term] for row in part) for term in terms])
with open(folder / "losses.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["form", "seed", "step", *terms])
    writer.writerows(rows)

last = max(row[2] for row in rows)
print("form        " + "".join(f"{term:>24}" for term in terms))
for form in ("dense", "factorized"):
    text = f"{form:12}"
    for k in range(len(terms)):
        values = [row[3 + k] for row in rows if row[0] == form and row[2] == last]
        text += f"{statistics.fmean(values):10.4f} ({min(values):.4f}-{max(values):.4f})".rjust(24)
    print(text)

if shutil.which("gnuplot"):
    script = ["set terminal svg size 720,480 background rgb 'white'", f"set output '{folder}/losses.svg'",
              "set xlabel 'step'", "set ylabel 'loss'", "set logscale y", "set grid"]
    lines = []
    for i, form in enumerate(("dense", "factorized")):
        for seed in (0, 1, 2):
            name = f"${form}{seed}"
            script += [f"{name} << END"] + [f"{r[2]} {r[3]}" for r in rows if r[:2] == [form, seed]] + ["END"]
            lines.append(f"{name} with lines lw 2 lc {i + 1} title '{form if seed == 0 else ''}'")
    script.append("plot " + ", ".join(lines))
    subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)
PYTHON

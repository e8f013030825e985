#!/usr/bin/env bash
# Compares the dense and the factorized pair representation of FoldFlow's network (docs/foldflow.md): trains both on the
# same chains with equal batches and equal draws of noise, and the factorized one also with batches four times as large,
# with three seeds each. Writes FOLDER/losses.csv, the means of every loss term over tenths of the steps, and prints the
# last tenth, the residues per second and the largest memory. With gnuplot also FOLDER/losses.svg.
#
#   scripts/compare_foldflow.sh PROGRAM DATASET FOLDER [OPTION...]
#
# DATASET: of flashrna convert --polymer protein. OPTION...: of flashrna train, such as --training.steps 2000; the
# configuration is configs/foldflow_small.ini with 4 chains per batch. An interrupted run continues; a complete one is
# not repeated.
set -euo pipefail
usage="usage: scripts/compare_foldflow.sh PROGRAM DATASET FOLDER [OPTION...]"
program=$(realpath "${1:?$usage}")
dataset=$(realpath "${2:?$usage}")
folder=${3:?$usage}
shift 3
config=$(dirname "${BASH_SOURCE[0]}")/../configs/foldflow_small.ini
mkdir -p "$folder"

declare -A options=(
  [dense]="--model.mode orig_2d_bias --data.batch_size 4"
  [factorized]="--data.batch_size 4"
  [large_batch]="--data.batch_size 16"
)
for seed in 0 1 2; do
  for form in dense factorized large_batch; do
    run=$folder/${form}_$seed
    [ -e "$run.done" ] && continue
    read -ra of_form <<<"${options[$form]}"
    if compgen -G "$run/checkpoints/step_*.h5" >/dev/null; then
      "$program" train --resume --output "$run"
    else
      "$program" train --config "$config" --data.path "$dataset" --output "$run" --data.max_residues 65536 \
        --training.seed "$seed" --training.validate_every 0 "${of_form[@]}" "$@"
    fi
    touch "$run.done"
  done
done

python3 - "$folder" <<'PYTHON'
import csv, pathlib, shutil, statistics, subprocess, sys

folder = pathlib.Path(sys.argv[1])
forms = {"dense": "dense", "factorized": "factorized", "large_batch": "factorized, 4 x batch"}
terms = ("loss", "translation", "rotation", "atoms", "distances")
rows, rates = [], {form: [] for form in forms}
for form in forms:
    for seed in (0, 1, 2):
        with open(folder / f"{form}_{seed}/metrics.csv") as file:
            steps = [{key: float(row[key]) for key in ("step", "residues_per_second", "memory") + terms}
                     for row in csv.DictReader(file)]
        rates[form] += [(row["residues_per_second"], row["memory"]) for row in steps]
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
print("form        " + "".join(f"{term:>24}" for term in terms) + f"{'residues/s':>12}{'memory, MB':>12}")
for form in forms:
    text = f"{form:12}"
    for k in range(len(terms)):
        values = [row[3 + k] for row in rows if row[0] == form and row[2] == last]
        text += f"{statistics.fmean(values):10.4f} ({min(values):.4f}-{max(values):.4f})".rjust(24)
    rate, memory = zip(*rates[form])
    print(text + f"{statistics.median(rate):12.0f}{max(memory) / 1e6:12.0f}")

if shutil.which("gnuplot"):
    script = ["set terminal svg size 900,900 background rgb 'white'", f"set output '{folder}/losses.svg'"]
    for form in forms:
        for seed in (0, 1, 2):
            points = [" ".join(map(str, row[2:])) for row in rows if row[:2] == [form, seed]]
            script += [f"${form}{seed} << END", *points, "END"]
    script += ["set multiplot layout 3,2", "set xlabel 'step'", "set grid", "set logscale y"]
    for k, term in enumerate(terms):
        lines = [f"${form}{seed} using 1:{k + 2} with lines lw 2 lc {i + 1} title '{title if seed == 0 else ''}'"
                 for i, (form, title) in enumerate(forms.items()) for seed in (0, 1, 2)]
        script += [f"set ylabel '{'total' if term == 'loss' else term}'", "plot " + ", ".join(lines)]
    script.append("unset multiplot")
    subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)
PYTHON

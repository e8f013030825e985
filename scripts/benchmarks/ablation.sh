#!/usr/bin/env bash
# What each part of configs/rna_small.ini contributes: trains it without one part at a time, with the same seed, data and
# number of steps, and measures the network alone (no corrections).
#
#   scripts/benchmarks/ablation.sh PROGRAM DATASET OUTPUT [STEPS [VARIANT...]]
#
# DATASET was written by `flashrna split`; pairs are given of its held-out structures of 40 to 150 nt, one per cluster.
# OUTPUT gets a run and samples per variant, and table.csv with: residues/s and peak memory of the training, C4'-C4' in
# 5 to 7 A and O3'-P below 2.5 A of one sample each of 128, 512, 1,500 and 4,000 nt with nothing given, and F1, suite
# outliers and lDDT with pairs given. A run that was interrupted continues; a variant in table.csv is not repeated.
set -euo pipefail
if [[ $# -lt 3 ]]; then
  echo "usage: scripts/benchmarks/ablation.sh PROGRAM DATASET OUTPUT [STEPS [VARIANT...]]" >&2
  exit 2
fi
program=$(realpath "$1") dataset=$(realpath "$2") output=$(realpath -m "$3") steps=${4:-2000}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
declare -A without=(
  [all]=""
  [chain_prior]="--flow.prior scaled"
  [relative_positions]="--model.positions absolute"
  [chain_neighbors]="--model.chain_neighbors 0"
  [votes]="--model.edge_votes 0"
  [edges]="--model.local_edges 0 --model.edge_votes 0 --model.condition_pairs false --model.condition_motif_groups false"
  [local_loss]="--losses.local_weight 0"
  [published]="--config configs/small.ini --training.schedule constant --flow.prior fixed --losses.bond_weight 0 --losses.angle_weight 0 --losses.clash_weight 0"
)
variants=("${@:5}")
[[ ${#variants[@]} -gt 0 ]] || variants=(all chain_prior relative_positions chain_neighbors votes edges local_loss published)
alone=(--steric-rounds 0 --relax-rounds 0 --pair-rounds 0 --steps 20 --seed 1 --quiet)
lengths=(128 512 1500 4000)
mkdir -p "$output"
table=$output/table.csv
[[ -e $table ]] || {
  printf 'without,steps,residues_per_s,peak_mb'
  for length in "${lengths[@]}"; do printf ',c4_%s,bonded_%s' "$length" "$length"; done
  printf ',pair_f1,suite_outliers,native_lddt\n'
} >"$table"
[[ -d $output/natives ]] || "$program" export "$dataset" --split validation --min-length 40 --max-length 150 \
  --one-per-cluster --output "$output/natives" --quiet >/dev/null

# The value of a column in the first row of a samples.csv.
value() {
  python3 -c 'import csv, sys; print(next(csv.DictReader(open(sys.argv[1])))[sys.argv[2]])' "$1/samples.csv" "$2"
}

for variant in "${variants[@]}"; do
  [[ -v without[$variant] ]] || { echo "error: no variant $variant; there are: ${!without[*]}" >&2; exit 2; }
  if grep -q "^$variant,$steps," "$table"; then continue; fi
  run=$output/$variant
  read -ra options <<<"${without[$variant]}"
  [[ $variant == published ]] || options=(--config configs/rna_small.ini "${options[@]}")
  resume=()
  if compgen -G "$run/checkpoints/step_*.h5" >/dev/null; then resume=(--resume); fi
  if [[ ${#resume[@]} -gt 0 ]]; then
    "$program" train --resume --output "$run"
  else
    "$program" train "${options[@]}" --data.path "$dataset" --output "$run" --training.steps "$steps" \
      --training.cooldown_steps $((steps / 5)) --training.validate_every 0 --training.seed 1
  fi
  row=$variant,$steps,$(python3 - "$run/metrics.csv" <<'PYTHON'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
print(f"{float(rows[-1]['residues_per_second']):.0f},{max(float(row['memory']) for row in rows) / 1e6:.0f}")
PYTHON
)
  for length in "${lengths[@]}"; do
    "$program" sample --checkpoint "$run" --lengths "$length" --secondary-structure none --samples 1 "${alone[@]}" \
      --output "$run/free_$length" >/dev/null
    row+=,$(value "$run/free_$length" c4_neighbors),$(value "$run/free_$length" bonded)
  done
  # Pairs are given along edges, which these have not.
  if [[ $variant == published || $variant == edges ]]; then
    row+=,,,
  else
    python3 scripts/benchmarks/given_structures.py "$program" "$run/given" "$output/natives" --checkpoint "$run" \
      --steps 20 >"$run/given.txt"
    row+=,$(python3 - "$run/given.txt" <<'PYTHON'
import re, sys
alone = next(line for line in open(sys.argv[1]) if line.startswith("alone: "))
measures = dict(re.findall(r"(\w+) ([0-9.]+)", alone))
print(",".join(measures[key] for key in ("pair_f1", "suite_outliers", "native_lddt")))
PYTHON
)
  fi
  echo "$row" | tee -a "$table"
done

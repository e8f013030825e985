#!/usr/bin/env bash
# Tests that flow, losses and sampler fit together: a model trained on 1EHZ alone must generate 1EHZ. Prints the C4'
# RMSD of ten samples to it after superposition, and fails if their median is above 2 Å.
#
#   scripts/overfit.sh PROGRAM
set -euo pipefail
program=$(realpath "${1:?usage: scripts/overfit.sh PROGRAM, such as build/cpu/flashrna}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=build/overfit
reference=build/demo/structures/1EHZ.cif

scripts/fetch_example_structures.sh build/demo/structures
rm -rf "$folder"
mkdir -p "$folder"
"$program" convert "$reference" --output "$folder/1ehz.h5"
"$program" train --config configs/overfit.ini --data.path "$folder/1ehz.h5" --output "$folder/run"
"$program" sample --checkpoint "$folder/run" --lengths 76 --samples 10 --reference "$reference" \
  --steric-rounds 0 --relax-rounds 0 --output "$folder/samples" --json >"$folder/samples.json"
python3 - "$folder/samples.json" "$SECONDS" <<'PYTHON'
import json, statistics, sys

limit = 2.0  # Å
rmsd = sorted(row["rmsd_to_reference"] for row in json.load(open(sys.argv[1])))
median = statistics.median(rmsd)
print("C4' RMSD to 1EHZ in Å:", " ".join(f"{x:.2f}" for x in rmsd))
print(f"median {median:.2f} Å, allowed {limit:.1f} Å; {int(sys.argv[2]) // 60} min {int(sys.argv[2]) % 60} s")
sys.exit(0 if median <= limit else 1)
PYTHON

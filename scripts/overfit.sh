#!/usr/bin/env bash
# Tests that flow, losses and sampler fit together: a model trained on one chain alone must generate it. Prints the RMSD
# of ten samples to it after superposition, of RNA on C4' and of proteins on CA, and fails if their median is above the
# limit.
#
#   scripts/overfit.sh PROGRAM                    1EHZ, a tRNA; 2 Å
#   scripts/overfit.sh PROGRAM protein FILE       a structure file with one protein chain; 1 Å
set -euo pipefail
usage="usage: scripts/overfit.sh PROGRAM [protein FILE], PROGRAM such as build/cpu/flashrna"
program=$(realpath "${1:?$usage}")
polymer=${2:-rna}
case $polymer in
  rna) ;;
  protein) reference=$(realpath "${3:?$usage; make overfit POLYMER=protein STRUCTURE=FILE}") ;;
  *) echo "error: polymer $polymer: must be rna or protein; $usage" >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=build/overfit
limit=1.0 config=configs/overfit_protein.ini

if [ "$polymer" = rna ]; then
  limit=2.0 config=configs/overfit.ini reference=build/demo/structures/1EHZ.cif
  scripts/fetch_example_structures.sh build/demo/structures
fi
rm -rf "$folder"
mkdir -p "$folder"
convert=("$program" convert "$reference" --output "$folder/chain.h5")
[ "$polymer" = rna ] || convert+=(--polymer "$polymer")
"${convert[@]}"
length=$("$program" info "$folder/chain.h5" --chains 1 --json | python3 -c '
import json, sys
chains = json.load(sys.stdin)
if len(chains) != 1:
    sys.exit(f"error: {len(chains)} chains are in the structure file, not one; give another")
print(chains[0]["length"])')
"$program" train --config "$config" --data.path "$folder/chain.h5" --output "$folder/run"
"$program" sample --checkpoint "$folder/run" --lengths "$length" --samples 10 --reference "$reference" \
  --steric-rounds 0 --relax-rounds 0 --output "$folder/samples" --json >"$folder/samples.json"
python3 - "$folder/samples.json" "$SECONDS" "$limit" "$reference" <<'PYTHON'
import json, statistics, sys

limit = float(sys.argv[3])  # Å
rmsd = sorted(row["rmsd_to_reference"] for row in json.load(open(sys.argv[1])))
median = statistics.median(rmsd)
print(f"RMSD to {sys.argv[4]} in Å:", " ".join(f"{x:.2f}" for x in rmsd))
print(f"median {median:.2f} Å, allowed {limit:.1f} Å; {int(sys.argv[2]) // 60} min {int(sys.argv[2]) % 60} s")
sys.exit(0 if median <= limit else 1)
PYTHON

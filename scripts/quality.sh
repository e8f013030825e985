#!/usr/bin/env bash
# Tests whether 240 samples meet the thresholds for shipped weights (weights/thresholds.csv), beside held-out natives
# and the same natives rebuilt from their frames and torsions; then samples long chains and measures time and memory.
# DATASET was written by `flashrna split`; its training split is the reference. Without WEIGHTS only natives are
# measured. A second run samples only what is missing. scripts/model_card.py writes the model card from the output.
#
#   scripts/quality.sh PROGRAM DATASET OUTPUT [WEIGHTS]
#
# OUTPUT gets natives/, rebuilt/ and samples/, an evaluation/ of each, comparison/ with all measures side by side,
# thresholds.json, measures.json, and long/ with a folder per length. The exit status is 1 if a threshold is not met.
set -euo pipefail
if [[ $# -lt 3 || $# -gt 4 ]]; then
  echo "usage: scripts/quality.sh PROGRAM DATASET OUTPUT [WEIGHTS]" >&2
  exit 2
fi
program=$(realpath "$1") dataset=$(realpath "$2") weights=${4:+$(realpath "$4")}
thresholds=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../weights/thresholds.csv")
mkdir -p "$3"
cd "$3"

flashrna() { printf '$ flashrna %s\n' "$*" >&2; "$program" "$@"; }
# The same, and writes its peak memory to long/LENGTH/peak_kilobytes.
flashrna_in_memory() {
  printf '$ flashrna %s\n' "$*" >&2
  python3 - "$program" "$@" <<'PYTHON'
import pathlib, resource, subprocess, sys

status = subprocess.call(sys.argv[1:])
folder = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
if status == 0:
    (folder / "peak_kilobytes").write_text(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}\n")
sys.exit(status)
PYTHON
}
# Chains of held-out clusters, from both splits, because one split alone has few folds. They have the sampled lengths,
# because natives of 20 to 40 nt are as often extended duplex strands as hairpins. One chain per cluster, because some
# RNAs were solved a dozen times.
rm -rf natives rebuilt
parts=$("$program" info "$dataset" --json | python3 -c '
import json, sys
print(*sorted(json.load(sys.stdin)["splits"].keys() & {"validation", "test"}))')
for part in $parts; do
  choice=(--split "$part" --min-length 40 --max-length 150 --one-per-cluster --quiet)
  # A split may have no chain of these lengths.
  flashrna export "$dataset" "${choice[@]}" --output natives >&2 || continue
  flashrna export "$dataset" "${choice[@]}" --output rebuilt --rebuilt >&2
done
if [[ ! -d rebuilt ]]; then
  echo "error: $dataset: no chain of 40 to 150 nt in validation or test; make them with flashrna split" >&2
  exit 1
fi
sets=(natives rebuilt)
if [[ -n $weights ]]; then
  flashrna sample --checkpoint "$weights" --lengths 40-150:10 --samples 20 --steps 20 --seed 1 --output samples >&2
  sets=(samples natives rebuilt)
fi
if [[ -n $weights ]]; then
  sha256=$(sha256sum "$weights" | cut -d ' ' -f 1)
  for request in 1500,2 4000,1; do
    IFS=, read -r length samples <<<"$request"
    if [[ -e long/$length/peak_kilobytes ]] && grep -q "$sha256" "long/$length/config.ini"; then continue; fi
    rm -rf "long/$length"
    flashrna_in_memory sample --checkpoint "$weights" --lengths "$length" --samples "$samples" --steps 20 --seed 1 \
      --max-residues "$length" --output "long/$length" >&2
  done
fi
folders=()
for set in "${sets[@]}"; do
  # Novelty is skipped for natives: it is not needed and takes longest.
  more=(--no-novelty)
  if [[ $set == samples ]]; then more=(); fi
  flashrna evaluate --samples "$set" --reference "$dataset" --split train --output "evaluation/$set" "${more[@]}" >&2
  folders+=("evaluation/$set")
done
flashrna evaluate --compare "${folders[@]}" --output comparison --json > measures.json
status=0
flashrna evaluate --compare "${folders[@]}" --output comparison --thresholds "$thresholds" --json > thresholds.json || status=$?
flashrna evaluate --compare "${folders[@]}" --output comparison --thresholds "$thresholds" --quiet || status=$?
exit $status

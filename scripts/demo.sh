#!/usr/bin/env bash
# Runs the whole path on real RNA: samples the shipped weights, converts 24 structures, evaluates the samples against
# them, and trains for two and a half minutes. Writes to build/demo; samples and model are made again on every run.
#
#   scripts/demo.sh PROGRAM
set -euo pipefail
program=$(realpath "${1:?usage: scripts/demo.sh PROGRAM, such as build/cpu/flashrna}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo=build/demo

step() { printf '\n== %s\n' "$*"; }
flashrna() { printf '$ flashrna %s\n' "$*"; "$program" "$@"; }

mkdir -p "$demo"
rm -rf "$demo/run" "$demo/samples" "$demo/samples_of_run" "$demo/hairpins_of_run" "$demo/evaluation"

step "new backbones, from the weights that ship"
flashrna sample --lengths 40-120:16 --samples 4 --output "$demo/samples"

step "24 experimental RNA structures, one dataset"
scripts/fetch_example_structures.sh "$demo/structures"
flashrna convert "$demo/structures" --output "$demo/rna.h5" --overwrite
flashrna info "$demo/rna.h5"

step "what the new backbones are like, beside the experimental ones"
flashrna evaluate --samples "$demo/samples" --reference "$demo/rna.h5" --output "$demo/evaluation"

step "training a model of your own"
flashrna train --config configs/demo.ini --data.path "$demo/rna.h5" --output "$demo/run"
flashrna sample --checkpoint "$demo/run" --lengths 40-120:40 --samples 1 --output "$demo/samples_of_run"
flashrna sample --checkpoint "$demo/run" --secondary-structure '((((((((....))))))))' --samples 2 \
  --output "$demo/hairpins_of_run"

step "done in $((SECONDS / 60)) min $((SECONDS % 60)) s"
cat <<END
structures  $demo/structures/*.pdb, *.cif
dataset     $demo/rna.h5
samples     $demo/samples/*.cif
model       $demo/run/checkpoints/, its samples $demo/samples_of_run/*.cif, $demo/hairpins_of_run/*.cif
Minutes of training show every part at work; a useful model takes hours with configs/rna_small.ini on a CPU, or
configs/rna.ini on a GPU.

Open this in a browser: $(realpath "$demo/evaluation/report.html")
END

#!/usr/bin/env bash
# The whole path on real RNA: structures -> dataset -> four minutes of training -> six backbones of 40 to 120 nt.
# Everything it makes lies in build/demo; the model and the samples are made anew each time.
#
#   scripts/demo.sh PROGRAM
set -euo pipefail
program=$(realpath "${1:?usage: scripts/demo.sh PROGRAM, such as build/cpu/flashrna}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo=build/demo

step() { printf '\n== %s\n' "$*"; }
flashrna() { printf '$ flashrna %s\n' "$*"; "$program" "$@"; }

step "24 experimental RNA structures"
scripts/fetch_example_structures.sh "$demo/structures"
rm -rf "$demo/run" "$demo/samples"

step "one dataset"
flashrna convert "$demo/structures" --output "$demo/rna.h5" --overwrite
flashrna info "$demo/rna.h5"

step "a model"
flashrna train --config configs/demo.ini --data.path "$demo/rna.h5" --output "$demo/run"

step "new backbones"
flashrna sample --checkpoint "$demo/run" --lengths 40-120:16 --samples 1 --output "$demo/samples"

step "done in $((SECONDS / 60)) min $((SECONDS % 60)) s"
cat <<END
structures  $demo/structures/*.pdb, *.cif
dataset     $demo/rna.h5
model       $demo/run/checkpoints/
samples     $demo/samples/*.cif
Four minutes show every part at work; backbones worth looking at need configs/small.ini or configs/frameflow.ini.
END

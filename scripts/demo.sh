#!/usr/bin/env bash
# Runs the whole path on real RNA: backbones by the weights that ship (six free ones, six of given secondary structures,
# around a motif, one of 1,000 nt), 24 structures converted, the backbones evaluated beside them, and a model of one's own
# trained for two and a half minutes. Writes to build/demo; samples and model are made again on every run.
#
#   scripts/demo.sh PROGRAM
set -euo pipefail
program=$(realpath "${1:?usage: scripts/demo.sh PROGRAM, such as build/cpu/flashrna}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo=build/demo

step() { printf '\n== %s (at %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }
flashrna() { printf '$ flashrna %s\n' "$*"; "$program" "$@"; }

mkdir -p "$demo"
for folder in run samples given motif long samples_of_run hairpins_of_run evaluation; do rm -rf "${demo:?}/$folder"; done

step "new backbones, from the weights that ship; each draws its own secondary structure"
flashrna sample --lengths 40-140:20 --samples 1 --output "$demo/samples"

step "six given secondary structures"
flashrna sample --secondary-structure scripts/demo_structures.dbn --samples 1 --output "$demo/given"

step "24 experimental RNA structures, one dataset"
scripts/fetch_example_structures.sh "$demo/structures"
flashrna convert "$demo/structures" --output "$demo/rna.h5" --overwrite
flashrna info "$demo/rna.h5"

step "new RNA around the anticodon arm of a tRNA"
flashrna sample --contig '8-12,A27-43,8-12' --motif "$demo/structures/1EHZ.cif" --samples 2 --output "$demo/motif"

step "what the new backbones are like, beside the experimental ones"
flashrna evaluate --samples "$demo/samples" "$demo/given" "$demo/motif" --reference "$demo/rna.h5" \
  --output "$demo/evaluation"

step "1,000 nucleotides"
flashrna sample --lengths 1000 --samples 1 --output "$demo/long"

step "training a model of your own"
flashrna train --config configs/demo.ini --data.path "$demo/rna.h5" --output "$demo/run"
flashrna sample --checkpoint "$demo/run" --lengths 40-120:40 --samples 1 --output "$demo/samples_of_run"
flashrna sample --checkpoint "$demo/run" --secondary-structure '((((((((....))))))))' --samples 2 \
  --output "$demo/hairpins_of_run"

step "done"
cat <<END
structures  $demo/structures/*.pdb, *.cif
dataset     $demo/rna.h5
samples     $demo/samples/*.cif; $demo/given/*.cif, of scripts/demo_structures.dbn; $demo/motif/*.cif; $demo/long/*.cif
model       $demo/run/checkpoints/, its samples $demo/samples_of_run/*.cif, $demo/hairpins_of_run/*.cif
Minutes of training show every part at work; a useful model takes hours with configs/rna_small.ini on a CPU, or
configs/rna.ini on a GPU.

Open this in a browser: $(realpath "$demo/evaluation/report.html")
END

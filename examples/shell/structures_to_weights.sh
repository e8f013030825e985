#!/usr/bin/env bash
# From a folder or an archive of structures (RNAsolo's downloads, for instance) to weights and backbones of your own:
#
#   structures_to_weights.sh STRUCTURES OUTPUT CONFIG [options of flashrna train...]
#
# CONFIG is a file of configs/, such as rna_small.ini (hours on a CPU) or rna.ini (a GPU). Given again, it goes on where
# it stopped.
set -euo pipefail
if [ $# -lt 3 ]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
structures=$1 output=$2 config=$3
shift 3
mkdir -p "$output"

[ -e "$output/rna.h5" ] || flashrna convert "$structures" --output "$output/rna.h5"
[ -e "$output/split.h5" ] || flashrna split "$output/rna.h5" --output "$output/split.h5" --fractions 0.8,0.1,0.1
flashrna info "$output/split.h5"
if [ -e "$output/run/checkpoints" ]; then
  flashrna train --resume --output "$output/run" "$@"
else
  flashrna train --config "$config" --data.path "$output/split.h5" --output "$output/run" "$@"
fi
flashrna weights "$output/run" --output "$output/weights.h5" --dataset "$output/split.h5" --overwrite
flashrna sample --checkpoint "$output/weights.h5" --lengths 40-120:40 --samples 2 --output "$output/samples"
flashrna evaluate --samples "$output/samples" --reference "$output/split.h5" --split train --output "$output/evaluation"

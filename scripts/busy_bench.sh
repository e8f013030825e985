#!/usr/bin/env bash
# Times `sample` and `train` with the default number of threads and with --threads 1, alone and beside two busy loops,
# and prints the ratios. On two busy cores the default must take at most 1.3 times as long as one thread.
#
#   scripts/busy_bench.sh PROGRAM [LOOPS [STEPS]]        2 loops, 40 training steps
#
# Needs no data: the model is trained on backbones that the shipped weights sample. Runs in a temporary folder.
set -euo pipefail
program=$(realpath "${1:?usage: scripts/busy_bench.sh PROGRAM [LOOPS [STEPS]]}")
loops=${2:-2}
steps=${3:-40}
config=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../configs/rna_small.ini")
folder=$(mktemp -d)
busy=()

stop_loops() {
  [ ${#busy[@]} -eq 0 ] || kill "${busy[@]}" 2>/dev/null || true
  busy=()
}
trap 'stop_loops; rm -rf "$folder"' EXIT

start_loops() {
  for _ in $(seq "$loops"); do
    (while :; do :; done) &
    busy+=($!)
  done
}

# Seconds of a command.
seconds_of() {
  local start
  start=$(date +%s.%N)
  "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
  echo "$(date +%s.%N) $start" | awk '{ printf "%.1f", $1 - $2 }'
}

sample() {
  rm -rf "$folder/samples"
  seconds_of "$program" sample --lengths 100 --samples 4 --seed 1 --device cpu --output "$folder/samples" "$@"
}

train() {
  rm -rf "$folder/run"
  seconds_of "$program" train --config "$config" --data.path "$folder/data.h5" --data.validation_fraction 0 \
    --training.steps "$steps" --training.validate_every 0 --training.checkpoint_every 0 --device cpu \
    --output "$folder/run" "$@"
}

cd "$folder"
sample --threads 1 >/dev/null
"$program" sample --lengths 120-200:20 --samples 4 --device cpu --output "$folder/structures" >"$folder/log" 2>&1
"$program" convert "$folder/structures" --output "$folder/data.h5" >"$folder/log" 2>&1
"$program" doctor --device cpu --quiet 2>/dev/null | grep -E '^(threads by default|waiting threads)'
printf '%-8s %-10s %10s %12s %8s\n' command machine default '--threads 1' ratio
for machine in alone busy; do
  [ "$machine" = alone ] || start_loops
  for command in sample train; do
    default=$("$command") one=$("$command" --threads 1)
    printf '%-8s %-10s %8s s %10s s %8s\n' "$command" "$machine" "$default" "$one" \
      "$(echo "$default $one" | awk '{ printf "%.2f", $1 / $2 }')"
  done
done

#!/usr/bin/env bash
# Runs clang-tidy on the sources changed since the merge base with a revision (origin/main unless given), committed or
# not. Exits 1 on findings, and 0 with the reason if there is nothing to check or no clang-tidy.
#
#   scripts/tidy.sh BUILD_FOLDER [REVISION]
#
# Takes the compile commands of the build folder, configured with FLASHRNA_UNITY=OFF; about ten seconds a file that
# includes LibTorch. TIDY_MOST=N checks at most N files, those with the most changed lines, and says how many it leaves
# out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build="${1:?usage: scripts/tidy.sh build/cpu [REVISION]}"
revision="${2:-origin/main}"
if ! command -v clang-tidy >/dev/null; then
  echo "skipped: clang-tidy was not found; install clang-tidy"
  exit 0
fi
if [ ! -e "$build/compile_commands.json" ]; then
  echo "error: $build/compile_commands.json: not found; run cmake --preset cpu -B $build -DFLASHRNA_UNITY=OFF first" >&2
  exit 1
fi
if ! git rev-parse --quiet --verify "$revision^{commit}" >/dev/null; then
  echo "skipped: this clone has no $revision"
  exit 0
fi
if ! base="$(git merge-base "$revision" HEAD 2>/dev/null)"; then
  echo "error: git finds no common ancestor of $revision and HEAD; give a revision" >&2
  exit 1
fi
# .cu files need nvcc's flags, which clang-tidy does not know.
mapfile -t files < <({ git ls-files --others --exclude-standard -- '*.cpp'
                       git diff --numstat --no-renames --diff-filter=d "$base" -- '*.cpp' | sort -k1,1nr | cut -f3; } |
                       awk '!seen[$0]++')
if [ ${#files[@]} -eq 0 ]; then
  echo "no source changed since $revision"
  exit 0
fi
# GCC's precompiled headers are of no use to clang, and it does not know all of GCC's options.
commands="$(mktemp -d)"
trap 'rm -rf "$commands"' EXIT
sed -E 's/-include [^ ]*cmake_pch\.hxx//g; s/-fpch-preprocess//g; s/-Winvalid-pch//g' \
  "$build/compile_commands.json" >"$commands/compile_commands.json"
known=()
for file in "${files[@]}"; do
  if grep -qF "\"$PWD/$file\"" "$commands/compile_commands.json"; then
    known+=("$file")
  else
    echo "not in this build: $file"
  fi
done
[ ${#known[@]} -gt 0 ] || exit 0
if [ "${#known[@]}" -gt "${TIDY_MOST:-${#known[@]}}" ]; then
  echo "left out: $((${#known[@]} - TIDY_MOST)) of ${#known[@]} files (TIDY_MOST=$TIDY_MOST)"
  known=("${known[@]:0:$TIDY_MOST}")
fi
printf '%s\0' "${known[@]}" |
  xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$commands" --quiet --warnings-as-errors='*'
echo "clang-tidy found nothing in ${#known[@]} files"

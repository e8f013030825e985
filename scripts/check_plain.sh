#!/usr/bin/env bash
# Checks cheaply that the program builds without CUDA: configures the preset plain, compiles the sources whose code
# differs there, and compares symbols: what the other sources take from the CUDA library of a build with CUDA,
# kernels/without_cuda.cpp must define. Three minutes on two idle cores with an empty compiler cache; `make check-all`
# builds all of it.
#
#   scripts/check_plain.sh [BUILD_FOLDER]     of a build with CUDA; without one no symbols are compared
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One object per source.
plain=build/plain-sources
cmake --preset plain -B "$plain" -DFLASHRNA_UNITY=OFF >/dev/null
mapfile -t sources < <(grep --recursive --files-with-matches FLASHRNA_WITH_CUDA --include='*.cpp' base rna protein datasets kernels libfold cli)
sources+=(kernels/without_cuda.cpp)
objects=()
for source in "${sources[@]}"; do
  object=$(ninja -C "$plain" -t query "$PWD/$source" | sed -n 's/^ *\(.*\.cpp\.o\)$/\1/p' | head -1)
  [ -n "$object" ] || { echo "error: $source is not part of the preset plain" >&2; exit 1; }
  objects+=("$object")
done
ninja -C "$plain" "${objects[@]}"

with_cuda="${1:-}"
[ -n "$with_cuda" ] && [ -e "$with_cuda/libflashrna_cuda.a" ] || exit 0
symbols() { # KIND FILE...: U, or T (defined)
  local kind=$1
  shift
  nm --no-sort --format=posix "$@" 2>/dev/null | awk -v kind="$kind" \
    'NF > 1 && (kind == "U" ? $2 == "U" : $2 ~ /^[TWVDBR]$/) { print $1 }' | LC_ALL=C sort -u
}
folder=$(mktemp --directory)
trap 'rm -rf "$folder"' EXIT
symbols T "$with_cuda/libflashrna_cuda.a" >"$folder/cuda"
mapfile -t callers < <(find "$with_cuda/kernels" "$with_cuda/libfold" "$with_cuda/cli" -name 'libflashrna_*.a')
symbols U "${callers[@]}" >"$folder/used"
symbols T "$plain/${objects[-1]}" >"$folder/without"
missing=$(LC_ALL=C comm -12 "$folder/cuda" "$folder/used" | LC_ALL=C comm -23 - "$folder/without" | c++filt)
if [ -n "$missing" ]; then
  printf 'error: kernels/without_cuda.cpp lacks what other sources call:\n%s\n' "$missing" >&2
  exit 1
fi
echo "without CUDA: ${#sources[@]} sources compile, and no symbol is missing"

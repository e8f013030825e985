#!/usr/bin/env bash
# Checks that every source of the repository is formatted as .clang-format says. Prints each place that is not and exits
# 1; exits 77 (skipped) without clang-format 14, since other versions break some lines elsewhere.
#
#   scripts/check_format.sh            all sources that git knows, or all below the folders if there is no git
#   CLANG_FORMAT=PROGRAM scripts/check_format.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=14
program="${CLANG_FORMAT:-}"
for candidate in clang-format-$version clang-format; do
  [ -n "$program" ] || program="$(command -v "$candidate" || true)"
done
if [ -z "$program" ]; then
  echo "clang-format was not found; install clang-format-$version"
  exit 77
fi
found="$("$program" --version)"
if [[ "$found" != *"version $version."* ]]; then
  echo "$program is $found; version $version is needed: set CLANG_FORMAT to it"
  exit 77
fi

patterns=('*.h' '*.cpp' '*.cu')
if git rev-parse --git-dir >/dev/null 2>&1; then
  mapfile -t files < <(git ls-files --cached --others --exclude-standard -- "${patterns[@]}" | sort -u)
else
  mapfile -t files < <(find base rna protein datasets kernels libfold cli tests -name '*.h' -o -name '*.cpp' -o -name '*.cu' | sort)
fi
existing=()
for file in "${files[@]}"; do [ ! -e "$file" ] || existing+=("$file"); done
if [ ${#existing[@]} -eq 0 ]; then
  echo "error: $PWD holds no sources" >&2
  exit 1
fi
if ! "$program" --dry-run --Werror "${existing[@]}"; then
  echo "error: run clang-format -i on the files above" >&2
  exit 1
fi
echo "${#existing[@]} files are formatted"

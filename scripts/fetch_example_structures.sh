#!/usr/bin/env bash
# Downloads real RNA structures into a folder: the experimental ones among the test data of the Python package
# rna-tools, as listed in scripts/example_structures.tsv. Does nothing if they are present.
#
#   scripts/fetch_example_structures.sh [FOLDER]     default: build/demo/structures
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-$root/build/demo/structures}
list=$root/scripts/example_structures.tsv

complete() {
  local name rest
  while IFS=$'\t' read -r name rest; do
    [[ $name == \#* ]] || [ -s "$folder/$name" ] || return 1
  done <"$list"
}

if complete; then exit 0; fi
mkdir -p "$(dirname "$folder")"
partial=$(mktemp --directory "$(dirname "$folder")/structures.partial.XXXXXX")
trap 'rm -rf "$partial"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
  --requirement "$root/scripts/rna-tools.txt" --dest "$partial" >&2 ||
  { echo "error: the wheel rna-tools 3.28 could not be downloaded; run this script again" >&2; exit 1; }
python3 - "$partial" "$list" <<'PYTHON'
import pathlib, sys, zipfile

partial, rows = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text().splitlines()
(partial / "structures").mkdir()
(wheel,) = partial.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    for name, path, _ in (row.split("\t") for row in rows if not row.startswith("#")):
        (partial / "structures" / name).write_bytes(archive.read(path))
PYTHON
rm -rf "$folder"
chmod 755 "$partial/structures"
mv --no-target-directory "$partial/structures" "$folder"
echo "$(ls "$folder" | wc -l) experimental RNA structures are in $folder" >&2

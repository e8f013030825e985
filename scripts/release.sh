#!/usr/bin/env bash
# Builds, tests and packages the checked-out commit as a release, tries each package in an empty place, and writes to
# dist/: the packages, SHA256SUMS, and RELEASE_NOTES.md with the section of CHANGELOG.md, the sizes and the hashes. It sets
# no tag and uploads nothing; it prints the command of the tag.
#
#   scripts/release.sh [--rehearsal]     --rehearsal: also from a changed tree, and before the changelog has its date
#
# PRESET=cpu or cuda chooses what is packaged, as for make.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
step() { printf '\n== %s\n' "$*"; }

rehearsal=no
case ${1:-} in
  "") ;;
  --rehearsal) rehearsal=yes ;;
  *) die "unknown option \"$1\"; allowed is --rehearsal" ;;
esac
version=$(scripts/check_version.py --print) || exit 1
if [ $rehearsal = no ]; then
  scripts/check_version.py --released || exit 1
  [ -z "$(git status --porcelain)" ] || die "the tree has changes; commit them, or use --rehearsal"
  if git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null; then
    die "the tag v$version exists; raise the version in CMakeLists.txt and the files that scripts/check_version.py names"
  fi
fi

step "build and tests"
make test

step "packages"
rm -rf dist
make package

step "each package in an empty place"
python3 tests/package/package_test.py

step "sizes and hashes"
# The section of CHANGELOG.md between the heading of this version and the next.
section() { awk -v start="## $version " 'index($0, start) == 1 { on = 1; next } /^## / { on = 0 } on' CHANGELOG.md; }
(cd dist && sha256sum -- *) >build/SHA256SUMS
mv build/SHA256SUMS dist/SHA256SUMS
{
  printf '# flashrna %s\n\ncommit %s\n' "$version" "$(git rev-parse HEAD)"
  section
  printf '\n## Files\n\n| file | bytes | SHA-256 |\n|---|---|---|\n'
  while read -r hash file; do
    printf '| %s | %s | %s |\n' "$file" "$(stat --format %s "dist/$file")" "$hash"
  done <dist/SHA256SUMS
  printf '| weights/flashrna-small.h5 | %s | %s |\n' "$(stat --format %s weights/flashrna-small.h5)" \
    "$(sha256sum weights/flashrna-small.h5 | cut -d ' ' -f 1)"
} >dist/RELEASE_NOTES.md
cat dist/RELEASE_NOTES.md
printf '\nTag it with:\n  git tag --annotate v%s --message "flashrna %s"\n' "$version" "$version"

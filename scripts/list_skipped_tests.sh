#!/usr/bin/env bash
# Names the test cases that the last run of ctest skipped, with their reasons, and counts them.
#
#   scripts/list_skipped_tests.sh BUILD_FOLDER
set -euo pipefail
log="${1:?usage: scripts/list_skipped_tests.sh build/cpu}/Testing/Temporary/LastTest.log"
[ -e "$log" ] || { echo "error: $log: not found; run ctest first" >&2; exit 1; }
# A skipped case prints its reason, then "[  SKIPPED ] Suite.Case (0 ms)"; the summary prints the name again.
awk '
  /^\[  SKIPPED \] .* \([0-9]+ ms\)$/ { name = $4; reasons[name] = reason; reason = ""; count++; order[count] = name; next }
  /: Skipped$/ { getline; reason = $0 }
  /^\[ RUN      \]/ { reason = "" }
  END {
    printf "%d test cases skipped\n", count
    for (i = 1; i <= count; i++) printf "  %s: %s\n", order[i], reasons[order[i]]
  }' "$log"

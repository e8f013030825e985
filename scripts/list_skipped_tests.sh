#!/usr/bin/env bash
# Names what the last run of ctest skipped, with the reasons, and counts it: cases of GoogleTest programs, and whole
# entries (exit status 77).
#
#   scripts/list_skipped_tests.sh BUILD_FOLDER
set -euo pipefail
folder="${1:?usage: scripts/list_skipped_tests.sh build/cpu}/Testing/Temporary"
log="$folder/LastTest.log"
[ -e "$log" ] || { echo "error: $log: not found; run ctest first" >&2; exit 1; }
# ctest lists entries that exited with their SKIP_RETURN_CODE as "NUMBER:NAME" in a file of its own, and their output,
# of which the last line is the reason, in the log. An older file is left from an earlier run.
entries="$folder/LastTestsDisabled.log"
[ -e "$entries" ] && [ ! "$entries" -ot "$log" ] || entries=/dev/null
# A skipped case prints its reason, then "[  SKIPPED ] Suite.Case (0 ms)"; the summary prints the name again.
awk '
  FILENAME == ARGV[1] { sub(/^[0-9]+:/, ""); skipped[$0] = 1; next }
  /^[0-9]+\/[0-9]+ Test: / { entry = substr($0, index($0, ": ") + 2); last = "" }
  /^<end of output>$/ && entry in skipped { entries[++n] = entry; why[n] = last }
  /^-+$/ { last = ""; next }
  /^\[  SKIPPED \] .* \([0-9]+ ms\)$/ { name = $4; reasons[name] = reason; reason = ""; count++; order[count] = name; next }
  /: Skipped$/ { getline; reason = $0 }
  /^\[ RUN      \]/ { reason = "" }
  $0 != "" { last = $0 }
  END {
    printf "%d test cases skipped\n", count
    for (i = 1; i <= count; i++) printf "  %s: %s\n", order[i], reasons[order[i]]
    printf "%d ctest entries skipped\n", n
    for (i = 1; i <= n; i++) printf "  %s: %s\n", entries[i], why[i] == "" ? "no reason given" : why[i]
  }' "$entries" "$log"

#!/bin/sh
# Runs the CUDA compiler and writes the assembler's report on registers, stack and spills to FILE.cu.o.ptxas beside the
# object file. Passes other messages on to stderr.
#
#   cmake/ptxas_report.sh nvcc ... -o FILE.cu.o ...
object=
previous=
for word in "$@"; do
  if [ "$previous" = -o ]; then object=$word; fi
  previous=$word
done
if [ -z "$object" ]; then exec "$@"; fi
case $object in *.o) ;; *) exec "$@" ;; esac

"$@" 2>"$object.messages"
status=$?
report='^ptxas info|^    [0-9]+ bytes stack frame'
grep -E "$report" "$object.messages" >"$object.ptxas"
grep -Ev "$report" "$object.messages" >&2
rm -f "$object.messages"
if [ $status -ne 0 ]; then rm -f "$object.ptxas"; fi
exit $status

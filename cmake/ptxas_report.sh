#!/bin/sh
# Runs the CUDA compiler, and keeps what its assembler says of registers, stack and spills beside the object file:
# FILE.cu.o.ptxas. Other messages go on to stderr.
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

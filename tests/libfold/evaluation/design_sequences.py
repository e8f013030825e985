"""Stands in for an inverse-folding program: random sequences for a backbone, the same for the same backbone.

design_sequences.py BACKBONE.pdb SEQUENCES.fasta COUNT CALLS.log
"""

import hashlib
import random
import sys

backbone, fasta, count, calls = sys.argv[1:]
with open(backbone) as file:
    text = file.read()
length = sum(line.startswith("ATOM") and line[12:16].strip() == "C4'" for line in text.splitlines())
with open(calls, "a") as log:
    log.write("design\n")
source = random.Random(hashlib.sha256(text.encode()).hexdigest())
with open(fasta, "w") as file:
    for k in range(int(count)):
        sequence = "".join(source.choice("ACGT") for _ in range(length))
        file.write(f">design {k}\n{sequence[:30]}\n{sequence[30:].lower()}\n")

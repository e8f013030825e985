"""Stands in for a folding program: every sequence becomes an A-form strand. It fails for one sequence in three.

fold_sequence.py SEQUENCE.fasta STRUCTURE CALLS.log [reliable]
"""

import math
import sys

fasta, structure, calls = sys.argv[1:4]
with open(fasta) as file:
    lines = file.read().split("\n")
assert lines[0].startswith(">")
sequence = "".join(lines[1:])
with open(calls, "a") as log:
    log.write("fold\n")
if "reliable" not in sys.argv[4:] and sum(map(ord, sequence)) % 3 == 0:
    print("no luck with this one", file=sys.stderr)
    sys.exit(3)
# C4', C3' and O4' in cylinder coordinates (angle in degrees, radius and height in angstrom), similar to those of A-RNA.
atoms = {"C4'": (0.0, 9.7, 0.0), "C3'": (7.5, 9.3, -0.7), "O4'": (-4.0, 8.7, 0.7)}
serial = 0
with open(structure, "w") as file:
    for i, letter in enumerate(sequence):
        for name, (angle, radius, height) in atoms.items():
            serial += 1
            turn = math.radians(angle + 32.7 * i)
            x, y, z = radius * math.cos(turn), radius * math.sin(turn), height + 2.81 * i
            file.write(f"ATOM  {serial:5d}  {name:<3s}   {letter} A{i + 1:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           {name[0]}\n")
    file.write("END\n")

"""Reads PDB files with Biopython, strictly, and checks that each holds one chain of whole backbones.

usage: biopython_test.py LETTER LENGTH FILE...
"""

import sys

from Bio.PDB import PDBParser

BACKBONE = ["P", "OP1", "OP2", "O5'", "C5'", "C4'", "O4'", "C3'", "O3'", "C2'", "O2'", "C1'"]

letter, length = sys.argv[1], int(sys.argv[2])
for path in sys.argv[3:]:
    (model,) = PDBParser(PERMISSIVE=False, QUIET=True).get_structure("sample", path)
    (chain,) = model
    assert chain.id == "A" and [residue.id[1] for residue in chain] == list(range(1, length + 1)), chain
    for residue in chain:
        nitrogen = "N1" if letter in "CU" else "N9"
        assert residue.get_resname().strip() == letter, residue
        assert [atom.id for atom in residue] == BACKBONE + [nitrogen], residue
        assert [atom.element for atom in residue] == [name[0] for name in BACKBONE] + ["N"], residue
        bond = residue["C1'"] - residue[nitrogen]
        assert 1.3 < bond < 1.6, f"C1'-{nitrogen} of {residue}: {bond} angstrom"
print("ok")

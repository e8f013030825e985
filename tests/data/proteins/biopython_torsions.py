"""Makes torsions.csv: phi, psi and omega of the excerpts as Biopython computes them, in degrees.

usage: biopython_torsions.py > torsions.csv        (pip install biopython)

Polypeptides are Biopython's own: C-N up to 1.8 Å. Of alternate locations it takes the most occupied one.
"""

import math
import pathlib

from Bio.PDB import MMCIFParser, PDBParser, PPBuilder, is_aa
from Bio.PDB.vectors import calc_dihedral

FOLDER = pathlib.Path(__file__).parent


def torsion(*atoms):
    return f"{math.degrees(calc_dihedral(*(atom.get_vector() for atom in atoms))):.3f}"


def main():
    print("file,residue,name,phi,psi,omega")
    for path in sorted([*FOLDER.glob("*.cif"), *FOLDER.glob("*.pdb")]):
        parser = MMCIFParser(QUIET=True) if path.suffix == ".cif" else PDBParser(QUIET=True)
        chain = parser.get_structure(path.stem, str(path))[0]["A"]
        residues = [residue for residue in chain if is_aa(residue)]
        bonded = set()
        for peptide in PPBuilder().build_peptides(chain, aa_only=False):
            bonded.update((a.get_id(), b.get_id()) for a, b in zip(peptide, peptide[1:]))
        for i, residue in enumerate(residues):
            phi = psi = omega = ""
            n, ca, c = residue["N"], residue["CA"], residue["C"]
            if i > 0 and (residues[i - 1].get_id(), residue.get_id()) in bonded:
                phi = torsion(residues[i - 1]["C"], n, ca, c)
            if i + 1 < len(residues) and (residue.get_id(), residues[i + 1].get_id()) in bonded:
                following = residues[i + 1]
                psi = torsion(n, ca, c, following["N"])
                omega = torsion(ca, c, following["N"], following["CA"])
            print(f"{path.name},{residue.get_id()[1]},{residue.get_resname()},{phi},{psi},{omega}")


if __name__ == "__main__":
    main()

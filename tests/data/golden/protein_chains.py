"""Makes protein_chains.csv: what gemmi's Python module and numpy find in the protein chains of a folder of structures.

usage: protein_chains.py FOLDER > protein_chains.csv        (pip install gemmi numpy)

FOLDER holds train/, unpacked from structures/train.tar.xz. One row for each author chain of the first model that has an
amino acid with N, CA and C. Nothing of flashrna is used. Where atoms have alternate locations, the one with the highest
occupancy counts, the first of equal ones; such chains are marked, because flashrna prefers locations that go together.
"""

import hashlib
import pathlib
import sys

import gemmi
import numpy as np

PARENTS = "ACDEFGHIKLMNPQRSTVWY"
LONGEST_PEPTIDE_BOND = 2.0  # Å
LONGEST_CA_CA = 4.5         # Å, where C or N is missing


def atoms_of(residue):
    """{name: position} of N, CA, C, CB and O, each at its most occupied location."""
    best = {}
    for atom in residue:
        if atom.name in ("N", "CA", "C", "CB", "O") and (atom.name not in best or
                                                         atom.occ > best[atom.name].occ + 0.001):
            best[atom.name] = atom
    return {name: np.array(atom.pos.tolist()) for name, atom in best.items()}


def dihedral(a, b, c, d):
    """IUPAC torsion in radians."""
    b1, b2, b3 = b - a, c - b, d - c
    n1, n2 = np.cross(b1, b2), np.cross(b2, b3)
    return np.arctan2(np.dot(np.cross(n1, n2), b2 / np.linalg.norm(b2)), np.dot(n1, n2))


def parent_of(name):
    letter = gemmi.find_tabulated_residue(name).one_letter_code.upper()
    letter = {"U": "C", "O": "K"}.get(letter, letter)
    return letter if letter in PARENTS else "X"


def bonded(previous, following):
    if "C" in previous and "N" in following:
        return np.linalg.norm(previous["C"] - following["N"]) <= LONGEST_PEPTIDE_BOND
    return np.linalg.norm(previous["CA"] - following["CA"]) <= LONGEST_CA_CA


def is_framed(atoms):
    return all(name in atoms for name in ("N", "CA", "C"))


def mean(values):
    return f"{np.mean(values):.6f}" if values else ""


def main():
    root = pathlib.Path(sys.argv[1])
    columns = ["file", "chain", "residues", "breaks", "alternates", "sequence_sha256", "rg", "psi_sin", "psi_cos",
               "phi_sin", "phi_cos", "psi_of_next_n_difference"]
    print(",".join(columns))
    for path in sorted(path for path in (root / "train").rglob("*") if path.is_file()):
        model = gemmi.read_structure(str(path))[0]
        chains = {}
        for part in model:
            chains.setdefault(part.name, []).extend(part)
        for name, residues in chains.items():
            amino_acids = [r for r in residues if gemmi.find_tabulated_residue(r.name).is_amino_acid()]
            all_atoms = [atoms_of(r) for r in amino_acids]
            kept = [i for i, atoms in enumerate(all_atoms) if is_framed(atoms)]
            if not kept:
                continue
            breaks, psi, phi, differences = 0, [], [], []
            for k, i in enumerate(kept):
                a = all_atoms[i]
                follows = k > 0 and kept[k - 1] == i - 1 and bonded(all_atoms[i - 1], a)
                breaks += k > 0 and not follows
                if follows:
                    phi.append(dihedral(all_atoms[i - 1]["C"], a["N"], a["CA"], a["C"]))
                if "O" not in a:
                    continue
                psi.append(dihedral(a["N"], a["CA"], a["C"], a["O"]) + np.pi)
                if k + 1 < len(kept) and kept[k + 1] == i + 1 and bonded(a, all_atoms[i + 1]):
                    by_n = dihedral(a["N"], a["CA"], a["C"], all_atoms[i + 1]["N"])
                    differences.append(abs((by_n - psi[-1] + np.pi) % (2 * np.pi) - np.pi))
            ca = np.array([all_atoms[i]["CA"] for i in kept])
            sequence = "".join(parent_of(amino_acids[i].name) for i in kept)
            alternates = any(atom.has_altloc() for i in kept for atom in amino_acids[i]
                             if atom.name in ("N", "CA", "C", "CB", "O"))
            print(",".join([path.relative_to(root).as_posix(), name, str(len(kept)), str(breaks), str(int(alternates)),
                            hashlib.sha256(sequence.encode()).hexdigest()[:12],
                            f"{np.sqrt(((ca - ca.mean(0)) ** 2).sum(1).mean()):.4f}", mean(np.sin(psi).tolist()),
                            mean(np.cos(psi).tolist()), mean(np.sin(phi).tolist()), mean(np.cos(phi).tolist()),
                            f"{np.degrees(np.median(differences)):.3f}" if differences else ""]))


if __name__ == "__main__":
    main()

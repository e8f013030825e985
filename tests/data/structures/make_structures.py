#!/usr/bin/env python3
"""Makes the ten structures of this folder: A-form RNA from bond lengths, angles and torsions, with the unusual features
that real files have. Independent of the program that reads them. Needs numpy.

    make_structures.py [FOLDER]
"""

import gzip
import pathlib
import sys

import numpy as np

# Degrees. The torsions of A-form, moved by less than 3 degrees from their textbook values so that the helix rises by
# 2.81 Å and turns by 32.7 degrees per nucleotide and the bases of the two strands form Watson-Crick pairs.
ALPHA, BETA, GAMMA, DELTA, EPSILON, ZETA, CHI = -65.8, 174.1, 53.5, 80.7, -152.9, -72.7, -162.3

# Bases in the plane z = 0, Å, in the standard reference frame (Olson et al. 2001, doi:10.1006/jmbi.2001.4987).
BASES = {
    "A": "C1' -2.479 5.346 N9 -1.291 4.498 C8 0.024 4.897 N7 0.877 3.902 C5 0.071 2.771 C6 0.369 1.398 "
         "N6 1.611 0.909 N1 -0.668 0.532 C2 -1.912 1.023 N3 -2.320 2.290 C4 -1.267 3.124",
    "G": "C1' -2.477 5.399 N9 -1.289 4.551 C8 0.023 4.962 N7 0.870 3.969 C5 0.071 2.833 C6 0.424 1.460 "
         "O6 1.554 0.955 N1 -0.700 0.641 C2 -1.999 1.087 N2 -2.949 0.139 N3 -2.342 2.364 C4 -1.265 3.177",
    "C": "C1' -2.477 5.402 N1 -1.285 4.542 C2 -1.472 3.158 O2 -2.628 2.709 N3 -0.391 2.344 C4 0.837 2.868 "
         "N4 1.875 2.027 C5 1.056 4.275 C6 -0.023 5.068",
    "U": "C1' -2.481 5.354 N1 -1.284 4.500 C2 -1.462 3.131 O2 -2.563 2.608 N3 -0.302 2.397 C4 0.989 2.884 "
         "O4 1.935 2.094 C5 1.089 4.311 C6 -0.024 5.053",
}
BACKBONE = ["P", "OP1", "OP2", "O5'", "C5'", "C4'", "O4'", "C3'", "O3'", "C2'", "O2'", "C1'"]
PARTNER = {"A": "U", "C": "G", "G": "C", "U": "A"}


def place(a, b, c, length, angle, torsion):
    """The atom d with the length cd, the angle bcd and the torsion abcd."""
    angle, torsion = np.radians(angle), np.radians(torsion)
    axis = (c - b) / np.linalg.norm(c - b)
    normal = np.cross(b - a, axis)
    normal /= np.linalg.norm(normal)
    side = np.cross(normal, axis)
    return c + length * (-np.cos(angle) * axis +
                         np.sin(angle) * (np.cos(torsion) * side + np.sin(torsion) * normal))


def frame(origin, along, third):
    """Axes in columns: x from origin to along, third in the xy-plane."""
    x = (along - origin) / np.linalg.norm(along - origin)
    y = third - origin
    y = y - x * np.dot(x, y)
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def base_atoms(letter):
    words = BASES[letter].split()
    return {words[i]: np.array([float(words[i + 1]), float(words[i + 2]), 0.0]) for i in range(0, len(words), 3)}


def make_nucleotide(letter):
    """{atom: position}, with P at the origin."""
    x = {"P": np.zeros(3), "O5'": np.array([1.593, 0.0, 0.0])}
    x["C5'"] = place(np.array([0.0, 1.0, 0.0]), x["P"], x["O5'"], 1.425, 120.9, 180.0)
    x["C4'"] = place(x["P"], x["O5'"], x["C5'"], 1.510, 111.0, BETA)
    x["C3'"] = place(x["O5'"], x["C5'"], x["C4'"], 1.524, 115.5, GAMMA)
    x["O3'"] = place(x["C5'"], x["C4'"], x["C3'"], 1.420, 111.0, DELTA)
    x["C2'"] = place(x["C5'"], x["C4'"], x["C3'"], 1.523, 102.0, DELTA - 239.5)
    x["O4'"] = place(x["C2'"], x["C3'"], x["C4'"], 1.451, 104.2, -37.0)
    x["C1'"] = place(x["C4'"], x["C3'"], x["C2'"], 1.529, 101.0, 37.3)
    x["O2'"] = place(x["C4'"], x["C3'"], x["C2'"], 1.413, 111.5, -78.0)
    x["OP1"] = place(x["C5'"], x["O5'"], x["P"], 1.485, 108.5, 50.0)
    x["OP2"] = place(x["C5'"], x["O5'"], x["P"], 1.485, 108.5, 179.0)
    base = base_atoms(letter)
    nitrogen, carbon = ("N9", "C4") if letter in "AG" else ("N1", "C2")
    n = place(x["C3'"], x["C2'"], x["C1'"], 1.47, 112.0, 93.0)
    cosine = np.dot(base["C1'"] - base[nitrogen], base[carbon] - base[nitrogen]) / (
        np.linalg.norm(base["C1'"] - base[nitrogen]) * np.linalg.norm(base[carbon] - base[nitrogen]))
    c = place(x["O4'"], x["C1'"], n, 1.37, np.degrees(np.arccos(cosine)), CHI)
    turn = frame(n, x["C1'"], c) @ frame(base[nitrogen], base["C1'"], base[carbon]).T
    for name, position in base.items():
        if name != "C1'":
            x[name] = turn @ (position - base[nitrogen]) + n
    return x


def helix_motion():
    """Rotation and translation from a nucleotide to the next one."""
    x = make_nucleotide("G")
    p = place(x["C4'"], x["C3'"], x["O3'"], 1.607, 119.7, EPSILON)
    o5 = place(x["C3'"], x["O3'"], p, 1.593, 104.0, ZETA)
    c5 = place(x["O3'"], p, o5, 1.425, 120.9, ALPHA)
    turn = frame(p, o5, c5) @ frame(x["P"], x["O5'"], x["C5'"]).T
    return turn, p - turn @ x["P"]


def helix_axis():
    """A point on the axis of the helix and its direction."""
    turn, shift = helix_motion()
    angle = np.arccos((np.trace(turn) - 1) / 2)
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / (2 * np.sin(angle))
    across = shift - np.dot(axis, shift) * axis
    return 0.5 * (across + np.cross(axis, across) / np.tan(angle / 2)), axis


def dyad():
    """The rotation by 180 degrees that takes a nucleotide's place to its partner's: (rotation, translation). Its axis
    crosses that of the helix at a right angle, beside the x axis of the pair's reference frame."""
    base, x = base_atoms("G"), make_nucleotide("G")
    turn = frame(x["N9"], x["C1'"], x["C4"]) @ frame(base["N9"], base["C1'"], base["C4"]).T
    origin = x["N9"] - turn @ base["N9"]
    point, axis = helix_axis()
    along = turn[:, 0] - np.dot(turn[:, 0], axis) * axis
    along /= np.linalg.norm(along)
    crossing = point + np.dot(origin - point, axis) * axis
    half_turn = 2.0 * np.outer(along, along) - np.eye(3)
    return half_turn, crossing - half_turn @ crossing


def make_strand(sequence):
    turn, shift = helix_motion()
    strand, rotation, translation = [], np.eye(3), np.zeros(3)
    for letter in sequence:
        strand.append({name: rotation @ at + translation for name, at in make_nucleotide(letter).items()})
        rotation, translation = rotation @ turn, rotation @ shift + translation
    return strand


def make_partner_strand(sequence):
    """The second strand, 5' to 3', of the duplex whose first is make_strand(sequence)."""
    turn, shift = helix_motion()
    half, move = dyad()
    strand, rotation, translation = [], np.eye(3), np.zeros(3)
    for letter in sequence:
        partner = make_nucleotide(PARTNER[letter])
        strand.append({name: rotation @ (half @ at + move) + translation for name, at in partner.items()})
        rotation, translation = rotation @ turn, rotation @ shift + translation
    return strand[::-1]


class Residue:
    def __init__(self, name, atoms, number, chain="A", code="", hetero=False, author_chain=None):
        self.name, self.atoms, self.number, self.chain, self.code, self.hetero = name, atoms, number, chain, code, hetero
        self.author_chain = author_chain or chain  # mmCIF only
        self.alternates = {}  # atom: [(letter, position, occupancy)]


def residues_of(sequence, strand=None, chain="A", first=1, names=None):
    """names: {index from 0: residue name} of modified nucleotides."""
    strand = strand or make_strand(sequence)
    result = []
    for i, (letter, atoms) in enumerate(zip(sequence, strand)):
        name = (names or {}).get(i, letter)
        order = BACKBONE + [atom for atom in atoms if atom not in BACKBONE]
        result.append(Residue(name, {atom: atoms[atom] for atom in order}, first + i, chain, hetero=name != letter))
    return result


def element(atom):
    return "MG" if atom == "MG" else atom[0]


def rows_of(residues):
    for residue in residues:
        for atom, position in residue.atoms.items():
            for letter, at, occupancy in residue.alternates.get(atom, [("", position, 1.0)]):
                yield residue, atom, letter, at, occupancy


def pdb_atoms(residues):
    lines, serial = [], 1
    for residue, atom, letter, at, occupancy in rows_of(residues):
        name = atom if len(atom) == 4 else f" {atom:<3}"
        record = "HETATM" if residue.hetero else "ATOM  "
        lines.append(f"{record}{serial:5d} {name}{letter or ' '}{residue.name:>3} {residue.chain}{residue.number:4d}"
                     f"{residue.code or ' '}   {at[0]:8.3f}{at[1]:8.3f}{at[2]:8.3f}{occupancy:6.2f}{20.0:6.2f}"
                     f"          {element(atom):>2}")
        serial += 1
    return lines


def pdb_header(entry, method, resolution=None):
    lines = [f"HEADER    RNA                                     15-JAN-26   {entry}",
             "TITLE     MADE FROM IDEAL GEOMETRY FOR TESTS", f"EXPDTA    {method}"]
    if resolution:
        lines.append(f"REMARK   2 RESOLUTION.    {resolution:4.2f} ANGSTROMS.")
    return lines


def cif(entry, residues, items=(), polymers=None, poly_seq=None):
    """polymers: {chain: (entity, type)}; poly_seq: {chain: [(name, author's number or None)]} with missing residues."""
    quoted = lambda word: f'"{word}"' if "'" in word else word
    lines = [f"data_{entry}", f"_entry.id {entry}", *items]
    polymers = polymers or {chain: (1, "polyribonucleotide") for chain in dict.fromkeys(r.chain for r in residues)}
    entities = dict(sorted(polymers.values()))
    lines += ["loop_", "_entity.id", "_entity.type"]
    lines += [f"{number} {'polymer' if kind.startswith('poly') else kind}" for number, kind in entities.items()]
    lines += ["loop_", "_entity_poly.entity_id", "_entity_poly.type"]
    lines += [f"{number} {quoted(kind) if ' ' not in kind and '(' not in kind else repr(kind)}"
              for number, kind in entities.items() if kind.startswith("poly")]
    lines += ["loop_", "_struct_asym.id", "_struct_asym.entity_id"]
    lines += [f"{chain} {entity}" for chain, (entity, _) in polymers.items()]
    placed = {}  # (chain, author's number): number in the sequence
    if poly_seq:
        lines += ["loop_"] + ["_pdbx_poly_seq_scheme." + key for key in
                              ("asym_id", "entity_id", "seq_id", "mon_id", "auth_seq_num", "pdb_strand_id")]
        for chain, names in poly_seq.items():
            for k, (name, number) in enumerate(names, start=1):
                placed[chain, number] = k
                lines.append(f"{chain} {polymers[chain][0]} {k} {name} {'?' if number is None else number} {chain}")
    lines += ["loop_"] + ["_atom_site." + key for key in
                          ("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
                           "label_asym_id", "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x",
                           "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv", "auth_seq_id", "auth_asym_id",
                           "pdbx_PDB_model_num")]
    first = {}
    for serial, (residue, atom, letter, at, occupancy) in enumerate(rows_of(residues), start=1):
        entity, kind = polymers[residue.chain]
        first.setdefault(residue.chain, residue.number)
        in_sequence = placed.get((residue.chain, residue.number), residue.number - first[residue.chain] + 1)
        lines.append(f"{'HETATM' if residue.hetero else 'ATOM'} {serial} {element(atom)} {quoted(atom)} {letter or '.'} "
                     f"{residue.name} {residue.chain} {entity} {in_sequence if kind.startswith('poly') else '.'} "
                     f"{residue.code or '?'} {at[0]:.3f} {at[1]:.3f} {at[2]:.3f} {occupancy:.2f} 20.00 "
                     f"{residue.number} {residue.author_chain} 1")
    return "\n".join(lines) + "\n"


def pdb(*parts):
    return "\n".join(line for part in parts for line in part) + "\nEND\n"


def duplex():
    sequence = "GACUAGCU"
    first, second = residues_of(sequence), residues_of("AGCUAGUC", make_partner_strand(sequence), "B", 11)
    return pdb(pdb_header("0DPX", "X-RAY DIFFRACTION", 1.5), pdb_atoms(first), ["TER"], pdb_atoms(second), ["TER"])


def strand():
    items = ["_exptl.entry_id 0STR", "_exptl.method 'X-RAY DIFFRACTION'", "_refine.entry_id 0STR",
             "_refine.ls_d_res_high 2.25", "_pdbx_audit_revision_history.ordinal 1",
             "_pdbx_audit_revision_history.data_content_type 'Structure model'",
             "_pdbx_audit_revision_history.revision_date 2026-01-15"]
    return cif("0STR", residues_of("GGACUUCGGUCCAGCUUGGACUUCG", first=101), items)


def modified():
    return cif("0MOD", residues_of("GUGCAUGC", names={0: "GTP", 2: "2MG", 3: "5MC", 4: "1MA", 5: "5MU"}))


def insertion_codes():
    residues = residues_of("GACUUGCA")
    for residue, (number, code) in zip(residues, [(47, ""), (47, "A"), (47, "B"), (46, ""), (48, ""), (48, "L"),
                                                  (31, "L"), (30, "")]):
        residue.number, residue.code = number, code
    return pdb(pdb_header("0INS", "X-RAY DIFFRACTION", 2.0), pdb_atoms(residues))


def alternate_locations():
    residues, shift = residues_of("GACUAGC"), np.array([0.5, 0.0, 0.0])
    # Not in neighbors, of which a reader may take one conformer.
    for index, atom, occupancies in [(1, "P", (0.43, 0.57)), (3, "O3'", (0.52, 0.48)), (5, "C4'", (0.5, 0.5))]:
        at = residues[index].atoms[atom]
        residues[index].alternates[atom] = [("A", at, occupancies[0]), ("B", at + shift, occupancies[1])]
    return pdb(pdb_header("0ALT", "X-RAY DIFFRACTION", 1.2), pdb_atoms(residues))


def models():
    lines = pdb_header("0NMR", "SOLUTION NMR")
    for model in range(1, 4):
        residues = residues_of("GACUAG")
        for residue in residues:
            residue.atoms = {name: at + [0.0, 0.0, 10.0 * model] for name, at in residue.atoms.items()}
        lines += [f"MODEL     {model:4d}", *pdb_atoms(residues), "ENDMDL"]
    return pdb(lines)


def hybrid():
    residues = residues_of("GACUAGC", names={3: "DU"})
    residues[3].hetero = False
    del residues[3].atoms["O2'"]
    return pdb(pdb_header("0HYB", "X-RAY DIFFRACTION", 1.8), pdb_atoms(residues))


def gap():
    residues = residues_of("GACUAGCUAG", first=3)
    names = [(name, None) for name in "GG"] + [(residue.name, residue.number) for residue in residues]
    names[6], names[7] = ("A", None), ("G", None)
    return cif("0GAP", residues[:4] + residues[6:], poly_seq={"A": names})


def damaged():
    residues = residues_of("GACUAGC")
    for atom in ("P", "OP1", "OP2"):
        del residues[0].atoms[atom]
    residues[6].atoms = {name: at for name, at in residues[6].atoms.items() if name in BACKBONE + ["N1"]}
    lines = pdb_atoms(residues)
    third = next(i for i, line in enumerate(lines) if line[22:26] == "   3")
    # A lone carriage return instead of a line break, and no element columns behind it.
    joined = lines[third - 1].rstrip() + "\r" + lines[third]
    return pdb([line[:66] for line in lines[:third - 1]], [joined], [line[:66] for line in lines[third + 1:]])


def complex_with_protein():
    rna = residues_of("GACUAGC")
    peptide = []
    for i, name in enumerate(["GLY", "ALA", "SER", "GLY"]):
        start = np.array([30.0 + 3.8 * i, 0.0, 0.0])
        atoms = {"N": start, "CA": start + [1.2, 0.8, 0.0], "C": start + [2.5, 0.0, 0.0], "O": start + [2.5, -1.2, 0.0]}
        peptide.append(Residue(name, atoms, i + 1, "B"))
    magnesium = Residue("MG", {"MG": np.array([0.0, 20.0, 0.0])}, 201, "C", hetero=True, author_chain="A")
    waters = [Residue("HOH", {"O": np.array([3.0 * i, 25.0, 0.0])}, 301 + i, "D", hetero=True, author_chain="A")
              for i in range(3)]
    polymers = {"A": (1, "polyribonucleotide"), "B": (2, "polypeptide(L)"), "C": (3, "non-polymer"), "D": (4, "water")}
    return cif("0CPX", rna + peptide + [magnesium] + waters, ["_exptl.entry_id 0CPX", "_exptl.method 'ELECTRON MICROSCOPY'",
               "_em_3d_reconstruction.entry_id 0CPX", "_em_3d_reconstruction.resolution 3.1"], polymers)


FILES = {"duplex.pdb": duplex, "strand.cif.gz": strand, "modified.cif": modified,
         "insertion_codes.pdb": insertion_codes, "alternate_locations.pdb": alternate_locations,
         "models.pdb.gz": models, "hybrid.pdb": hybrid, "gap.cif": gap, "damaged.pdb": damaged,
         "complex.cif": complex_with_protein}


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name, make in FILES.items():
        bytes_ = make().encode()
        (folder / name).write_bytes(gzip.compress(bytes_, 9, mtime=0) if name.endswith(".gz") else bytes_)


if __name__ == "__main__":
    main()

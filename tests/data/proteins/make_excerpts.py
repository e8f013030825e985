"""Cuts the excerpts of this folder out of PDB entries: lines of the files as they are, fewer of them.

usage: make_excerpts.py 1dul.cif.gz 8d29.pdb
"""

import gzip
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent
BACKBONE = ("N", "CA", "C", "O", "CB")


def excerpt_of_1dul(path):
    """Residues 5 to 55 of entity 2, backbone and CB; the tables that say what they are."""
    with gzip.open(path, "rt") as file:
        lines = file.read().splitlines()
    columns = [line.split(".")[1].strip() for line in lines if line.startswith("_atom_site.")]
    place = {name: columns.index(name) for name in ("label_entity_id", "label_seq_id", "label_atom_id")}
    atoms = []
    for line in lines:
        words = line.split()
        if line.startswith(("ATOM", "HETATM")) and words[place["label_entity_id"]] == "2":
            if 5 <= int(words[place["label_seq_id"]]) <= 55 and words[place["label_atom_id"]] in BACKBONE:
                atoms.append(line.rstrip())
    head = ["data_1DUL", "#", "_entry.id 1DUL", "#", "_exptl.entry_id 1DUL", "_exptl.method 'X-RAY DIFFRACTION'", "#",
            "_refine.entry_id 1DUL", "_refine.pdbx_refine_id 'X-RAY DIFFRACTION'", "_refine.ls_d_res_high 1.80", "#",
            "loop_", "_entity.id", "_entity.type", "2 polymer", "#", "loop_", "_entity_poly.entity_id",
            "_entity_poly.type", "2 'polypeptide(L)'", "#", "loop_", "_atom_site." + "\n_atom_site.".join(columns)]
    (FOLDER / "1dul_excerpt.cif").write_text("\n".join(head + atoms) + "\n#\n")


def excerpt_of_8d29(path):
    """Residues 118 to 142 and 205 to 211 of chain A, all atoms."""
    kept = []
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(("HEADER", "EXPDTA")):
            kept.append(line.replace("XXXX", "8D29"))
        if line.startswith(("ATOM", "HETATM")) and line[21] == "A":
            number = int(line[22:26])
            if 118 <= number <= 142 or 205 <= number <= 211:
                kept.append(line)
    (FOLDER / "8d29_excerpt.pdb").write_text("\n".join(kept + ["END"]) + "\n")


excerpt_of_1dul(sys.argv[1])
excerpt_of_8d29(sys.argv[2])

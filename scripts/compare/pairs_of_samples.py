#!/usr/bin/env python3
"""Base pairs of sampled backbones beside the pairs that were given, by code that shares nothing with flashrna.

    pip install gemmi numpy
    scripts/compare/pairs_of_samples.py dbn FOLDER            dot-bracket of every .cif in FOLDER, to stdout
    scripts/compare/pairs_of_samples.py score FOLDER [FILE]   shares of links and helices; with FILE.dbn, precision,
                                                              recall and F1 of the pairs that FILE gives

A sample "NAME_sample_000.cif" belongs to the record ">NAME" of FILE. The rule is the one of rna/pairs/base_pairs.h:
C1' and N9/N1 alone. Every pair of residues is compared, O(L^2).
"""
import glob
import os
import sys

import gemmi
import numpy as np

OPENING, CLOSING = "([{<ABCD", ")]}>abcd"


def read_atoms(path):
    """C1', glycosidic nitrogen, C4', O3' and P of the first chain, [L, 3] each in Å, NaN where one is missing."""
    missing = np.full(3, np.nan)
    columns = {name: [] for name in ("C1'", "N", "C4'", "O3'", "P")}
    for residue in gemmi.read_structure(path)[0][0]:
        atoms = {atom.name: np.array(atom.pos.tolist()) for atom in residue}
        for name in ("C1'", "C4'", "O3'", "P"):
            columns[name].append(atoms.get(name, missing))
        c1 = atoms.get("C1'")
        bonded = [atoms[name] for name in ("N9", "N1", "C5")
                  if c1 is not None and name in atoms and np.linalg.norm(atoms[name] - c1) < 1.8]
        columns["N"].append(bonded[0] if bonded else missing)
    return {name: np.array(rows) for name, rows in columns.items()}


def find_pairs(c1, n):
    """{(i, j): (C1'-C1', N-N)}, one partner per residue, best first."""
    candidates = []
    for i in range(len(c1)):
        for j in range(i + 4, len(c1)):
            n_distance = np.linalg.norm(n[i] - n[j])
            across = c1[j] - c1[i]
            distance = np.linalg.norm(across)
            if not (8.2 <= n_distance <= 9.8 and 9.6 <= distance <= 11.4):
                continue
            axis, to_n_i, to_n_j = across / distance, n[i] - c1[i], n[j] - c1[j]
            angle_i = np.degrees(np.arccos(to_n_i @ axis / np.linalg.norm(to_n_i)))
            angle_j = np.degrees(np.arccos(-to_n_j @ axis / np.linalg.norm(to_n_j)))
            if not (42 <= angle_i <= 72 and 42 <= angle_j <= 72):
                continue
            a, b = to_n_i - (to_n_i @ axis) * axis, to_n_j - (to_n_j @ axis) * axis
            torsion = np.degrees(np.arctan2(np.cross(a, b) @ axis, a @ b))
            if abs(torsion) >= 45:
                continue
            score = (((n_distance - 8.95) / 0.25) ** 2 + ((distance - 10.5) / 0.3) ** 2 + ((angle_i - 55) / 6) ** 2
                     + ((angle_j - 55) / 6) ** 2 + (torsion / 15) ** 2)
            candidates.append((score, i, j, distance, n_distance))
    used, pairs = set(), {}
    for _, i, j, distance, n_distance in sorted(candidates):
        if i not in used and j not in used:
            used |= {i, j}
            pairs[i, j] = distance, n_distance
    return pairs


def dot_bracket(pairs, length):
    """Pairs in order of their first residue, each with the first kind of bracket in which it crosses no other."""
    text, levels = ["."] * length, []
    for i, j in sorted(pairs):
        level = next((k for k, level in enumerate(levels)
                      if all(not (a < i < b < j or i < a < j < b) for a, b in level)), len(levels))
        if level == len(levels):
            levels.append([])
        levels[level].append((i, j))
        text[i], text[j] = OPENING[level], CLOSING[level]
    return "".join(text)


def parse_dot_bracket(text):
    open_at, pairs = {}, set()
    for i, character in enumerate(text):
        if character in OPENING:
            open_at.setdefault(OPENING.index(character), []).append(i)
        elif character in CLOSING:
            pairs.add((open_at[CLOSING.index(character)].pop(), i))
    return pairs


def read_dot_brackets(path):
    records, name = {}, None
    with open(path, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith(">"):
                name = line[1:]
            elif name:
                records[name] = parse_dot_bracket(line)
    return records


def score(folder, asked):
    links, bonded, in_helices, residues = [], [], 0, 0
    given = found = both = 0
    distances, n_distances = [], []
    for path in sorted(glob.glob(os.path.join(folder, "*.cif"))):
        atoms = read_atoms(path)
        c1, n, c4 = atoms["C1'"], atoms["N"], atoms["C4'"]
        pairs = find_pairs(c1, n)
        in_helices += sum(2 for i, j in pairs if (i + 1, j - 1) in pairs or (i - 1, j + 1) in pairs)
        residues += len(c1)
        step = np.linalg.norm(c4[1:] - c4[:-1], axis=1)
        links.extend((step >= 5) & (step <= 7))
        bonded.extend(np.linalg.norm(atoms["P"][1:] - atoms["O3'"][:-1], axis=1) < 2.5)
        wanted = asked.get(os.path.basename(path)[:-4].rsplit("_sample_", 1)[0])
        if wanted is None:
            continue
        given, found, both = given + len(wanted), found + len(pairs), both + len(wanted & set(pairs))
        distances.extend(np.linalg.norm(c1[i] - c1[j]) for i, j in wanted)
        n_distances.extend(np.linalg.norm(n[i] - n[j]) for i, j in wanted)
    print(f"residues\t{residues}\nin helices\t{in_helices / residues:.3f}")
    print(f"C4'-C4' in 5 to 7 A\t{np.mean(links):.3f}\nO3'-P below 2.5 A\t{np.mean(bonded):.3f}")
    if given:
        print(f"precision\t{both / max(found, 1):.3f}\nrecall\t{both / given:.3f}\nF1\t{2 * both / (given + found):.3f}")
        print(f"C1'-C1' of given pairs, median\t{np.median(distances):.2f}\nN-N\t{np.median(n_distances):.2f}")


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("dbn", "score"):
        sys.exit(__doc__)
    if sys.argv[1] == "score":
        score(sys.argv[2], read_dot_brackets(sys.argv[3]) if len(sys.argv) > 3 else {})
        return
    for path in sorted(glob.glob(os.path.join(sys.argv[2], "*.cif"))):
        atoms = read_atoms(path)
        pairs = find_pairs(atoms["C1'"], atoms["N"])
        print(f">{os.path.basename(path)[:-4]}", dot_bracket(pairs, len(atoms["N"])), sep="\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""2D designability of a secondary structure with ViennaRNA's programs: sequences are designed for its nested pairs
(RNAinverse) and folded back (RNAfold); the score is the best F1 of their pairs. For `flashrna evaluate --judge`:

  --judge 'scripts/designability_2d.py {dot_bracket} {score} --designs 8'

It says whether a sequence can be found whose most stable secondary structure has these pairs, in the energy model of
these programs. It sees no coordinates and no pseudoknots, and is no self-consistency of a three-dimensional structure.
"""

import argparse
import pathlib
import subprocess
import sys


def pairs_of(dot_bracket):
    opened, pairs = [], set()
    for place, letter in enumerate(dot_bracket):
        if letter == "(":
            opened.append(place)
        elif letter == ")":
            pairs.add((opened.pop(), place))
    return pairs


def run(words, text):
    try:
        return subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        sys.exit(f"error: there is no program {words[0]}; it is part of ViennaRNA")
    except subprocess.CalledProcessError as error:
        sys.exit(f"error: {' '.join(words)}: status {error.returncode}: {error.stderr.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("structure", type=pathlib.Path, help="dot-bracket, one structure")
    parser.add_argument("score", type=pathlib.Path, help="file to write")
    parser.add_argument("--designs", type=int, default=8, help="sequences to design; the best counts")
    given = parser.parse_args()
    lines = given.structure.read_text().split()
    asked = "".join(letter if letter in "()" else "." for letter in lines[-1]) if lines else ""
    if lines and "&" in lines[-1]:
        sys.exit(f"error: {given.structure}: several molecules; these programs design one")
    if not pairs_of(asked):
        sys.exit(f"error: {given.structure}: no nested pair, nothing to design")
    # A start of N is a random one.
    designed = run(["RNAinverse", f"--repeat={given.designs}"], f"{asked}\n{'N' * len(asked)}\n")
    words = (line.split() for line in designed.splitlines())
    sequences = [first[0].upper() for first in words if first and len(first[0]) == len(asked) and
                 set(first[0].upper()) <= set("ACGU")]
    if not sequences:
        sys.exit("error: RNAinverse wrote no sequence")
    folded = run(["RNAfold", "--noPS"], "\n".join(sequences) + "\n")
    found = [line.split()[0] for line in folded.splitlines() if line and line[0] in ".("]
    wanted = pairs_of(asked)
    scores = [2 * len(wanted & pairs_of(structure)) / (len(wanted) + len(pairs_of(structure))) for structure in found]
    if not scores:
        sys.exit("error: RNAfold wrote no structure")
    given.score.write_text(f"{max(scores):.4f}\n")


if __name__ == "__main__":
    main()

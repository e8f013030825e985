#!/usr/bin/env python3
"""Lengths, base pairs and torsions of a dataset of `flashrna convert`:  dataset_statistics.py rna.h5"""

import sys

import numpy

import flashrna


def main(path):
    dataset = flashrna.read_dataset(path)
    lengths, paired, delta = [], [], []
    for chain in dataset:
        lengths.append(len(chain["sequence"]))
        paired.append((chain["partner"] >= 0).mean())
        defined = chain["torsion_mask"][:, 3]  # delta, the torsion of the sugar
        sin, cos = chain["torsions"][defined, 3].T
        delta.append(numpy.degrees(numpy.arctan2(sin, cos)))
    delta = numpy.concatenate(delta) % 360
    print(f"{len(dataset)} chains of {min(lengths)} to {max(lengths)} nt, {sum(lengths)} nt in all")
    print(f"paired nucleotides: {100 * numpy.average(paired, weights=lengths):.0f} %")
    print(f"delta near 84 degrees (C3'-endo): {100 * ((delta > 60) & (delta < 105)).mean():.0f} %")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])

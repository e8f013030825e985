#!/usr/bin/env python3
"""New backbones as arrays: samples some, keeps the most compact, and compares it with the others."""

import numpy

import flashrna


def radius_of_gyration(atoms):
    c4 = atoms[:, flashrna.BACKBONE_ATOMS.index("C4'")]
    return float(numpy.sqrt(numpy.square(c4 - c4.mean(axis=0)).sum(axis=1).mean()))


def main():
    backbones = flashrna.sample(40, samples=4, seed=1, options=["--steps", "20"])
    best = min(backbones, key=lambda one: radius_of_gyration(one["atoms"]))
    print(f"{best['name']}: radius of gyration {radius_of_gyration(best['atoms']):.1f} Å")
    c3 = flashrna.BACKBONE_ATOMS.index("C3'")
    for other in backbones:
        if other is not best:
            score = flashrna.align(other["atoms"][:, c3], best["atoms"][:, c3])
            print(f"  TM-score of {other['name']} to it: {score['tm_score']:.2f}")


if __name__ == "__main__":
    main()

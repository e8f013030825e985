#!/usr/bin/env python3
"""Seconds and MB/s of Biopython's parsers and of `flashrna convert` for the same structure files, one thread each."""

import argparse
import pathlib
import subprocess
import tempfile
import time
import warnings

import Bio
from Bio.PDB import MMCIFParser, PDBParser


def read_with_biopython(paths):
    """The files that it refuses, with its reasons."""
    refused = {}
    warnings.simplefilter("ignore")
    for path in paths:
        parser = MMCIFParser(QUIET=True) if path.suffix == ".cif" else PDBParser(QUIET=True)
        try:
            parser.get_structure(path.stem, path)
        except Exception as error:  # whatever it raises is what a user meets
            refused[path.name] = f"{type(error).__name__}: {error}"
    return refused


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=pathlib.Path, help="PDB and mmCIF files, not compressed")
    arguments.add_argument("--flashrna", default="flashrna", help="the program")
    options = arguments.parse_args()
    paths = sorted(p for p in options.folder.rglob("*") if p.suffix in (".pdb", ".ent", ".cif"))
    megabytes = sum(p.stat().st_size for p in paths) / 1e6

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        command = [options.flashrna, "convert", options.folder, "--output", f"{scratch}/out.h5", "--threads", "1", "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    ours = time.perf_counter() - start

    start = time.perf_counter()
    refused = read_with_biopython(paths)
    theirs = time.perf_counter() - start

    print(f"{len(paths)} files, {megabytes:.0f} MB, one thread")
    print(f"Biopython {Bio.__version__}, parsing alone: {theirs:.1f} s, {megabytes / theirs:.1f} MB/s, {len(refused)} files refused")
    print(f"flashrna convert, whole program: {ours:.1f} s, {megabytes / ours:.1f} MB/s; {theirs / ours:.0f} times faster")
    for name, reason in list(refused.items())[:5]:
        print(f"  refused: {name}: {reason}")


if __name__ == "__main__":
    main()

"""Backbones from the program `flashrna sample`, as arrays."""

import csv
import importlib.util
import os
import pathlib
import subprocess
import tempfile

from ._arrays import read_structure

_PACKAGE = pathlib.Path(__file__).parent


def program():
    """Path of the flashrna program in this package; it runs with `environment()`."""
    return str(_PACKAGE / "bin" / "flashrna")


def environment():
    """Environment variables for the program, which finds LibTorch beside this package or by LD_LIBRARY_PATH.

    torch is elsewhere where the environment sees the packages of another one (venv --system-site-packages, pip --user).
    Raises RuntimeError if torch is not installed.
    """
    variables = dict(os.environ)
    if (_PACKAGE.parent / "torch" / "lib").is_dir():
        return variables
    torch = importlib.util.find_spec("torch")  # found, not imported
    if torch is None:
        raise RuntimeError("the package torch is missing, whose libraries flashrna uses; run: pip install torch==2.11.*")
    folders = [str(pathlib.Path(torch.origin).parent / "lib"), variables.get("LD_LIBRARY_PATH", "")]
    variables["LD_LIBRARY_PATH"] = os.pathsep.join(folder for folder in folders if folder)
    return variables


def sample(lengths, samples=1, *, checkpoint=None, secondary_structure=None, seed=0, device="auto", options=()):
    """Makes backbones and returns one dict per backbone.

    lengths: residues, an int or a list of ints; ignored if secondary_structure (a dot-bracket string) is given.
    samples: backbones per length. checkpoint: a file, a run's folder, or a name of `flashrna weights --list`; by default
    the weights in the package. options: further words of the command line, such as ["--steps", "20"].

    Keys: name, atoms (L, 13, 3) Å, atom_mask (L, 13) bool, residue_index (L,), and measures, the row of samples.csv as
    text. Raises RuntimeError with the program's message if it fails.
    """
    if isinstance(lengths, int):
        lengths = [lengths]
    with tempfile.TemporaryDirectory() as folder:
        words = [program(), "sample", "--samples", str(samples), "--seed", str(seed), "--device", device, "--output",
                 f"{folder}/samples", "--quiet", *options]
        if secondary_structure is None:
            words += ["--lengths", ",".join(str(length) for length in lengths)]
        else:
            words += ["--secondary-structure", secondary_structure]
        if checkpoint is not None:
            words += ["--checkpoint", str(checkpoint)]
        result = subprocess.run(words, capture_output=True, text=True, check=False, env=environment())
        if result.returncode != 0:
            raise RuntimeError(result.stderr.strip() or f"flashrna sample ended with status {result.returncode}")
        with open(f"{folder}/samples/samples.csv", encoding="utf-8", newline="") as table:
            measures = list(csv.DictReader(table))
        return [_read(pathlib.Path(folder) / "samples", row) for row in measures]


def _read(folder, row):
    file = row["file"] if row.get("file") else row["name"]
    chain = read_structure(str(folder / file))[0]
    return {"name": pathlib.Path(file).stem, "atoms": chain["atoms"][:, :13], "atom_mask": chain["atom_mask"][:, :13],
            "residue_index": chain["residue_index"], "measures": row}

"""flashrna from Python: numpy functions over its C++ code, sampling, and attention operators for PyTorch.

Structures and datasets (lengths in Å, numpy float64 unless said otherwise; every function has its own docstring):

  read_structure(path, model=1)           chains of a PDB, mmCIF or BinaryCIF file
  Dataset(path), read_dataset(path)       a dataset of `flashrna convert`
  frames, torsions, rebuild               frames and torsions of nucleotides, and back to the 13 backbone atoms
  pairs(atoms, mask=None)                 base pairs
  tm_score, align                         comparison of two structures by their C3' atoms
  sample(lengths, ...)                    new backbones as arrays

With PyTorch (loaded at first use): `InvariantPointAttention`, and the operators `torch.ops.flashrna.flash_ipa` and
`nearest_neighbors` after `load_operators()`.
"""

import importlib

from ._arrays import Dataset, align, frames, pairs, read_structure, rebuild, tm_score, torsions
from ._version import __version__
from .sampling import environment, program, sample

# Slots of `atoms` along its second axis; slot 12 is the ring atom bonded to C1'. 13 to 22 are base atoms.
BACKBONE_ATOMS = ("P", "OP1", "OP2", "O5'", "C5'", "C4'", "O4'", "C3'", "O3'", "C2'", "O2'", "C1'", "N")


def read_dataset(path):
    """A dataset of `flashrna convert` or `split`, as a sequence of chains (Dataset)."""
    return Dataset(str(path))


def __getattr__(name):
    # PyTorch takes a second to import, and the numpy functions do not need it.
    if name in ("InvariantPointAttention", "load_operators"):
        return getattr(importlib.import_module(".attention", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["BACKBONE_ATOMS", "Dataset", "InvariantPointAttention", "__version__", "align", "environment", "frames",
           "load_operators", "pairs", "program", "read_dataset", "read_structure", "rebuild", "sample", "tm_score", "torsions"]

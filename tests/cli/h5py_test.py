"""Opens a dataset with h5py alone, and checks names, shapes, units and values against what the test wrote.

usage: h5py_test.py rna.h5 docs/dataset.md FOLDER
"""

import pathlib
import re
import subprocess
import sys

import h5py
import numpy as np

COLUMNS = {  # name: (shape of a row, kind of its type, unit)
    "chains": {
        "id": ((), "O", ""), "entry": ((), "O", ""), "model": ((), "i4", "1"), "chain_ids": ((), "O", ""),
        "molecule_kind": ((), "O", ""), "length": ((), "i4", "nucleotides"),
        "n_without_frame": ((), "i4", "nucleotides"), "n_breaks": ((), "i4", "1"), "offset": ((), "i8", "rows"),
        "resolution": ((), "f4", "angstrom"), "method": ((), "O", ""), "release_date": ((), "O", ""),
        "n_modified": ((), "i4", "nucleotides"), "sequence_cluster": ((), "i4", "1"),
        "structure_cluster": ((), "i4", "1"), "split": ((), "O", ""), "source_file": ((), "O", ""),
        "source_sha256": ((), "S64", ""),
    },
    "residues": {
        "nucleotide": ((), "u1", "1"), "parent_name": ((), "S1", ""), "residue_name": ((), "S16", ""),
        "seq_id": ((), "i4", "1"), "insertion_code": ((), "S1", ""), "chain_in_structure": ((), "u1", "1"),
        "residue_index": ((), "i4", "1"), "atom_positions": ((23, 3), "f4", "angstrom"), "atom_mask": ((), "u4", "1"),
        "frame_rotation": ((3, 3), "f4", "1"), "frame_translation": ((3,), "f4", "angstrom"),
        "torsion_sin_cos": ((8, 2), "f4", "1"), "torsion_mask": ((), "u1", "1"), "b_factor": ((), "f4", "angstrom^2"),
        "partner": ((), "i4", "1"), "chi_sin_cos": ((2,), "f4", "1"),
    },
    "rejected": {"source": ((), "O", ""), "chain": ((), "O", ""), "reason": ((), "O", ""), "detail": ((), "O", "")},
}


def check_columns(file):
    assert file.attrs["format"] == "flashrna-dataset" and file.attrs["version"] == 3
    assert set(file) == set(COLUMNS)
    for group, columns in COLUMNS.items():
        assert set(file[group]) == set(columns), set(file[group]) ^ set(columns)
        assert file[group].attrs["description"]
        for name, (row, kind, unit) in columns.items():
            dataset = file[group][name]
            assert dataset.shape[1:] == row, (name, dataset.shape)
            assert dataset.dtype == np.dtype(kind), (name, dataset.dtype)
            assert dataset.attrs["unit"] == unit, (name, dataset.attrs["unit"])
            assert len(dataset.attrs["description"]) > 10, name


def check_values(file):
    chains, residues = file["chains"], file["residues"]
    n = len(chains["id"])
    assert n == 12 and chains["offset"].shape == (n + 1,) and chains["offset"][n] == len(residues["seq_id"])
    assert sorted(chains["length"][:]) == [24 + 2 * i for i in range(12)]
    i = list(chains["id"].asstr()[:]).index("small3_1_A")
    rows = slice(chains["offset"][i], chains["offset"][i + 1])
    assert list(residues["residue_index"][rows]) == list(range(30))
    positions, mask = residues["atom_positions"][rows], residues["atom_mask"][rows]
    bonds = np.linalg.norm(positions[:-1, 8] - positions[1:, 0], axis=1)  # O3'-P
    assert np.allclose(bonds, 1.6, atol=0.05), bonds
    assert np.all(mask & 0xFFF == 0xFFF), "all sugar-phosphate atoms are there"
    rotation = residues["frame_rotation"][rows]
    assert np.allclose(rotation @ rotation.transpose(0, 2, 1), np.eye(3), atol=1e-5)
    assert np.allclose(residues["frame_translation"][rows], positions[:, 5])  # C4'
    x = (positions[:, 6] - positions[:, 5]) / np.linalg.norm(positions[:, 6] - positions[:, 5], axis=1)[:, None]
    assert np.allclose(rotation[:, :, 0], x, atol=1e-5), "x points from C4' to O4'"
    assert np.allclose(np.sum(residues["torsion_sin_cos"][rows] ** 2, axis=-1), 1, atol=1e-5)


def check_documentation(dataset, document, folder):
    """The Python of the document runs as it stands, beside a dataset named rna.h5."""
    code = re.search(r"```python\n(.*?)```", pathlib.Path(document).read_text(), re.DOTALL).group(1)
    assert len([line for line in code.splitlines() if line and not line.startswith(("import", "with"))]) <= 10
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is not installed: the picture of docs/dataset.md is not drawn")
        return
    assert pathlib.Path(dataset).name == "rna.h5"
    import os
    environment = dict(os.environ, MPLBACKEND="Agg", MPLCONFIGDIR=folder)
    result = subprocess.run([sys.executable, "-c", code], cwd=pathlib.Path(dataset).parent, env=environment,
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert re.match(r"small\d+_1_A [ACGU]+ \(\d+, 23, 3\)\n", result.stdout), result.stdout
    assert (pathlib.Path(dataset).parent / "lengths.png").stat().st_size > 1000


with h5py.File(sys.argv[1], "r") as opened:
    check_columns(opened)
    check_values(opened)
check_documentation(*sys.argv[1:4])
print("ok")

"""Opens a trajectory with h5py alone, compares it with the mmCIF files beside it, and runs the Python of the document.

usage: trajectory_test.py samples/len_00040_samples_000-009.trajectory.h5 docs/sampling.md
"""

import pathlib
import re
import subprocess
import sys

import h5py
import numpy as np


def c4_of(path):
    rows = [line.split() for line in open(path) if line.startswith("ATOM ")]
    return np.array([[float(x) for x in row[10:13]] for row in rows if row[3] == "\"C4'\""])


def check(path):
    with h5py.File(path) as file:
        assert file.attrs["format"] == "flashrna-trajectory" and file.attrs["version"] == 1
        names, time = file["samples/name"].asstr()[:], file["time"][:]
        steps, samples, length = len(time), len(names), 40
        assert np.all(np.diff(time) > 0) and time[-1] == 1
        for group, torsions in (("state", False), ("prediction", True)):
            assert file[group]["translations"].shape == (steps, samples, length, 3)
            assert file[group]["translations"].attrs["unit"] == "angstrom"
            rotations = file[group]["rotations"][:]
            assert np.allclose(rotations @ np.swapaxes(rotations, -1, -2), np.eye(3), atol=1e-4)
            assert ("torsion_sin_cos" in file[group]) == torsions
        noise = file["state/translations"][0]
        assert np.allclose(noise.mean(axis=1), 0, atol=1e-3) and 8 < noise.std() < 12, noise.std()
        for name, last in zip(names, file["prediction/translations"][-1]):
            assert np.allclose(c4_of(path.parent / f"{name}.cif"), last, atol=0.00051), name


def check_documentation(path, document):
    code = re.search(r"```python\n(.*?)```", pathlib.Path(document).read_text(), re.DOTALL).group(1)
    assert len([line for line in code.splitlines() if line]) <= 10
    result = subprocess.run([sys.executable, "-c", code], cwd=path.parent.parent, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert re.match(r"state 0.01 len_00040_sample_000:\d+\.\d ", result.stdout), result.stdout


trajectory = pathlib.Path(sys.argv[1])
check(trajectory)
check_documentation(trajectory, sys.argv[2])
print("ok")

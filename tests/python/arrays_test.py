#!/usr/bin/env python3
"""numpy functions of the Python package against their definitions. Needs the package (make package) and numpy."""

import pathlib
import subprocess
import tempfile
import unittest
from unittest import mock

import numpy

import flashrna


def normalized(v):
    return v / numpy.linalg.norm(v, axis=-1, keepdims=True)


class Arrays(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backbones = flashrna.sample([24, 40], samples=1, seed=3, options=["--steps", "10"])

    def test_samples_have_the_asked_lengths_and_all_backbone_atoms(self):
        self.assertEqual([one["atoms"].shape for one in self.backbones], [(24, 13, 3), (40, 13, 3)])
        self.assertTrue(all(one["atom_mask"].all() for one in self.backbones))
        again = flashrna.sample(40, samples=1, seed=3, options=["--steps", "10"])[0]
        numpy.testing.assert_allclose(again["atoms"], self.backbones[1]["atoms"], atol=0.01)
        with self.assertRaisesRegex(RuntimeError, "--steps"):
            flashrna.sample(20, options=["--steps", "0"])

    def test_torch_of_another_folder_is_found_and_a_missing_one_is_named(self):
        with mock.patch("flashrna.sampling._PACKAGE", pathlib.Path("/nowhere/flashrna")):
            libraries = flashrna.environment()["LD_LIBRARY_PATH"].split(":")[0]
            self.assertTrue((pathlib.Path(libraries) / "libtorch_cpu.so").exists(), libraries)
            with mock.patch("importlib.util.find_spec", return_value=None):
                with self.assertRaisesRegex(RuntimeError, "pip install torch"):
                    flashrna.environment()

    def test_frames_are_those_of_three_atoms(self):
        atoms = self.backbones[1]["atoms"]
        rotations, translations = flashrna.frames(atoms)
        c4, o4, c3 = (atoms[:, flashrna.BACKBONE_ATOMS.index(name)] for name in ("C4'", "O4'", "C3'"))
        x = normalized(o4 - c4)
        y = normalized(c3 - c4 - x * ((c3 - c4) * x).sum(-1, keepdims=True))
        expected = numpy.stack([x, y, numpy.cross(x, y)], axis=-1)
        numpy.testing.assert_allclose(translations, c4, atol=1e-12)
        numpy.testing.assert_allclose(rotations, expected, atol=1e-7)  # norms are sqrt(v.v + 1e-8)

    def test_rebuild_inverts_frames_and_torsions(self):
        first = flashrna.rebuild(*flashrna.frames(self.backbones[1]["atoms"]),
                                 flashrna.torsions(self.backbones[1]["atoms"])[0])
        again = flashrna.rebuild(*flashrna.frames(first), flashrna.torsions(first)[0])
        numpy.testing.assert_allclose(again, first, atol=2e-4)

    def test_missing_atoms_leave_frame_and_torsions_undefined(self):
        atoms = self.backbones[0]["atoms"].copy()
        mask = numpy.ones(atoms.shape[:2], dtype=bool)
        mask[2, flashrna.BACKBONE_ATOMS.index("C4'")] = False
        rotations, _ = flashrna.frames(atoms, mask)
        self.assertEqual(numpy.isnan(rotations).any(axis=(1, 2)).nonzero()[0].tolist(), [2])
        self.assertFalse(flashrna.torsions(atoms, mask)[1][2, 0])
        self.assertTrue(flashrna.torsions(atoms, mask)[1][3].all())

    def test_a_canonical_pair_is_found_and_a_wider_one_is_not(self):
        # C1'-C1' 10.5 Å, C1'-N 1.47 Å at 55 degrees to it, in a plane.
        def pair(distance):
            atoms = numpy.full((6, 13, 3), numpy.nan)
            along, up = 1.47 * numpy.cos(numpy.radians(55)), 1.47 * numpy.sin(numpy.radians(55))
            atoms[0, 11:13] = [[0, 0, 0], [along, up, 0]]
            atoms[5, 11:13] = [[distance, 0, 0], [distance - along, up, 0]]
            return flashrna.pairs(atoms).tolist()

        self.assertEqual(pair(10.5), [5, -1, -1, -1, -1, 0])
        self.assertEqual(pair(12.0), [-1] * 6)

    def test_tm_score_of_a_moved_copy_is_one_and_its_motion_is_found(self):
        c3 = self.backbones[1]["atoms"][:, flashrna.BACKBONE_ATOMS.index("C3'")].copy()
        angle = 0.7
        rotation = numpy.array([[numpy.cos(angle), -numpy.sin(angle), 0], [numpy.sin(angle), numpy.cos(angle), 0], [0, 0, 1]])
        moved = c3 @ rotation.T + [1.0, -2.0, 3.0]
        score = flashrna.tm_score(c3, moved)
        self.assertAlmostEqual(score["tm_score"], 1, places=9)
        numpy.testing.assert_allclose(score["rotation"], rotation, atol=1e-7)
        numpy.testing.assert_allclose(score["translation"], [1, -2, 3], atol=1e-6)
        aligned = flashrna.align(c3[3:], moved)
        self.assertGreater(aligned["tm_score"], 0.9)
        numpy.testing.assert_array_equal(aligned["pairs"][:, 1] - aligned["pairs"][:, 0], 3)

    def test_wrong_shapes_and_files_are_refused_with_a_sentence(self):
        with self.assertRaisesRegex(ValueError, r"expected \(L, 13, 3\) or \(L, 23, 3\)"):
            flashrna.frames(numpy.zeros((4, 5, 3)))
        with self.assertRaisesRegex(ValueError, "no_such.cif"):
            flashrna.read_structure("no_such.cif")

    def test_structures_and_datasets_are_read_alike(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            run = [flashrna.program()]
            subprocess.run([*run, "sample", "--lengths", "30", "--samples", "2", "--steps", "10", "--output", path / "s",
                            "--quiet"], check=True, stdout=subprocess.DEVNULL,
                           env=flashrna.environment())
            subprocess.run([*run, "convert", path / "s", "--output", path / "rna.h5", "--quiet"], check=True,
                           stdout=subprocess.DEVNULL, env=flashrna.environment())
            dataset = flashrna.read_dataset(path / "rna.h5")
            self.assertEqual(len(dataset), 2)
            self.assertEqual(len(dataset.ids), 2)
            for chain in dataset:
                name = chain["entry"].lower()
                file = next(one for one in (path / "s").glob("*.cif") if one.stem.lower() == name)
                structure = flashrna.read_structure(str(file))[0]
                numpy.testing.assert_array_equal(chain["atom_mask"], structure["atom_mask"])
                numpy.testing.assert_allclose(chain["atoms"], structure["atoms"], atol=1e-3)
                rotations, translations = flashrna.frames(structure["atoms"], structure["atom_mask"])
                numpy.testing.assert_allclose(chain["rotations"], rotations, atol=1e-5)
                numpy.testing.assert_allclose(chain["translations"], translations, atol=1e-3)
                numpy.testing.assert_array_equal(chain["partner"], flashrna.pairs(structure["atoms"], structure["atom_mask"]))
            with self.assertRaises(IndexError):
                dataset[2]


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Packages of dist/ are installed into empty places, where they convert, sample and evaluate.

  tests/package/package_test.py [Tarball|Deb|Wheel]

The tarball is unpacked below a temporary folder and moved, the .deb likewise with dpkg-deb, and the wheel is installed
into a virtual environment, with torch from the index that pip is set up for. HOME, PATH and XDG_CACHE_HOME are of the
test; FLASHRNA_TEST_CACHE=DIR lends a cache with LibTorch, so that it is not downloaded again. Tests whose package is not
in dist/ are skipped; `make package` makes them.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).parents[2]


def package_named(pattern):
    found = sorted((ROOT / "dist").glob(pattern))
    if not found:
        raise unittest.SkipTest(f"no dist/{pattern}; run make package")
    return found[-1]


class Package(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.start = time.monotonic()

    def run_in(self, *words, **environment):
        basic = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_WAIT_POLICY": "PASSIVE",
                 "XDG_CACHE_HOME": os.environ.get("FLASHRNA_TEST_CACHE", str(self.folder / "cache"))}
        result = subprocess.run([str(word) for word in words], cwd=self.folder, env={**basic, **environment},
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, f"{words}\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def check_program(self, program):
        """Samples, converts the samples, trains nothing, evaluates the samples beside themselves."""
        self.assertIn("LibTorch", self.run_in(program, "--version"))
        self.run_in(program, "sample", "--lengths", "20", "--samples", "2", "--steps", "5", "--output", "samples")
        seconds = time.monotonic() - self.start
        print(f"{type(self).__name__}: {seconds:.1f} s from the package to the first backbones")
        self.run_in(program, "convert", "samples", "--output", "rna.h5")
        self.run_in(program, "evaluate", "--samples", "samples", "--reference", "rna.h5", "--output", "evaluation")
        for file in ("samples/len_00020_sample_001.cif", "rna.h5", "evaluation/report.html", "evaluation/summary.json"):
            self.assertGreater((self.folder / file).stat().st_size, 500, file)
        listed = self.run_in(program, "weights", "--list")
        self.assertIn("flashrna-small\tpackage\t", listed)


class Tarball(Package):
    def test_runs_where_it_is_unpacked_and_after_a_move(self):
        archive = package_named("flashrna-*-linux-*.tar.xz")
        self.run_in("tar", "--extract", "--file", archive)
        tree = next(self.folder.glob("flashrna-*"))
        moved = self.folder / "another place"
        self.check_program(tree / "bin" / "flashrna")
        tree.rename(moved)
        self.assertIn("flashrna", self.run_in(moved / "bin" / "flashrna", "--version"))
        for file in ("share/man/man1/flashrna.1", "share/flashrna/configs/rna_small.ini", "share/doc/flashrna/README.md",
                     "share/bash-completion/completions/flashrna"):
            self.assertTrue((moved / file).exists(), file)


class Deb(Package):
    def test_runs_from_its_unpacked_tree(self):
        self.run_in("dpkg-deb", "--extract", package_named("flashrna_*.deb"), "root")
        link = self.folder / "root" / "usr" / "bin" / "flashrna"
        self.assertTrue(link.resolve().is_file())
        self.check_program(link)


class Wheel(Package):
    def test_pip_installs_program_and_module(self):
        wheel = package_named("flashrna-*.whl")
        self.run_in("/usr/bin/python3", "-m", "venv", "env")
        python = self.folder / "env" / "bin" / "python"
        environment = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        cached = os.environ.get("FLASHRNA_TEST_WHEELS")  # a folder with torch's wheels
        extra = ["--find-links", cached] if cached else []
        self.run_in(python, "-m", "pip", "install", "--quiet", *extra, wheel, **environment)
        self.check_program(self.folder / "env" / "bin" / "flashrna")
        for test in sorted((ROOT / "tests" / "python").glob("*_test.py")):
            self.run_in(python, test)
        self.assertIn("2 chains of 20 to 20 nt", self.run_in(python, ROOT / "examples/python/dataset_statistics.py", "rna.h5"))
        self.assertIn("radius of gyration", self.run_in(python, ROOT / "examples/python/sampling.py"))
        steps = self.run_in(python, ROOT / "examples/python/drop_in_attention.py").splitlines()
        errors = [float(line.split()[-2]) for line in steps]
        self.assertLess(errors[-1], 0.5 * errors[0])


if __name__ == "__main__":
    unittest.main()

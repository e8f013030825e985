#!/usr/bin/env python3
"""Packages of dist/ are installed into empty places, where they convert, sample and evaluate.

  tests/package/package_test.py [Tarball|Deb|Wheel]

The tarball and the .deb are installed into a bare Debian root (debootstrap, which needs root), where apt-get brings what
they depend on; without debootstrap they are unpacked below a temporary folder. The wheel is installed into a virtual
environment, with torch from the index that pip is set up for. Tests whose package is not in dist/ are skipped; `make
package` makes them. What takes long may be lent:

  FLASHRNA_TEST_ROOT=DIR       a bare root that debootstrap made; it is copied
  FLASHRNA_TEST_CACHE=DIR      a cache with LibTorch, so that it is not downloaded again
  FLASHRNA_TEST_TORCH=PYTHON   an interpreter that has numpy and the torch that the wheel depends on
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PIP_SETTINGS = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}


def package_named(pattern):
    found = sorted((ROOT / "dist").glob(pattern))
    if not found:
        raise unittest.SkipTest(f"no dist/{pattern}; run make package")
    return found[-1]


def can_make_a_root():
    return os.geteuid() == 0 and shutil.which("debootstrap") is not None


class Package(unittest.TestCase):
    """A temporary folder, where commands run without the caller's environment."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.cache = os.environ.get("FLASHRNA_TEST_CACHE", str(self.folder / "cache"))

    def run_in(self, *words, **environment):
        basic = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_WAIT_POLICY": "PASSIVE",
                 "XDG_CACHE_HOME": self.cache}
        return self.output_of([str(word) for word in words], {**basic, **environment})

    def output_of(self, words, environment):
        result = subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, f"{words}\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def check_program(self, program, start):
        """Samples, converts the samples, evaluates them beside themselves. start: time.monotonic() of the first step."""
        self.assertIn("LibTorch", self.run_in(program, "--version"))
        self.run_in(program, "sample", "--lengths", "20", "--samples", "2", "--steps", "5", "--output", "samples")
        print(f"{type(self).__name__}: {time.monotonic() - start:.1f} s from the package to the first backbones", flush=True)
        self.run_in(program, "convert", "samples", "--output", "rna.h5")
        self.run_in(program, "evaluate", "--samples", "samples", "--reference", "rna.h5", "--output", "evaluation")
        for file in ("samples/len_00020_sample_001.cif", "rna.h5", "evaluation/report.html", "evaluation/summary.json"):
            self.assertGreater((self.folder / file).stat().st_size, 500, file)
        listed = self.run_in(program, "weights", "--list")
        self.assertIn("flashrna-small\tpackage\t", listed)


class BareRoot(Package):
    """`folder` is the home of a bare Debian root, in which commands run; without debootstrap a temporary folder."""

    def setUp(self):
        super().setUp()
        self.root = None
        if not can_make_a_root():
            print("no debootstrap, or not root: unpacked below a temporary folder", flush=True)
            return
        self.root = self.folder / "root"
        if "FLASHRNA_TEST_ROOT" in os.environ:
            subprocess.run(["cp", "--archive", os.environ["FLASHRNA_TEST_ROOT"], self.root], check=True)
        else:
            subprocess.run(["debootstrap", "--variant=minbase", "bookworm", self.root], check=True, stdout=subprocess.DEVNULL)
        self.folder = self.root / "home"
        (self.root / "cache").mkdir()
        if "PIP_CERT" in PIP_SETTINGS:
            shutil.copy(PIP_SETTINGS["PIP_CERT"], self.root / "pip-certificates.crt")

    def run_in(self, *words, **environment):
        if self.root is None:
            return super().run_in(*words, **environment)
        enter = 'mount --bind /proc "$1/proc" && { [ -z "$2" ] || mount --bind "$2" "$1/cache"; } && root=$1 && shift 2 && '
        enter += 'exec chroot "$root" env --chdir=/home "$@"'
        basic = {"HOME": "/home", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "OMP_WAIT_POLICY": "PASSIVE",
                 "XDG_CACHE_HOME": "/cache", "DEBIAN_FRONTEND": "noninteractive", **PIP_SETTINGS}
        if "PIP_CERT" in basic:
            basic["PIP_CERT"] = "/pip-certificates.crt"
        lent = os.environ.get("FLASHRNA_TEST_CACHE", "")
        # The mounts end with the mount namespace of the command.
        return self.output_of(["unshare", "--mount", "sh", "-c", enter, "sh", str(self.root), lent,
                               *[str(word) for word in words]], {**basic, **environment})

    def install(self, *packages):
        self.run_in("apt-get", "update", "--quiet")
        self.run_in("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages)


class Tarball(BareRoot):
    def test_runs_where_it_is_unpacked_and_after_a_move(self):
        archive = package_named("flashrna-*-linux-*.tar.xz")
        start = time.monotonic()
        if self.root:
            self.install("python3-pip")
        subprocess.run(["tar", "--extract", "--file", archive, "--directory", self.folder], check=True)
        tree = next(self.folder.glob("flashrna-*"))
        self.check_program(f"./{tree.name}/bin/flashrna", start)
        moved = self.folder / "another place"
        tree.rename(moved)
        self.assertIn("flashrna", self.run_in(f"./{moved.name}/bin/flashrna", "--version"))
        for file in ("share/man/man1/flashrna.1", "share/flashrna/configs/rna_small.ini", "share/doc/flashrna/README.md",
                     "share/bash-completion/completions/flashrna"):
            self.assertTrue((moved / file).exists(), file)


class Deb(BareRoot):
    def test_is_installed_by_apt_and_removed_without_a_trace(self):
        package = package_named("flashrna_*.deb")
        start = time.monotonic()
        if self.root is None:
            self.run_in("dpkg-deb", "--extract", package, "root")
            self.check_program(self.folder / "root/opt/flashrna/bin/flashrna", start)
            return
        shutil.copy(package, self.folder / "flashrna.deb")
        self.install("/home/flashrna.deb")
        self.check_program("/usr/bin/flashrna", start)
        self.assertIn("flashrna sample", self.run_in("zcat", "/usr/share/man/man1/flashrna.1.gz"))
        self.run_in("apt-get", "remove", "--yes", "flashrna")
        self.assertFalse((self.root / "opt" / "flashrna").exists())


class Wheel(Package):
    def notebook_as_script(self, name):
        cells = json.loads((ROOT / f"examples/python/{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        script = self.folder / f"{name}.py"
        script.write_text("\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"), encoding="utf-8")
        return script

    def test_pip_installs_program_and_module(self):
        wheel = package_named("flashrna-*.whl")
        lent = os.environ.get("FLASHRNA_TEST_TORCH")
        start = time.monotonic()
        self.run_in(lent or "/usr/bin/python3", "-m", "venv", "env")
        python = self.folder / "env" / "bin" / "python"
        if lent:
            # As in an environment with --system-site-packages: torch is in another folder than flashrna.
            packages = self.run_in(lent, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
            own = self.run_in(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
            (pathlib.Path(own) / "lent.pth").write_text(packages, encoding="utf-8")
        self.run_in(python, "-m", "pip", "install", "--quiet", wheel, **PIP_SETTINGS)
        self.check_program(self.folder / "env" / "bin" / "flashrna", start)
        for test in sorted((ROOT / "tests" / "python").glob("*_test.py")):
            self.run_in(python, test)
        self.assertIn("2 chains of 20 to 20 nt", self.run_in(python, ROOT / "examples/python/dataset_statistics.py", "rna.h5"))
        self.assertIn("radius of gyration", self.run_in(python, ROOT / "examples/python/sampling.py"))
        self.assertIn("rebuilt within 0.", self.run_in(python, self.notebook_as_script("hairpins")))
        steps = self.run_in(python, ROOT / "examples/python/drop_in_attention.py").splitlines()
        errors = [float(line.split()[-2]) for line in steps]
        self.assertLess(errors[-1], 0.5 * errors[0])


if __name__ == "__main__":
    unittest.main()

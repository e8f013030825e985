#!/usr/bin/env python3
"""The choice of the preset and the configuration on machines with another nvcc, another LibTorch, or conda.

Stand-ins: shell scripts for nvcc, a folder with version.h for LibTorch, a prefix with poisoned packages for conda.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]


def run(words, **environment):
    clean = {name: value for name, value in os.environ.items()
             if name not in ("NVCC", "CUDA_HOME", "CONDA_PREFIX", "CONDA_BUILD", "FLASHRNA_LIBTORCH")}
    result = subprocess.run([str(word) for word in words], env={**clean, **environment}, capture_output=True, text=True,
                            check=False)
    return result.returncode, result.stdout, result.stderr


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)


class ChosenPreset(Folder):
    def choose(self, version_text, compile_line="exit 0", option=None, **environment):
        """Output and messages of choose_preset.sh, copied so that its memory is a folder of the test."""
        scripts = self.folder / "scripts"
        scripts.mkdir(exist_ok=True)
        shutil.copy(ROOT / "scripts" / "choose_preset.sh", scripts)
        nvcc = self.folder / "nvcc"
        nvcc.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version_text}"; exit 0; fi\n{compile_line}\n',
                        encoding="utf-8")
        nvcc.chmod(0o755)
        shutil.rmtree(self.folder / "build", ignore_errors=True)
        status, output, errors = run([scripts / "choose_preset.sh", *([option] if option else [])], NVCC=str(nvcc),
                                     **environment)
        self.assertEqual(status, 0, errors)
        return output.strip(), errors

    def test_nvcc_13_and_12_4_to_12_9_build_with_cuda(self):
        for version, libtorch in (("13.0", "cuda"), ("13.2", "cuda"), ("12.4", "cuda12"), ("12.9", "cuda12")):
            text = f"Cuda compilation tools, release {version}, V{version}.1"
            self.assertEqual(self.choose(text), ("cuda", ""))
            self.assertEqual(self.choose(text, option="--libtorch"), (libtorch, ""))

    def test_an_older_nvcc_builds_without_cuda_and_one_line_says_so(self):
        for version in ("11.8", "12.0", "12.3", "14.0"):
            preset, errors = self.choose(f"Cuda compilation tools, release {version}, V{version}.1")
            self.assertEqual(preset, "cpu")
            self.assertEqual(errors, f"choose_preset: {self.folder}/nvcc is not used: it is of CUDA {version}, flashrna "
                                     "builds with 12.4 to 12.9 and 13; building without CUDA\n")

    def test_a_broken_nvcc_builds_without_cuda_and_one_line_says_so(self):
        preset, errors = self.choose("release 13.0, V13.0.1", "echo 'x.cu' >&2; echo 'error: unsupported GNU version' >&2; exit 1")
        self.assertEqual((preset, errors.count("\n")), ("cpu", 1))
        self.assertIn("it does not compile: error: unsupported GNU version; building without CUDA", errors)
        preset, errors = self.choose("Segmentation fault")
        self.assertEqual((preset, errors.count("\n")), ("cpu", 1))
        self.assertIn("it does not say its version", errors)

    def test_an_nvcc_too_new_for_the_driver_is_reported_in_one_line(self):
        if list(pathlib.Path("/usr/local").glob("cuda-12*/bin/nvcc")):
            self.skipTest("this machine has an nvcc of CUDA 12, which is taken instead")
        source = self.folder / "driver.c"
        for version, lines in ((12040, 1), (13000, 0)):
            source.write_text(f"int cuDriverGetVersion(int* v) {{ *v = {version}; return 0; }}\n", encoding="utf-8")
            subprocess.run(["gcc", "-shared", "-fPIC", "-o", self.folder / "libcuda.so.1", source], check=True)
            preset, errors = self.choose("release 13.0, V13.0.1", LD_LIBRARY_PATH=str(self.folder))
            self.assertEqual((preset, errors.count("\n")), ("cuda", lines), errors)
            self.assertEqual("needs driver 580 or newer" in errors, lines == 1)

    def test_the_answer_is_kept_until_nvcc_changes(self):
        text = "Cuda compilation tools, release 13.0, V13.0.1"
        self.assertEqual(self.choose(text)[0], "cuda")
        kept = (self.folder / "build" / "nvcc.checked").read_text(encoding="utf-8")
        self.assertTrue(kept.endswith("\ncuda\n"))
        script = self.folder / "scripts" / "choose_preset.sh"
        nvcc = self.folder / "nvcc"
        (self.folder / "build" / "nvcc.checked").write_text(kept.replace("\ncuda\n", "\ncpu of the test\n"), encoding="utf-8")
        self.assertEqual(run([script], NVCC=str(nvcc))[1], "cpu\n")
        nvcc.write_text(nvcc.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
        self.assertEqual(run([script], NVCC=str(nvcc))[1], "cuda\n")


class Configuration(Folder):
    def configure(self, *options, **environment):
        return run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", self.folder / "build", "-DFLASHRNA_TESTS=OFF", *options],
                   **environment)

    def test_another_libtorch_is_refused_in_one_sentence(self):
        libtorch = self.folder / "libtorch"
        header = libtorch / "include" / "torch" / "headeronly" / "version.h"
        header.parent.mkdir(parents=True)
        (libtorch / "lib").mkdir()
        (libtorch / "lib" / "libtorch_cpu.so").touch()
        for minor in (7, 12):
            header.write_text(f"#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR {minor}\n"
                              "#define TORCH_VERSION_PATCH 0\n", encoding="utf-8")
            status, _, errors = self.configure("-DFLASHRNA_CUDA=OFF", FLASHRNA_LIBTORCH=str(libtorch))
            self.assertNotEqual(status, 0)
            self.assertIn(f'is LibTorch "2.{minor}.0", flashrna builds with 2.8 to 2.11;', " ".join(errors.split()))

    def test_an_active_conda_environment_is_not_searched(self):
        conda = self.folder / "conda"
        for package in ("fmt", "Eigen3", "TBB", "nlohmann_json"):
            place = conda / "lib" / "cmake" / package
            place.mkdir(parents=True)
            for name in (f"{package}Config.cmake", f"{package.lower()}-config.cmake"):
                (place / name).write_text(f'message(FATAL_ERROR "{package} of conda")\n', encoding="utf-8")
        for header in ("gemmi/model.hpp", "tao/pegtl.hpp", "zlib.h"):
            path = conda / "include" / header
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        (conda / "bin").mkdir()
        path = f"{conda}/bin:{os.environ['PATH']}"
        status, output, errors = self.configure("-DFLASHRNA_CUDA=OFF", CONDA_PREFIX=str(conda), PATH=path)
        self.assertEqual(status, 0, errors)
        self.assertIn("is not searched", output)
        cache = (self.folder / "build" / "CMakeCache.txt").read_text(encoding="utf-8")
        self.assertEqual([line for line in cache.splitlines() if str(conda) in line], [])
        # The same without CONDA_PREFIX finds them: the stand-in is one.
        shutil.rmtree(self.folder / "build")
        self.assertIn("of conda", self.configure("-DFLASHRNA_CUDA=OFF", PATH=path)[2])


if __name__ == "__main__":
    unittest.main()

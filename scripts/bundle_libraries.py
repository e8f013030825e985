#!/usr/bin/env python3
"""Copies the distribution's shared libraries that programs load into a folder, so that they run where those are missing:

  scripts/bundle_libraries.py [--licenses-only] FOLDER PROGRAM...

What every distribution has (glibc, libstdc++, libgcc_s) and LibTorch with its own libraries are left out. A LICENSES
folder beside the libraries gets the copyright file of each package they are of (Debian, Ubuntu).
"""

import pathlib
import re
import shutil
import subprocess
import sys

LEFT_OUT = re.compile(
    r"^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|stdc\+\+|gcc_s)\.so.*|linux-vdso.*|"
    r"lib(torch|c10|gomp|cudart|cupti|nvrtc|cublas|cudnn).*)$")


def loaded_by(program):
    """Names and paths of the shared libraries, also of those that others load."""
    result = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    for line in result.stdout.splitlines():
        match = re.match(r"\s*(\S+) => (\S+)", line)
        if match and match[2] == "not":
            if not LEFT_OUT.match(match[1]):
                sys.exit(f"error: {program}: {match[1]} is not found")
        elif match:
            yield match[1], pathlib.Path(match[2])


def copy_license(library, folder):
    owner = subprocess.run(["dpkg", "--search", f"*/{library.resolve().name}"], capture_output=True, text=True, check=False)
    packages = {line.split(":")[0] for line in owner.stdout.splitlines()}
    for package in packages:
        text = pathlib.Path("/usr/share/doc") / package / "copyright"
        if text.exists():
            shutil.copy(text, folder / f"{package}.txt")


def main():
    arguments = [word for word in sys.argv[1:] if word != "--licenses-only"]
    if len(arguments) < 2:
        sys.exit("usage: scripts/bundle_libraries.py [--licenses-only] FOLDER PROGRAM...")
    copied = len(arguments) == len(sys.argv) - 1
    folder = pathlib.Path(arguments[0])
    licenses = folder / "LICENSES"
    licenses.mkdir(parents=True, exist_ok=True)
    done = set()
    for program in arguments[1:]:
        for name, path in loaded_by(program):
            if LEFT_OUT.match(name) or name in done:
                continue
            done.add(name)
            if copied:
                shutil.copy(path.resolve(), folder / name)
            copy_license(path, licenses)


if __name__ == "__main__":
    main()

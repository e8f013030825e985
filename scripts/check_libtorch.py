#!/usr/bin/env python3
"""Checks that every source that sees LibTorch also compiles (syntax and types) against another LibTorch:

  scripts/check_libtorch.py LIBTORCH|--cached VERSION [--build build/cpu] [--jobs N] [--only TEXT]

--cached takes LibTorch from the user's cache, and ends with status 77 if it is not there. LIBTORCH is a folder with include/ or a site-packages that holds torch/, such as ~/.cache/flashrna/libtorch-2.10.0 of
`scripts/install_dependencies.sh cuda12`. BUILD is a configured build folder, whose commands are used without their
precompiled header. --only takes the sources whose path contains TEXT. Exit status 1 and the compiler's messages if a
source does not compile.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys


def torch_root(folder):
    for root in (folder / "torch", folder):
        if (root / "include" / "torch").is_dir():
            return root
    sys.exit(f"error: {folder}: holds neither include/torch nor torch/include/torch")


def torch_root_of(words):
    for word in words:
        if word.endswith("/include/torch/csrc/api/include"):
            return word.removesuffix("/include/torch/csrc/api/include").removeprefix("-I")
    return None


def syntax_command(entry, other):
    """The compiler's command for the source against `other`, or None if the source does not see LibTorch."""
    words = shlex.split(entry["command"])
    ours = torch_root_of(words)
    if ours is None or not entry["file"].endswith(".cpp"):
        return None
    while "=" in words[0] or pathlib.Path(words[0]).name in ("env", "ccache"):
        words.pop(0)
    command, skip = [], 0
    for word in words:
        if skip:
            skip -= 1
        elif word in ("-o", "-include"):
            skip = 1
        elif word in ("-c", "-Winvalid-pch", "-fpch-preprocess") or word.startswith("-DFLASHRNA_PCH"):
            continue
        else:
            command.append(word.replace(ours, str(other)))
    return command + ["-fsyntax-only"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libtorch", type=pathlib.Path, nargs="?")
    parser.add_argument("--cached")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/cpu"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    if arguments.cached:
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
        arguments.libtorch = cache / "flashrna" / f"libtorch-{arguments.cached}"
        if not arguments.libtorch.exists():
            print(f"skipped: no {arguments.libtorch}; scripts/install_dependencies.sh cuda12 installs it")
            return 77
    elif not arguments.libtorch:
        parser.error("LIBTORCH or --cached VERSION is missing")
    other = torch_root(arguments.libtorch)
    commands = {}
    for entry in json.loads((arguments.build / "compile_commands.json").read_text(encoding="utf-8")):
        command = syntax_command(entry, other)
        if command and arguments.only in entry["file"] and "cmake_pch" not in entry["file"]:
            commands[entry["file"]] = (command, entry["directory"])
    if not commands:
        sys.exit(f"error: {arguments.build}/compile_commands.json: no source that sees LibTorch")

    def check(item):
        file, (command, directory) = item
        result = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        return file, result.returncode, result.stderr

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for file, status, errors in pool.map(check, commands.items()):
            if status != 0:
                failed += 1
                print(f"{file}\n{errors}", file=sys.stderr)
    print(f"{len(commands) - failed} passed, {failed} failed against {other}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

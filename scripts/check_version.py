#!/usr/bin/env python3
"""Checks that every file that names the version of flashrna names that of CMakeLists.txt, the place where it is set.

  scripts/check_version.py [--root DIR] [--print] [--released]

--print writes the version to standard output. --released also requires a date in CHANGELOG.md, as a tag does.
Exit status 1 and one line per mistake if a file disagrees.
"""

import argparse
import pathlib
import re
import sys

# File and pattern of its version; a file may be absent, a pattern in a present file may not.
MENTIONS = [
    ("CITATION.cff", r"^version: (\S+)$"),
    ("CHANGELOG.md", r"^## (\d+\.\d+\.\d+) "),
    ("conda/meta.yaml", r'^{% set version = "([^"]+)" %}$'),
]


def version_of(root):
    text = (root / "CMakeLists.txt").read_text(encoding="utf-8")
    match = re.search(r"^project\(flashrna VERSION (\d+\.\d+\.\d+) ", text, re.MULTILINE)
    if not match:
        sys.exit("error: CMakeLists.txt: no line `project(flashrna VERSION x.y.z ...`")
    return match[1]


def mistakes_of(root, version, released):
    mistakes = []
    for name, pattern in MENTIONS:
        path = root / name
        if not path.exists():
            continue
        match = re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
        if not match:
            mistakes.append(f"{name}: no version found; expected a line like {pattern}")
        elif match[1] != version:
            mistakes.append(f"{name}: says {match[1]}, CMakeLists.txt says {version}")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if released and not re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", changelog, re.MULTILINE):
        mistakes.append(f"CHANGELOG.md: no heading `## {version} (YYYY-MM-DD)`; replace (unreleased) with the date")
    return mistakes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--released", action="store_true")
    arguments = parser.parse_args()
    version = version_of(arguments.root)
    if arguments.print:
        print(version)
    mistakes = mistakes_of(arguments.root, version, arguments.released)
    for mistake in mistakes:
        print(f"error: {mistake}", file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""scripts/check_includes.py reports an include that runs upward, a cycle of files and a cycle of rooms."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check_includes.py"


class CheckIncludes(unittest.TestCase):
    def check(self, files):
        """Status and errors of the script for a tree {path: included paths}."""
        with tempfile.TemporaryDirectory() as root:
            for path, targets in files.items():
                file = pathlib.Path(root) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("".join(f'#include "{target}"\n' for target in targets), encoding="utf-8")
            result = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
            return result.returncode, result.stderr

    def test_allowed_includes_pass(self):
        self.assertEqual(self.check({"cli/main.cpp": ["rna/io/a.h", "fmt/format.h"], "rna/io/a.h": ["rna/b.h"],
                                     "rna/b.h": ["base/c.h"], "base/c.h": []}), (0, ""))

    def test_upward_include_is_reported(self):
        status, errors = self.check({"kernels/a.h": ["rna/b.h"], "rna/b.h": []})
        self.assertEqual(status, 1)
        self.assertEqual(errors, "kernels/a.h includes rna/b.h; kernels/ may include base\n")

    def test_the_python_module_does_not_include_the_command_line(self):
        status, errors = self.check({"python/a.cpp": ["cli/b.h", "rna/c.h"], "cli/b.h": [], "rna/c.h": []})
        self.assertEqual(status, 1)
        self.assertIn("python/a.cpp includes cli/b.h; python/ may include base, rna", errors)

    def test_cycle_of_files_is_reported(self):
        status, errors = self.check({"rna/a.h": ["rna/b.h"], "rna/b.h": ["rna/a.h"]})
        self.assertEqual(status, 1)
        self.assertEqual(errors, "files include each other: rna/a.h -> rna/b.h -> rna/a.h\n")

    def test_cycle_of_rooms_is_reported(self):
        status, errors = self.check({"rna/io/a.h": ["rna/measure/b.h"], "rna/measure/b.h": [],
                                     "rna/measure/c.h": ["rna/io/d.h"], "rna/io/d.h": []})
        self.assertEqual(status, 1)
        self.assertEqual(errors, "rooms include each other: rna/io -> rna/measure -> rna/io\n")

    def test_empty_tree_is_an_error(self):
        self.assertEqual(self.check({})[0], 1)


if __name__ == "__main__":
    unittest.main()

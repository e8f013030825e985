#!/usr/bin/env python3
"""scripts/check_version.py reports every file whose version is not that of CMakeLists.txt."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
GOOD = {
    "CMakeLists.txt": 'project(flashrna VERSION 1.2.3 DESCRIPTION "x" LANGUAGES C CXX)\n',
    "CITATION.cff": "version: 1.2.3\n",
    "CHANGELOG.md": "# Changelog\n\n## 1.2.3 (unreleased)\n\n- a\n\n## 1.2.2 (2026-01-02)\n",
}


class CheckVersion(unittest.TestCase):
    def check(self, files, *options):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
            result = subprocess.run([sys.executable, ROOT / "scripts" / "check_version.py", "--root", folder, *options],
                                    capture_output=True, text=True, check=False)
            return result.returncode, result.stdout, result.stderr

    def test_this_checkout_agrees(self):
        result = subprocess.run([sys.executable, ROOT / "scripts" / "check_version.py"], capture_output=True, text=True,
                                check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_equal_versions_pass_and_are_printed(self):
        self.assertEqual(self.check(GOOD, "--print"), (0, "1.2.3\n", ""))

    def test_another_version_is_named_with_its_file(self):
        status, _, errors = self.check({**GOOD, "CITATION.cff": "version: 1.2.2\n"})
        self.assertEqual((status, errors), (1, "error: CITATION.cff: says 1.2.2, CMakeLists.txt says 1.2.3\n"))

    def test_a_release_needs_a_date(self):
        self.assertEqual(self.check(GOOD, "--released")[0], 1)
        dated = {**GOOD, "CHANGELOG.md": "## 1.2.3 (2026-12-01)\n"}
        self.assertEqual(self.check(dated, "--released"), (0, "", ""))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""scripts/check_links.py reports a missing file and a missing heading, and nothing else."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check_links.py"


class CheckLinks(unittest.TestCase):
    def check(self, files):
        """Status and output of the script for a tree {path: text}."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                file = pathlib.Path(root) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            result = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
            return result.returncode, result.stdout

    def test_links_to_files_and_headings_pass(self):
        status, output = self.check({
            "README.md": "# Title\n[a](docs/a.md), [b](docs/a.md#c4-and-p-of-2-chains), [c](#title), [d](https://x.y/#z)\n"
                         "```\n[no link](none.md)\n```\n`[nor this](none.md)` [again](docs/a.md#twice-1)\n",
            "docs/a.md": "## C4 and `P` of 2 [chains](../README.md)\n## Twice\n## Twice\n"})
        self.assertEqual((status, output), (0, "2 files, no broken link\n"))

    def test_a_missing_file_and_a_missing_heading_are_named(self):
        status, output = self.check({"a.md": "# One\n[x](b.md)\n[y](#two)\n[r]: c.md\n"})
        self.assertEqual(status, 1)
        self.assertEqual(output.splitlines(), ["a.md:2: b.md: no such file", "a.md:3: #two: no heading with this anchor",
                                               "a.md:4: c.md: no such file"])

    def test_a_tree_without_pages_is_an_error(self):
        self.assertEqual(self.check({"a.txt": "x"})[0], 1)


if __name__ == "__main__":
    unittest.main()

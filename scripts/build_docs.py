#!/usr/bin/env python3
"""Builds docs/ as a site that opens without a network, site/index.html, with mkdocs-material; `make docs` calls it:

  scripts/build_docs.py PROGRAM [--output site]

Pages are those of docs/, README.md, CONTRIBUTING.md, CHANGELOG.md and the model card; the command reference is made from
the program's own help texts. Links between pages and to headings are checked: a broken one is an error. mkdocs-material
is installed once into build/docs-env.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[1]
COMMANDS = ["convert", "split", "merge", "export", "info", "train", "sample", "weights", "evaluate", "doctor",
            "completion", "bench attention", "bench convert", "bench model", "bench sampling", "bench training"]
# Files outside docs/ that become pages.
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md",
         "weights/README.md": "weights.md", "kernels/flash_ipa/RESULTS.md": "kernels.md"}
NAVIGATION = """nav:
  - Overview: index.md
  - Start here: start.md
  - Installation: installation.md
  - Training set: dataset.md
  - Training: training.md
  - Several machines: cluster.md
  - Sampling: sampling.md
  - Designs: design.md
  - Evaluation: evaluation.md
  - Python: python.md
  - C++: cpp.md
  - Commands: commands.md
  - Network: network.md
  - Results: results.md
  - Model card: weights.md
  - Kernels: kernels.md
  - Architecture: architecture.md
  - Contributing: contributing.md
  - Changelog: changelog.md
"""
SETTINGS = """site_name: flashrna
theme: {name: material, font: false}
plugins: [search, offline]
markdown_extensions: [tables, fenced_code, toc, admonition]
validation:
  omitted_files: warn
  links: {not_found: warn, anchors: warn, absolute_links: warn, unrecognized_links: warn}
"""


def environment():
    """mkdocs of build/docs-env, installed if missing."""
    folder = ROOT / "build" / "docs-env"
    program = folder / "bin" / "mkdocs"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check",
                        "mkdocs-material==9.6.14"], check=True)
    return program


def adapted(text, source):
    """The page with links to files: to pages where the file is one, else as plain names."""
    folder = pathlib.PurePosixPath(source).parent

    def replaced(match):
        words, target, anchor = match[1], match[2], match[3] or ""
        path = pathlib.PurePosixPath(os.path.normpath(folder / target))
        page = PAGES.get(str(path)) or (path.name if path.parent.name == "docs" and len(path.parts) == 2 else None)
        if page:
            return f"[{words}]({page}{anchor})"
        if not (ROOT / path).exists():
            sys.exit(f"error: {source}: the link to {target} leads to no file")
        return words if str(path) in words else f"{words} (`{path}`)"

    return re.sub(r"\[([^\]]*)\]\((?![a-z]+:)([^)#\s]+)(#[^)]*)?\)", replaced, text)


def command_page(program):
    text = "# Commands\n\nThe help texts of the program, as `flashrna help COMMAND` prints them.\n"
    for command in COMMANDS:
        result = subprocess.run([program, *command.split(), "--help"], capture_output=True, text=True, check=True)
        text += f"\n## flashrna {command}\n\n```text\n{result.stdout.rstrip()}\n```\n"
    return text


def write_pages(folder, program):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted((ROOT / "docs").iterdir()):
        if path.suffix == ".md":
            (folder / path.name).write_text(adapted(path.read_text(encoding="utf-8"), f"docs/{path.name}"), encoding="utf-8")
        else:
            shutil.copy(path, folder)
    for source, page in PAGES.items():
        (folder / page).write_text(adapted((ROOT / source).read_text(encoding="utf-8"), source), encoding="utf-8")
    (folder / "commands.md").write_text(command_page(program), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "site")
    arguments = parser.parse_args()
    mkdocs = environment()
    work = ROOT / "build" / "docs"
    write_pages(work / "pages", arguments.program.resolve())
    (work / "mkdocs.yml").write_text(f"{SETTINGS}docs_dir: pages\nsite_dir: {arguments.output.resolve()}\n{NAVIGATION}",
                                     encoding="utf-8")
    subprocess.run([mkdocs, "build", "--strict", "--quiet", "--config-file", work / "mkdocs.yml"], check=True)
    print(f"open {arguments.output.resolve()}/index.html")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Builds docs/ as a site that opens without a network, site/index.html, with mkdocs-material; `make docs` calls it:

  scripts/build_docs.py PROGRAM [--output site] [--no-pictures]

Pages are those of docs/, README.md, CONTRIBUTING.md, CHANGELOG.md and the model card; the command reference is made from
the program's own help texts. Links between pages and to headings are checked: a broken one is an error. mkdocs-material
is installed once into build/docs-env. With chromium on the PATH a page of pictures is made: the report of the demo if
there is one, else of backbones that the program makes for it.
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
            "completion", "bench attention", "bench convert", "bench model", "bench pairs", "bench sampling",
            "bench sequences", "bench training"]
# Files outside docs/ that become pages.
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md",
         "weights/README.md": "weights.md", "kernels/flash_ipa/RESULTS.md": "kernels.md",
         "examples/README.md": "examples.md"}
NAVIGATION = """nav:
  - Overview: index.md
  - Start here: start.md
  - Tutorials: tutorials.md
  - Installation: installation.md
  - Guides:
      - Training set: dataset.md
      - Training: training.md
      - Several machines: cluster.md
      - Sampling: sampling.md
      - Designs: design.md
      - Evaluation: evaluation.md
  - Reference:
      - Commands: commands.md
      - Settings of training: settings.md
      - Python: python.md
      - C++: cpp.md
      - Examples: examples.md
  - Figures:
      - Results: results.md
      - Model card: weights.md
      - Kernels: kernels.md
  - Inside:
      - Architecture: architecture.md
      - Network: network.md
      - Proteins: foldflow.md
      - Contributing: contributing.md
      - Changelog: changelog.md
"""
PICTURES = "  - Pictures: pictures.md\n"
# The search of pages opened from a folder: docs/site/iframe-worker.js instead of a script from the network.
SETTINGS = """site_name: flashrna
theme: {name: material, font: false}
plugins: [search, offline]
extra: {polyfills: [site/iframe-worker.js]}
extra_css: [site/site.css]
markdown_extensions: [tables, fenced_code, toc, admonition, attr_list]
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


# ---- reference pages from the help texts


def help_of(program, command):
    return subprocess.run([program, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def option_rows(lines):
    """(option, description) of the lines `  --option ARG   description`; a long option has its description below."""
    rows = []
    for line in lines:
        if re.match(r"  \S", line):  # descriptions begin in column 32
            name, about = (line[2:31], line[32:]) if line[31:32] == " " else (line[2:], "")
            rows.append([name.strip(), about.strip()])
        elif line.strip() and rows:
            rows[-1][1] = f"{rows[-1][1]} {line.strip()}".strip()
    return rows


def table(heading, rows):
    escaped = [(name.replace("|", "\\|"), cell(about)) for name, about in rows]
    return f"| {heading} | meaning |\n|---|---|\n" + "".join(f"| `{name}` | {about} |\n" for name, about in escaped)


def parts_of_help(text):
    """Introduction, usage, options, settings and examples of a help text."""
    head, _, rest = text.partition("\nUsage: ")
    usage, _, rest = rest.partition("\n")
    options, _, example = rest.partition("\nExample:\n")
    options, _, settings = options.partition("\nSettings, as ")
    return head.strip(), usage, option_rows(options.split("\n")), option_rows(settings.split("\n")[1:]), \
        [line.strip() for line in example.split("\n") if line.strip()]


def command_page(program):
    text = "# Commands\n\nWhat `flashrna help COMMAND` says. Defaults are in brackets.\n"
    for command in COMMANDS:
        head, usage, options, settings, examples = parts_of_help(help_of(program, command))
        text += f"\n## flashrna {command}\n\n{cell(head)}\n\n```text\n{usage}\n```\n\n{table('option', options)}\n"
        if settings:
            text += "All [settings](settings.md) are options too.\n\n"
        text += "```sh\n" + "\n".join(examples) + "\n```\n"
    return text


def settings_page(program):
    settings = parts_of_help(help_of(program, "train"))[3]
    text = "# Settings of training\n\nKeys of a configuration file, `[section]` and `key = value`; on the command line " \
           "`--section.key VALUE`. Defaults are in brackets; `flashrna help train` has the same text.\n"
    sections = {}
    for name, about in settings:
        section, key = name.lstrip("-").split(" ")[0].split(".", 1)
        sections.setdefault(section, []).append((key, about))
    for section, rows in sections.items():
        text += f"\n## {section}\n\n{table('key', rows)}"
    return text


# ---- pictures


def make_report(program, folder):
    """report.html of `make demo`, or of six backbones that are made here."""
    demo = ROOT / "build" / "demo" / "evaluation" / "report.html"
    if demo.exists():
        return demo
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for words in (["sample", "--lengths", "40-120:40", "--samples", "2", "--output", "samples"],
                  ["convert", ROOT / "tests" / "data" / "structures", "--output", "rna.h5"],
                  ["evaluate", "--samples", "samples", "--reference", "rna.h5", "--output", "evaluation"]):
        subprocess.run([program, *words, "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "evaluation" / "report.html"


def write_pictures(program, folder, work):
    """pictures.md with the report as headless Chromium shows it; False without Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no chromium: the page of pictures is left out", file=sys.stderr)
        return False
    report = make_report(program, work)
    text = "# Pictures\n\nA report of `flashrna evaluate`. "
    picture = folder / "report.png"
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--window-size=1100,2900", "--virtual-time-budget=20000", f"--screenshot={picture}",
                    report.resolve().as_uri()], check=True, stderr=subprocess.DEVNULL)
    if not picture.exists() or picture.stat().st_size < 50_000:
        sys.exit(f"error: {browser} made no picture of {report}")
    text += "Measures beside the reference, then the best, the median and the worst backbone with base pairs as arcs.\n\n" \
            "![a report](report.png)\n"
    (folder / "pictures.md").write_text(text, encoding="utf-8")
    return True


def write_pages(folder, program):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "docs" / "site", folder / "site")
    for path in sorted((ROOT / "docs").iterdir()):
        if path.suffix == ".md":
            (folder / path.name).write_text(adapted(path.read_text(encoding="utf-8"), f"docs/{path.name}"), encoding="utf-8")
        elif path.is_file():
            shutil.copy(path, folder)
    for source, page in PAGES.items():
        (folder / page).write_text(adapted((ROOT / source).read_text(encoding="utf-8"), source), encoding="utf-8")
    (folder / "commands.md").write_text(command_page(program), encoding="utf-8")
    (folder / "settings.md").write_text(settings_page(program), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "site")
    parser.add_argument("--no-pictures", action="store_true", help="no page of pictures")
    arguments = parser.parse_args()
    mkdocs = environment()
    work = ROOT / "build" / "docs"
    program = arguments.program.resolve()
    write_pages(work / "pages", program)
    pictures = not arguments.no_pictures and write_pictures(program, work / "pages", work / "pictures")
    navigation = NAVIGATION + (PICTURES if pictures else "")
    (work / "mkdocs.yml").write_text(f"{SETTINGS}docs_dir: pages\nsite_dir: {arguments.output.resolve()}\n{navigation}",
                                     encoding="utf-8")
    subprocess.run([mkdocs, "build", "--strict", "--quiet", "--config-file", work / "mkdocs.yml"], check=True)
    remote = [page.name for page in arguments.output.glob("*.html")
              if re.search(r"<(script|link|img)[^>]*(src|href)=\"?https?://", page.read_text(encoding="utf-8"))]
    if remote:
        sys.exit(f"error: pages that load something from the network: {', '.join(remote)}")
    print(f"open {arguments.output.resolve()}/index.html")


if __name__ == "__main__":
    main()

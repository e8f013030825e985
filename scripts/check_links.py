#!/usr/bin/env python3
"""Checks the links of all committed Markdown files: the file exists, and the heading that an anchor names is in it.

  scripts/check_links.py [ROOT]

Prints each broken link as FILE:LINE and exits with 1 if there is one. Links to the network are not followed. Anchors are
those that GitHub makes of headings.
"""

import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)")


def lines_outside_code(text):
    """Numbers and texts of the lines that are not in a fenced block; code spans are removed."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, re.sub(r"`[^`]*`", "", line)


def anchors(path):
    """The anchors of a file's headings: lower case, without punctuation, blanks as hyphens; repeated ones numbered."""
    found, seen = set(), {}
    fenced = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        heading = None if fenced else re.match(r"#{1,6}\s+(.*)", line)
        if not heading:
            continue
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen.get(slug, 0)
        seen[slug] = count + 1
        found.add(slug if count == 0 else f"{slug}-{count}")
    return found


def broken_links(root, names):
    """(file, line number, link, reason) of every broken link."""
    for name in names:
        page = root / name
        for number, line in lines_outside_code(page.read_text(encoding="utf-8")):
            for link in LINK.findall(line) + REFERENCE.findall(line):
                if re.match(r"[a-z][a-z0-9+.-]*:", link):
                    continue
                place, _, anchor = link.partition("#")
                target = (page.parent / place) if place else page
                if not target.exists():
                    yield name, number, link, "no such file"
                elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                    yield name, number, link, "no heading with this anchor"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1]).resolve()
    if (root / ".git").exists():
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "*.md"], check=True, capture_output=True, text=True)
        names = [name for name in listed.stdout.split("\0") if name and (root / name).exists()]
    else:
        names = sorted(str(path.relative_to(root)) for path in root.rglob("*.md") if "build" not in path.parts)
    broken = list(broken_links(root, names))
    for name, number, link, reason in broken:
        print(f"{name}:{number}: {link}: {reason}")
    if broken or not names:
        sys.exit(f"error: {len(broken)} broken links" if names else f"error: {root}: no Markdown file")
    print(f"{len(names)} files, no broken link")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Checks #include lines: a folder includes only the folders that LAYERS allows, no files include each other in a cycle,
and no rooms (subfolders such as rna/io) do. A room and the files directly in its parent folder may include each other.

    scripts/check_includes.py [ROOT]

Prints each violation and exits 1, or prints the number of files and exits 0.
"""

import pathlib
import re
import sys

# Folder: the other folders that it may include.
LAYERS = {
    "base": set(),
    "rna": {"base"},
    "protein": {"base", "rna"},
    "datasets": {"base", "rna", "protein"},
    "kernels": {"base"},
    "libfold": {"base", "rna", "protein", "datasets", "kernels"},
    "cli": {"base", "rna", "protein", "datasets", "kernels", "libfold"},
    "python": {"base", "rna", "protein", "datasets", "kernels", "libfold"},
}
SUFFIXES = {".h", ".cpp", ".cu"}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def read_includes(root):
    """{path: [included paths]} of all sources, relative to the root."""
    files = sorted(path for folder in LAYERS for path in (root / folder).rglob("*") if path.suffix in SUFFIXES)
    return {path.relative_to(root).as_posix(): INCLUDE.findall(path.read_text(encoding="utf-8")) for path in files}


def upward_includes(includes):
    """Messages on includes that LAYERS does not allow."""
    messages = []
    for path, targets in includes.items():
        folder = path.split("/")[0]
        for target in targets:
            other = target.split("/")[0]
            if other in LAYERS and other != folder and other not in LAYERS[folder]:
                allowed = ", ".join(name for name in LAYERS if name in LAYERS[folder]) or "no other folder"
                messages.append(f"{path} includes {target}; {folder}/ may include {allowed}")
    return messages


def find_cycle(graph):
    """One cycle of the graph {node: nodes} as a list whose first and last nodes are equal, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for target in sorted(graph.get(node, ())):
            cycle = visit(target)
            if cycle:
                return cycle
        done.add(path.pop())
        return None

    for node in sorted(graph):
        cycle = visit(node)
        if cycle:
            return cycle
    return None


def file_graph(includes):
    """{path: included paths}"""
    return {path: {target for target in targets if target in includes} for path, targets in includes.items()}


def contains(outer, inner):
    """Whether the folder `outer` is or contains the folder `inner`."""
    return f"{inner}/".startswith(f"{outer}/")


def room_graph(includes):
    """{room: included rooms}, without includes between a room and a folder that contains it."""
    graph = {}
    for path, targets in file_graph(includes).items():
        room = path.rpartition("/")[0]
        others = {target.rpartition("/")[0] for target in targets}
        graph.setdefault(room, set()).update(other for other in others if not contains(room, other) and
                                             not contains(other, room))
    return graph


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    includes = read_includes(root)
    if not includes:
        print(f"error: {root} holds no sources in {', '.join(LAYERS)}", file=sys.stderr)
        return 1
    messages = upward_includes(includes)
    for kind, graph in (("files", file_graph(includes)), ("rooms", room_graph(includes))):
        cycle = find_cycle(graph)
        if cycle:
            messages.append(f"{kind} include each other: " + " -> ".join(cycle))
    for message in messages:
        print(message, file=sys.stderr)
    if not messages:
        print(f"{len(includes)} files: no include runs upward, no cycle between files or rooms")
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())

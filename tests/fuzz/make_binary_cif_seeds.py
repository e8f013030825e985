#!/usr/bin/env python3
"""Seeds of structure_reader_fuzzer in BinaryCIF: the atoms of an mmCIF file in every encoding of the format.

  tests/fuzz/make_binary_cif_seeds.py FILE.cif FOLDER    writes FOLDER/NAME.bcif with the first byte of structure_input.h

BinaryCIF 0.3 (Sehnal et al. 2020, doi:10.1371/journal.pcbi.1008247) is MessagePack; only what is needed of it is written.
"""

import itertools
import pathlib
import shlex
import struct
import sys

BCIF = b"\x10"  # bit 4 of structure_input.h


def pack(value):
    """MessagePack of dicts, lists, texts, bytes, truth values and whole numbers."""
    if isinstance(value, dict):
        return b"\xdf" + struct.pack(">I", len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    return b"\xcf" + struct.pack(">Q", value) if value >= 0 else b"\xd3" + struct.pack(">q", value)


def int32(values):
    return struct.pack(f"<{len(values)}i", *values)


def byte_array(kind=3):
    return {"kind": "ByteArray", "type": kind}


def run_lengths(values):
    return [number for value, group in itertools.groupby(values) for number in (value, len(list(group)))]


def packed_int16(values):
    result = []
    for value in values:
        while value >= 32767:
            result.append(32767)
            value -= 32767
        while value <= -32768:
            result.append(-32768)
            value += 32768
        result.append(value)
    return struct.pack(f"<{len(result)}h", *result)


def texts(values):
    unique = sorted(set(values))
    offsets = [0, *itertools.accumulate(len(text) for text in unique)]
    indices = [unique.index(value) for value in values]
    return {"data": int32(run_lengths(indices)),
            "encoding": [{"kind": "StringArray", "stringData": "".join(unique), "offsets": int32(offsets),
                          "offsetEncoding": [byte_array()],
                          "dataEncoding": [{"kind": "RunLength", "srcType": 3, "srcSize": len(values)}, byte_array()]}]}


def decimals(values):
    whole = [round(float(value) * 1000) for value in values]
    differences = [0, *(b - a for a, b in zip(whole, whole[1:]))]
    return {"data": packed_int16(differences),
            "encoding": [{"kind": "FixedPoint", "factor": 1000, "srcType": 33},
                         {"kind": "Delta", "origin": whole[0], "srcType": 3},
                         {"kind": "IntegerPacking", "byteCount": 2, "isUnsigned": False, "srcSize": len(whole)},
                         byte_array(2)]}


def read_atoms(path):
    """Names and columns of the loop of atoms, one line per atom."""
    names, rows = [], []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("_atom_site."):
            names.append(line.split(".", 1)[1].strip())
        elif names and line.startswith(("ATOM", "HETATM")):
            # A prime inside a word is no quote: O5' stands unquoted in some files.
            words = shlex.shlex(line, posix=True)
            words.whitespace_split, words.quotes, words.commenters, words.escape = True, '"', "", ""
            rows.append(list(words))
    return names, [list(column) for column in zip(*(row for row in rows if len(row) == len(names)))]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, folder = map(pathlib.Path, sys.argv[1:])
    names, columns = read_atoms(source)
    if not columns:
        sys.exit(f"error: {source}: no loop of atoms with one line per atom")
    numbers = {"Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv"}
    encoded = []
    for name, column in zip(names, columns):
        given = all(text not in (".", "?") for text in column)
        mask = [{".": 1, "?": 2}.get(text, 0) for text in column]
        encoded.append({"name": name, "data": decimals(column) if name in numbers and given else texts(column),
                        "mask": {"data": bytes(mask), "encoding": [byte_array(4)]}})
    file = {"version": "0.3.0", "encoder": "flashrna seeds",
            "dataBlocks": [{"header": "SEED", "categories": [{"name": "_atom_site", "rowCount": len(columns[0]),
                                                              "columns": encoded}]}]}
    (folder / f"{source.stem}.bcif").write_bytes(BCIF + pack(file))


if __name__ == "__main__":
    main()

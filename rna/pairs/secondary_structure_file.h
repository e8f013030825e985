// Files of secondary structures: dot-bracket, BPSEQ and CT.
//
// Dot-bracket: a structure may follow a line `>name` and a line of letters (with the same `&` as the structure, or
// without any), and may be followed by an energy in parentheses, as in files of the ViennaRNA programs. Lines that
// begin with `#` are ignored. Sequence and structure have one line each.
// BPSEQ: number, letter, number of the partner or 0. Lines before the first number are a header, of which `# name` and
// `Filename: name` are read. The format has no molecules: the line `# molecules end at 12 24` is an extension.
// CT: number of nucleotides and name; then number, letter, preceding number, following number, number of the partner or
// 0, own numbering (optional). The last nucleotide of a molecule has following number 0, the first of the next has
// preceding number 0.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rna/pairs/dot_bracket.h"

namespace flashrna {

enum class SecondaryStructureFormat { kDotBracket, kBpseq, kCt };

// Whether the file extension is one of these.
bool is_secondary_structure_file(std::string_view path);

// From the file extension: .dbn, .db, .dot and .dotbracket; .bpseq; .ct. Throws Error naming the path for any other.
SecondaryStructureFormat secondary_structure_format(std::string_view path);

// Parses all structures in a file's text; BPSEQ has one. `source` is the file's name in errors, which name the line
// and, for dot-bracket, the character. Throws Error as parse_dot_bracket does, and if the text holds no structure, if a
// length or a number contradicts another one in the text, or if a nucleotide pairs with itself or with one whose
// partner differs.
std::vector<SecondaryStructureRecord> parse_secondary_structures(std::string_view text, const std::string& source,
                                                                 SecondaryStructureFormat format);

// Reads a file; its extension determines the format. Throws Error naming the path if it cannot be read.
std::vector<SecondaryStructureRecord> read_secondary_structures(const std::string& path);

// One structure as a file of that format, with N for unknown letters. Throws Error as to_dot_bracket does, for a
// kUnspecified in BPSEQ or CT, which cannot express it, and for members of different lengths.
std::string secondary_structure_text(const SecondaryStructureRecord& record, SecondaryStructureFormat format);

}  // namespace flashrna

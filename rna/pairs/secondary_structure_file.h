// Files of secondary structures: dot-bracket, BPSEQ and CT.
//
// Dot-bracket: a line `>name` and a line of letters (with the same `&` as the structure, or with none) may stand before
// a structure, an energy in parentheses behind it, as the programs of ViennaRNA write them; a line with `#` in front
// says nothing. Sequence and structure have one line each.
// BPSEQ: number, letter, partner's number or 0; lines before the first number are a header, of which `# name` and
// `Filename: name` are used. The format knows no molecules: the line `# molecules end at 12 24` is ours.
// CT: number of nucleotides and name; then number, letter, number before, number after, partner's number or 0, own
// numbering (may be left out). The last nucleotide of a molecule has 0 after it, the first of the next 0 before it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rna/pairs/dot_bracket.h"

namespace flashrna {

enum class SecondaryStructureFormat { kDotBracket, kBpseq, kCt };

// By the ending: .dbn, .db, .dot and .dotbracket; .bpseq; .ct. Throws Error naming the path for any other.
SecondaryStructureFormat secondary_structure_format(std::string_view path);

// All structures of a file's text; BPSEQ has one. `source` is the file's name in errors, which give the line, and of
// dot-bracket the character. Throws Error as parse_dot_bracket does, and where the text holds no structure, a length or
// a number is not what the text says elsewhere, or a nucleotide pairs with itself or with one that has another partner.
std::vector<SecondaryStructureRecord> parse_secondary_structures(std::string_view text, const std::string& source,
                                                                 SecondaryStructureFormat format);

// The same of a file, whose ending tells the format. Throws Error naming the path if it cannot be read.
std::vector<SecondaryStructureRecord> read_secondary_structures(const std::string& path);

// One structure as a file of that format; N for the letters that are not known. Throws Error as to_dot_bracket does;
// for BPSEQ and CT also where a position is kNotSaid, which they cannot say; and for members of different lengths.
std::string secondary_structure_text(const SecondaryStructureRecord& record, SecondaryStructureFormat format);

}  // namespace flashrna

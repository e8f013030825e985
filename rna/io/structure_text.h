// The text of mmCIF and PDB files, whatever the polymer. Callers describe chains by names, numbers and atoms:
// rna/io/structure_writer.h and protein/io/structure_writer.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rna/geometry.h"

namespace flashrna {

struct WrittenAtom {
  std::string_view name;  // one-letter element first; refers to a constant
  Vec3 position;          // Å
};

struct WrittenResidue {
  std::string name;
  std::string code;         // in a sequence: "A", "(PSU)"
  char letter = 'X';        // of the parent
  std::string_view parent;  // residue name of the parent; empty for an unmodified residue and for an unknown parent
  bool is_standard = true;  // written as ATOM
  int seq_id = 0;
  char insertion_code = ' ';
  int residue_index = 0;
  float b_factor = 0.0f;
  std::vector<WrittenAtom> atoms;
};

struct WrittenChain {
  std::string id;
  int n_breaks = 0;
  std::vector<WrittenResidue> residues;
};

// The words of a polymer in mmCIF.
struct PolymerWords {
  const char* description;  // _entity.pdbx_description: "RNA"
  const char* entity_type;  // _entity_poly.type, quoted if it has blanks: "polyribonucleotide"
  const char* link_type;    // _chem_comp.type, quoted: "'RNA linking'"
};

struct WrittenStructure {
  PolymerWords words;
  std::string entry;
  int model = 1;
  std::string method;       // empty = unknown
  double resolution = 0.0;  // Å; 0 = unknown
  std::vector<WrittenChain> chains;
};

// See models_to_mmcif and to_pdb in rna/io/structure_writer.h for the content and the errors.
std::string mmcif_text(std::span<const WrittenStructure> models);
std::string pdb_text(const WrittenStructure& structure);

}  // namespace flashrna

#include "rna/io/structure_writer.h"

#include <string_view>
#include <vector>

#include "base/error.h"
#include "rna/io/structure_text.h"

namespace flashrna {
namespace {

constexpr PolymerWords kRnaWords = {"RNA", "polyribonucleotide", "'RNA linking'"};

// The base as a residue name. A residue with unknown base is written as N, "any nucleotide" in the dictionary.
std::string_view base_name(Base base) {
  constexpr std::string_view kNames = "ACGUN";
  return kNames.substr(static_cast<std::size_t>(base), 1);
}

WrittenResidue written(const Structure& structure, const Chain& chain, const Nucleotide& nucleotide) {
  const std::string_view base = base_name(nucleotide.base);
  WrittenResidue residue;
  residue.name = nucleotide.name.empty() ? base : nucleotide.name;
  residue.letter = base[0];
  residue.is_standard = residue.name.size() == 1 && std::string_view("ACGUN").find(residue.name) != std::string::npos;
  residue.code = residue.is_standard ? residue.name : "(" + residue.name + ")";
  residue.parent = residue.is_standard || nucleotide.base == Base::N ? std::string_view() : base;
  residue.seq_id = nucleotide.seq_id;
  residue.insertion_code = nucleotide.insertion_code;
  residue.residue_index = nucleotide.residue_index;
  residue.b_factor = nucleotide.b_factor;
  for (int slot = 0; slot < kAtomSlots; ++slot) {
    if (!nucleotide.has(slot)) continue;
    const std::string_view name = atom_name(nucleotide, slot);
    if (name.empty()) {
      fail("{}: chain \"{}\", residue {}: base {} has no atom in slot {}; not written", structure.entry, chain.id,
           nucleotide.seq_id, base, slot);
    }
    residue.atoms.push_back({name, nucleotide.atoms[slot]});
  }
  return residue;
}

WrittenStructure written(const Structure& structure) {
  WrittenStructure written_structure{kRnaWords,        structure.entry,      structure.model,
                                     structure.method, structure.resolution, {}};
  for (const Chain& chain : structure.chains) {
    WrittenChain& written_chain = written_structure.chains.emplace_back();
    written_chain.id = chain.id;
    written_chain.n_breaks = chain.n_breaks();
    for (const Nucleotide& nucleotide : chain.nucleotides) {
      written_chain.residues.push_back(written(structure, chain, nucleotide));
    }
  }
  return written_structure;
}

}  // namespace

std::string to_mmcif(const Structure& structure) { return models_to_mmcif({&structure, 1}); }

std::string models_to_mmcif(std::span<const Structure> models) {
  std::vector<WrittenStructure> all;
  for (const Structure& model : models) all.push_back(written(model));
  return mmcif_text(all);
}

std::string to_pdb(const Structure& structure) { return pdb_text(written(structure)); }

}  // namespace flashrna

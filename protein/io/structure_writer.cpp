#include "protein/io/structure_writer.h"

#include <array>
#include <string_view>

#include "rna/io/structure_text.h"

namespace flashrna {
namespace {

constexpr PolymerWords kProteinWords = {"protein", "'polypeptide(L)'", "'L-peptide linking'"};
// The order of files.
constexpr std::array kWrittenOrder = {kN, kCA, kC, kO, kCB};

WrittenResidue written(const ProteinResidue& residue) {
  const std::string_view parent = amino_acid_name(residue.type);
  WrittenResidue written_residue;
  written_residue.name = residue.name.empty() ? parent : residue.name;
  written_residue.letter = amino_acid_letter(residue.type);
  written_residue.is_standard = residue.type != AminoAcid::kUnknown && written_residue.name == parent;
  written_residue.code =
      written_residue.is_standard ? std::string(1, written_residue.letter) : "(" + written_residue.name + ")";
  if (!written_residue.is_standard && residue.type != AminoAcid::kUnknown) written_residue.parent = parent;
  written_residue.seq_id = residue.seq_id;
  written_residue.insertion_code = residue.insertion_code;
  written_residue.residue_index = residue.residue_index;
  written_residue.b_factor = residue.b_factor;
  for (const int slot : kWrittenOrder) {
    if (residue.has(slot)) {
      written_residue.atoms.push_back({kProteinAtomNames[static_cast<std::size_t>(slot)], residue.atom(slot)});
    }
  }
  return written_residue;
}

WrittenStructure written(const ProteinStructure& structure) {
  WrittenStructure written_structure{kProteinWords,    structure.entry,      structure.model,
                                     structure.method, structure.resolution, {}};
  for (const ProteinChain& chain : structure.chains) {
    WrittenChain& written_chain = written_structure.chains.emplace_back();
    written_chain.id = chain.id;
    written_chain.n_breaks = chain.n_breaks();
    for (const ProteinResidue& residue : chain.residues) written_chain.residues.push_back(written(residue));
  }
  return written_structure;
}

}  // namespace

std::string to_mmcif(const ProteinStructure& structure) {
  const WrittenStructure model = written(structure);
  return mmcif_text({&model, 1});
}

std::string to_pdb(const ProteinStructure& structure) { return pdb_text(written(structure)); }

}  // namespace flashrna

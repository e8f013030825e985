#include "rna/io/structure_reader.h"

#include "rna/io/parsed_model.h"
#include "rna/io/polymer_chain.h"

namespace flashrna {
namespace {

// Adds the parent of a residue name declared in the file, unless that is unknown or less specific than the built-in
// table.
void add_file_residue(FileResidues& residues, const std::string& name, const std::string& parent) {
  const ResidueIdentity identity = identify_residue(parent);
  if (name.size() < 2 || identity.kind == ResidueKind::kUnknown) return;
  if (identity.kind == ResidueKind::kRna && identity.base == Base::N && identify_residue(name).base != Base::N) return;
  residues.emplace(name, identity);
}

FileResidues file_residues(const std::vector<DeclaredResidue>& declared) {
  FileResidues residues;
  for (const auto& [name, parent, type] : declared) {
    const ResidueIdentity tabulated = identify_residue(name);
    if (type.starts_with("l-rna")) {
      residues.insert_or_assign(name, ResidueIdentity{ResidueKind::kRna, tabulated.base, false, true});
      continue;
    }
    if (!parent.empty()) add_file_residue(residues, name, parent);
    if (type.starts_with("rna linking") && tabulated.kind != ResidueKind::kRna) {
      residues.emplace(name, ResidueIdentity{ResidueKind::kRna, Base::N});
    } else if (type.starts_with("dna linking") && tabulated.kind == ResidueKind::kUnknown) {
      residues.emplace(name, ResidueIdentity{ResidueKind::kDna});
    }
  }
  return residues;
}

}  // namespace

Structure read_structure(const std::string& path, const ReadOptions& options) {
  return read_structure_from_memory(read_structure_file(path, options), path, options);
}

Structure read_structure_from_memory(std::string_view bytes, const std::string& name, const ReadOptions& options) {
  const ParsedModel parsed = parse_model(bytes, name, options);
  Structure structure;
  copy_entry(parsed, structure);
  append_chains(parsed.structure, parsed.model(), file_residues(parsed.declared), structure);
  return structure;
}

}  // namespace flashrna

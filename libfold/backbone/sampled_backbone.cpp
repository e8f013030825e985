#include "libfold/backbone/sampled_backbone.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "protein/backbone.h"
#include "rna/all_atoms.h"
#include "rna/backbone.h"
#include "rna/torsion.h"

namespace flashrna {

Structure make_structure(const SampledBackbone& backbone, const std::string& name, Base base) {
  return make_structure(backbone, name, std::vector<Base>(backbone.frames.size(), base));
}

namespace {

// One chain "A" of the nucleotides that `make` returns for each residue, numbered from 1.
template <typename Make>
Structure one_chain(const SampledBackbone& backbone, const std::string& name, const std::vector<Base>& bases,
                    const Make& make) {
  if (bases.size() != backbone.frames.size())
    fail("{}: {} bases for {} residues", name, bases.size(), backbone.frames.size());
  if (backbone.torsions.size() != backbone.frames.size() * kTorsions)
    fail("{}: {} torsions for {} nucleotides, each has {}", name, backbone.torsions.size(), backbone.frames.size(),
         kTorsions);
  Chain chain;
  chain.id = "A";
  for (std::size_t i = 0; i < backbone.frames.size(); ++i) {
    std::array<std::array<double, 2>, kTorsions> sin_cos;
    std::copy_n(backbone.torsions.begin() + static_cast<std::ptrdiff_t>(i * kTorsions), kTorsions, sin_cos.begin());
    Nucleotide nucleotide = make(i, rebuild_backbone(backbone.frames[i], sin_cos));
    nucleotide.base = bases[i];
    nucleotide.name = base_letter(bases[i]);
    nucleotide.seq_id = static_cast<int>(i) + 1;
    nucleotide.residue_index = static_cast<int>(i);
    chain.nucleotides.push_back(std::move(nucleotide));
  }
  Structure structure;
  structure.entry = name;
  structure.method = "THEORETICAL MODEL";
  structure.chains.push_back(std::move(chain));
  return structure;
}

}  // namespace

Structure make_structure(const SampledBackbone& backbone, const std::string& name, const std::vector<Base>& bases) {
  return one_chain(backbone, name, bases, [](std::size_t, const auto& atoms) {
    Nucleotide nucleotide;
    nucleotide.atom_mask = (1u << kBackboneAtoms) - 1u;
    std::copy(atoms.begin(), atoms.end(), nucleotide.atoms.begin());
    return nucleotide;
  });
}

Structure make_all_atom_structure(const SampledBackbone& backbone, const std::string& name,
                                  const std::vector<Base>& bases) {
  if (backbone.chi.size() != backbone.frames.size())
    fail("{}: no chi to place bases by; all atoms need a model trained with model.torsions = 9", name);
  return one_chain(backbone, name, bases,
                   [&](std::size_t i, const auto& atoms) { return with_all_atoms(atoms, bases[i], backbone.chi[i]); });
}

ProteinStructure make_protein_structure(const SampledBackbone& backbone, const std::string& name) {
  if (backbone.torsions.size() != backbone.frames.size())
    fail("{}: {} psi for {} amino acids", name, backbone.torsions.size(), backbone.frames.size());
  ProteinChain chain;
  chain.id = "A";
  for (std::size_t i = 0; i < backbone.frames.size(); ++i) {
    ProteinResidue residue;
    residue.type = AminoAcid::kAla;
    residue.name = amino_acid_name(residue.type);
    residue.seq_id = static_cast<int>(i) + 1;
    residue.residue_index = static_cast<int>(i);
    const auto atoms = rebuild_protein_backbone(backbone.frames[i], backbone.torsions[i]);
    for (int slot = 0; slot < kProteinAtomSlots; ++slot) residue.set(slot, atoms[static_cast<std::size_t>(slot)]);
    chain.residues.push_back(std::move(residue));
  }
  ProteinStructure structure;
  structure.entry = name;
  structure.method = "THEORETICAL MODEL";
  structure.chains.push_back(std::move(chain));
  return structure;
}

double native_radius_of_gyration(int length) { return 5.7 * std::pow(static_cast<double>(length), 0.32); }

std::vector<Vec3> c4_positions(const Chain& chain) {
  std::vector<Vec3> positions;
  for (const Nucleotide& nucleotide : chain.nucleotides) positions.push_back(nucleotide.atoms[kC4]);
  return positions;
}

}  // namespace flashrna

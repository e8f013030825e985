#include "libfold/sampling/sampled_molecule.h"

#include "base/error.h"
#include "libfold/backbone/base_relaxation.h"
#include "libfold/random_streams.h"
#include "libfold/sampling/sampled_structure.h"
#include "libfold/sampling/symmetry.h"
#include "libfold/symmetric_copies.h"
#include "rna/assembly.h"
#include "rna/pairs/base_pairs.h"

namespace flashrna {
namespace {

// The letters of one copy, N where they are open.
std::vector<Base> given_letters(const Design& design, const SampleConfig& config) {
  Base other = Base::N;
  for (Base base : {Base::A, Base::C, Base::G, Base::U})
    if (config.nucleotide == std::string(1, base_letter(base))) other = base;
  std::vector<Base> letters(design.molecule.size(), other);
  for (std::size_t i = 0; i < design.letter.size(); ++i)
    if (design.letter[i] != Base::N) letters[i] = design.letter[i];
  return letters;
}

// The pairs of the first copy that its letters must be able to make: those asked for, also with other copies, and those
// found within it.
std::vector<int> pairs_of_copy(const SampledBackbone& backbone, const std::string& name, const Design& design) {
  const Structure unnamed = as_designed(make_structure(backbone, name, Base::N), backbone, design);
  std::vector<int> found = find_base_pairs(join_chains(unnamed.chains).nucleotides);
  found.resize(design.molecule.size());
  for (int& partner : found)
    if (partner >= design.length()) partner = kUnpaired;
  return pairs_to_design(design.partner, found);
}

std::vector<DesignedSequence> propose_sequences(const SampledBackbone& backbone, const std::string& name,
                                                std::uint64_t index, const std::vector<int>& pairs,
                                                const std::vector<Base>& given, const SampleConfig& config) {
  if (backbone.letters.size() != backbone.frames.size())
    fail("{}: no probabilities to draw sequences from; --design-sequence needs a model with model.letter_head = true",
         name);
  const std::span letters(backbone.letters.data(), given.size());
  std::vector<DesignedSequence> sequences;
  for (int k = 0; k < config.design_sequence; ++k) {
    RandomStream stream(config.seed, "design_sequence", {given.size(), index, static_cast<std::uint64_t>(k)});
    sequences.push_back(design_sequence(letters, pairs, given, config.temperature, stream));
  }
  return sequences;
}

// The first `n` residues of a backbone.
SampledBackbone first_copy(const SampledBackbone& backbone, std::size_t n) {
  SampledBackbone copy = backbone;
  copy.frames.resize(n);
  copy.torsions.resize(n * (backbone.torsions.size() / backbone.frames.size()));
  copy.chi.resize(std::min(n, copy.chi.size()));
  copy.letters.resize(std::min(n, copy.letters.size()));
  return copy;
}

// Makes room for the bases, in all copies of a symmetric assembly.
SampledBackbone with_room_for_bases(const SampledBackbone& backbone, const Design& design,
                                    const std::vector<Base>& letters, const std::vector<int>& pairs,
                                    const SampleConfig& config) {
  std::vector<char> fixed;
  for (std::size_t i = 0; i < letters.size(); ++i) fixed.push_back(design.motif_nucleotide(i) != nullptr);
  BaseRelaxation relaxation{.bases = letters,
                            .partner = pairs,
                            .residue_index = design.residue_index,
                            .fixed = fixed,
                            .rounds = config.relax_rounds};
  if (config.symmetry.empty()) return relaxed_with_bases(backbone, relaxation);
  const RotationGroup group = rotation_group(config.symmetry);
  const SymmetricCopies copies(group.rotations, group.product, {design.length()}, at::kCPU);
  relaxation.copies = &copies;
  return assembly_of(relaxed_with_bases(first_copy(backbone, letters.size()), relaxation), group);
}

}  // namespace

SampledMolecule make_molecule(const SampledBackbone& backbone, const std::string& name, std::uint64_t index,
                              const Design& design, const SampleConfig& config) {
  const int copies = copies_in(backbone, design);
  std::vector<int> pairs;
  if (config.design_sequence > 0 || config.all_atom) pairs = pairs_of_copy(backbone, name, design);
  std::vector<Base> letters = given_letters(design, config);
  SampledMolecule molecule;
  if (config.design_sequence > 0) {
    molecule.designs = propose_sequences(backbone, name, index, pairs, letters, config);
    letters = molecule.designs.front().bases;
  }
  std::vector<Base> bases;
  for (int copy = 0; copy < copies; ++copy) bases.insert(bases.end(), letters.begin(), letters.end());
  if (!config.all_atom) {
    molecule.structure = as_designed(make_structure(backbone, name, bases), backbone, design);
    return molecule;
  }
  const SampledBackbone relaxed = with_room_for_bases(backbone, design, letters, pairs, config);
  molecule.structure = as_designed(make_all_atom_structure(relaxed, name, bases), relaxed, design);
  return molecule;
}

}  // namespace flashrna

#include "libfold/sampling/sampled_molecule.h"

#include "base/error.h"
#include "rna/pairs/base_pairs.h"

namespace flashrna {

SampledMolecule make_molecule(const SampledBackbone& backbone, const std::string& name, std::uint64_t index,
                              const std::vector<Base>& given, std::span<const int> asked_partner,
                              const SampleConfig& config) {
  SampledMolecule molecule;
  std::vector<Base> bases = given;
  if (config.design_sequence > 0) {
    if (backbone.letters.size() != backbone.frames.size())
      fail("{}: no probabilities to draw sequences from; --design-sequence needs a model with model.letter_head = true",
           name);
    const Structure unnamed = make_structure(backbone, name, Base::N);
    const std::vector<int> pairs = pairs_to_design(asked_partner, find_base_pairs(unnamed.chains.front().nucleotides));
    for (int k = 0; k < config.design_sequence; ++k) {
      RandomStream stream(config.seed, "design_sequence",
                          {backbone.frames.size(), index, static_cast<std::uint64_t>(k)});
      molecule.designs.push_back(design_sequence(backbone.letters, pairs, given, config.temperature, stream));
    }
    bases = molecule.designs.front().bases;
  }
  molecule.structure =
      config.all_atom ? make_all_atom_structure(backbone, name, bases) : make_structure(backbone, name, bases);
  return molecule;
}

}  // namespace flashrna

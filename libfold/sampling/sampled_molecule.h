// What is written of a sample: its structure, with bases if they are asked for, and the sequences proposed for it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/sampling/sample_config.h"
#include "libfold/sampling/sequence_design.h"

namespace flashrna {

struct SampledMolecule {
  Structure structure;
  std::vector<DesignedSequence> designs;  // config.design_sequence of them
};

// `given`: [L] names of the residues, Base::N = open. `asked_partner`: [L] or empty, the pairs asked for. With designs,
// residues have the letters of the first. With config.all_atom, named residues have their bases. Designs are drawn from
// the streams (config.seed, "design_sequence", length, index of the sample, number of the design). Throws Error if the
// backbone lacks the letters or the chi that config needs.
SampledMolecule make_molecule(const SampledBackbone& backbone, const std::string& name, std::uint64_t index,
                              const std::vector<Base>& given, std::span<const int> asked_partner,
                              const SampleConfig& config);

}  // namespace flashrna

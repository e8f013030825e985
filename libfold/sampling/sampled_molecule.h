// What is written of a sample: its structure, with bases if they are asked for, and the sequences proposed for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libfold/backbone/sampled_backbone.h"
#include "libfold/design/design.h"
#include "libfold/sampling/sample_config.h"
#include "libfold/sampling/sequence_design.h"

namespace flashrna {

struct SampledMolecule {
  Structure structure;                    // as_designed (sampled_structure.h)
  std::vector<DesignedSequence> designs;  // config.design_sequence of them, of one copy of the design
};

// Residues have the letters of `design`, or else config.nucleotide. With config.design_sequence, those that are open
// get the letters of the first proposed sequence. With config.all_atom, named residues have their bases. Sequences are
// drawn from the streams (config.seed, "design_sequence", length of the design, index of the sample, number of the
// sequence). Throws Error if the backbone lacks the letters or the chi that config needs.
SampledMolecule make_molecule(const SampledBackbone& backbone, const std::string& name, std::uint64_t index,
                              const Design& design, const SampleConfig& config);

}  // namespace flashrna

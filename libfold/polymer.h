// What network, flow and configuration must know of a polymer besides datasets/polymer.h: numbers without torch. Its
// atoms: libfold/backbone/polymer_backbone.h.
#pragma once

#include <cstdint>
#include <string>

#include "datasets/polymer.h"

namespace flashrna {

// How large folded chains of L residues are. Noise gets its extent from it.
struct SizeLaw {
  double step;              // Å per coordinate, between successive residues of the chain prior (flow/chain_prior.h)
  double factor, exponent;  // radius of gyration = factor L^exponent, Å
  double scaled_width;      // flow.prior = scaled: at least scaled_width L^(1/3) Å per coordinate

  double radius_of_gyration(std::int64_t length) const;
};

struct PolymerModel {
  int most_torsions;              // of a residue that a network may predict: the backbone's and, if there is one, chi
  bool bases;                     // residues have bases that pair: letters, pairs and motifs can be conditions
  bool (*loss_atoms)(int count);  // whether losses.atoms can be this
  SizeLaw size;
  const char* origin;  // name of the atom at the origin of a residue's frame
};

const PolymerModel& polymer_model(Polymer polymer);

// By name, such as "protein". Throws UsageError that names `key` and the allowed values.
Polymer parse_polymer(const std::string& name, const char* key);

}  // namespace flashrna

// Draws one conformer for each residue of a chain from the distributions that the network predicts for the residues
// (Conformers), so that successive residues fit each other: the probability of a choice is proportional to the product
// of the cubes of the residues' probabilities and of a weight for each link. The weight is a normal density of the
// link's length and of the cosines of its two angles about their ideals. Drawn exactly, by sums from the last residue
// to the first and draws from the first to the last (a hidden Markov model), in time linear in the length.
#pragma once

#include <ATen/core/Tensor.h>

#include "libfold/nn/flow_model.h"

namespace flashrna {

// Which residues a link may join: residue_index [B, L] goes on by one, and both are below lengths [B].
struct ChainLinks {
  at::Tensor residue_index, lengths;  // i64
};

// Logarithms of the weights of the links between conformer k of residue i and conformer l of residue i + 1, 0 without a
// link: [B, L - 1, K, K].
at::Tensor link_log_weights(const FlowModelOutput& prediction, const ChainLinks& chain, Polymer polymer);

// Conformers drawn by `draws` [B, L] f64, uniform in (0, 1), one for each residue: [B, L] i64. `logits` [B, L, K],
// `links` [B, L - 1, K, K]. On the CPU, in f64.
at::Tensor drawn_conformers(const at::Tensor& logits, const at::Tensor& links, const at::Tensor& draws);

// Torsions of conformers drawn for `prediction`, with chi as the last if it is predicted: [B, L, n, 2] on its device.
// Where `fixed` [B, L] bool (may be undefined) is true, the residue's torsions in `prediction` are its only conformer.
at::Tensor drawn_torsions(const FlowModelOutput& prediction, const at::Tensor& fixed, const ChainLinks& chain,
                          const at::Tensor& draws, Polymer polymer);

}  // namespace flashrna

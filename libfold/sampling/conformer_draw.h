// Draws one conformer for each residue of a chain from the distributions that the network predicts for the residues
// (Conformers), so that successive residues fit each other. The probability of a choice is proportional to the product
// of a weight for each link, a normal density of its length and of the cosines of its two angles about their ideals,
// and of a factor for each conformer of each residue. The factors are such that every conformer is about as frequent as
// predicted, by the fourth power of its probability: links decide which conformers follow each other, not which ones
// there are. Factors by iterative proportional fitting (Deming & Stephan 1940, doi:10.1214/aoms/1177731829); drawn
// exactly, by sums from the last residue to the first and draws from the first to the last (a hidden Markov model). In
// time linear in the length.
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

// Logits with which the probabilities of each residue in the chain become those of the softmax of its own `logits`
// [B, L, K], as nearly as eight sweeps of the fit reach: [B, L, K] f64 on the CPU. `links` [B, L - 1, K, K].
at::Tensor with_own_marginals(const at::Tensor& logits, const at::Tensor& links);

// Conformers drawn by `draws` [B, L] f64, uniform in (0, 1), one for each residue: [B, L] i64. `logits` [B, L, K],
// `links` [B, L - 1, K, K]. On the CPU, in f64.
at::Tensor drawn_conformers(const at::Tensor& logits, const at::Tensor& links, const at::Tensor& draws);

// Torsions of conformers drawn for `prediction`, with chi as the last if it is predicted: [B, L, n, 2] on its device.
// Where `fixed` [B, L] bool (may be undefined) is true, the residue's torsions in `prediction` are its only conformer.
at::Tensor drawn_torsions(const FlowModelOutput& prediction, const at::Tensor& fixed, const ChainLinks& chain,
                          const at::Tensor& draws, Polymer polymer);

}  // namespace flashrna

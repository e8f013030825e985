// Predicts the backbone torsions of a polymer, of RNA eight, and chi as the ninth if n_angles = 9, from the final and
// the initial single representation (AlphaFold's angle resnet). Frames leave more than one conformer of the backbone
// possible. With n_conformers > 1 the head predicts a distribution over so many conformers instead of one; each is a
// set of all torsions of the residue.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"

namespace flashrna {

class TorsionBlockImpl : public torch::nn::Module {
 public:
  explicit TorsionBlockImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);

 private:
  Linear linear_1{nullptr}, linear_2{nullptr};
};
TORCH_MODULE(TorsionBlock);

// K conformers of every residue and their logits.
struct Conformers {
  at::Tensor torsions;  // [B, L, K, n, 2] (sin, cos), normalized
  at::Tensor logits;    // [B, L, K] f32 or f64; undefined if K = 1

  bool defined() const { return torsions.defined(); }
  at::Tensor likeliest() const;  // [B, L] i64
  // Torsions of conformer `index` [B, L] i64 of each residue: [B, L, n, 2].
  at::Tensor take(const at::Tensor& index) const;
};

class TorsionHeadImpl : public torch::nn::Module {
 public:
  TorsionHeadImpl(int64_t node_channels, int64_t hidden_channels, int64_t n_blocks = 2, int64_t n_angles = 8,
                  int64_t n_conformers = 1);
  // single, initial [B, L, node_channels] -> unnormalized (sin, cos) of the first conformer, [B, L, n_angles, 2].
  at::Tensor unnormalized(const at::Tensor& single, const at::Tensor& initial);
  // All conformers; each (sin, cos) is divided by sqrt(max(sin^2 + cos^2, 1e-12)).
  Conformers forward(const at::Tensor& single, const at::Tensor& initial);

 private:
  at::Tensor hidden(const at::Tensor& single, const at::Tensor& initial);
  at::Tensor sin_cos(const at::Tensor& hidden);  // [B, L, n_conformers, n_angles, 2]

  int64_t n_angles_, n_conformers_;
  Linear linear_in{nullptr}, linear_initial{nullptr};
  torch::nn::ModuleList layers{nullptr};
  Linear linear_out{nullptr};
  Linear linear_logits{nullptr};  // none for one conformer
};
TORCH_MODULE(TorsionHead);

}  // namespace flashrna

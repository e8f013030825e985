// Predicts the backbone torsions of a polymer, of RNA eight, and chi as the ninth if n_angles = 9, from the final and
// the initial single representation (AlphaFold's angle resnet).
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

class TorsionHeadImpl : public torch::nn::Module {
 public:
  TorsionHeadImpl(int64_t node_channels, int64_t hidden_channels, int64_t n_blocks = 2, int64_t n_angles = 8);
  // single, initial [B, L, node_channels] -> unnormalized (sin, cos), [B, L, n_angles, 2].
  at::Tensor unnormalized(const at::Tensor& single, const at::Tensor& initial);
  // The same divided by sqrt(max(sin^2 + cos^2, 1e-12)).
  at::Tensor forward(const at::Tensor& single, const at::Tensor& initial);

 private:
  int64_t n_angles_;
  Linear linear_in{nullptr}, linear_initial{nullptr};
  torch::nn::ModuleList layers{nullptr};
  Linear linear_out{nullptr};
};
TORCH_MODULE(TorsionHead);

}  // namespace flashrna

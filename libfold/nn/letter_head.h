// Predicts a nucleotide for every residue from the final single representation. It does not replace an inverse-folding
// program: its input contains no bases and only one backbone.
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"

namespace flashrna {

class LetterHeadImpl : public torch::nn::Module {
 public:
  explicit LetterHeadImpl(int64_t node_channels);
  // single [B, L, node_channels] -> logits of A, C, G, U, [B, L, 4] f32 or f64.
  at::Tensor forward(const at::Tensor& single);

 private:
  Linear linear_1{nullptr}, linear_out{nullptr};
};
TORCH_MODULE(LetterHead);

}  // namespace flashrna

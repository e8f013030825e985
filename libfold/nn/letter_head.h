// Proposes a nucleotide for every residue from the last single representation. No replacement for an inverse-folding
// program: it sees no base and knows one backbone at a time.
#pragma once

#include "kernels/torch_headers.h"

namespace flashrna {

class LetterHeadImpl : public torch::nn::Module {
 public:
  explicit LetterHeadImpl(int64_t node_channels);
  // single [B, L, node_channels] -> logits of A, C, G, U, [B, L, 4] f32 or f64.
  at::Tensor forward(const at::Tensor& single);

 private:
  torch::nn::Linear linear_1{nullptr}, linear_out{nullptr};
};
TORCH_MODULE(LetterHead);

}  // namespace flashrna

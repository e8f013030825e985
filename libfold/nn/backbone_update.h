// Moves every frame by a small rigid motion in its own axes (Jumper et al. 2021, suppl. algorithm 23).
#pragma once

#include "kernels/torch_headers.h"
#include "libfold/nn/linear.h"
#include "libfold/rigid.h"

namespace flashrna {

class BackboneUpdateImpl : public torch::nn::Module {
 public:
  explicit BackboneUpdateImpl(int64_t node_channels);
  // single [B, L, node_channels], mask [B, L] of its dtype: a masked-out residue keeps its frame.
  Frames forward(const at::Tensor& single, const Frames& frames, const at::Tensor& mask);

 private:
  Linear linear{nullptr};  // to (b, c, d, t_x, t_y, t_z)
};
TORCH_MODULE(BackboneUpdate);

}  // namespace flashrna

// bf16 autocast for the matrix products of the single and pair representations. Whatever decides coordinates stays in
// f32: point projections, attention, frames, norms, the torsion head's output, losses, weights.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// Switches LibTorch's autocast to bf16 on or off for the scope, for devices of `device`'s type. Weights are cast at
// each use: a cast cached in a pass without gradients would have no gradient in the next pass.
class ScopedAutocast {
 public:
  ScopedAutocast(at::Device device, bool enabled);
  ~ScopedAutocast();
  ScopedAutocast(const ScopedAutocast&) = delete;
  ScopedAutocast& operator=(const ScopedAutocast&) = delete;

 private:
  at::DeviceType device_type_;
  bool enabled_before_, cached_before_;
  at::ScalarType dtype_before_;
};

bool autocast_enabled(at::Device device);

// Converts bf16 to f32; f32 and f64 are unchanged.
at::Tensor full_precision(const at::Tensor& x);

}  // namespace flashrna

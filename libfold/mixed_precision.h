// bf16 where it costs no accuracy that matters: matrix products of the single and pair representations. What decides
// coordinates stays in f32: point projections, attention, frames, norms, the torsion head's output, losses, weights.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// LibTorch's autocast to bf16 on `device`'s kind for the scope's length, on or off. Weights are cast at each use: a
// cast that is remembered from a pass without gradients would keep the next one from having any.
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

// bf16 becomes f32; f32 and f64 stay.
at::Tensor full_precision(const at::Tensor& x);

}  // namespace flashrna

// bf16 or TF32 in the matrix products of the single and pair representations. Whatever decides coordinates stays in
// f32: point projections, attention, frames, norms, the torsion head's output, losses, weights.
#pragma once

#include <ATen/ATen.h>

namespace flashrna {

// Switches LibTorch's autocast to bf16 on or off for the scope, for devices of `device`'s type. Off means f32: it also
// ends a ScopedTf32 around it. Weights are cast at each use: a cast cached in a pass without gradients would have no
// gradient in the next pass.
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
  bool tf32_before_;
};

bool autocast_enabled(at::Device device);

// Lets linear layers (libfold/nn/linear.h) round the factors of their products to TF32, 11 bits, on CUDA devices; in
// this thread, for the scope. Backward of such a layer does the same wherever it runs.
class ScopedTf32 {
 public:
  explicit ScopedTf32(bool enabled);
  ~ScopedTf32();
  ScopedTf32(const ScopedTf32&) = delete;
  ScopedTf32& operator=(const ScopedTf32&) = delete;

 private:
  bool before_;
};

bool tf32_enabled();

// LibTorch's own switch during one product. It is one for the process; set_cuda_precision() keeps it off otherwise.
class Tf32Products {
 public:
  Tf32Products();
  ~Tf32Products();
  Tf32Products(const Tf32Products&) = delete;
  Tf32Products& operator=(const Tf32Products&) = delete;
};

// Converts bf16 to f32; f32 and f64 are unchanged.
at::Tensor full_precision(const at::Tensor& x);

}  // namespace flashrna

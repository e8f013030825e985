// The fused backend with its kernels behind an interface, so that tests can run it with emulated kernels.
#pragma once

#include <ATen/core/ivalue.h>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/fused/arguments.h"

namespace flashrna::flash_ipa_backends {

// Forward and backward on raw pointers to f32 tensors on `device`. Rows beyond the lengths are not written.
class FusedKernels : public torch::CustomClassHolder {
 public:
  virtual void forward(const fused_ipa::Arguments& arguments, const fused_ipa::Outputs& outputs,
                       FusedPrecision precision, at::Device device) const = 0;
  virtual void backward(const fused_ipa::Arguments& arguments, const fused_ipa::OutputGradients& gradients,
                        const fused_ipa::InputGradients& out, at::Device device) const = 0;
};

// Runs a checked input for which fused_takes() is true.
FlashIpaOutput fused_with(const c10::intrusive_ptr<FusedKernels>& kernels, const FlashIpaInput& input,
                          FusedPrecision precision);

}  // namespace flashrna::flash_ipa_backends

// The fused backend apart from the kernels behind it, so that tests run it on their emulation.
#pragma once

#include <ATen/core/ivalue.h>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/fused/arguments.h"

namespace flashrna::flash_ipa_backends {

// Forward and backward on raw pointers of f32 tensors that live on `device`. Rows beyond the lengths are not written.
class FusedKernels : public torch::CustomClassHolder {
 public:
  virtual void forward(const fused_ipa::Arguments& arguments, const fused_ipa::Outputs& outputs,
                       FusedPrecision precision, at::Device device) const = 0;
  virtual void backward(const fused_ipa::Arguments& arguments, const fused_ipa::OutputGradients& gradients,
                        const fused_ipa::InputGradients& out, at::Device device) const = 0;
};

// Of a checked input that fused_takes().
FlashIpaOutput fused_with(const c10::intrusive_ptr<FusedKernels>& kernels, const FlashIpaInput& input,
                          FusedPrecision precision);

}  // namespace flashrna::flash_ipa_backends

// The fused backend with its kernels behind an interface, so that tests can run it with emulated kernels.
#pragma once

#include <ATen/core/ivalue.h>

#include <array>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/fused/arguments.h"

namespace flashrna::flash_ipa_backends {

// A tensor that the kernels read and for which they compute a gradient.
struct FusedOperand {
  at::Tensor FlashIpaInput::*tensor;
  const float* fused_ipa::Arguments::*argument;
  float* fused_ipa::InputGradients::*gradient;
  bool optional;  // undefined, and its pointers null, if there is no pair bias or no pair output
};

// All of them, in the order of the autograd function's inputs and of floating_tensors().
inline constexpr std::array kFusedOperands = [] {
  using In = FlashIpaInput;
  using Read = fused_ipa::Arguments;
  using Write = fused_ipa::InputGradients;
  return std::array<FusedOperand, 13>{{
      {&In::q, &Read::q, &Write::q, false},
      {&In::k, &Read::k, &Write::k, false},
      {&In::v, &Read::v, &Write::v, false},
      {&In::q_points, &Read::q_points, &Write::q_points, false},
      {&In::k_points, &Read::k_points, &Write::k_points, false},
      {&In::v_points, &Read::v_points, &Write::v_points, false},
      {&In::rotations, &Read::rotations, &Write::rotations, false},
      {&In::translations, &Read::translations, &Write::translations, false},
      {&In::point_weights, &Read::point_weights, &Write::point_weights, false},
      {&In::bias_q, &Read::bias_q, &Write::bias_q, true},
      {&In::bias_k, &Read::bias_k, &Write::bias_k, true},
      {&In::pair_q, &Read::pair_q, &Write::pair_q, true},
      {&In::pair_k, &Read::pair_k, &Write::pair_k, true},
  }};
}();

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

// Runs the cases of a golden module file (docs/architecture.md, "Golden files") against one of our modules: outputs,
// the scalar S = sum(y * cotangent), and the gradients of S with respect to inputs and weights, in f64 and in f32.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/torch_headers.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {

using TensorMap = std::map<std::string, at::Tensor>;

struct GoldenModule {
  std::string file;  // "ipa_flash_1d_bias.h5"
  // Builds the module from the file's attributes.
  std::function<std::shared_ptr<torch::nn::Module>(const GoldenFile&)> make;
  // Runs it on a case's inputs, which have dtype `dtype`, and returns outputs under their golden names.
  std::function<TensorMap(torch::nn::Module&, const TensorMap& inputs, const TensorMap& aux)> run;
  // Prefixes of weights that the file has but the published mode does not use; our module lacks them.
  std::vector<std::string> unused = {};
};

// Tests every case of the file. Skips, naming the file, if the golden folder lacks it.
void expect_module_matches_golden(const GoldenModule& module, at::ScalarType dtype);

// Allowed f32 error of an output, relative to its largest magnitude: three times the error of the published f32 code,
// at least 2e-6.
double allowed_f32_error(const std::string& file, const std::string& case_name, const std::string& dataset);

}  // namespace flashrna

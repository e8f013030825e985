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
  // Runs it on a case's inputs, and returns outputs under their golden names. `inputs` are of `dtype`.
  std::function<TensorMap(torch::nn::Module&, const TensorMap& inputs, const TensorMap& aux)> run;
  // Weights of the file that the published mode holds and never uses, by the beginnings of their names; ours has none.
  std::vector<std::string> unused = {};
};

// Every case of the file. Skips, naming the file, if the golden folder lacks it.
void expect_module_matches_golden(const GoldenModule& module, at::ScalarType dtype);

// Allowed f32 error of an output, relative to its largest magnitude: three times the error of the published f32 code,
// at least 2e-6.
double allowed_f32_error(const std::string& file, const std::string& case_name, const std::string& dataset);

}  // namespace flashrna

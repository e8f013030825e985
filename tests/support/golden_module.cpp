#include "tests/support/golden_module.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace flashrna {

using at::Tensor;

namespace {

struct PublishedError {
  const char* file;
  const char* case_name;
  const char* dataset;
  double relative;
};

// Largest error of the published f32 modules against the golden f64 numbers, relative to the largest value.
constexpr PublishedError kPublishedErrors[] = {
    {"backbone_update", "batch_masked", "rotmats_2", 4.8e-07},
    {"backbone_update", "batch_masked", "trans_2", 1.1e-07},
    {"backbone_update", "batch_masked", "update", 0.0},
    {"edge_embedder_1d", "batch_masked", "z_factor_1", 7.9e-07},
    {"edge_embedder_1d", "longer", "z_factor_1", 2.0e-06},
    {"edge_embedder_2d", "batch_masked", "edge_embed", 2.9e-07},
    {"edge_embedder_2d", "longer", "edge_embed", 5.5e-07},
    {"edge_embedder_2d_factorize", "batch_masked", "z_factor_1", 1.5e-06},
    {"edge_transition_1d", "a", "z_factor_1", 1.9e-07},
    {"edge_transition_2d", "a", "edge_embed", 4.4e-07},
    {"flow_model_flash_1d_bias", "self_conditioning_on", "pred_rotmats", 2.4e-05},
    {"flow_model_flash_1d_bias", "self_conditioning_on", "pred_torsions", 2.2e-05},
    {"flow_model_flash_1d_bias", "self_conditioning_on", "pred_trans", 3.9e-06},
    {"flow_model_flash_no_bias", "self_conditioning_on", "pred_rotmats", 1.6e-05},
    {"flow_model_flash_no_bias", "self_conditioning_on", "pred_torsions", 4.2e-05},
    {"flow_model_flash_no_bias", "self_conditioning_on", "pred_trans", 3.1e-06},
    {"flow_model_orig_2d_bias", "self_conditioning_on", "pred_rotmats", 1.9e-05},
    {"flow_model_orig_2d_bias", "self_conditioning_on", "pred_torsions", 1.7e-04},
    {"flow_model_orig_2d_bias", "self_conditioning_on", "pred_trans", 9.8e-06},
    {"ipa_default_size", "flash_1d_bias", "s_update", 4.9e-07},
    {"ipa_default_size", "orig_2d_bias", "s_update", 4.3e-07},
    {"ipa_flash_1d_bias", "batch_masked", "s_update", 3.8e-07},
    {"ipa_flash_1d_bias", "longer", "s_update", 7.0e-07},
    {"ipa_flash_no_bias", "batch_masked", "s_update", 3.7e-07},
    {"ipa_flash_no_bias", "longer", "s_update", 4.4e-07},
    {"ipa_orig_2d_bias", "batch_masked", "s_update", 3.7e-07},
    {"ipa_orig_2d_bias", "longer", "s_update", 6.0e-07},
    {"node_embedder", "batch_masked", "node_embed", 6.3e-06},
    {"node_embedder", "longer", "node_embed", 9.2e-06},
    {"seq_transformer", "batch_masked", "out", 2.1e-07},
    {"structure_module_transition", "a", "s_out", 9.1e-08},
    {"torsion_head", "a", "torsions", 7.7e-07},
    {"torsion_head", "a", "unnormalized", 1.6e-07},
};

constexpr double kF64 = 1e-9;           // where the file stores f64
constexpr double kF64StoredF32 = 2e-7;  // where it stores f32
constexpr double kF32Gradient = 1e-4;

std::string stem(const std::string& file) { return file.substr(0, file.rfind('.')); }

TensorMap read_group(const GoldenFile& file, const std::string& group, at::ScalarType dtype) {
  TensorMap tensors;
  if (!file.has(group)) return tensors;
  for (const std::string& name : file.children(group)) {
    const bool is_index = name.ends_with("_index");
    tensors[name] = golden_tensor(file, group + "/" + name).to(is_index ? at::kLong : dtype);
  }
  return tensors;
}

void load_weights(const GoldenFile& file, torch::nn::Module& module, const std::vector<std::string>& unused) {
  const torch::NoGradGuard no_grad;
  auto parameters = module.named_parameters();
  std::vector<std::string> names = file.children("weights");
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::any_of(unused, [&](const std::string& prefix) { return name.starts_with(prefix); });
  });
  ASSERT_EQ(names.size(), parameters.size()) << "number of weights";
  for (const std::string& name : names) {
    Tensor* parameter = parameters.find(name);
    ASSERT_NE(parameter, nullptr) << "the module has no parameter " << name;
    const Tensor values = golden_tensor(file, "weights/" + name);
    ASSERT_EQ(parameter->sizes(), values.sizes()) << name;
    parameter->copy_(values);
  }
}

class CaseRun {
 public:
  CaseRun(const GoldenFile& file, const std::string& file_name, const std::string& case_name, at::ScalarType dtype)
      : file_(file), file_name_(file_name), case_name_(case_name), dtype_(dtype), root_("cases/" + case_name) {}

  void run(const GoldenModule& golden, torch::nn::Module& module) {
    module.zero_grad();
    inputs_ = read_group(file_, root_ + "/inputs", dtype_);
    for (auto& [name, tensor] : inputs_) {
      if (tensor.is_floating_point()) tensor.requires_grad_(true);
    }
    const TensorMap outputs = golden.run(module, inputs_, read_group(file_, root_ + "/aux", dtype_));
    compare_outputs(outputs);
    const Tensor scalar = compare_scalar(outputs);
    if (!file_.has(root_ + "/grads")) return;
    scalar.backward();
    find_largest_gradient(root_ + "/grads");
    compare_input_gradients();
    for (const auto& item : module.named_parameters()) compare_weight_gradient(item.key(), item.value());
  }

 private:
  // Padded rows of the published code are meaningless, so both sides are masked.
  Tensor real_rows(const Tensor& tensor) const {
    for (const char* name : {"mask", "res_mask"}) {
      const auto found = inputs_.find(name);
      if (found == inputs_.end()) continue;
      Tensor mask = found->second.detach().to(tensor.scalar_type());  // [B, L]
      if (tensor.dim() < 2 || tensor.size(0) != mask.size(0) || tensor.size(1) != mask.size(1)) return tensor;
      while (mask.dim() < tensor.dim()) mask = mask.unsqueeze(-1);
      return tensor * mask;
    }
    return tensor;
  }

  void compare_outputs(const TensorMap& outputs) {
    for (const std::string& name : file_.children(root_ + "/outputs")) {
      const auto found = outputs.find(name);
      ASSERT_NE(found, outputs.end()) << "no output " << name;
      const std::string path = root_ + "/outputs/" + name;
      const double allowed = dtype_ == at::kFloat ? allowed_f32_error(file_name_, case_name_, name) : f64_allowed(path);
      expect_close(label(name), real_rows(found->second), real_rows(golden_tensor(file_, path)), allowed);
    }
  }

  Tensor compare_scalar(const TensorMap& outputs) {
    Tensor scalar = at::scalar_tensor(0.0, at::kDouble), magnitude = at::scalar_tensor(0.0, at::kDouble);
    for (const std::string& name : file_.children(root_ + "/cotangents")) {
      const Tensor cotangent = golden_tensor(file_, root_ + "/cotangents/" + name);
      const Tensor terms = outputs.at(name).to(at::kDouble) * cotangent;
      scalar = scalar + terms.sum();
      magnitude = magnitude + terms.detach().abs().sum();
    }
    // S sums terms of both signs: its error is compared with the sum of their magnitudes.
    const Tensor expected = golden_tensor(file_, root_ + "/outputs_scalar").squeeze();
    expect_close(label("S / sum|y c|"), scalar / magnitude - expected / magnitude + 1.0,
                 at::scalar_tensor(1.0, at::kDouble), dtype_ == at::kFloat ? 1e-4 : kF64);
    return scalar;
  }

  void compare_input_gradients() {
    for (const auto& [name, input] : inputs_) {
      const std::string path = root_ + "/grads/" + name;
      const bool has_tangent = file_.has(path + "_tangent");
      if (!input.requires_grad() || (!file_.has(path) && !has_tangent)) continue;
      const Tensor gradient = input.grad().defined() ? input.grad() : at::zeros_like(input);
      if (has_tangent) {
        compare_gradient("d " + name + " (tangent)", real_rows(tangent_gradient(input, gradient)), path + "_tangent");
      } else {
        compare_gradient("d " + name, real_rows(gradient), path);
      }
    }
  }

  void compare_weight_gradient(const std::string& name, const Tensor& parameter) {
    const std::string grads = root_ + "/grads/";
    const Tensor gradient = parameter.grad().defined() ? parameter.grad() : at::zeros_like(parameter);
    const auto compare = [&](const std::string& kind, const Tensor& got) {
      const std::string path = grads + kind + "/" + name;
      if (!file_.has(path)) return;
      compare_gradient("d " + kind + " " + name, got.view(file_.shape(path)), path);
    };
    compare("weights", gradient);
    if (gradient.dim() != 2) return;
    compare("weights_rowsum", gradient.sum(1));
    compare("weights_colsum", gradient.sum(0));
    compare("weights_rows_0_2", gradient.narrow(0, 0, std::min<int64_t>(2, gradient.size(0))));
  }

  void find_largest_gradient(const std::string& group) {
    for (const std::string& name : file_.children(group)) {
      const std::string path = group + "/" + name;
      if (name.starts_with("weights") && group.ends_with("/grads")) {
        find_largest_gradient(path);
      } else {
        largest_gradient_ = std::max(largest_gradient_, golden_tensor(file_, path).abs().max().item<double>());
      }
    }
  }

  // Some gradients are exactly zero (e.g. of a bias that shifts all logits of a row) and the file holds rounding
  // errors. They are compared relative to the largest gradient of the case.
  void compare_gradient(const std::string& what, const Tensor& got, const std::string& path) {
    const Tensor expected = real_rows(golden_tensor(file_, path));
    if (expected.abs().max().item<double>() > 1e-12 * largest_gradient_) {
      expect_close(label(what), got, expected, gradient_allowed(path));
    } else {
      expect_close(label(what + " (vanishes)"), got.to(at::kDouble) / largest_gradient_ + 1.0,
                   expected / largest_gradient_ + 1.0, gradient_allowed(path));
    }
  }

  double f64_allowed(const std::string& path) const { return file_.stored_as_float32(path) ? kF64StoredF32 : kF64; }
  double gradient_allowed(const std::string& path) const {
    return dtype_ == at::kFloat ? kF32Gradient : f64_allowed(path);
  }
  std::string label(const std::string& what) const {
    return fmt::format("{} {} {} {}", stem(file_name_), case_name_, dtype_ == at::kFloat ? "f32" : "f64", what);
  }

  const GoldenFile& file_;
  std::string file_name_, case_name_;
  at::ScalarType dtype_;
  std::string root_;
  TensorMap inputs_;
  double largest_gradient_ = 0.0;
};

}  // namespace

double allowed_f32_error(const std::string& file, const std::string& case_name, const std::string& dataset) {
  // The listed error; otherwise the largest of the file; otherwise (a file without any) that of the nearest kind of
  // module.
  const auto listed = [](const std::string& name) {
    return std::any_of(std::begin(kPublishedErrors), std::end(kPublishedErrors),
                       [&](const PublishedError& e) { return name == e.file; });
  };
  std::string name = stem(file);
  while (!listed(name) && name.find('_') != std::string::npos) name = name.substr(0, name.rfind('_'));
  double exact = -1.0, largest = 0.0;
  for (const PublishedError& e : kPublishedErrors) {
    if (name != e.file) continue;
    if (case_name == e.case_name && dataset == e.dataset) exact = e.relative;
    largest = std::max(largest, e.relative);
  }
  return std::max(2e-6, 3.0 * (exact >= 0 ? exact : largest));
}

void expect_module_matches_golden(const GoldenModule& golden, at::ScalarType dtype) {
  const GoldenFile file(golden_path(golden.file));
  const std::shared_ptr<torch::nn::Module> module = golden.make(file);
  module->to(dtype);
  load_weights(file, *module, golden.unused);
  if (testing::Test::HasFatalFailure()) return;
  for (const std::string& case_name : file.children("cases")) {
    CaseRun(file, golden.file, case_name, dtype).run(golden, *module);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace flashrna

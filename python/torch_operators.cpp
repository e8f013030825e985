// torch.ops.flashrna: invariant point attention and nearest neighbors as PyTorch operators, with autograd and shapes
// for torch.compile. The library needs no Python; python/flashrna/attention.py loads it and documents the operators.
//
// The operators below autograd are forward and backward of attention. Backward runs forward again on the saved inputs,
// so that only tensors are saved, which torch.compile requires; it costs one more forward pass.
#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "kernels/torch_headers.h"

namespace flashrna {
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;
using Outputs = std::tuple<Tensor, Tensor, Tensor, Tensor>;  // scalars, points, point norms, pairs [B, L, H, c], c >= 0

// The floating inputs in the order of the operators below autograd.
constexpr Tensor FlashIpaInput::*kMembers[] = {&FlashIpaInput::q,
                                               &FlashIpaInput::k,
                                               &FlashIpaInput::v,
                                               &FlashIpaInput::q_points,
                                               &FlashIpaInput::k_points,
                                               &FlashIpaInput::v_points,
                                               &FlashIpaInput::rotations,
                                               &FlashIpaInput::translations,
                                               &FlashIpaInput::point_weights,
                                               &FlashIpaInput::bias_q,
                                               &FlashIpaInput::bias_k,
                                               &FlashIpaInput::pair_q,
                                               &FlashIpaInput::pair_k,
                                               &FlashIpaInput::pair_bias,
                                               &FlashIpaInput::pair_values};
constexpr std::size_t kInputs = std::size(kMembers);

// Inputs in the order of the operator's arguments; an undefined tensor is an absent one.
FlashIpaInput input_of(const std::vector<Tensor>& x, const Tensor& lengths) {
  FlashIpaInput in;
  for (std::size_t i = 0; i < kInputs; ++i) in.*kMembers[i] = x[i];
  in.lengths = lengths;
  return in;
}

std::vector<Tensor> present_or_undefined(const c10::List<Optional>& inputs) {
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Optional one = inputs.get(i);
    tensors.push_back(one ? *one : Tensor());
  }
  TORCH_CHECK(tensors.size() == kInputs, "flash_ipa: ", tensors.size(), " inputs, expected ", kInputs);
  return tensors;
}

// The state of the dispatcher at the start of a thread: the operators below autograd compute gradients themselves, in
// the self-check of the backend and in backward.
struct FreshDispatch {
  c10::impl::ForceDispatchKeyGuard guard{c10::default_included_set, c10::default_excluded_set};
};

std::vector<Tensor> outputs_of(const FlashIpaInput& in, const std::string& backend) {
  const FlashIpaOutput out = flash_ipa(in, parse_attention_backend(backend));
  const int64_t B = in.q.size(0), L = in.q.size(1), H = in.q.size(2);
  return {out.scalars, out.points, out.point_norms,
          out.pairs.defined() ? out.pairs : at::zeros({B, L, H, 0}, in.q.options())};
}

std::vector<Tensor> forward(const c10::List<Optional>& inputs, const Tensor& lengths, const std::string& backend) {
  const FreshDispatch fresh;
  const at::NoGradGuard no_grad;
  return outputs_of(input_of(present_or_undefined(inputs), lengths), backend);
}

// One gradient per input; an empty tensor for an absent one.
std::vector<Tensor> backward(const std::vector<Tensor>& gradients, const c10::List<Optional>& inputs,
                             const Tensor& lengths, const std::string& backend) {
  const FreshDispatch fresh;
  const at::AutoGradMode with_gradients(true);
  std::vector<Tensor> leaves = present_or_undefined(inputs), present;
  for (Tensor& leaf : leaves) {
    if (!leaf.defined()) continue;
    leaf = leaf.detach().requires_grad_();
    present.push_back(leaf);
  }
  const std::vector<Tensor> outputs = outputs_of(input_of(leaves, lengths), backend);
  std::vector<Tensor> differentiable, of_outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad()) continue;
    differentiable.push_back(outputs[i]);
    of_outputs.push_back(gradients[i]);
  }
  const auto found = torch::autograd::grad(differentiable, present, of_outputs, /*retain_graph=*/false,
                                           /*create_graph=*/false, /*allow_unused=*/true);
  std::vector<Tensor> result;
  std::size_t next = 0;
  for (const Tensor& leaf : leaves) {
    if (!leaf.defined()) {
      result.push_back(at::empty({0}, lengths.options().dtype(at::kFloat)));
      continue;
    }
    const Tensor& one = found[next++];
    result.push_back(one.defined() ? one : at::zeros_like(leaf));
  }
  return result;
}

// ---- shapes alone

std::vector<Tensor> forward_shapes(const c10::List<Optional>& inputs, const Tensor&, const std::string&) {
  const std::vector<Tensor> x = present_or_undefined(inputs);
  const Tensor &q = x[0], &v_points = x[5], &pair_k = x[12], &pair_values = x[14];
  const c10::SymInt B = q.sym_size(0), L = q.sym_size(1), H = q.sym_size(2), P = v_points.sym_size(3);
  const c10::SymInt c = pair_k.defined() ? pair_k.sym_size(3) : pair_values.defined() ? pair_values.sym_size(3) : 0;
  return {at::empty_symint({B, L, H, q.sym_size(3)}, q.options()), at::empty_symint({B, L, H, P, 3}, q.options()),
          at::empty_symint({B, L, H, P}, q.options()), at::empty_symint({B, L, H, c}, q.options())};
}

std::vector<Tensor> backward_shapes(const std::vector<Tensor>&, const c10::List<Optional>& inputs,
                                    const Tensor& lengths, const std::string&) {
  std::vector<Tensor> result;
  for (const Tensor& one : present_or_undefined(inputs))
    result.push_back(one.defined() ? at::empty_symint(one.sym_sizes(), one.options())
                                   : at::empty({0}, lengths.options().dtype(at::kFloat)));
  return result;
}

// ---- autograd

std::vector<Tensor> call_forward(const c10::List<Optional>& inputs, const Tensor& lengths, const std::string& backend) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("flashrna::flash_ipa_forward", "").typed<decltype(forward)>();
  return op.call(inputs, lengths, backend);
}

std::vector<Tensor> call_backward(const std::vector<Tensor>& gradients, const c10::List<Optional>& inputs,
                                  const Tensor& lengths, const std::string& backend) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("flashrna::flash_ipa_backward", "").typed<decltype(backward)>();
  return op.call(gradients, inputs, lengths, backend);
}

// Autograd takes no undefined tensors in a list: an absent input is a tensor [0], which no input is.
bool is_absent(const Tensor& tensor) { return tensor.dim() == 1 && tensor.sym_size(0) == 0; }

c10::List<Optional> list_of(at::TensorList tensors) {
  c10::List<Optional> list;
  for (const Tensor& one : tensors) list.push_back(is_absent(one) ? std::nullopt : Optional(one));
  return list;
}

class Attention : public torch::autograd::Function<Attention> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx, at::TensorList inputs,
                                                const Tensor& lengths, const std::string& backend) {
    const at::AutoDispatchBelowADInplaceOrView below;
    torch::autograd::variable_list saved = inputs.vec();
    saved.push_back(lengths);
    ctx->save_for_backward(saved);
    ctx->saved_data["backend"] = backend;
    return call_forward(list_of(inputs), lengths, backend);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list gradients) {
    torch::autograd::variable_list saved = ctx->get_saved_variables();
    const Tensor lengths = saved.back();
    saved.pop_back();
    torch::autograd::variable_list result =
        call_backward(gradients, list_of(saved), lengths, ctx->saved_data["backend"].toStringRef());
    for (std::size_t i = 0; i < saved.size(); ++i)
      if (is_absent(saved[i])) result[i] = Tensor();
    result.emplace_back();  // lengths
    result.emplace_back();  // backend
    return result;
  }
};

// The public operator, above autograd: names the inputs.
Outputs flash_ipa_operator(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& q_points,
                           const Tensor& k_points, const Tensor& v_points, const Tensor& rotations,
                           const Tensor& translations, const Tensor& point_weights, const Tensor& lengths,
                           const Optional& bias_q, const Optional& bias_k, const Optional& pair_q,
                           const Optional& pair_k, const Optional& pair_bias, const Optional& pair_values,
                           std::string_view backend) {
  const FlashIpaInput in{.q = q,
                         .k = k,
                         .v = v,
                         .q_points = q_points,
                         .k_points = k_points,
                         .v_points = v_points,
                         .rotations = rotations,
                         .translations = translations,
                         .point_weights = point_weights,
                         .bias_q = bias_q.value_or(Tensor()),
                         .bias_k = bias_k.value_or(Tensor()),
                         .pair_q = pair_q.value_or(Tensor()),
                         .pair_k = pair_k.value_or(Tensor()),
                         .pair_bias = pair_bias.value_or(Tensor()),
                         .pair_values = pair_values.value_or(Tensor()),
                         .lengths = lengths};
  const Tensor absent = at::empty({0}, q.options());
  std::vector<Tensor> inputs;
  for (const auto member : kMembers) inputs.push_back((in.*member).defined() ? in.*member : absent);
  const std::vector<Tensor> out = Attention::apply(at::TensorList(inputs), lengths, std::string(backend));
  return {out[0], out[1], out[2], out[3]};
}

// ---- nearest neighbors

std::tuple<Tensor, Tensor> neighbors(const Tensor& positions, const Tensor& lengths, int64_t k) {
  const FreshDispatch fresh;
  const at::NoGradGuard no_grad;
  NearestNeighbors found = nearest_neighbors(positions, lengths, k);
  return {found.indices, found.distances};
}

std::tuple<Tensor, Tensor> neighbors_shapes(const Tensor& positions, const Tensor&, int64_t k) {
  const c10::SymInt B = positions.sym_size(0), L = positions.sym_size(1);
  return {at::empty_symint({B, L, k}, positions.options().dtype(at::kLong)),
          at::empty_symint({B, L, k}, positions.options())};
}

}  // namespace

TORCH_LIBRARY(flashrna, library) {
  library.def(
      "flash_ipa(Tensor q, Tensor k, Tensor v, Tensor q_points, Tensor k_points, Tensor v_points, Tensor rotations, "
      "Tensor translations, Tensor point_weights, Tensor lengths, Tensor? bias_q=None, Tensor? bias_k=None, Tensor? "
      "pair_q=None, Tensor? pair_k=None, Tensor? pair_bias=None, Tensor? pair_values=None, str backend='auto') -> "
      "(Tensor, Tensor, Tensor, Tensor)",
      torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, flash_ipa_operator));
  library.def("flash_ipa_forward(Tensor?[] inputs, Tensor lengths, str backend) -> Tensor[]");
  library.def("flash_ipa_backward(Tensor[] gradients, Tensor?[] inputs, Tensor lengths, str backend) -> Tensor[]");
  library.def("nearest_neighbors(Tensor positions, Tensor lengths, int k) -> (Tensor, Tensor)");
}

#define FLASHRNA_REGISTER_ON(key)                 \
  TORCH_LIBRARY_IMPL(flashrna, key, library) {    \
    library.impl("flash_ipa_forward", forward);   \
    library.impl("flash_ipa_backward", backward); \
    library.impl("nearest_neighbors", neighbors); \
  }
FLASHRNA_REGISTER_ON(CPU)
FLASHRNA_REGISTER_ON(CUDA)
#undef FLASHRNA_REGISTER_ON

TORCH_LIBRARY_IMPL(flashrna, Meta, library) {
  library.impl("flash_ipa_forward", forward_shapes);
  library.impl("flash_ipa_backward", backward_shapes);
  library.impl("nearest_neighbors", neighbors_shapes);
}

}  // namespace flashrna

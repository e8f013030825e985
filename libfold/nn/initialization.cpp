#include "libfold/nn/initialization.h"

#include <cmath>
#include <string>
#include <string_view>

#include "base/error.h"
#include "libfold/random_streams.h"

namespace flashrna {

using at::Tensor;

namespace {

// Initialization of a linear layer's weights.
enum class Scheme {
  kFanIn,   // uniform within 1/sqrt(fan_in), bias included: the default of torch.nn.Linear
  kLecun,   // truncated normal, variance 1/fan_in, zero bias
  kHe,      // truncated normal, variance 2/fan_in, zero bias: before a ReLU
  kZero,    // zero weight and bias: a residual branch starts as the identity
  kXavier,  // uniform within sqrt(6 / (fan_in + fan_out)), zero bias
  kFanInZeroBias,
};

bool ends_with_layer(std::string_view layer, std::string_view name) {
  return layer == name ||
         (layer.size() > name.size() && layer.ends_with(name) && layer[layer.size() - name.size() - 1] == '.');
}

// Rule for the linear layer called `layer` (a parameter's name without ".weight").
Scheme scheme_of(std::string_view layer) {
  const auto in = [&](std::string_view part) { return layer.find(part) != std::string_view::npos; };
  const auto is = [&](std::string_view name) { return ends_with_layer(layer, name); };
  if (in("seq_tfmr")) {
    if (is("self_attn.in_proj")) return Scheme::kXavier;
    return is("self_attn.out_proj") ? Scheme::kFanInZeroBias : Scheme::kFanIn;
  }
  if (in("edge_messages") || in("edge_votes") || in("group_messages") || in("group_votes"))
    return is("linear_out") ? Scheme::kZero : Scheme::kFanIn;
  if (in("node_embedder") || in("edge_embedder") || in("condition_embedder")) return Scheme::kFanIn;
  if (in("skip_embed")) return Scheme::kZero;  // published: the skip begins at zero
  if (in("post_tfmr") || in("bb_update") || in("ipa_")) {
    return in("ipa_") && !is("linear_out") ? Scheme::kLecun : Scheme::kZero;
  }
  if (in("node_transition")) return is("linear_3") ? Scheme::kZero : Scheme::kHe;
  if (in("edge_transition")) return is("edge_bias_linear") || is("final_layer") ? Scheme::kZero : Scheme::kHe;
  if (in("letter_head")) return is("linear_out") ? Scheme::kZero : Scheme::kHe;
  if (in("angle_pred_net")) {
    if (is("linear_1")) return Scheme::kHe;
    return is("linear_2") || is("linear_logits") ? Scheme::kZero : Scheme::kLecun;
  }
  fail("no initialization is known for layer \"{}\"", layer);
}

// Redraws normal values beyond two standard deviations, and scales so that the result has the requested deviation.
Tensor truncated_normal(RandomStream& stream, at::IntArrayRef shape, double standard_deviation) {
  constexpr double kTruncatedDeviation = 0.87962566103423978;  // of a standard normal truncated at +-2
  Tensor values = at::empty(shape, at::kDouble);
  double* out = values.mutable_data_ptr<double>();
  for (int64_t i = 0; i < values.numel(); ++i) {
    double draw = stream.normal();
    while (std::abs(draw) > 2.0) draw = stream.normal();
    out[i] = draw * standard_deviation / kTruncatedDeviation;
  }
  return values;
}

Tensor uniform_within(RandomStream& stream, at::IntArrayRef shape, double bound) {
  return (stream.uniform(shape) * 2.0 - 1.0) * bound;
}

Tensor draw_weight(Scheme scheme, RandomStream& stream, at::IntArrayRef shape) {
  const double fan_out = static_cast<double>(shape[0]), fan_in = static_cast<double>(shape[1]);
  switch (scheme) {
    case Scheme::kZero:
      return at::zeros(shape, at::kDouble);
    case Scheme::kLecun:
      return truncated_normal(stream, shape, std::sqrt(1.0 / fan_in));
    case Scheme::kHe:
      return truncated_normal(stream, shape, std::sqrt(2.0 / fan_in));
    case Scheme::kXavier:
      return uniform_within(stream, shape, std::sqrt(6.0 / (fan_in + fan_out)));
    case Scheme::kFanIn:
    case Scheme::kFanInZeroBias:
      return uniform_within(stream, shape, std::sqrt(1.0 / fan_in));
  }
  return {};
}

}  // namespace

void initialize_parameters(torch::nn::Module& model, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  auto parameters = model.named_parameters();
  for (auto& item : parameters) {
    const std::string& name = item.key();
    Tensor& parameter = item.value();
    RandomStream stream(seed, "initialize/" + name);
    const bool is_weight = name.ends_with("weight");
    if (name.ends_with("head_weights")) {
      parameter.fill_(std::log(std::expm1(1.0)));  // the softplus of this value is 1
    } else if (is_weight && parameter.dim() == 1) {
      parameter.fill_(1.0);  // layer norm
    } else if (is_weight) {
      const std::string layer = name.substr(0, name.size() - std::string_view("?weight").size());
      parameter.copy_(draw_weight(scheme_of(layer), stream, parameter.sizes()));
    } else {
      const std::string layer = name.substr(0, name.size() - std::string_view("?bias").size());
      const Tensor* weight = parameters.find(name.substr(0, name.size() - 4) + "weight");
      if (weight != nullptr && weight->dim() == 2 && scheme_of(layer) == Scheme::kFanIn) {
        parameter.copy_(uniform_within(stream, parameter.sizes(), std::sqrt(1.0 / weight->size(1))));
      } else {
        parameter.zero_();
      }
    }
  }
}

}  // namespace flashrna

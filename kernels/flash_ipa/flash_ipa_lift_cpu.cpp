// The operands of the lifted backend on a CPU, in one pass over the residues forward and one backward. The columns are
// those of flash_ipa_lifted.cpp, whose many small operations cost as much as the attention itself below 256 residues.
#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_frame_steps.h"
#include "kernels/flash_ipa/flash_ipa_residues.h"
#include "kernels/torch_headers.h"

namespace flashrna::flash_ipa_backends {

using at::Tensor;

namespace {

// Columns of the operands. Queries: scalars | (norm, 1, w x) per point | 1 | bias. Keys: scalars | (1, norm, x) per
// point | padding | bias. Values: scalars | x | pair values. The columns up to `width` are zero.
struct LiftSizes {
  int64_t B, L, H, C, P_q, P_v, R, pair, width;

  int64_t flag_column() const { return C + 5 * P_q; }
};

// Contiguous tensors of one call; null if the input is undefined.
template <typename T>
struct LiftInputs {
  const T *q, *k, *v, *q_points, *k_points, *v_points, *rotations, *translations, *origins, *weights, *bias_q, *bias_k,
      *pair_k;
  const int64_t* lengths;

  ResidueFrame<T> frame(const LiftSizes& n, int64_t residue) const {
    ResidueFrame<T> frame{rotations + 9 * residue, {}};
    for (int i = 0; i < 3; ++i) frame.t[i] = translations[3 * residue + i] - origins[residue / n.L * 3 + i];
    return frame;
  }
};

template <typename T>
void lift_residue(const LiftSizes& n, const LiftInputs<T>& in, int64_t residue, T* queries, T* keys, T* values) {
  const int64_t b = residue / n.L, l = residue % n.L;
  const ResidueFrame<T> frame = in.frame(n, residue);
  const T scale = static_cast<T>(1 / std::sqrt(3.0 * static_cast<double>(n.C)));
  // Finite, because minus infinity times a zero of the other operand would be NaN.
  const T padding = l >= in.lengths[b] ? T(-1e30) : T(0);
  for (int64_t h = 0; h < n.H; ++h) {
    const int64_t head = residue * n.H + h, row = ((b * n.H + h) * n.L + l) * n.width;
    const T w = in.weights[h], half = T(-0.5) * w;
    T *q = queries + row, *k = keys + row, *v = values + row, x[3];
    for (int64_t c = 0; c < n.C; ++c) q[c] = in.q[head * n.C + c] * scale;
    std::copy_n(in.k + head * n.C, n.C, k);
    std::copy_n(in.v + head * n.C, n.C, v);
    for (int64_t p = 0; p < n.P_q; ++p) {
      T* columns = q + n.C + 5 * p;
      frame.to_global(in.q_points + 3 * (head * n.P_q + p), x);
      columns[0] = half * squared_norm(x);
      columns[1] = 1;
      for (int i = 0; i < 3; ++i) columns[2 + i] = w * x[i];
      columns = k + n.C + 5 * p;
      frame.to_global(in.k_points + 3 * (head * n.P_q + p), x);
      columns[0] = 1;
      columns[1] = half * squared_norm(x);
      for (int i = 0; i < 3; ++i) columns[2 + i] = x[i];
    }
    for (int64_t p = 0; p < n.P_v; ++p) frame.to_global(in.v_points + 3 * (head * n.P_v + p), v + n.C + 3 * p);
    const int64_t flag = n.flag_column();
    q[flag] = 1;
    k[flag] = padding;
    std::copy_n(in.bias_q + head * n.R, n.R, q + flag + 1);
    std::copy_n(in.bias_k + head * n.R, n.R, k + flag + 1);
    std::copy_n(in.pair_k + residue * n.pair, n.pair, v + n.C + 3 * n.P_v);
    std::fill(q + flag + 1 + n.R, q + n.width, T(0));
    std::fill(k + flag + 1 + n.R, k + n.width, T(0));
    std::fill(v + n.C + 3 * n.P_v + n.pair, v + n.width, T(0));
  }
}

// Gradients of the inputs, as in LiftInputs. `weights` is [B, L, H], the contributions of each residue.
template <typename T>
struct LiftGradients {
  T *q, *k, *v, *q_points, *k_points, *v_points, *rotations, *translations, *weights, *bias_q, *bias_k, *pair_k;
};

// The gradient of an operand, [B, H, L, width]. The last dimension is contiguous, the others have any strides.
template <typename T>
struct OperandGradient {
  const T* data;
  int64_t b, h, l;

  explicit OperandGradient(const Tensor& gradient)
      : data(gradient.const_data_ptr<T>()), b(gradient.stride(0)), h(gradient.stride(1)), l(gradient.stride(2)) {}
  const T* row(int64_t at_b, int64_t at_h, int64_t at_l) const { return data + at_b * b + at_h * h + at_l * l; }
};

template <typename T>
void unlift_residue(const LiftSizes& n, const LiftInputs<T>& in, int64_t residue, const OperandGradient<T>& by_queries,
                    const OperandGradient<T>& by_keys, const OperandGradient<T>& by_values,
                    const LiftGradients<T>& out) {
  const int64_t b = residue / n.L, l = residue % n.L;
  const ResidueFrame<T> frame = in.frame(n, residue);
  const T scale = static_cast<T>(1 / std::sqrt(3.0 * static_cast<double>(n.C)));
  ResidueFrameGradient<T> by_frame;
  std::fill_n(out.pair_k + residue * n.pair, n.pair, T(0));
  for (int64_t h = 0; h < n.H; ++h) {
    const int64_t head = residue * n.H + h, flag = n.flag_column();
    const T *q = by_queries.row(b, h, l), *k = by_keys.row(b, h, l), *v = by_values.row(b, h, l), w = in.weights[h];
    T by_weight = 0, x[3], by_x[3];
    for (int64_t c = 0; c < n.C; ++c) out.q[head * n.C + c] = q[c] * scale;
    std::copy_n(k, n.C, out.k + head * n.C);
    std::copy_n(v, n.C, out.v + head * n.C);
    for (int64_t p = 0; p < n.P_q; ++p) {
      const int64_t point = 3 * (head * n.P_q + p);
      const T *columns = q + n.C + 5 * p, *local = in.q_points + point;
      frame.to_global(local, x);
      for (int i = 0; i < 3; ++i) by_x[i] = w * (columns[2 + i] - columns[0] * x[i]);
      by_weight += columns[2] * x[0] + columns[3] * x[1] + columns[4] * x[2] - T(0.5) * columns[0] * squared_norm(x);
      by_frame.of_global(frame, local, by_x, out.q_points + point);
      columns = k + n.C + 5 * p;
      local = in.k_points + point;
      frame.to_global(local, x);
      for (int i = 0; i < 3; ++i) by_x[i] = columns[2 + i] - w * columns[1] * x[i];
      by_weight -= T(0.5) * columns[1] * squared_norm(x);
      by_frame.of_global(frame, local, by_x, out.k_points + point);
    }
    for (int64_t p = 0; p < n.P_v; ++p) {
      const int64_t point = 3 * (head * n.P_v + p);
      by_frame.of_global(frame, in.v_points + point, v + n.C + 3 * p, out.v_points + point);
    }
    out.weights[head] = by_weight;
    std::copy_n(q + flag + 1, n.R, out.bias_q + head * n.R);
    std::copy_n(k + flag + 1, n.R, out.bias_k + head * n.R);
    for (int64_t d = 0; d < n.pair; ++d) out.pair_k[residue * n.pair + d] += v[n.C + 3 * n.P_v + d];
  }
  std::copy_n(by_frame.r, 9, out.rotations + 9 * residue);
  std::copy_n(by_frame.t, 3, out.translations + 3 * residue);
}

// A floating input with its pointers.
template <typename T>
struct LiftRow {
  Tensor FlashIpaInput::*tensor;
  const T* LiftInputs<T>::*input;
  T* LiftGradients<T>::*gradient;
};

// In the order of the autograd function's inputs, whose last is the lengths. The origins are no member of the input and
// have no gradient.
template <typename T>
constexpr std::array<LiftRow<T>, 13> kLiftRows = [] {
  using In = FlashIpaInput;
  using Read = LiftInputs<T>;
  using Write = LiftGradients<T>;
  return std::array<LiftRow<T>, 13>{{
      {&In::q, &Read::q, &Write::q},
      {&In::k, &Read::k, &Write::k},
      {&In::v, &Read::v, &Write::v},
      {&In::q_points, &Read::q_points, &Write::q_points},
      {&In::k_points, &Read::k_points, &Write::k_points},
      {&In::v_points, &Read::v_points, &Write::v_points},
      {&In::rotations, &Read::rotations, &Write::rotations},
      {&In::translations, &Read::translations, &Write::translations},
      {nullptr, &Read::origins, nullptr},
      {&In::point_weights, &Read::weights, &Write::weights},
      {&In::bias_q, &Read::bias_q, &Write::bias_q},
      {&In::bias_k, &Read::bias_k, &Write::bias_k},
      {&In::pair_k, &Read::pair_k, &Write::pair_k},
  }};
}();

constexpr std::size_t position_of(Tensor FlashIpaInput::*tensor) {
  std::size_t i = 0;
  while (i < kLiftRows<float>.size() && kLiftRows<float>[i].tensor != tensor) ++i;
  return i;
}
constexpr std::size_t kWeights = position_of(&FlashIpaInput::point_weights);

LiftSizes sizes_of(at::TensorList in, int64_t width) {
  const auto size = [&](Tensor FlashIpaInput::*tensor, int64_t axis) { return in[position_of(tensor)].size(axis); };
  using In = FlashIpaInput;
  return {.B = size(&In::q, 0),
          .L = size(&In::q, 1),
          .H = size(&In::q, 2),
          .C = size(&In::q, 3),
          .P_q = size(&In::q_points, 3),
          .P_v = size(&In::v_points, 3),
          .R = size(&In::bias_q, 3),
          .pair = size(&In::pair_k, 2) * size(&In::pair_k, 3),
          .width = width};
}

template <typename T>
LiftInputs<T> pointers_of(at::TensorList in) {
  LiftInputs<T> pointers{};
  for (std::size_t i = 0; i < kLiftRows<T>.size(); ++i) pointers.*kLiftRows<T>[i].input = in[i].const_data_ptr<T>();
  pointers.lengths = in.back().const_data_ptr<int64_t>();
  return pointers;
}

// Inputs: the tensors of kLiftRows and the lengths, contiguous and defined. Outputs: queries, keys, values.
class Lift : public torch::autograd::Function<Lift> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, at::TensorList in,
                                                int64_t width) {
    const LiftSizes n = sizes_of(in, width);
    torch::autograd::variable_list out;
    for (int i = 0; i < 3; ++i) out.push_back(at::empty({n.B, n.H, n.L, n.width}, in[0].options()));
    AT_DISPATCH_FLOATING_TYPES(in[0].scalar_type(), "flash_ipa lift", [&] {
      const LiftInputs<scalar_t> inputs = pointers_of<scalar_t>(in);
      scalar_t* operands[3];
      for (int i = 0; i < 3; ++i) operands[i] = out[i].mutable_data_ptr<scalar_t>();
      for_each_residue(n.B * n.L,
                       [&](int64_t i) { lift_residue(n, inputs, i, operands[0], operands[1], operands[2]); });
    });
    context->save_for_backward(in.vec());
    context->saved_data["width"] = width;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const torch::autograd::variable_list in = context->get_saved_variables();
    const LiftSizes n = sizes_of(in, context->saved_data["width"].toInt());
    torch::autograd::variable_list by_operands(3), out(in.size() + 1);
    for (int i = 0; i < 3; ++i) {
      by_operands[i] = gradients[i].defined() ? gradients[i] : at::zeros({n.B, n.H, n.L, n.width}, in[0].options());
      if (by_operands[i].stride(3) != 1) by_operands[i] = by_operands[i].contiguous();
    }
    AT_DISPATCH_FLOATING_TYPES(in[0].scalar_type(), "flash_ipa lift backward", [&] {
      LiftGradients<scalar_t> by_inputs{};
      for (std::size_t i = 0; i < kLiftRows<scalar_t>.size(); ++i) {
        const auto gradient = kLiftRows<scalar_t>[i].gradient;
        if (!gradient) continue;
        // Each residue writes its part for the weights.
        out[i] = i == kWeights ? at::empty({n.B, n.L, n.H}, in[0].options()) : at::empty_like(in[i]);
        by_inputs.*gradient = out[i].template mutable_data_ptr<scalar_t>();
      }
      const LiftInputs<scalar_t> inputs = pointers_of<scalar_t>(in);
      const OperandGradient<scalar_t> queries(by_operands[0]), keys(by_operands[1]), values(by_operands[2]);
      for_each_residue(n.B * n.L, [&](int64_t i) { unlift_residue(n, inputs, i, queries, keys, values, by_inputs); });
    });
    out[kWeights] = out[kWeights].sum(at::IntArrayRef({0, 1}));
    return out;
  }
};

}  // namespace

LiftedOperands lift_on_cpu(const FlashIpaInput& in, const Tensor& origins, int64_t width) {
  const int64_t B = in.q.size(0), L = in.q.size(1), H = in.q.size(2);
  torch::autograd::variable_list inputs;
  for (const auto& row : kLiftRows<float>) {
    const Tensor& tensor = row.tensor ? in.*row.tensor : origins;
    inputs.push_back(tensor.defined() ? tensor.contiguous() : at::empty({B, L, H, 0}, in.q.options()));
  }
  inputs.push_back(in.lengths.contiguous());
  const torch::autograd::variable_list out = Lift::apply(at::TensorList(inputs), width);
  return {out[0], out[1], out[2]};
}

}  // namespace flashrna::flash_ipa_backends

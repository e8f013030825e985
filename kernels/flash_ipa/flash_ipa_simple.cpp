// The simple backend: packs tensors into rows and runs the row functions in a loop on the host or in warps on a GPU.
#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

#include <cmath>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/flash_ipa/flash_ipa_backends.h"
#include "kernels/flash_ipa/flash_ipa_example.h"
#include "kernels/flash_ipa/flash_ipa_simple_rows.h"
#include "kernels/parallel_ranges.h"
#include "kernels/torch_headers.h"

namespace flashrna::flash_ipa_backends {

using at::Tensor;

namespace {

SimpleSizes sizes_of(const Tensor& queries, const Tensor& values, int64_t product_columns) {
  return {queries.size(0),
          queries.size(1),
          queries.size(2),
          static_cast<int>(product_columns),
          static_cast<int>(queries.size(3)),
          static_cast<int>(values.size(3))};
}

// Calls row(item, scratch) for every row, on all threads.
template <typename T, typename Row>
void for_each_row(const SimpleSizes& n, Row row) {
  parallel_ranges(n.B * n.H * n.L, 16, [&](int64_t begin, int64_t end) {
    std::vector<T> scratch(simple_scratch_size(n));
    for (int64_t item = begin; item < end; ++item) row(item, scratch.data());
  });
}

template <typename T>
void run_forward(const SimpleForward<T>& arguments, at::Device device) {
  if (device.is_cuda()) return simple_forward_cuda(arguments, current_cuda_stream(device));
  for_each_row<T>(arguments.sizes,
                  [&](int64_t item, T* scratch) { forward_row(HostLanes(), arguments, item, scratch); });
}

template <typename T>
void run_backward(const SimpleBackward<T>& arguments, at::Device device) {
  if (device.is_cuda()) return simple_backward_cuda(arguments, current_cuda_stream(device));
  for_each_row<T>(arguments.sizes, [&](int64_t item, T* scratch) {
    backward_query_row(HostLanes(), arguments, item, scratch);
    backward_key_row(HostLanes(), arguments, item, scratch);
  });
}

Tensor transposed(const Tensor& rows) { return rows.transpose(2, 3).contiguous(); }

// (queries, keys [B, H, L, D], values [B, H, L, V], weights [H], lengths [B]) -> [B, H, L, V], contiguous inputs.
class SimpleAttention : public torch::autograd::Function<SimpleAttention> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& queries, const Tensor& keys,
                        const Tensor& values, const Tensor& weights, const Tensor& lengths, int64_t product_columns) {
    const SimpleSizes sizes = sizes_of(queries, values, product_columns);
    const Tensor output = at::zeros_like(values),
                 log_sum_exp = at::zeros({sizes.B, sizes.H, sizes.L}, queries.options());
    const Tensor keys_transposed = transposed(keys);
    AT_DISPATCH_FLOATING_TYPES(queries.scalar_type(), "flash_ipa simple forward", [&] {
      run_forward<scalar_t>({.sizes = sizes,
                             .lengths = lengths.const_data_ptr<int64_t>(),
                             .weights = weights.const_data_ptr<scalar_t>(),
                             .queries = queries.const_data_ptr<scalar_t>(),
                             .keys_transposed = keys_transposed.const_data_ptr<scalar_t>(),
                             .values = values.const_data_ptr<scalar_t>(),
                             .output = output.mutable_data_ptr<scalar_t>(),
                             .log_sum_exp = log_sum_exp.mutable_data_ptr<scalar_t>()},
                            queries.device());
    });
    context->save_for_backward({queries, keys, values, weights, lengths, output, log_sum_exp});
    context->saved_data["product_columns"] = product_columns;
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& output_gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const Tensor &queries = saved[0], &keys = saved[1], &values = saved[2], &weights = saved[3], &lengths = saved[4],
                 &output = saved[5], &log_sum_exp = saved[6];
    const SimpleSizes sizes = sizes_of(queries, values, context->saved_data["product_columns"].toInt());
    const Tensor gradients = output_gradients[0].contiguous(), delta = (gradients * output).sum(3);
    const Tensor d_queries = at::zeros_like(queries), d_keys = at::zeros_like(keys), d_values = at::zeros_like(values),
                 d_weight_rows = at::zeros_like(log_sum_exp);
    const Tensor queries_transposed = transposed(queries), keys_transposed = transposed(keys),
                 values_transposed = transposed(values), gradients_transposed = transposed(gradients);
    AT_DISPATCH_FLOATING_TYPES(queries.scalar_type(), "flash_ipa simple backward", [&] {
      const auto read = [](const Tensor& tensor) { return tensor.const_data_ptr<scalar_t>(); };
      const auto write = [](const Tensor& tensor) { return tensor.mutable_data_ptr<scalar_t>(); };
      run_backward<scalar_t>({.sizes = sizes,
                              .lengths = lengths.const_data_ptr<int64_t>(),
                              .weights = read(weights),
                              .queries = read(queries),
                              .queries_transposed = read(queries_transposed),
                              .keys = read(keys),
                              .keys_transposed = read(keys_transposed),
                              .values = read(values),
                              .values_transposed = read(values_transposed),
                              .gradients = read(gradients),
                              .gradients_transposed = read(gradients_transposed),
                              .log_sum_exp = read(log_sum_exp),
                              .delta = read(delta),
                              .d_queries = write(d_queries),
                              .d_keys = write(d_keys),
                              .d_values = write(d_values),
                              .d_weight_rows = write(d_weight_rows)},
                             queries.device());
    });
    return {d_queries, d_keys, d_values, d_weight_rows.sum(at::IntArrayRef({0, 2})), Tensor(), Tensor()};
  }
};

// Concatenates parts [B, L, H, columns] along columns: [B, H, L, all columns].
Tensor rows_of(const std::vector<Tensor>& parts) { return at::cat(parts, 3).transpose(1, 2).contiguous(); }

struct Packed {
  FlashIpaInput shifted;  // the input relative to the centroids of the sequences
  Tensor queries, keys, values, weights, lengths;
  int64_t product_columns;
};

Packed pack(const FlashIpaInput& in) {
  Packed packed;
  packed.shifted = in;
  packed.shifted.translations = in.translations - sequence_centroid(in);
  const auto points = [&](const Tensor& local) {  // [B, L, H, 3 P]
    return to_global(local, in.rotations, packed.shifted.translations).permute({0, 1, 3, 4, 2}).flatten(3);
  };
  std::vector<Tensor> queries = {in.q / std::sqrt(3.0 * in.q.size(3))}, keys = {in.k};
  std::vector<Tensor> values = {in.v, points(in.v_points)};
  if (in.bias_q.defined()) {
    queries.push_back(in.bias_q);
    keys.push_back(in.bias_k);
  }
  packed.product_columns = in.q.size(3) + (in.bias_q.defined() ? in.bias_q.size(3) : 0);
  queries.push_back(points(in.q_points));
  keys.push_back(points(in.k_points));
  if (in.pair_k.defined()) values.push_back(in.pair_k.flatten(2).unsqueeze(2).expand({-1, -1, in.q.size(2), -1}));
  packed.queries = rows_of(queries);
  packed.keys = rows_of(keys);
  packed.values = rows_of(values);
  packed.weights = in.point_weights.contiguous();
  packed.lengths = in.lengths.to(in.q.device()).contiguous();
  return packed;
}

}  // namespace

FlashIpaOutput simple(const FlashIpaInput& in) {
  const Packed rows = pack(in);
  const Tensor sums =
      SimpleAttention::apply(rows.queries, rows.keys, rows.values, rows.weights, rows.lengths, rows.product_columns);
  return finish_sums(rows.shifted, sums.transpose(1, 2));
}

FlashIpaOutput simple_every(const FlashIpaInput& in, int64_t stride) {
  const at::NoGradGuard no_grad;
  FlashIpaInput exact = in;
  for (Tensor* tensor : floating_tensors(exact)) *tensor = tensor->detach().cpu().to(at::kDouble);
  exact.lengths = in.lengths.cpu();
  const Packed rows = pack(exact);
  const SimpleSizes sizes = sizes_of(rows.queries, rows.values, rows.product_columns);
  const Tensor keys_transposed = transposed(rows.keys), sums = at::zeros_like(rows.values);
  const Tensor log_sum_exp = at::zeros({sizes.B, sizes.H, sizes.L}, at::kDouble);
  const SimpleForward<double> arguments{.sizes = sizes,
                                        .lengths = rows.lengths.const_data_ptr<int64_t>(),
                                        .weights = rows.weights.const_data_ptr<double>(),
                                        .queries = rows.queries.const_data_ptr<double>(),
                                        .keys_transposed = keys_transposed.const_data_ptr<double>(),
                                        .values = rows.values.const_data_ptr<double>(),
                                        .output = sums.mutable_data_ptr<double>(),
                                        .log_sum_exp = log_sum_exp.mutable_data_ptr<double>()};
  for_each_row<double>(sizes, [&](int64_t item, double* scratch) {
    if (item % sizes.L % stride == 0) forward_row(HostLanes(), arguments, item, scratch);
  });
  return finish_sums(rows.shifted, sums.transpose(1, 2));
}

}  // namespace flashrna::flash_ipa_backends

#include "kernels/flash_ipa/flash_ipa_example.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

#include "kernels/flash_ipa/flash_ipa_fused.h"

namespace flashrna {

using at::Tensor;

namespace {

// Unit quaternions [..., 4] to rotations [..., 3, 3].
Tensor rotations_of(const Tensor& quaternions) {
  const auto u = quaternions.unbind(-1);
  const Tensor &w = u[0], &x = u[1], &y = u[2], &z = u[3];
  std::vector<int64_t> shape = quaternions.sizes().vec();
  shape.back() = 3;
  shape.push_back(3);
  return at::stack({1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), 2 * (x * y + w * z),
                    1 - 2 * (x * x + z * z), 2 * (y * z - w * x), 2 * (x * z - w * y), 2 * (y * z + w * x),
                    1 - 2 * (x * x + y * y)},
                   -1)
      .view(shape);
}

}  // namespace

FlashIpaInput make_flash_ipa_example(const FlashIpaExample& example, at::ScalarType dtype, at::Device device) {
  const auto& [H, C, P_q, P_v, R, c] = example.sizes;
  const int64_t B = static_cast<int64_t>(example.lengths.size());
  const int64_t L = B == 0 ? 0 : *std::max_element(example.lengths.begin(), example.lengths.end());
  const auto generator = at::detail::createCPUGenerator(7);
  const auto normal = [&](at::IntArrayRef shape) { return at::randn(shape, generator, at::kDouble); };
  FlashIpaInput in;
  in.q = normal({B, L, H, C});
  in.k = normal({B, L, H, C});
  in.v = normal({B, L, H, C});
  in.q_points = normal({B, L, H, P_q, 3});
  in.k_points = normal({B, L, H, P_q, 3});
  in.v_points = normal({B, L, H, P_v, 3});
  const Tensor quaternions = normal({B, L, 4});
  in.rotations = rotations_of(quaternions / quaternions.norm(2, -1, /*keepdim=*/true));
  in.translations = normal({B, L, 3}).cumsum(1);
  for (int64_t b = 0; b < B; ++b) {
    Tensor chain = in.translations[b].narrow(0, 0, example.lengths[b]);
    if (example.lengths[b] == 0) continue;
    chain -= chain.mean(0, /*keepdim=*/true);
    const double radius = chain.square().sum(1).mean().sqrt().item<double>();
    if (radius > 0) chain *= example.radius_of_gyration / radius;
    chain += example.off_center / std::sqrt(3.0);
  }
  in.point_weights = at::full({H}, std::sqrt(1.0 / 3) * std::sqrt(2.0 / (9.0 * static_cast<double>(P_q))), at::kDouble);
  if (R > 0) {
    in.bias_q = normal({B, L, H, R});
    in.bias_k = normal({B, L, H, R});
    in.pair_q = normal({B, L, R, c});
    in.pair_k = normal({B, L, R, c});
  }
  for (Tensor* tensor : floating_tensors(in)) *tensor = tensor->to(device, dtype);
  in.lengths = at::tensor(example.lengths, at::kLong).to(device);
  return in;
}

std::vector<Tensor*> floating_tensors(FlashIpaInput& in) {
  std::vector<Tensor*> all;
  const auto add = [&](Tensor& tensor) {
    if (tensor.defined()) all.push_back(&tensor);
  };
  for (const auto& operand : flash_ipa_backends::kFusedOperands) add(in.*operand.tensor);
  add(in.pair_bias);
  add(in.pair_values);
  return all;
}

std::vector<Tensor> output_tensors(const FlashIpaOutput& out) {
  std::vector<Tensor> all = {out.scalars, out.points, out.point_norms};
  if (out.pairs.defined()) all.push_back(out.pairs);
  return all;
}

}  // namespace flashrna

#include "tests/ptx/fused_ipa_cases.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>
#include <memory>
#include <ostream>

#include "kernels/flash_ipa/fused/fused_backward.h"
#include "tests/kernels/fused_ipa_backward_batch.h"
#include "tests/ptx/device_array.h"

namespace flashrna::ptx {
namespace {

using namespace fused_ipa;

// The kernels contract some multiplications of the epilogue with additions, which the emulator does not: a few units in
// the last place of f32.
constexpr double kTolerance = 0x1p-20;

Arguments with_device_pointers(const Arguments& in, std::vector<std::unique_ptr<DeviceArray<float>>>& floats,
                               std::vector<std::unique_ptr<DeviceArray<std::int64_t>>>& integers) {
  Arguments on_device = in;
  const auto move = [&](const float*& pointer, std::int64_t n) {
    if (pointer == nullptr) return;
    floats.push_back(std::make_unique<DeviceArray<float>>(pointer, static_cast<std::size_t>(n)));
    pointer = floats.back()->data();
  };
  for (const std::int64_t** pointer : {&on_device.first_row, &on_device.length}) {
    integers.push_back(std::make_unique<DeviceArray<std::int64_t>>(*pointer, static_cast<std::size_t>(in.B)));
    *pointer = integers.back()->data();
  }
  const auto [C, P_q, P_v, R, c] = in.size;
  const std::int64_t rows = in.N * in.H;
  for (const float** pointer : {&on_device.q, &on_device.k, &on_device.v}) move(*pointer, rows * C);
  for (const float** pointer : {&on_device.q_points, &on_device.k_points}) move(*pointer, rows * P_q * 3);
  move(on_device.v_points, rows * P_v * 3);
  move(on_device.rotations, in.N * 9);
  move(on_device.translations, in.N * 3);
  move(on_device.point_weights, in.H);
  for (const float** pointer : {&on_device.bias_q, &on_device.bias_k}) move(*pointer, rows * R);
  for (const float** pointer : {&on_device.pair_q, &on_device.pair_k}) move(*pointer, in.N * R * c);
  move(on_device.key_bias, in.N);
  return on_device;
}

// Describes the largest difference of an output if it is beyond the tolerance. Elements that nothing computes, and
// infinite ones, must be equal.
std::string difference(const char* name, const std::vector<float>& got, const std::vector<float>& expected) {
  double largest = 0.0, worst = 0.0;
  std::size_t at = 0;
  for (const float x : expected)
    if (std::isfinite(x) && x != kUntouched) largest = std::max(largest, std::fabs(static_cast<double>(x)));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (got[i] == expected[i]) continue;
    double apart = std::fabs(static_cast<double>(got[i]) - static_cast<double>(expected[i]));
    if (!std::isfinite(apart)) apart = std::numeric_limits<double>::infinity();
    if (apart <= worst) continue;
    worst = apart;
    at = i;
  }
  if (worst <= kTolerance * largest) return "";
  char text[200];
  std::snprintf(text, sizeof(text), "%s at flat index %zu: got %g, expected %g, largest %g, allowed difference %g\n",
                name, at, static_cast<double>(got[at]), static_cast<double>(expected[at]), largest,
                kTolerance * largest);
  return text;
}

void prepare_device(const FusedIpaCase& c) {
  Device& device = Device::get();
  device.properties = {c.device.capability, c.device.shared_bytes, c.device.multiprocessors};
  device.options = {c.seed, c.seed != 0, Accumulation::k24Bits};
  device.findings.clear();
}

// Inputs of a case; its memory on the device; the results.
struct Run {
  explicit Run(const FusedIpaCase& c) : batch(c.size, c.H, c.lengths, c.has_key_bias) {
    prepare_device(c);
    on_device = with_device_pointers(batch.batch.in, floats, integers);
    longest = *std::max_element(c.lengths.begin(), c.lengths.end());
  }

  DeviceArray<float>& array(const std::vector<float>& values) {
    floats.push_back(std::make_unique<DeviceArray<float>>(values));
    return *floats.back();
  }

  BackwardBatch batch;
  std::vector<std::unique_ptr<DeviceArray<float>>> floats;
  std::vector<std::unique_ptr<DeviceArray<std::int64_t>>> integers;
  Arguments on_device;
  std::int64_t longest = 0;
};

template <class F>
std::string with_findings(F compare) {
  std::string text;
  try {
    text = compare();
  } catch (const std::exception& error) {
    text = std::string(error.what()) + "\n";
  }
  return text + Device::get().findings.text();
}

std::string forward_differences(const FusedIpaCase& c) {
  Run run(c);
  const Arguments& in = run.batch.batch.in;
  const FusedForwardPlan plan = plan_fused_forward(c.size, in.B, c.H, run.longest, c.precision, c.device);
  if ((plan.parts > 1) != c.is_split) return "the plan has " + std::to_string(plan.parts) + " parts\n";
  FusedIpaResult expected(in), initial(in);
  EmulatorOptions options;
  options.tile = plan.tile;
  options.strict = c.precision == FusedPrecision::kStrict;
  options.parts = plan.parts;
  emulate_forward(in, options, expected.pointers());

  DeviceArray<float>&scalars = run.array(initial.scalars), &points = run.array(initial.points),
  &point_norms = run.array(initial.point_norms), &pairs = run.array(initial.pairs),
  &pair_sums = run.array(initial.pair_sums), &lse = run.array(initial.lse);
  DeviceArray<unsigned long long> extremes(std::vector<unsigned long long>{0});
  DeviceArray<char> workspace(static_cast<std::size_t>(plan.workspace_bytes));
  const bool has_pairs = in.pair_k != nullptr;
  fused_forward_cuda(run.on_device,
                     {scalars.data(), points.data(), point_norms.data(), has_pairs ? pairs.data() : nullptr,
                      has_pairs ? pair_sums.data() : nullptr, lse.data(), extremes.data()},
                     plan, workspace.data(), {});
  std::string text;
  text += difference("scalars", scalars.values(), expected.scalars);
  text += difference("points", points.values(), expected.points);
  text += difference("point norms", point_norms.values(), expected.point_norms);
  if (has_pairs) text += difference("pairs", pairs.values(), expected.pairs);
  if (has_pairs) text += difference("pair sums", pair_sums.values(), expected.pair_sums);
  text += difference("lse", lse.values(), expected.lse);
  if (extremes.values()[0] != 0) text += "numbers beyond the range of halves are counted\n";
  return text;
}

std::string backward_differences(const FusedIpaCase& c) {
  Run run(c);
  const Arguments& in = run.batch.batch.in;
  const OutputGradients& of = run.batch.gradients;
  const FusedBackwardPlan plan = plan_fused_backward(c.size, in.B, c.H, run.longest, c.device);
  BackwardResult expected(in), initial(in);
  emulate_backward(in, of, {plan.of_queries.tile, plan.of_keys.tile, Accumulation::k24Bits}, expected.pointers());

  const FusedIpaResult& forward = run.batch.forward;
  const bool has_pairs = in.pair_k != nullptr;
  const OutputGradients gradients{run.array(forward.scalars).data(),
                                  run.array(forward.points).data(),
                                  has_pairs ? run.array(forward.pair_sums).data() : nullptr,
                                  run.array(forward.lse).data(),
                                  run.array(run.batch.d_scalars).data(),
                                  run.array(run.batch.d_points).data(),
                                  run.array(run.batch.d_point_norms).data(),
                                  has_pairs ? run.array(run.batch.d_pairs).data() : nullptr};
  struct Output {
    const char* name;
    std::vector<float> BackwardResult::*member;
    float* InputGradients::*pointer;
    DeviceArray<float>* array = nullptr;
  };
  std::vector<Output> outputs = {{"q", &BackwardResult::q, &InputGradients::q},
                                 {"k", &BackwardResult::k, &InputGradients::k},
                                 {"v", &BackwardResult::v, &InputGradients::v},
                                 {"query points", &BackwardResult::q_points, &InputGradients::q_points},
                                 {"key points", &BackwardResult::k_points, &InputGradients::k_points},
                                 {"value points", &BackwardResult::v_points, &InputGradients::v_points},
                                 {"rotations", &BackwardResult::rotations, &InputGradients::rotations},
                                 {"translations", &BackwardResult::translations, &InputGradients::translations},
                                 {"point weights", &BackwardResult::point_weights, &InputGradients::point_weights},
                                 {"bias of queries", &BackwardResult::bias_q, &InputGradients::bias_q},
                                 {"bias of keys", &BackwardResult::bias_k, &InputGradients::bias_k},
                                 {"pair values of queries", &BackwardResult::pair_q, &InputGradients::pair_q},
                                 {"pair values of keys", &BackwardResult::pair_k, &InputGradients::pair_k},
                                 {"key bias", &BackwardResult::key_bias, &InputGradients::key_bias}};
  InputGradients out;
  for (Output& output : outputs) {
    output.array = &run.array(initial.*output.member);
    out.*output.pointer = output.array->data_or_null();
  }
  DeviceArray<char> workspace(static_cast<std::size_t>(plan.workspace_bytes));
  fused_backward_cuda(run.on_device, gradients, out, plan, workspace.data(), {});
  std::string text;
  for (const Output& output : outputs) text += difference(output.name, output.array->values(), expected.*output.member);
  return text;
}

}  // namespace

void PrintTo(const FusedIpaCase& c, std::ostream* out) { *out << c.name; }

std::string compare_forward(const FusedIpaCase& c) {
  return with_findings([&] { return forward_differences(c); });
}

std::string compare_backward(const FusedIpaCase& c) {
  return with_findings([&] { return backward_differences(c); });
}

}  // namespace flashrna::ptx

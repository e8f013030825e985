#include "tests/ptx/fused_ipa_cases.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>
#include <memory>
#include <ostream>
#include <utility>

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

// Memory on the device for one run.
struct DeviceFloats {
  DeviceArray<float>& add(const std::vector<float>& values) {
    arrays.push_back(std::make_unique<DeviceArray<float>>(values));
    return *arrays.back();
  }
  std::vector<std::unique_ptr<DeviceArray<float>>> arrays;
};

// Member pointers by name, in the order of the kernels' struct.
constexpr std::pair<const char*, std::vector<float> FusedIpaResult::*> kOutputs[] = {
    {"scalars", &FusedIpaResult::scalars},         {"points", &FusedIpaResult::points},
    {"point norms", &FusedIpaResult::point_norms}, {"pairs", &FusedIpaResult::pairs},
    {"pair sums", &FusedIpaResult::pair_sums},     {"lse", &FusedIpaResult::lse}};
constexpr float* Outputs::*kOutputPointers[] = {&Outputs::scalars, &Outputs::points,    &Outputs::point_norms,
                                                &Outputs::pairs,   &Outputs::pair_sums, &Outputs::lse};
struct GradientOutput {
  const char* name;
  std::vector<float> BackwardResult::*member;
  float* InputGradients::*pointer;
};
constexpr GradientOutput kGradients[] = {
    {"q", &BackwardResult::q, &InputGradients::q},
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

}  // namespace

struct FusedIpaRun::Data {
  Data(const FusedIpaCase& the_case, Direction the_direction)
      : c(the_case),
        direction(the_direction),
        batch(c.size, c.H, c.lengths, c.has_key_bias),
        longest(*std::max_element(c.lengths.begin(), c.lengths.end())),
        output(batch.batch.in),
        gradient(batch.batch.in) {
    const Arguments& in = batch.batch.in;
    plan = plan_fused_forward(c.size, in.B, c.H, longest, c.precision, c.device);
    backward_plan = plan_fused_backward(c.size, in.B, c.H, longest, c.device);
    if (direction == Direction::kBackward) {
      emulate_backward(in, batch.gradients,
                       {backward_plan.of_queries.tile, backward_plan.of_keys.tile, Accumulation::k24Bits,
                        backward_plan.of_queries.parts, backward_plan.of_keys.parts},
                       gradient.pointers());
      return;
    }
    EmulatorOptions options;
    options.tile = plan.tile;
    options.strict = c.precision == FusedPrecision::kStrict;
    options.parts = plan.parts;
    emulate_forward(in, options, output.pointers());
  }

  std::string forward() const;
  std::string backward() const;

  FusedIpaCase c;
  Direction direction;
  BackwardBatch batch;
  std::int64_t longest;
  FusedForwardPlan plan;
  FusedBackwardPlan backward_plan;
  FusedIpaResult output;    // by the emulator
  BackwardResult gradient;  // by the emulator
};

std::string FusedIpaRun::Data::forward() const {
  if ((plan.parts > 1) != c.is_split) return "the plan has " + std::to_string(plan.parts) + " parts\n";
  DeviceFloats floats;
  std::vector<std::unique_ptr<DeviceArray<std::int64_t>>> integers;
  const Arguments in = with_device_pointers(batch.batch.in, floats.arrays, integers);
  const FusedIpaResult initial(batch.batch.in);
  DeviceArray<unsigned long long> extremes(std::vector<unsigned long long>{0});
  DeviceArray<char> workspace(static_cast<std::size_t>(plan.workspace_bytes));
  Outputs out;
  out.extremes = extremes.data();
  std::vector<DeviceArray<float>*> arrays;
  for (std::size_t i = 0; i < std::size(kOutputs); ++i) {
    arrays.push_back(&floats.add(initial.*kOutputs[i].second));
    out.*kOutputPointers[i] = arrays.back()->data_or_null();
  }
  fused_forward_cuda(in, out, plan, workspace.data(), {});
  std::string text;
  for (std::size_t i = 0; i < std::size(kOutputs); ++i)
    text += difference(kOutputs[i].first, arrays[i]->values(), output.*kOutputs[i].second);
  if (extremes.values()[0] != 0) text += "numbers beyond the range of halves are counted\n";
  return text;
}

std::string FusedIpaRun::Data::backward() const {
  const int parts = std::max(backward_plan.of_queries.parts, backward_plan.of_keys.parts);
  if ((parts > 1) != c.is_split) return "the plan has " + std::to_string(parts) + " parts\n";
  DeviceFloats floats;
  std::vector<std::unique_ptr<DeviceArray<std::int64_t>>> integers;
  const Arguments in = with_device_pointers(batch.batch.in, floats.arrays, integers);
  const auto input = [&](const std::vector<float>& values) { return floats.add(values).data_or_null(); };
  const FusedIpaResult& forward = batch.forward;
  const OutputGradients gradients{input(forward.scalars),     input(forward.points),  input(forward.pair_sums),
                                  input(forward.lse),         input(batch.d_scalars), input(batch.d_points),
                                  input(batch.d_point_norms), input(batch.d_pairs)};
  const BackwardResult initial(batch.batch.in);
  InputGradients out;
  std::vector<DeviceArray<float>*> arrays;
  for (const GradientOutput& output_gradient : kGradients) {
    arrays.push_back(&floats.add(initial.*output_gradient.member));
    out.*output_gradient.pointer = arrays.back()->data_or_null();
  }
  DeviceArray<char> workspace(static_cast<std::size_t>(backward_plan.workspace_bytes));
  fused_backward_cuda(in, gradients, out, backward_plan, workspace.data(), {});
  std::string text;
  for (std::size_t i = 0; i < std::size(kGradients); ++i)
    text += difference(kGradients[i].name, arrays[i]->values(), gradient.*kGradients[i].member);
  return text;
}

FusedIpaRun::FusedIpaRun(const FusedIpaCase& c, Direction direction) : data_(std::make_unique<Data>(c, direction)) {}
FusedIpaRun::~FusedIpaRun() = default;

std::string FusedIpaRun::differences() const {
  prepare_device(data_->c);
  std::string text;
  try {
    text = data_->direction == Direction::kForward ? data_->forward() : data_->backward();
  } catch (const std::exception& error) {
    text = std::string(error.what()) + "\n";
  }
  return text + Device::get().findings.text();
}

void PrintTo(const FusedIpaCase& c, std::ostream* out) { *out << c.name; }

}  // namespace flashrna::ptx

#include "kernels/device_checks.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "kernels/flash_ipa/attention_choice.h"
#include "kernels/flash_ipa/flash_ipa.h"
#include "kernels/flash_ipa/flash_ipa_example.h"
#include "kernels/local_edges/local_edges_check.h"
#include "kernels/nearest_neighbors/nearest_neighbors.h"
#include "kernels/pair_distance_loss/pair_distance_loss.h"
#include "kernels/self_check.h"
#include "kernels/torch_headers.h"

namespace flashrna {

using at::Tensor;

namespace {

// A backend with its allowed errors relative to dense in f64.
struct Subject {
  std::string name;
  AttentionBackend backend;
  FusedPrecision precision = FusedPrecision::kFast;
  // f32: logits of order 10 have errors of 1e-6, the exponential passes them on, and gradients sum them over keys and
  // heads.
  double outputs = 2e-5, gradients = 2e-4;
  // Whether P is rounded to 11 bits.
  bool rounds_probabilities() const {
    return backend == AttentionBackend::kFused && precision == FusedPrecision::kFast;
  }

  FlashIpaOutput operator()(const FlashIpaInput& in) const { return flash_ipa(in, backend, precision); }
};

std::vector<Subject> subjects_on(at::Device device) {
  std::vector<Subject> subjects = {{"flash_ipa dense", AttentionBackend::kDense},
                                   {"flash_ipa lifted", AttentionBackend::kLifted},
                                   {"flash_ipa simple", AttentionBackend::kSimple}};
  if (!device.is_cuda()) return subjects;
  for (const FusedPrecision precision : {FusedPrecision::kFast, FusedPrecision::kStrict}) {
    subjects.push_back({"flash_ipa fused " + std::string(fused_precision_name(precision)), AttentionBackend::kFused,
                        precision, kFusedCheckAllowed, kGradientErrors * kFusedCheckAllowed});
  }
  return subjects;
}

// max |got - expected| / max |expected|; infinite if a tensor is missing or not finite.
double relative_error(const Tensor& got, const Tensor& expected) {
  if (!got.defined() || !expected.defined()) return HUGE_VAL;
  const Tensor exact = expected.detach().cpu().to(at::kDouble), apart = got.detach().cpu().to(at::kDouble) - exact;
  const double error = (apart.abs().max() / exact.abs().max().clamp_min(1e-300)).item<double>();
  return std::isfinite(error) ? error : HUGE_VAL;
}

double largest_error(const std::vector<Tensor>& got, const std::vector<Tensor>& expected) {
  double largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) largest = std::max(largest, relative_error(got[i], expected[i]));
  return largest;
}

// A sum of all outputs in which every element has a different weight.
Tensor weighted_sum(const FlashIpaOutput& out) {
  Tensor sum = at::zeros({}, out.scalars.options());
  double phase = 0;
  for (const Tensor& tensor : output_tensors(out)) {
    const Tensor weights = at::arange(tensor.numel(), at::kDouble).mul(1.37).add(phase += 0.7).sin();
    sum = sum + (tensor * weights.view(tensor.sizes()).to(tensor.options())).sum();
  }
  return sum;
}

struct Differentiated {
  std::vector<Tensor> outputs, gradients;
};

Differentiated differentiate(FlashIpaInput in, const Subject& backend) {
  const at::AutoGradMode with_gradients(true);
  for (Tensor* tensor : floating_tensors(in)) *tensor = tensor->detach().requires_grad_();
  const FlashIpaOutput out = backend(in);
  weighted_sum(out).backward();
  Differentiated result{output_tensors(out), {}};
  for (const Tensor* tensor : floating_tensors(in)) result.gradients.push_back(tensor->grad());
  return result;
}

// A ragged batch of chains with difficult lengths, in f32 on the device and its exact copy in f64 on the CPU.
struct Parity {
  FlashIpaInput input, exact;
  Differentiated expected;

  explicit Parity(at::Device device)
      : input(make_flash_ipa_example({.lengths = {97, 13, 1, 60}, .sizes = {.H = 4}}, at::kFloat, device)),
        exact(input) {
    for (Tensor* tensor : floating_tensors(exact)) *tensor = tensor->cpu().to(at::kDouble);
    exact.lengths = exact.lengths.cpu();
    expected = differentiate(exact, {"", AttentionBackend::kDense});
  }
};

// A chain of the size of a ribosome, 20 nm from the origin.
FlashIpaInput distant_chain() {
  return make_flash_ipa_example(
      {.lengths = {256}, .sizes = {.H = 4, .C = 16}, .radius_of_gyration = 8.0, .off_center = 20.0}, at::kDouble,
      at::kCPU);
}

// The largest standard deviation of value points about a row's mean, both weighted with P, nm.
double largest_spread(FlashIpaInput in) {
  const at::NoGradGuard no_grad;
  const int64_t C = in.v.size(3), P = in.v_points.size(3);
  const Tensor rotations = in.rotations.transpose(2, 3).unsqueeze(2);  // of row vectors
  const Tensor origins =
      (in.translations - in.translations.mean(1, true)).unsqueeze(2).unsqueeze(3);  // [B, L, 1, 1, 3]
  const auto square_distances = [&](const Tensor& local) {  // [B, L, H, P, 3] -> [B, L, H, P], relative to the center
    return (at::matmul(local, rotations) + origins).square().sum(-1);
  };
  in.v = at::constant_pad_nd(square_distances(in.v_points), {0, C - P});  // dense averages them like scalars
  const FlashIpaOutput mean = flash_ipa(in, AttentionBackend::kDense);
  return std::sqrt((mean.scalars.narrow(3, 0, P) - square_distances(mean.points)).max().item<double>());
}

// Allowed change of an output point under a motion, nm. A coordinate at 20 nm is rounded by 1e-6 before a backend sees
// it, and logits pass the error on to points that are nanometers apart. It may also round a P to either of two
// neighboring halves, which differ by 2^-10 of P: then sum_j dP_ij (x_j - X_i) is at most 2^-10 sum_j P_ij |x_j - X_i|,
// and this sum is at most the standard deviation.
double allowed_change(const Subject& backend) {
  return 5e-4 + (backend.rounds_probabilities() ? 0x1p-10 * largest_spread(distant_chain()) : 0.0);
}

// The largest change of an output point, nm, under three motions. Frames are moved in f64 and rounded once.
double change_by_motion(const Subject& backend, at::Device device) {
  const at::NoGradGuard no_grad;
  FlashIpaInput exact = distant_chain();
  const Tensor rotations = exact.rotations, translations = exact.translations;
  const auto points = [&] {
    FlashIpaInput in = exact;
    for (Tensor* tensor : floating_tensors(in)) *tensor = tensor->to(device, at::kFloat);
    in.lengths = in.lengths.to(device);
    return backend(in).points.cpu();
  };
  const Tensor before = points();
  double largest = 0;
  for (const double angle : {0.7, 1.9, 2.8}) {
    const double c = std::cos(angle), s = std::sin(angle);
    const Tensor motion =  // about z, then about x
        at::matmul(at::tensor({1.0, 0.0, 0.0, 0.0, c, -s, 0.0, s, c}, at::kDouble).view({3, 3}),
                   at::tensor({c, -s, 0.0, s, c, 0.0, 0.0, 0.0, 1.0}, at::kDouble).view({3, 3}));
    exact.rotations = at::matmul(motion, rotations);
    exact.translations = at::matmul(translations, motion.t());
    largest = larger_error(largest, (points() - before).abs().max().item<double>());
  }
  return largest;
}

// Error of the directional derivative with respect to every input, in f64 against central differences.
double finite_difference_error(const Subject& backend, at::Device device) {
  FlashIpaInput in = make_flash_ipa_example(
      {.lengths = {7, 4}, .sizes = {.H = 2, .C = 4, .P_q = 2, .P_v = 3, .R = 2, .c = 4}}, at::kDouble, device);
  const Differentiated analytic = differentiate(in, backend);
  const at::NoGradGuard no_grad;
  const double step = 1e-5;
  double largest = 0;
  const std::vector<Tensor*> inputs = floating_tensors(in);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor original = *inputs[i];
    const Tensor direction = at::arange(original.numel(), at::kDouble).mul(0.9).cos().view(original.sizes()).to(device);
    const auto value = [&](double along) {
      *inputs[i] = original + along * direction;
      return weighted_sum(backend(in)).item<double>();
    };
    const double expected = (value(step) - value(-step)) / (2 * step);
    *inputs[i] = original;
    const double got = (analytic.gradients[i] * direction).sum().item<double>();
    largest = larger_error(largest, std::abs(got - expected) / std::max(1.0, std::abs(expected)));
  }
  return largest;
}

// Number of neighbors that differ from those of the definition on the CPU.
double wrong_neighbors(at::Device device) {
  const auto generator = at::detail::createCPUGenerator(7);
  const Tensor positions = (at::randn({3, 500, 3}, generator, at::kFloat) * 4).round();  // a grid: many ties
  const Tensor lengths = at::tensor({500, 61, 1}, at::kLong);
  const NearestNeighbors expected = nearest_neighbors_reference(positions, lengths, 20);
  const NearestNeighbors got = nearest_neighbors(positions.to(device), lengths.to(device), 20);
  return (got.indices.cpu() != expected.indices).sum().item<double>();
}

double pair_distance_error(at::Device device) {
  const auto generator = at::detail::createCPUGenerator(7);
  const Tensor truth = at::randn({2, 150, 5, 3}, generator, at::kFloat) * 20;
  const Tensor predicted = truth + at::randn({2, 150, 5, 3}, generator, at::kFloat);
  const Tensor mask = at::rand({2, 150, 5}, generator, at::kFloat) > 0.1;
  const auto value_and_gradient = [&](const Tensor& variable, const Tensor& value) {
    value.sum().backward();
    return std::vector<Tensor>{value, variable.grad()};
  };
  // Separate leaves: on a CPU `to` would return the same tensor.
  const Tensor x = predicted.to(device).clone().requires_grad_(), exact = predicted.to(at::kDouble).requires_grad_();
  return largest_error(value_and_gradient(x, pair_distance_loss(x, truth.to(device), mask.to(device))),
                       value_and_gradient(exact, pair_distance_loss_reference(exact, truth.to(at::kDouble), mask)));
}

double edge_messages_error(at::Device device) {
  return local_edges_error(EdgeOperation::kMessages, device, [](const LocalEdgesInput& in) {
    const EdgeMessageSums sums = edge_messages(in);
    return std::vector<Tensor>{sums.attended, sums.sum};
  });
}

double edge_votes_error(at::Device device) {
  return local_edges_error(EdgeOperation::kVotes, device, [](const LocalEdgesInput& in) {
    const EdgeVoteMeans means = edge_votes(in);
    return std::vector<Tensor>{means.shift, means.rotation};
  });
}

}  // namespace

std::vector<DeviceCheck> check_device(at::Device device, double tolerance,
                                      const std::function<void(const DeviceCheck&)>& on_check) {
  std::vector<DeviceCheck> checks;
  const auto check = [&](const std::string& operation, const std::string& claim, double allowed,
                         const std::function<double()>& error) {
    DeviceCheck one{.device = device.str(), .operation = operation, .claim = claim, .allowed = allowed * tolerance};
    const auto start = std::chrono::steady_clock::now();
    try {
      one.error = error();
    } catch (const c10::Error& failure) {
      one.failure = failure.what_without_backtrace();
    } catch (const std::exception& failure) {
      one.failure = failure.what();
    }
    one.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    checks.push_back(one);
    on_check(one);
  };

  // Created by the first check that uses it, because creating it may already fail on a device.
  std::optional<Parity> made;
  const auto parity = [&]() -> const Parity& {
    if (!made) made.emplace(device);
    return *made;
  };
  for (const Subject& backend : subjects_on(device)) {
    const std::string& name = backend.name;
    check(name, "outputs, relative to dense in f64", backend.outputs, [&] {
      const at::NoGradGuard no_grad;
      return largest_error(output_tensors(backend(parity().input)), parity().expected.outputs);
    });
    check(name, "gradients, relative to dense in f64", backend.gradients,
          [&] { return largest_error(differentiate(parity().input, backend).gradients, parity().expected.gradients); });
    // Central differences: step^2 times the third derivative, and 1e-16 / step of cancellation. In f64 fused runs as
    // simple.
    if (backend.backend != AttentionBackend::kFused) {
      check(name, "gradients in f64 against finite differences", 1e-7,
            [&] { return finite_difference_error(backend, device); });
    }
    check(name, "change by a rigid motion, 20 nm off the origin, nm", allowed_change(backend),
          [&] { return change_by_motion(backend, device); });
  }
  const char* edges_claim = "outputs and gradients, relative to the definition in f64";
  check("edge_messages", edges_claim, kLocalEdgesAllowed, [&] { return edge_messages_error(device); });
  check("edge_votes", edges_claim, kLocalEdgesAllowed, [&] { return edge_votes_error(device); });
  check("nearest_neighbors", "neighbors other than the definition's", 0, [&] { return wrong_neighbors(device); });
  check("pair_distance_loss", "value and gradient, relative to the definition in f64", 2e-6,
        [&] { return pair_distance_error(device); });
  return checks;
}

}  // namespace flashrna

// Compares the flow with tests/data/golden/interpolant.h5 (docs/architecture.md, "Path" and "IGSO(3)").
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "libfold/flow/coupling.h"
#include "libfold/flow/igso3.h"
#include "libfold/flow/interpolant.h"
#include "libfold/flow/schedule.h"
#include "libfold/flow/so3.h"
#include "tests/support/golden_tensor.h"

namespace flashrna {
namespace {

using at::Tensor;

constexpr double kF64 = 1e-9, kStoredF32 = 2e-7, kF32 = 2e-6;

class GoldenInterpolant : public testing::Test {
 protected:
  void SetUp() override { file = std::make_unique<GoldenFile>(golden_path("interpolant.h5")); }
  Tensor read(const std::string& path) const { return golden_tensor(*file, path); }
  double tolerance(const std::string& path) const { return file->stored_as_float32(path) ? kStoredF32 : kF64; }
  void expect_golden(const std::string& path, const Tensor& got) const {
    expect_close(path, got, read(path), tolerance(path));
  }
  Interpolant interpolant(const PublishedConventions& published, const std::string& sampling_schedule) const {
    FlowConfig config;
    config.min_t = file->attribute("/", "min_t");
    config.translation_sigma = file->attribute("/", "nm_to_angstrom");
    config.rotation_rate = file->attribute("/", "exp_rate");
    config.sampling_rotation_schedule = sampling_schedule;
    return Interpolant(config, published);
  }

  std::unique_ptr<GoldenFile> file;
};

PublishedConventions truncated_log() {
  PublishedConventions published;
  published.truncated_log = true;
  return published;
}

// Compares rotation vectors by row: up to sign and within 1e-6 if the angle is within 0.011 of pi, else within
// `allowed`.
void expect_close_rotation_vectors(const std::string& name, const Tensor& got, const Tensor& expected, double allowed,
                                   double allowed_near_pi) {
  const Tensor near_pi = (expected.square().sum(-1).sqrt() - std::numbers::pi).abs() < 0.011;
  expect_close(name, got.masked_fill(near_pi.unsqueeze(-1), 0), expected.masked_fill(near_pi.unsqueeze(-1), 0),
               allowed);
  const Tensor g = got.to(at::kDouble), same = (g - expected).abs().amax(-1), opposite = (g + expected).abs().amax(-1);
  const Tensor sign = at::where(same <= opposite, at::ones_like(same), -at::ones_like(same)).unsqueeze(-1);
  expect_close(name + " near pi, up to sign", (g * sign).masked_fill(~near_pi.unsqueeze(-1), 0),
               expected.masked_fill(~near_pi.unsqueeze(-1), 0), allowed_near_pi);
}

// Compares rotations computed with a logarithm: within 1e-6 if the full turn is within 0.011 of pi, else within
// `allowed`.
void expect_close_rotations(const std::string& name, const Tensor& got, const Tensor& expected, const Tensor& from,
                            const Tensor& to, double allowed) {
  const Tensor turn = rotation_between(from, to).square().sum(-1).sqrt();
  const Tensor near_pi = ((turn - std::numbers::pi).abs() < 0.011).unsqueeze(-1).unsqueeze(-1);
  expect_close(name, got.masked_fill(near_pi, 0), expected.masked_fill(near_pi, 0), allowed);
  expect_close(name + " near pi", got.masked_fill(~near_pi, 0), expected.masked_fill(~near_pi, 0),
               std::max(allowed, 1e-6));
}

TEST_F(GoldenInterpolant, ExponentialIsReproduced) {
  const Tensor rotation_vectors = read("so3/inputs/rotvec");
  expect_golden("so3/outputs/exp", so3_exp(rotation_vectors));
  expect_golden("so3/outputs/exp_exact_scipy", so3_exp(rotation_vectors));
  expect_close("so3/outputs/exp f32", so3_exp(rotation_vectors.to(at::kFloat)), read("so3/outputs/exp"), kF32);
}

TEST_F(GoldenInterpolant, LogarithmIsExactAtEveryAngle) {
  const Tensor rotations = read("so3/outputs/exp_exact_scipy"), expected = read("so3/outputs/log_exact_scipy");
  expect_close_rotation_vectors("log", so3_log(rotations), expected, kF64, 1e-8);
  expect_close_rotation_vectors("log f32", so3_log(rotations.to(at::kFloat)), expected, kF32, kF32);
}

TEST_F(GoldenInterpolant, PublishedLogarithmIsReproduced) {
  expect_close_rotation_vectors("log_of_exp", so3_log_truncated(read("so3/outputs/exp")),
                                read("so3/outputs/log_of_exp"), kF64, 1e-6);
}

TEST_F(GoldenInterpolant, VectorFieldAndGeodesicsAreReproduced) {
  const Tensor from = read("so3/vf/inputs/rotmats_t"), to = read("so3/vf/inputs/rotmats_1");
  const Tensor expected = read("so3/vf/outputs/calc_rot_vf");
  expect_close_rotation_vectors("calc_rot_vf", rotation_between(from, to, true), expected, kF64, 1e-6);
  expect_close_rotation_vectors("calc_rot_vf f32", rotation_between(from.to(at::kFloat), to.to(at::kFloat)), expected,
                                kF32, 2e-4);
  // The published distance is the Frobenius norm of the logarithm.
  expect_close("geodesic_dist", rotation_between(from, to, true).square().sum(-1).sqrt() * std::numbers::sqrt2,
               read("so3/vf/outputs/geodesic_dist"), 1e-6);
  const Tensor fraction = read("so3/geodesic/inputs/t").unsqueeze(-1);  // [B, 1, 1]
  expect_close_rotations("geodesic", geodesic(from, to, fraction, true), read("so3/geodesic/outputs/rotmats"), from, to,
                         kF64);
}

TEST_F(GoldenInterpolant, EulerStepsAreReproduced) {
  const FlowState state = {read("euler/inputs/trans_t"), read("euler/inputs/rotmats_t")};
  const FlowState end = {read("euler/inputs/trans_1"), read("euler/inputs/rotmats_1")};
  const FlowState state_f32 = {state.translations.to(at::kFloat), state.rotations.to(at::kFloat)};
  const FlowState end_f32 = {end.translations.to(at::kFloat), end.rotations.to(at::kFloat)};
  const Tensor times = read("euler/inputs/t_and_dt"), translations = read("euler/outputs/trans");
  for (const auto& [schedule, dataset] : {std::pair("exponential", "rotmats_exp"), {"linear", "rotmats_linear"}}) {
    const Interpolant flow = interpolant(truncated_log(), schedule);
    const Tensor rotations = read(std::string("euler/outputs/") + dataset);
    for (int64_t k = 0; k < times.size(0); ++k) {
      const double t = times[k][0].item<double>(), dt = times[k][1].item<double>();
      const std::string name = "euler " + std::to_string(k);
      const FlowState next = flow.euler_step(state, end, t, dt), next_f32 = flow.euler_step(state_f32, end_f32, t, dt);
      expect_close(name + " trans", next.translations, translations[k], kF64);
      expect_close(name + " trans f32", next_f32.translations, translations[k], kF32);
      expect_close_rotations(name + " " + dataset, next.rotations, rotations[k], state.rotations, end.rotations, kF64);
      expect_close_rotations(name + " " + dataset + " f32", next_f32.rotations, rotations[k], state.rotations,
                             end.rotations, kF32);
    }
  }
}

TEST_F(GoldenInterpolant, SchedulesAreReproduced) {
  const double min_t = file->attribute("/", "min_t");
  const auto map = [](const Tensor& x, auto f) {
    Tensor y = at::empty_like(x);
    for (int64_t i = 0; i < x.numel(); ++i) y[i] = f(x[i].item<double>());
    return y;
  };
  const RotationSchedule exponential{true, file->attribute("/", "exp_rate")}, linear{};
  const Tensor t = read("schedule/inputs/t");
  expect_golden("schedule/outputs/kappa_exp", map(t, [&](double x) { return exponential.progress(x); }));
  expect_golden("schedule/outputs/kappa_linear", map(t, [&](double x) { return linear.progress(x); }));
  expect_golden("schedule/outputs/t_of_u",
                map(read("schedule/inputs/u"), [&](double u) { return training_time(u, min_t, 1 - min_t); }));
  for (const std::string& name : file->children("schedule/outputs")) {
    if (!name.starts_with("sampling_times_")) continue;
    const std::string path = "schedule/outputs/" + name;
    const int steps = static_cast<int>(file->shape(path)[0]);
    expect_golden(path, at::tensor(interpolant({}, "exponential").sampling_times(steps)));
  }
}

TEST_F(GoldenInterpolant, IgsoTablesAndInversionAreReproduced) {
  const Tensor sigmas = read("igso3/inputs/sigma"), uniforms = read("igso3/inputs/uniform");
  const Tensor full_grid = read("igso3/outputs/omega_full_grid"), expansion = read("igso3/outputs/expansion");
  const int steps = static_cast<int>(file->attribute("igso3", "num_omega"));
  const int order = static_cast<int>(file->attribute("igso3", "l_max"));
  for (int64_t s = 0; s < sigmas.size(0); ++s) {
    const double sigma = sigmas[s].item<double>();
    const Igso3 distribution(sigma, steps, order);
    const std::string name = "igso3 sigma " + std::to_string(sigma);
    const Tensor grid = at::tensor(distribution.grid());
    expect_close(name + " omega_full_grid", grid, full_grid, kF64);
    expect_close(name + " omega_grid", grid.narrow(0, 1, grid.size(0) - 1), read("igso3/outputs/omega_grid"), kF64);
    Tensor got = at::empty_like(full_grid), angles = at::empty_like(uniforms);
    for (int64_t k = 0; k < got.numel(); ++k) got[k] = igso3_expansion(full_grid[k].item<double>(), sigma, order);
    for (int64_t k = 0; k < angles.numel(); ++k) angles[k] = distribution.angle(uniforms[k].item<double>());
    expect_close(name + " expansion", got, expansion[s], tolerance("igso3/outputs/expansion"));
    expect_close(name + " density", at::tensor(distribution.density()), read("igso3/outputs/density")[s], kF64);
    expect_close(name + " cdf", at::tensor(distribution.cumulative()), read("igso3/outputs/cdf")[s], kF64);
    expect_close(name + " angle_of_uniform", angles, read("igso3/outputs/angle_of_uniform")[s], kF64);
  }
}

struct CorruptCase {
  std::string path;
  Batch batch;
  CorruptionDraws draws;
  bool padded = false;  // whether the batch has padding
};

CorruptCase read_corrupt_case(const GoldenFile& file, const std::string& path) {
  const auto input = [&](const char* name) { return golden_tensor(file, path + "/inputs/" + name); };
  CorruptCase result{path, {}, {input("t").flatten(), input("trans_noise_nm"), input("rot_noise")}};
  const Tensor mask = input("res_mask");
  result.batch.lengths = mask.sum(1).to(at::kLong);
  result.batch.translations = input("trans_1");
  result.batch.rotations = input("rotmats_1");
  result.padded = mask.min().item<double>() == 0;
  return result;
}

TEST_F(GoldenInterpolant, CouplingIsReproduced) {
  const double sigma = file->attribute("/", "nm_to_angstrom");
  for (const std::string& name : file->children("corrupt")) {
    const CorruptCase c = read_corrupt_case(*file, "corrupt/" + name);
    const std::string out = c.path + "/outputs/";
    const int64_t B = c.batch.lengths.size(0);
    const std::vector<TranslationPrior> sigmas(B, sigma);
    const auto run = [&](const CouplingConventions& conventions) {
      return couple(c.draws.translations, c.batch.translations, c.batch.lengths, sigmas, conventions);
    };
    const Coupling published = run({true, true}), correct = run({true, false});
    expect_golden(out + "align_rots", published.rotations);
    expect_golden(out + "cost_matrix", published.costs);
    const Tensor aligned =
        at::matmul(noise_for_datum(c.draws.translations, 0, sigma, true).unsqueeze(1), published.rotations);
    expect_golden(out + "aligned_noise", aligned);
    expect_golden(out + "assignment_noise_to_data", at::tensor(published.datum_of_noise));
    expect_golden(out + "trans_0_reference", published.noise);
    expect_golden(out + "trans_0_optimal", correct.noise);
    Tensor optimal = at::zeros({1}, at::kDouble), reference = optimal.clone();
    for (int64_t i = 0; i < B; ++i) {
      optimal += correct.costs[i][correct.datum_of_noise[i]];
      reference += correct.costs[correct.datum_of_noise[i]][i];
    }
    expect_golden(out + "optimal_cost", optimal);
    expect_golden(out + "reference_cost", reference);
    // Without padding, the default convention equals the correct published one.
    if (!c.padded) expect_golden(out + "trans_0_optimal", run({}).noise);
  }
}

TEST_F(GoldenInterpolant, CorruptionIsReproduced) {
  for (const std::string& name : file->children("corrupt")) {
    CorruptCase c = read_corrupt_case(*file, "corrupt/" + name);
    const std::string out = c.path + "/outputs/";
    const Tensor rotations_0 = at::matmul(c.batch.rotations, c.draws.rotations), rotations_1 = c.batch.rotations;
    PublishedConventions published = truncated_log();
    published.padded_coupling = published.inverse_coupling = true;
    const Corrupted got = interpolant(published, "exponential").corrupt(c.batch, c.draws);
    expect_golden(out + "trans_t", got.translations);
    expect_close_rotations(out + "rotmats_t", got.rotations, read(out + "rotmats_t"), rotations_0, rotations_1, kF64);

    published.inverse_coupling = false;
    expect_golden(out + "trans_t_optimal",
                  interpolant(published, "exponential").corrupt(c.batch, c.draws).translations);

    c.batch.translations = c.batch.translations.to(at::kFloat);
    c.batch.rotations = c.batch.rotations.to(at::kFloat);
    const Corrupted f32 = interpolant(published, "exponential").corrupt(c.batch, c.draws);
    EXPECT_EQ(f32.rotations.scalar_type(), at::kFloat);
    expect_close(out + "trans_t_optimal f32", f32.translations, read(out + "trans_t_optimal"), kF32);
    const Tensor turn = rotation_between(rotations_0, rotations_1).square().sum(-1).sqrt();
    // Within 0.011 of pi, the published logarithm takes square roots of rounding errors, so f32 is not comparable.
    const Tensor near_pi = ((turn - std::numbers::pi).abs() < 0.011).unsqueeze(-1).unsqueeze(-1);
    expect_close(out + "rotmats_t f32", f32.rotations.masked_fill(near_pi, 0),
                 read(out + "rotmats_t").masked_fill(near_pi, 0), kF32);
  }
}

}  // namespace
}  // namespace flashrna

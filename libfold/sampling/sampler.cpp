#include "libfold/sampling/sampler.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/relaxation.h"
#include "libfold/backbone/steric_overlap.h"

namespace flashrna {
namespace {

constexpr double kPairTime = 0.3;   // from this time on predictions are accurate enough to correct pairs
constexpr double kStep = 0.02;      // of relaxation, Å and radians
constexpr double kPairStep = 0.05;  // step size if pairs are requested, because partners move farther

void check_finite(const FlowModelOutput& prediction, const std::vector<int>& lengths,
                  const std::vector<std::uint64_t>& indices, std::uint64_t seed, int step) {
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const auto row = static_cast<std::int64_t>(b);
    auto finite = [&](const at::Tensor& values) {
      return values[row].narrow(0, 0, lengths[b]).isfinite().all().item<bool>();
    };
    if (!finite(prediction.translations) || !finite(prediction.rotations) || !finite(prediction.torsions) ||
        (prediction.chi.defined() && !finite(prediction.chi)))
      fail(
          "sample {} of length {} (seed {}): a coordinate is not finite after step {}; nothing is written for it; "
          "the checkpoint may have diverged: try an earlier one",
          indices[b], lengths[b], seed, step);
  }
}

// The first `length` rows of `values` [B, L, N] in batch row `b`; empty if undefined.
template <std::size_t N>
std::vector<std::array<double, N>> rows_of(const at::Tensor& values, std::int64_t b, int length) {
  std::vector<std::array<double, N>> rows;
  if (!values.defined()) return rows;
  const at::Tensor row = values[b].to(at::kDouble).contiguous();
  const double* x = row.const_data_ptr<double>();
  for (int i = 0; i < length; ++i, x += N) std::copy_n(x, N, rows.emplace_back().begin());
  return rows;
}

// Row `b` of a prediction.
SampledBackbone backbone_of(const FlowModelOutput& prediction, std::int64_t b, int length) {
  const at::Tensor translations = prediction.translations[b].to(at::kDouble).contiguous();
  const at::Tensor rotations = prediction.rotations[b].to(at::kDouble).contiguous();
  const at::Tensor torsions = prediction.torsions[b].to(at::kDouble).contiguous();
  const double* x = translations.const_data_ptr<double>();
  const double* r = rotations.const_data_ptr<double>();
  const double* s = torsions.const_data_ptr<double>();
  SampledBackbone backbone;
  for (int i = 0; i < length; ++i) {
    RigidTransform frame;
    frame.translation = Vec3(x[3 * i], x[3 * i + 1], x[3 * i + 2]);
    for (int row = 0; row < 3; ++row)
      for (int column = 0; column < 3; ++column) frame.rotation(row, column) = r[9 * i + 3 * row + column];
    backbone.frames.push_back(frame);
    std::array<std::array<double, 2>, kTorsions> sin_cos;
    for (int k = 0; k < kTorsions; ++k) sin_cos[k] = {s[2 * (kTorsions * i + k)], s[2 * (kTorsions * i + k) + 1]};
    backbone.sin_cos.push_back(sin_cos);
  }
  backbone.chi = rows_of<2>(prediction.chi, b, length);
  if (prediction.letters.defined())
    backbone.letters = rows_of<4>(prediction.letters.to(at::kDouble).log_softmax(2), b, length);
  return backbone;
}

RunConfig controlled(RunConfig config, const SamplingControl& control) {
  if (control.schedule) set_sampling_schedule(config.flow, *control.schedule);
  return config;
}

}  // namespace

void set_sampling_schedule(FlowConfig& flow, const RotationSchedule& schedule) {
  flow.sampling_rotation_schedule = schedule.exponential ? "exponential" : "linear";
  flow.rotation_rate = schedule.rate;
}

Sampler::Sampler(const RunConfig& config, FlowModel model, at::Device device)
    : config_(config), interpolant_(config_.flow, config_.published), model_(std::move(model)), device_(device) {}

Sampler::Sampler(const Checkpoint& checkpoint, const std::string& weights, at::Device device,
                 const SamplingControl& control)
    : config_(controlled(read_run_config(checkpoint.configuration, checkpoint.path), control)),
      noise_scale_(control.noise_scale),
      steric_rounds_(control.steric_rounds),
      relax_rounds_(control.relax_rounds),
      pair_rounds_(control.pair_rounds),
      interpolant_(config_.flow, config_.published),
      model_(config_.model, config_.published),
      device_(device) {
  if (weights != "ema" && weights != "raw") fail_usage("--weights {}: must be ema or raw", weights);
  if (weights == "raw" && checkpoint.averaged)
    fail("{}: holds the moving average of the weights alone; leave --weights raw out", checkpoint.path);
  const bool averaged = weights == "ema" && !checkpoint.ema.empty();
  copy_into(model_->parameters_by_name(), averaged ? checkpoint.ema : checkpoint.weights,
            checkpoint.path + (averaged ? ":/ema" : ":/weights"));
  model_->to(device_);
  model_->eval();
}

RotationSchedule Sampler::schedule() const {
  return {config_.flow.sampling_rotation_schedule == "exponential", config_.flow.rotation_rate};
}

std::vector<SampledBackbone> Sampler::sample(const std::vector<int>& lengths, const std::vector<std::uint64_t>& indices,
                                             std::uint64_t seed, int steps, const std::function<bool()>& keep_going,
                                             const std::function<void(const SamplingStep&)>& observe) {
  return sample({.lengths = lengths, .indices = indices, .seed = seed, .steps = steps}, keep_going, observe);
}

void Sampler::require_known(const ConditioningKinds& kinds) const {
  const auto require = [](bool asked, bool known, const char* what, const char* key) {
    if (asked && !known)
      fail("{} are asked for, but this model was trained without them ({} = false); take another --checkpoint", what,
           key);
  };
  require(kinds.pairs, config_.model.condition_pairs, "base pairs", "model.condition_pairs");
  require(kinds.letters, config_.model.condition_letters, "nucleotides", "model.condition_letters");
  require(kinds.motifs, config_.model.condition_motifs, "residues of given structure", "model.condition_motifs");
  require(kinds.motif_groups, config_.model.condition_motif_groups, "motif parts that move relative to each other",
          "model.condition_motif_groups");
}

void Sampler::require_predicted(bool chi, bool letters) const {
  if (chi && config_.model.torsions < 9)
    fail("--all-atom: this model does not predict chi (model.torsions = {}); take a --checkpoint with 9",
         config_.model.torsions);
  if (letters && !config_.model.letter_head)
    fail(
        "--design-sequence: this model proposes no nucleotides (model.letter_head = false); take another --checkpoint");
}

std::vector<SampledBackbone> Sampler::sample(const SampleRequest& request, const std::function<bool()>& keep_going,
                                             const std::function<void(const SamplingStep&)>& observe) {
  if (request.steps < 2) fail_usage("--steps {}: must be at least 2", request.steps);
  require_known({.pairs = request.told.partner.defined(), .letters = request.told.nucleotide.defined()});
  const std::vector<int>& lengths = request.lengths;
  // Not inference mode: training could not use its tensors later.
  const at::NoGradGuard no_grad;
  const std::vector<std::int64_t> wide(lengths.begin(), lengths.end());
  const auto B = static_cast<std::int64_t>(lengths.size());
  std::vector<ChainLayout> layouts;
  if (request.residue_index.defined()) {
    const at::Tensor index = request.residue_index.cpu().contiguous();
    for (std::int64_t b = 0; b < B; ++b) {
      const std::int64_t* first = index.const_data_ptr<std::int64_t>() + b * index.size(1);
      layouts.push_back({{first, first + lengths[static_cast<std::size_t>(b)]}, {}});
    }
  }
  Noise state = interpolant_.sample_noise(lengths, request.indices, request.seed, layouts);
  state.translations = state.translations.to(device_, at::kFloat) * noise_scale_;
  state.rotations = state.rotations.to(device_, at::kFloat);

  const std::int64_t L = state.translations.size(1);
  FlowModelInput input;
  input.lengths = at::tensor(wide, at::kLong).to(device_);
  input.padded = std::ranges::any_of(lengths, [L](int length) { return length < L; });
  input.residue_index = request.residue_index.defined() ? request.residue_index.to(device_)
                                                        : at::arange(L, input.lengths.options()).expand({B, L});
  input.told = request.told.to(device_);

  const std::vector<double> times = interpolant_.sampling_times(request.steps);
  FlowModelOutput prediction;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (keep_going && !keep_going()) return {};
    input.t = at::full({B}, times[i], state.translations.options());
    input.translations = state.translations;
    input.rotations = state.rotations;
    // A model trained without self-conditioning does not get its own prediction.
    if (config_.training.self_conditioning > 0) input.self_condition = prediction.translations;
    prediction = model_->forward(input);
    const bool last = i + 1 == times.size();  // the prediction at t = 1 is the sample
    if (last)
      prediction = relaxed(prediction, input.lengths,
                           {.rounds = relax_rounds_,
                            .step = input.told.partner.defined() ? kPairStep : kStep,
                            .partner = input.told.partner},
                           keep_going);
    if (last && keep_going && !keep_going()) return {};
    if (observe) observe({static_cast<int>(i), times[i], state, prediction});
    if (last) break;
    if (input.told.partner.defined() && times[i] > kPairTime)
      prediction = relaxed(prediction, input.lengths,
                           {.rounds = pair_rounds_, .step = kPairStep, .partner = input.told.partner}, keep_going);
    if (steric_rounds_ > 0)
      prediction.translations = moved_apart(prediction.rotations, prediction.translations, prediction.torsions,
                                            input.residue_index, input.lengths, steric_rounds_);
    state = interpolant_.euler_step(state, {prediction.translations, prediction.rotations}, times[i],
                                    times[i + 1] - times[i]);
  }

  prediction.translations = prediction.translations.cpu();
  prediction.rotations = prediction.rotations.cpu();
  prediction.torsions = prediction.torsions.cpu();
  if (prediction.chi.defined()) prediction.chi = prediction.chi.cpu();
  if (prediction.letters.defined()) prediction.letters = prediction.letters.cpu();
  check_finite(prediction, lengths, request.indices, request.seed, request.steps);
  std::vector<SampledBackbone> backbones;
  for (std::int64_t b = 0; b < B; ++b)
    backbones.push_back(backbone_of(prediction, b, lengths[static_cast<std::size_t>(b)]));
  return backbones;
}

}  // namespace flashrna

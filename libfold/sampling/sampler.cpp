#include "libfold/sampling/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/backbone/relaxation.h"
#include "libfold/backbone/steric_move.h"
#include "libfold/model_input.h"
#include "libfold/sampling/conformer_draw.h"

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

// Row `b` of a prediction, moved by `shift`.
SampledBackbone sampled_row(const FlowModelOutput& prediction, Polymer polymer, std::int64_t b, int length,
                            const Vec3& shift) {
  const at::Tensor translations = prediction.translations[b].to(at::kDouble).contiguous();
  const at::Tensor rotations = prediction.rotations[b].to(at::kDouble).contiguous();
  const at::Tensor torsions = prediction.torsions[b].to(at::kDouble).contiguous();
  const double* x = translations.const_data_ptr<double>();
  const double* r = rotations.const_data_ptr<double>();
  const double* s = torsions.const_data_ptr<double>();
  const int torsions_each = traits_of(polymer).torsions;
  SampledBackbone backbone;
  backbone.polymer = polymer;
  for (int i = 0; i < torsions_each * length; ++i) backbone.torsions.push_back({s[2 * i], s[2 * i + 1]});
  for (int i = 0; i < length; ++i) {
    RigidTransform frame;
    frame.translation = Vec3(x[3 * i], x[3 * i + 1], x[3 * i + 2]) + shift;
    for (int row = 0; row < 3; ++row)
      for (int column = 0; column < 3; ++column) frame.rotation(row, column) = r[9 * i + 3 * row + column];
    backbone.frames.push_back(frame);
  }
  backbone.chi = rows_of<2>(prediction.chi, b, length);
  if (prediction.letters.defined())
    backbone.letters = rows_of<4>(prediction.letters.to(at::kDouble).log_softmax(2), b, length);
  return backbone;
}

std::vector<SampledBackbone> backbones_of(FlowModelOutput prediction, Polymer polymer, const SampleRequest& request,
                                          const PreparedRequest& prepared) {
  prediction.translations = prediction.translations.cpu();
  prediction.rotations = prediction.rotations.cpu();
  prediction.torsions = prediction.torsions.cpu();
  if (prediction.chi.defined()) prediction.chi = prediction.chi.cpu();
  if (prediction.letters.defined()) prediction.letters = prediction.letters.cpu();
  check_finite(prediction, request.lengths, request.indices, request.seed, request.steps);
  std::vector<SampledBackbone> backbones;
  for (std::size_t b = 0; b < request.lengths.size(); ++b) {
    const SampledBackbone unit =
        sampled_row(prediction, polymer, static_cast<std::int64_t>(b), request.lengths[b], prepared.centers[b]);
    backbones.push_back(prepared.symmetry ? assembly_of(unit, *prepared.symmetry) : unit);
  }
  return backbones;
}

// Center of the unit in the initial state, [3] f64 Å: at the distance from the axis, or from the center of a group with
// several axes, at which the assembly has the radius of gyration of natives of its length.
at::Tensor unit_center(const RotationGroup& group, const SizeLaw& size, int length, std::uint64_t seed,
                       std::uint64_t index) {
  const double whole = size.radius_of_gyration(std::int64_t{length} * group.order());
  const double unit = size.radius_of_gyration(length);
  const double distance = std::sqrt(std::max(0.0, whole * whole - unit * unit));
  if (group.is_cyclic()) return at::tensor({distance, 0.0, 0.0}, at::kDouble);
  const at::Tensor direction = RandomStream(seed, "symmetry", {static_cast<std::uint64_t>(length), index}).normal({3});
  return direction * (distance / direction.norm());
}

FlowModelInput of_all_copies(const FlowModelInput& unit, const SymmetricCopies& copies) {
  FlowModelInput all;
  all.lengths = copies.lengths();
  all.padded = unit.padded;
  all.residue_index = copies.residue_index(unit.residue_index);
  all.t = unit.t;
  all.translations = copies.points(unit.translations);
  all.rotations = copies.rotations(unit.rotations);
  if (unit.self_condition.defined()) all.self_condition = copies.points(unit.self_condition);
  if (unit.conditioning.partner.defined()) all.conditioning.partner = copies.partner(unit.conditioning.partner);
  if (unit.conditioning.nucleotide.defined()) all.conditioning.nucleotide = copies.values(unit.conditioning.nucleotide);
  all.conditioning.chain = copies.molecules(unit.conditioning.chain.defined() ? unit.conditioning.chain
                                                                              : at::zeros_like(unit.residue_index));
  return all;
}

FlowModelOutput mean_of_copies(const FlowModelOutput& all, const SymmetricCopies& copies) {
  const auto mean_angle = [&](const at::Tensor& sin_cos) {
    const at::Tensor mean = copies.mean_values(sin_cos);
    return mean / mean.norm(2, -1, true).clamp_min(1e-6);
  };
  return {copies.mean_points(all.translations),
          copies.mean_rotations(all.rotations),
          mean_angle(all.torsions),
          all.letters.defined() ? copies.mean_values(all.letters) : at::Tensor(),
          all.chi.defined() ? mean_angle(all.chi) : at::Tensor(),
          all.conformers.defined()
              ? Conformers{mean_angle(all.conformers.torsions), copies.mean_values(all.conformers.logits)}
              : Conformers{}};
}

FlowState with_fixed(const FlowState& state, const FlowModelOutput& given, const at::Tensor& fixed) {
  const at::Tensor rows = fixed.unsqueeze(2);
  return {at::where(rows, given.translations, state.translations),
          at::where(rows.unsqueeze(3), given.rotations, state.rotations)};
}

RunConfig controlled(RunConfig config, const SamplingControl& control) {
  set_sampling_schedules(config.flow, control.schedule, control.unpaired_schedule);
  return config;
}

}  // namespace

void set_sampling_schedules(FlowConfig& flow, const std::optional<RotationSchedule>& schedule,
                            const std::optional<RotationSchedule>& unpaired) {
  if (schedule) {
    flow.sampling_rotation_schedule = schedule->exponential ? "exponential" : "linear";
    flow.rotation_rate = schedule->rate;
    flow.rotation_start = schedule->start;
    flow.unpaired_rotation_schedule.clear();
  }
  if (unpaired) flow.unpaired_rotation_schedule = schedule_text(*unpaired);
}

Sampler::Sampler(const RunConfig& config, FlowModel model, at::Device device, const SamplingControl& control)
    : config_(controlled(config, control)),
      noise_scale_(control.noise_scale),
      steric_rounds_(control.steric_rounds),
      relax_rounds_(control.relax_rounds),
      pair_rounds_(control.pair_rounds),
      draw_conformers_(control.draw_conformers),
      interpolant_(config_.flow, config_.published, config_.model.polymer_kind()),
      model_(std::move(model)),
      device_(device),
      graphs_(std::make_unique<GraphedFunction>(device, control.use_graphs)) {}

Sampler::Sampler(const Checkpoint& checkpoint, const std::string& weights, at::Device device,
                 const SamplingControl& control)
    : Sampler(read_run_config(checkpoint.configuration, checkpoint.path), FlowModel(nullptr), device, control) {
  model_ = FlowModel(config_.model, config_.published);
  if (weights != "ema" && weights != "raw") fail_usage("--weights {}: must be ema or raw", weights);
  if (weights == "raw" && checkpoint.averaged)
    fail("{}: holds the moving average of the weights alone; leave --weights raw out", checkpoint.path);
  const bool averaged = weights == "ema" && !checkpoint.ema.empty();
  copy_into(model_->parameters_by_name(), averaged ? checkpoint.ema : checkpoint.weights,
            checkpoint.path + (averaged ? ":/ema" : ":/weights"));
  model_->to(device_);
  model_->eval();
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

FlowState Sampler::initial_state(const SampleRequest& request, const PreparedRequest& prepared) const {
  FlowState state = interpolant_.sample_noise({.lengths = request.lengths,
                                               .indices = request.indices,
                                               .seed = request.seed,
                                               .layouts = prepared.layouts,
                                               .scale = noise_scale_,
                                               .fixed = prepared.conditioning.fixed,
                                               .given = {prepared.given.rotations, prepared.given.translations}});
  if (prepared.start.translations.defined())
    state = interpolant_.between(state, {prepared.start.translations, prepared.start.rotations}, request.start_time);
  if (prepared.symmetry) {
    for (std::size_t b = 0; b < request.lengths.size(); ++b) {
      const int n = request.lengths[b];
      const SizeLaw& size = polymer_model(config_.model.polymer_kind()).size;
      const at::Tensor place = unit_center(*prepared.symmetry, size, n, request.seed, request.indices[b])
                                   .to(state.translations.scalar_type());
      state.translations[static_cast<std::int64_t>(b)].narrow(0, 0, n) += place;
    }
  }
  state = {state.translations.to(device_), state.rotations.to(device_)};
  return state;
}

Sampler::Run Sampler::make_run(const SampleRequest& request, const PreparedRequest& prepared,
                               const FlowState& state) const {
  Run run;
  run.input = model_input(request, prepared, state, request.start_time);
  if (prepared.given.translations.defined()) {
    run.given = {prepared.given.translations.to(device_), prepared.given.rotations.to(device_),
                 prepared.given.torsions.to(device_)};
    if (prepared.given.chi.defined()) run.given.chi = prepared.given.chi.to(device_);
  }
  if (prepared.symmetry)
    run.copies.emplace(prepared.symmetry->rotations, prepared.symmetry->product, request.lengths, device_);
  return run;
}

FlowModelOutput Sampler::predict(const Run& run) {
  FlowModelInput input = run.input;
  input.t = run.time.narrow(0, 0, 1).expand({input.lengths.size(0)}).contiguous();
  if (!run.copies) {
    const FlowModelOutput prediction = model_->forward(input);
    const at::Tensor& fixed = input.conditioning.fixed;
    return fixed.defined() ? with_given(prediction, run.given, fixed) : prediction;
  }
  const SymmetricCopies& copies = *run.copies;
  const FlowModelOutput all = model_->forward(of_all_copies(input, copies));
  return mean_of_copies(all, copies);
}

FlowModelOutput Sampler::with_drawn_conformers(const Run& run, FlowModelOutput prediction,
                                               const SampleRequest& request) const {
  if (!prediction.conformers.defined() || !draw_conformers_) return prediction;
  at::Tensor draws = at::full({prediction.torsions.size(0), prediction.torsions.size(1)}, 0.5, at::kDouble);
  for (std::size_t b = 0; b < request.lengths.size(); ++b) {
    const int n = request.lengths[b];
    RandomStream stream(request.seed, "conformers", {static_cast<std::uint64_t>(n), request.indices[b]});
    draws[static_cast<std::int64_t>(b)].narrow(0, 0, n).copy_(stream.uniform({n}));
  }
  const Polymer polymer = config_.model.polymer_kind();
  set_torsions(prediction,
               drawn_torsions(prediction, run.input.conditioning.fixed, {run.input.residue_index, run.input.lengths},
                              draws, polymer),
               polymer);
  return prediction;
}

FlowModelOutput Sampler::relax(const Run& run, const FlowModelOutput& prediction, int rounds,
                               const std::function<bool()>& keep_going) const {
  return relaxed(prediction, run.input.lengths,
                 {.polymer = config_.model.polymer_kind(),
                  .rounds = rounds,
                  .step = run.input.conditioning.partner.defined() ? kPairStep : kStep,
                  .partner = run.input.conditioning.partner,
                  .residue_index = run.input.residue_index,
                  .fixed = run.input.conditioning.fixed,
                  .copies = run.copies ? &*run.copies : nullptr},
                 keep_going);
}

FlowModelOutput Sampler::move_apart(const Run& run, FlowModelOutput prediction) const {
  if (steric_rounds_ < 1) return prediction;
  const StericOptions steric{.polymer = config_.model.polymer_kind()};
  if (!run.copies) {
    prediction.translations =
        moved_apart(prediction.rotations, prediction.translations, prediction.torsions, run.input.residue_index,
                    run.input.lengths, steric_rounds_, run.input.conditioning.fixed, steric);
    return prediction;
  }
  const SymmetricCopies& copies = *run.copies;
  prediction.translations =
      copies.mean_points(moved_apart(copies.rotations(prediction.rotations), copies.points(prediction.translations),
                                     copies.values(prediction.torsions), copies.residue_index(run.input.residue_index),
                                     copies.lengths(), steric_rounds_, {}, steric));
  return prediction;
}

std::vector<at::Tensor*> Sampler::Run::tensors() {
  Conditioning& conditioning = input.conditioning;
  return {&input.lengths,
          &input.residue_index,
          &input.translations,
          &input.rotations,
          &input.self_condition,
          &conditioning.partner,
          &conditioning.nucleotide,
          &conditioning.fixed,
          &conditioning.chain,
          &conditioning.fixed_group,
          &conditioning.given.rotations,
          &conditioning.given.translations,
          &given.translations,
          &given.rotations,
          &given.torsions,
          &given.chi,
          &time,
          &noise.shifts,
          &noise.turns};
}

std::vector<at::Tensor*> Sampler::StepResult::tensors() {
  return {&prediction.translations, &prediction.rotations, &prediction.torsions,
          &prediction.letters,      &prediction.chi,       &corrected,
          &next.translations,       &next.rotations};
}

at::Tensor Sampler::rows_of_times(const std::vector<double>& times) const {
  const RotationSchedule all = config_.flow.sampling_schedule(), unpaired = config_.flow.unpaired_schedule();
  std::vector<double> rows;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const bool last = i + 1 == times.size();
    const double t = times[i], dt = last ? 0.0 : times[i + 1] - t;
    rows.insert(rows.end(), {t, last ? 0.0 : translation_factor(t, dt), last ? 0.0 : rotation_factor(all, t, dt),
                             last ? 0.0 : rotation_factor(unpaired, t, dt)});
  }
  return at::tensor(rows, at::kDouble).to(at::kFloat).view({-1, 4}).to(device_);
}

// Pinned for a GPU, which copies it without the host waiting.
DiffusionNoise Sampler::noise_of(const SampleRequest& request, std::int64_t length, int step, double dt) const {
  const DiffusionNoise noise = draw_diffusion(
      config_.flow, {.lengths = request.lengths, .indices = request.indices, .seed = request.seed}, length, step, dt);
  if (!noise.shifts.defined()) return noise;
  const auto ready = [&](const at::Tensor& values) {
    const at::Tensor rounded = values.to(at::kFloat);
    return device_.is_cuda() ? rounded.pin_memory() : rounded;
  };
  return {ready(noise.shifts), ready(noise.turns)};
}

at::Tensor Sampler::rotation_factors(const Run& run) const {
  const at::Tensor all = run.time.narrow(0, 2, 1);
  const at::Tensor& partner = run.input.conditioning.partner;
  if (!partner.defined() || config_.flow.unpaired_rotation_schedule.empty()) return all;
  return at::where(partner.unsqueeze(2) == kUnpaired, run.time.narrow(0, 3, 1), all);
}

Sampler::StepResult Sampler::step(const Run& run, bool mend_pairs) {
  const FlowState state{run.input.translations, run.input.rotations};
  StepResult result;
  result.prediction = predict(run);
  FlowModelOutput end = mend_pairs ? relax(run, result.prediction, pair_rounds_, {}) : result.prediction;
  end = move_apart(run, end);
  result.corrected = end.translations;
  result.next = euler_step(state, {end.translations, end.rotations}, {run.time.narrow(0, 1, 1), rotation_factors(run)},
                           config_.published.truncated_log);
  result.next = diffused(result.next, run.noise);
  if (run.input.conditioning.fixed.defined())
    result.next = with_fixed(result.next, run.given, run.input.conditioning.fixed);
  return result;
}

Sampler::StepResult Sampler::graphed_step(const Run& run, bool mend_pairs) {
  Run copy = run;
  std::vector<at::Tensor> inputs;
  for (const at::Tensor* tensor : copy.tensors()) inputs.push_back(*tensor);
  const auto on_tensors = [&](const std::vector<at::Tensor>& tensors) {
    const std::vector<at::Tensor*> places = copy.tensors();
    for (std::size_t i = 0; i < places.size(); ++i) *places[i] = tensors[i];
    StepResult result = step(copy, mend_pairs);
    std::vector<at::Tensor> results;
    for (const at::Tensor* tensor : result.tensors()) results.push_back(*tensor);
    return results;
  };
  // The tensors of a symmetric assembly's copies are not among the inputs: its graph serves one request.
  const std::int64_t variant =
      (run.copies ? 4 * requests_ : 0) + (run.input.padded.value() ? 2 : 0) + (mend_pairs ? 1 : 0);
  const std::vector<at::Tensor> outputs = graphs_->run(variant, on_tensors, inputs);
  StepResult result;
  const std::vector<at::Tensor*> places = result.tensors();
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = outputs[i];
  return result;
}

void Sampler::forget_graphs_of_moved_weights() {
  std::vector<const void*> now;
  for (const at::Tensor& weights : model_->parameters()) now.push_back(weights.const_data_ptr());
  if (now != weights_at_) graphs_->clear();
  weights_at_ = now;
}

std::vector<SampledBackbone> Sampler::sample(const SampleRequest& request, const std::function<bool()>& keep_going,
                                             const std::function<void(const SamplingStep&)>& observe) {
  const PreparedRequest prepared = prepare(request);
  require_known({.pairs = request.conditioning.partner.defined(),
                 .letters = request.conditioning.nucleotide.defined(),
                 .motifs = request.conditioning.fixed.defined(),
                 .motif_groups = prepared.moves_groups});
  // Not inference mode: training could not use its tensors later.
  const at::NoGradGuard no_grad;
  FlowState state = initial_state(request, prepared);
  Run run = make_run(request, prepared, state);
  if (graphs_->uses_graphs()) {
    forget_graphs_of_moved_weights();
    ++requests_;
  }
  const bool asks_pairs = run.input.conditioning.partner.defined();
  const std::vector<double> times = interpolant_.sampling_times(request.steps, request.start_time);
  const at::Tensor rows = rows_of_times(times);
  const std::size_t last = times.size() - 1;  // its prediction is the sample
  const auto at_step = [&](std::size_t i) {
    run.time = rows[static_cast<std::int64_t>(i)];
    run.input.translations = state.translations;
    run.input.rotations = state.rotations;
  };
  for (std::size_t i = 0; i < last; ++i) {
    if (keep_going && !keep_going()) return {};
    at_step(i);
    run.noise = noise_of(request, state.translations.size(1), static_cast<int>(i), times[i + 1] - times[i]);
    // The step overwrites the state that a graph returned.
    const FlowState before =
        observe && graphs_->uses_graphs() ? FlowState{state.translations.clone(), state.rotations.clone()} : state;
    const StepResult result = graphed_step(run, asks_pairs && times[i] > kPairTime);
    if (observe) observe({static_cast<int>(i), times[i], before, result.prediction});
    // A model trained without self-conditioning does not get its own prediction.
    if (config_.training.self_conditioning > 0) run.input.self_condition = result.corrected;
    state = result.next;
  }
  if (keep_going && !keep_going()) return {};
  at_step(last);
  const FlowModelOutput prediction =
      relax(run, with_drawn_conformers(run, predict(run), request), relax_rounds_, keep_going);
  if (keep_going && !keep_going()) return {};
  if (observe) observe({static_cast<int>(last), times[last], state, prediction});
  return backbones_of(prediction, config_.model.polymer_kind(), request, prepared);
}

}  // namespace flashrna

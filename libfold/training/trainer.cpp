#include "libfold/training/trainer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include "kernels/torch_headers.h"
#include "libfold/checkpoint.h"
#include "libfold/configuration.h"
#include "libfold/run_config.h"
#include "libfold/training/ema.h"
#include "libfold/training/metrics_log.h"
#include "libfold/training/optimizer.h"
#include "libfold/training/run_folder.h"
#include "rna/error.h"
#include "rna/structure_writer.h"

namespace flashrna {
namespace {

constexpr int kTimeBins = 5;  // of the validation loss, over t in 0..1
// Chains times noises per validation, at least: so that every bin of t is filled by a small set too.
constexpr std::size_t kValidationDraws = 32;

// One step's numbers, means over the batch.
constexpr std::array<const char*, 8> kTerms = {"loss",  "translation", "rotation", "auxiliary",
                                               "atoms", "distances",   "torsions", "gradient_norm"};
using Terms = std::array<double, kTerms.size()>;

std::string time_bin_name(int bin) {
  return fmt::format("validation_t_{:.1f}_{:.1f}", static_cast<double>(bin) / kTimeBins,
                     static_cast<double>(bin + 1) / kTimeBins);
}

std::vector<std::string> metric_columns() {
  std::vector<std::string> columns(kTerms.begin(), kTerms.end());
  for (const char* name : {"learning_rate", "epoch", "seconds", "residues_per_second", "waiting", "validation_loss"})
    columns.emplace_back(name);
  for (int bin = 0; bin < kTimeBins; ++bin) columns.push_back(time_bin_name(bin));
  return columns;
}

// All terms in one transfer: on a GPU each one waits for the step to end.
Terms to_host(const Losses& losses, const at::Tensor& gradient_norm) {
  const at::Tensor stacked = at::stack({losses.total, losses.translation.mean(), losses.rotation.mean(),
                                        losses.auxiliary.mean(), losses.atoms.mean(), losses.distances.mean(),
                                        losses.torsions.mean(), gradient_norm.to(losses.total.scalar_type())})
                                 .detach()
                                 .to(at::kCPU, at::kDouble)
                                 .contiguous();
  Terms terms;
  std::copy_n(stacked.const_data_ptr<double>(), terms.size(), terms.begin());
  return terms;
}

void check_finite(const Terms& terms, const Batch& batch, const Corrupted& noisy, std::int64_t step,
                  std::uint64_t seed) {
  const double loss = terms.front(), gradient_norm = terms.back();
  if (std::isfinite(loss) && std::isfinite(gradient_norm)) return;
  const at::Tensor t = noisy.t.to(at::kCPU, at::kDouble);
  std::vector<std::string> chains, values;
  for (std::size_t b = 0; b < batch.chain_ids.size(); ++b)
    chains.push_back(
        fmt::format("{} at t = {:.6f}", batch.chain_ids[b], t[static_cast<std::int64_t>(b)].item<double>()));
  for (std::size_t i = 0; i < terms.size(); ++i) values.push_back(fmt::format("{} {:.6g}", kTerms[i], terms[i]));
  fail(
      "step {} (training.seed = {}): the {} is not finite ({}) for {}; the weights are those of the last checkpoint; "
      "lower training.learning_rate or set training.clip_norm",
      step, seed, std::isfinite(loss) ? "gradient" : "loss", fmt::join(values, ", "), fmt::join(chains, ", "));
}

// What one command has done so far, and the steps since the last row of the log.
struct Session {
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  double steps = 0.0, residues = 0.0;
  Terms sums{};
  double summed = 0.0;

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

  void add(const Terms& terms, double step_residues) {
    for (std::size_t i = 0; i < terms.size(); ++i) sums[i] += terms[i];
    summed += 1.0;
    steps += 1.0;
    residues += step_residues;
  }

  // Means since the last call.
  std::map<std::string, double> take_row() {
    std::map<std::string, double> row;
    for (std::size_t i = 0; i < sums.size(); ++i) row[kTerms[i]] = sums[i] / summed;
    sums.fill(0.0);
    summed = 0.0;
    return row;
  }

  TrainingProgress progress(std::int64_t step, double loss, const TrainingConfig& training) const {
    double left = seconds() / steps * static_cast<double>(training.steps - step);
    if (training.minutes > 0) left = std::min(left, std::max(0.0, 60.0 * training.minutes - seconds()));
    return {step, training.steps, loss, residues / seconds(), left};
  }
};

}  // namespace

struct Trainer::State {
  State(const RunConfig& run_config, const Configuration& configuration, const std::string& folder_path, bool resume,
        at::Device run_device);

  void load(const Checkpoint& checkpoint);
  FlowModelOutput predict(const Batch& batch, const Corrupted& noisy, std::uint64_t seed, std::uint64_t index);
  Corrupted corrupt(const Batch& batch, std::uint64_t seed, std::uint64_t index) const;
  Terms train_step(const Batch& batch_on_host);
  std::map<std::string, double> validate();
  void add_state_to(std::map<std::string, double>& row, const Session& session, double waited) const;
  void write_checkpoint();

  const RunConfig config;
  const std::string configuration_text;
  const at::Device device;
  TrainingData data;
  const Interpolant interpolant;
  const LearningRateSchedule schedule;
  FlowModel model;
  const NamedParameters parameters;
  AdamW optimizer;
  Ema ema;
  RunFolder folder;  // made after everything that can be refused

  std::int64_t step = 0, epoch = 0, batch = 0;  // done; position of the next batch
  double best_loss = std::numeric_limits<double>::infinity();
  std::string last_checkpoint;
};

Trainer::State::State(const RunConfig& run_config, const Configuration& configuration, const std::string& folder_path,
                      bool resume, at::Device run_device)
    : config(run_config),
      configuration_text(configuration.to_ini()),
      device(run_device),
      data(config.data, config.training.seed),
      interpolant(config.flow, config.published),
      schedule{config.training.learning_rate, config.training.warmup_steps, config.training.schedule,
               config.training.steps},
      model(config.model, config.published),
      parameters((model->to(device), model->parameters_by_name())),
      optimizer(parameters),
      ema(parameters, config.training.ema_decay),
      folder(folder_path, resume) {
  if (resume) {
    load(read_checkpoint(latest_checkpoint(folder_path)));
  } else {
    model->initialize(config.training.seed);
    ema = Ema(parameters, config.training.ema_decay);
    write_checkpoint();
  }
  write_file_atomically(folder.file("config.ini"), configuration_text);
}

void Trainer::State::load(const Checkpoint& checkpoint) {
  if (checkpoint.data != data.fingerprint())
    fail("{}: was trained on other chains ({}) than {} holds now ({}); give the dataset it was trained on",
         checkpoint.path, checkpoint.data, config.data.path, data.fingerprint());
  copy_into(parameters, checkpoint.weights, checkpoint.path + ":/weights");
  if (ema.enabled()) copy_into(ema.average(), checkpoint.ema, checkpoint.path + ":/ema");
  optimizer.load(checkpoint);
  step = checkpoint.step;
  epoch = checkpoint.epoch;
  batch = checkpoint.batch;
  best_loss = checkpoint.best_loss;
  last_checkpoint = checkpoint.path;
}

// Noise is made on the host, where its numbers are the same on every machine.
Corrupted Trainer::State::corrupt(const Batch& batch_on_host, std::uint64_t seed, std::uint64_t index) const {
  Corrupted noisy = interpolant.corrupt(batch_on_host, seed, index);
  noisy.t = noisy.t.to(device, at::kFloat);
  noisy.translations = noisy.translations.to(device, at::kFloat);
  noisy.rotations = noisy.rotations.to(device, at::kFloat);
  return noisy;
}

// Some of the time the model sees its own first prediction, without gradient, as it will when sampling.
FlowModelOutput Trainer::State::predict(const Batch& truth, const Corrupted& noisy, std::uint64_t seed,
                                        std::uint64_t index) {
  FlowModelInput input;
  input.lengths = truth.lengths;
  input.residue_index = truth.residue_index;
  input.t = noisy.t;
  input.translations = noisy.translations;
  input.rotations = noisy.rotations;
  if (RandomStream(seed, "self_condition", {index}).uniform() < config.training.self_conditioning) {
    const at::NoGradGuard no_grad;
    input.self_condition = model->forward(input).translations.detach();
  }
  return model->forward(input);
}

Terms Trainer::State::train_step(const Batch& batch_on_host) {
  const std::uint64_t seed = config.training.seed;
  const auto index = static_cast<std::uint64_t>(step);
  const Batch truth = batch_on_host.to(device);
  const Corrupted noisy = corrupt(batch_on_host, seed, index);

  const FlowModelOutput prediction = predict(truth, noisy, seed, index);
  const Losses losses = compute_losses(truth, noisy, prediction, config.losses, config.published);
  optimizer.zero_gradients();
  losses.total.backward();
  const at::Tensor gradient_norm = clip_gradients(parameters, config.training.clip_norm);

  const Terms terms = to_host(losses, gradient_norm);
  check_finite(terms, truth, noisy, step, seed);
  optimizer.step(schedule.at(step));
  ema.update(step);
  ++step;
  return terms;
}

// The held-out chains under the same noise every time, with the averaged weights.
std::map<std::string, double> Trainer::State::validate() {
  const at::NoGradGuard no_grad;
  const ScopedEma averaged(ema);
  RandomStream seeds(config.training.seed, "validation");
  const std::uint64_t seed = seeds.below(std::numeric_limits<std::uint64_t>::max());

  const BatchPlan plan = data.plan_validation();
  const std::size_t chains = data.validation().size();
  const std::size_t passes = (kValidationDraws + chains - 1) / chains;
  double sum = 0.0, count = 0.0;
  std::array<double, kTimeBins> bin_sum{}, bin_count{};
  for (std::uint64_t index = 0; index < passes * plan.size(); ++index) {
    const Batch batch_on_host = data.load_validation(plan[index % plan.size()]);
    const Batch truth = batch_on_host.to(device);
    const Corrupted noisy = corrupt(batch_on_host, seed, index);
    const FlowModelOutput prediction = predict(truth, noisy, seed, index);
    const Losses losses = compute_losses(truth, noisy, prediction, config.losses, config.published);
    const at::Tensor each = (losses.se3 + losses.auxiliary).to(at::kCPU, at::kDouble);
    const at::Tensor t = noisy.t.to(at::kCPU, at::kDouble);
    for (std::int64_t b = 0; b < each.size(0); ++b) {
      const double loss = each[b].item<double>();
      const auto bin = static_cast<std::size_t>(std::clamp(t[b].item<double>() * kTimeBins, 0.0, kTimeBins - 1.0));
      sum += loss, count += 1.0;
      bin_sum[bin] += loss, bin_count[bin] += 1.0;
    }
  }
  std::map<std::string, double> values{{"validation_loss", sum / count}};
  for (std::size_t bin = 0; bin < kTimeBins; ++bin)
    if (bin_count[bin] > 0) values[time_bin_name(static_cast<int>(bin))] = bin_sum[bin] / bin_count[bin];
  return values;
}

void Trainer::State::add_state_to(std::map<std::string, double>& row, const Session& session, double waited) const {
  const double seconds = session.seconds();
  row["learning_rate"] = schedule.at(step - 1);
  row["epoch"] = static_cast<double>(epoch);
  row["seconds"] = seconds;
  row["residues_per_second"] = session.residues / seconds;
  row["waiting"] = waited / seconds;
}

void Trainer::State::write_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.configuration = configuration_text;
  checkpoint.step = step;
  checkpoint.epoch = epoch;
  checkpoint.batch = batch;
  checkpoint.best_loss = best_loss;
  checkpoint.data = data.fingerprint();
  checkpoint.weights = copy_of(parameters);
  checkpoint.ema = copy_of(ema.average());
  optimizer.save(checkpoint);
  last_checkpoint = folder.checkpoint_path(step);
  flashrna::write_checkpoint(last_checkpoint, checkpoint);
  folder.prune(static_cast<std::size_t>(config.training.keep_checkpoints));
}

Trainer::Trainer(const RunConfig& config, const Configuration& configuration, const std::string& folder, bool resume,
                 at::Device device)
    : state_(std::make_unique<State>(config, configuration, folder, resume, device)) {}

Trainer::~Trainer() = default;

std::int64_t Trainer::step() const { return state_->step; }

std::int64_t Trainer::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, parameter] : state_->parameters) count += parameter.numel();
  return count;
}

std::string Trainer::data_summary() const {
  const TrainingData& data = state_->data;
  return fmt::format("{}: {} chains of {} residues in {} batches per epoch to train on, {} chains to validate on",
                     state_->config.data.path, data.training().size(), data.training_residues(),
                     data.plan_training(0).size(), data.validation().size());
}

TrainingResult Trainer::run(const TrainingObserver& observer) {
  State& s = *state_;
  const TrainingConfig& training = s.config.training;
  const bool validates = training.validate_every > 0 && !s.data.validation().empty();
  MetricsLog log(s.folder.file("metrics.csv"), metric_columns(), s.step);
  BatchStream batches(s.data, s.epoch, s.batch);
  Session session;
  TrainingResult result;

  bool last = s.step >= training.steps;
  while (!last) {
    const BatchStream::Item item = batches.next();
    const Terms terms = s.train_step(item.batch);
    s.epoch = item.next_epoch;
    s.batch = item.next_batch;
    session.add(terms, static_cast<double>(item.batch.lengths.sum().item<std::int64_t>()));

    result.interrupted = observer.stop_requested && observer.stop_requested();
    const bool out_of_time = training.minutes > 0 && session.seconds() >= 60.0 * training.minutes;
    last = s.step >= training.steps || out_of_time || result.interrupted;
    const bool checkpoint_due = last || (training.checkpoint_every > 0 && s.step % training.checkpoint_every == 0);
    const bool validation_due = validates && (s.step % training.validate_every == 0 || (last && !result.interrupted));

    // A checkpoint ends a row: a resumed run then logs the same means as one that was never interrupted.
    if (validation_due || checkpoint_due || s.step % training.log_every == 0) {
      std::map<std::string, double> row = session.take_row();
      if (validation_due) row.merge(s.validate());
      s.add_state_to(row, session, batches.seconds_waited());
      result.loss = row.at("loss");
      if (validation_due) result.validation_loss = row.at("validation_loss");
      if (validation_due || !validates)
        s.best_loss = std::min(s.best_loss, row.at(validates ? "validation_loss" : "loss"));
      log.append(s.step, row);
    }
    if (checkpoint_due) s.write_checkpoint();
    if (observer.on_step) observer.on_step(session.progress(s.step, terms.front(), training));
  }

  result.step = s.step;
  result.epoch = s.epoch;
  result.best_loss = s.best_loss;
  result.seconds = session.seconds();
  result.residues_per_second = session.residues / result.seconds;
  result.waiting = batches.seconds_waited() / result.seconds;
  result.checkpoint = s.last_checkpoint;
  return result;
}

}  // namespace flashrna

#include "libfold/training/trainer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/checkpoint.h"
#include "libfold/configuration.h"
#include "libfold/distributed/gradient_reduction.h"
#include "libfold/run_config.h"
#include "libfold/training/batch_rows.h"
#include "libfold/training/ema.h"
#include "libfold/training/failed_batch.h"
#include "libfold/training/metrics_log.h"
#include "libfold/training/optimizer.h"
#include "libfold/training/run_folder.h"
#include "libfold/training/step_shards.h"
#include "libfold/training/tensorboard_log.h"
#include "libfold/training/training_step.h"
#include "libfold/training/validation.h"

namespace flashrna {
namespace {

std::vector<std::string> metric_columns() {
  std::vector<std::string> columns(StepTerms::kNames.begin(), StepTerms::kNames.end());
  for (const char* name : {"learning_rate", "epoch", "seconds", "residues_per_second", "waiting", "memory"})
    columns.emplace_back(name);
  for (const auto& more : {Validation::loss_columns(), Validation::sample_columns()})
    columns.insert(columns.end(), more.begin(), more.end());
  return columns;
}

// Every setting that all processes must share. Each may find the dataset elsewhere.
std::string shared_settings(const Configuration& configuration) {
  std::string text;
  for (const Configuration::Entry& entry : configuration.entries())
    if (entry.key != "data.path") text += entry.key + " = " + entry.get() + "\n";
  return text;
}

std::vector<std::vector<std::int64_t>> lengths_of(const std::vector<BatchStream::Item>& batches) {
  std::vector<std::vector<std::int64_t>> lengths;
  for (const BatchStream::Item& item : batches) {
    const std::int64_t* first = item.batch.lengths.const_data_ptr<std::int64_t>();
    lengths.emplace_back(first, first + item.batch.lengths.numel());
  }
  return lengths;
}

NamedParameters trained(const NamedParameters& parameters) {
  NamedParameters those;
  std::ranges::copy_if(parameters, std::back_inserter(those),
                       [](const auto& named) { return named.second.requires_grad(); });
  return those;
}

// The logs of a run; written by the first process only.
struct RunLogs {
  std::optional<MetricsLog> metrics;
  std::optional<TensorboardLog> tensorboard;

  RunLogs(const std::optional<RunFolder>& folder, std::int64_t step) {
    if (!folder) return;
    metrics.emplace(folder->file("metrics.csv"), metric_columns(), step);
    tensorboard.emplace(folder->path(), step);
  }
  void append(std::int64_t step, const std::map<std::string, double>& row) {
    if (metrics) metrics->append(step, row);
    if (tensorboard) tensorboard->append(step, row);
  }
};

// Totals of this command, and sums over the steps since the last row of the log.
struct Session {
  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  double steps = 0.0, residues = 0.0;
  StepTerms sums;
  double summed = 0.0;

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

  void add(const StepTerms& terms, double step_residues) {
    sums.add(terms, 1.0);
    summed += 1.0;
    steps += 1.0;
    residues += step_residues;
  }

  // Means since the last call.
  std::map<std::string, double> take_row() {
    std::map<std::string, double> row;
    for (std::size_t i = 0; i < sums.values.size(); ++i) row[StepTerms::kNames[i]] = sums.values[i] / summed;
    sums = {};
    summed = 0.0;
    return row;
  }

  TrainingProgress progress(std::int64_t step, double loss, const TrainingConfig& training, at::Device device) const {
    double left = seconds() / steps * static_cast<double>(training.steps - step);
    if (training.minutes > 0) left = std::min(left, std::max(0.0, 60.0 * training.minutes - seconds()));
    return {step, training.steps, loss, residues / seconds(), left, allocated_bytes(device)};
  }
};

}  // namespace

struct Trainer::State {
  State(const RunConfig& run_config, const Configuration& configuration, const std::string& folder_path, bool resume,
        at::Device run_device, const ProcessGroup& processes);

  // Checks that all processes start from the same, and takes the weights of the first.
  void agree(const Configuration& configuration) const;
  void load(const Checkpoint& checkpoint);
  void fit_structure_grammar();
  // Takes the weights of another run (their moving average if there is one); the run itself starts at step 0.
  void start_from(const Checkpoint& checkpoint);
  // One optimizer step on `batches`, whose gradients are averaged.
  StepTerms train_step(const std::vector<BatchStream::Item>& batches);
  // Adds the gradients of this process and returns the sum of the loss terms over all, without the gradient norm.
  at::Tensor sum_gradients(const std::vector<BatchStream::Item>& batches);
  void fail_at(const StepTerms& terms, const std::vector<BatchStream::Item>& batches) const;
  // Losses and samples of the averaged weights on held-out chains.
  std::map<std::string, double> validate();
  void add_state_to(std::map<std::string, double>& row, const Session& session, double waited) const;
  void add_state_to(TrainingResult& result, const Session& session, double waited);
  // By the first process; the others wait for it.
  void write_checkpoint();
  Checkpoint checkpoint() const;
  // The stage of crop lengths of step `at`.
  std::size_t stage_of(std::int64_t at) const { return data.stages().stage_of(at, config.training.steps); }

  const ProcessGroup group;
  const RunConfig config;
  const std::string configuration_text;
  TrainingData data;
  const LearningRateSchedule schedule;
  TrainingStep training_step;
  AdamW optimizer;
  Ema ema;
  const int shards;  // of a step (step_shards.h)
  const std::unique_ptr<GradientReduction> reduction;
  std::optional<RunFolder> folder;  // of the first process; created after all checks that may throw

  std::int64_t step = 0, epoch = 0, batch = 0;  // steps completed; position of the next batch
  double best_loss = std::numeric_limits<double>::infinity();
  std::string structure_grammar;  // empty if the model does not take base pairs
  std::string last_checkpoint;
  std::optional<Validation> validation;  // created when first needed
};

Trainer::State::State(const RunConfig& run_config, const Configuration& configuration, const std::string& folder_path,
                      bool resume, at::Device run_device, const ProcessGroup& processes)
    : group(processes),
      config(run_config),
      configuration_text(configuration.to_ini()),
      data(config.data, config.training.seed, config.model.polymer_kind()),
      schedule{config.training.learning_rate, config.training.warmup_steps, config.training.schedule,
               config.training.steps, config.training.cooldown_steps},
      training_step(config, run_device),
      optimizer(training_step.parameters()),
      ema(training_step.parameters(), config.training.ema_decay),
      shards(config.training.reduction == "ordered" ? static_cast<int>(config.training.shards) : group.size()),
      reduction(config.training.reduction == "ordered"
                    ? make_ordered_reduction(trained(training_step.parameters()), group)
                    : make_fast_reduction(trained(training_step.parameters()), group)) {
  if (shards < group.size())
    fail("training.shards = {}: fewer than the {} processes; start fewer, or a new run with more shards", shards,
         group.size());
  if (group.first()) folder.emplace(folder_path, resume);
  if (resume) {
    load(read_checkpoint_to_resume(folder_path));
  } else {
    fit_structure_grammar();
    training_step.model()->initialize(config.training.seed);
    if (!config.training.initial_weights.empty()) start_from(read_checkpoint(config.training.initial_weights));
    ema = Ema(training_step.parameters(), config.training.ema_decay);
  }
}

void Trainer::State::agree(const Configuration& configuration) const {
  if (group.size() == 1) return;
  group.require_equal("configuration", shared_settings(configuration));
  group.require_equal("dataset", data.fingerprint());
  group.require_equal("step to resume from", std::to_string(step));
  const at::NoGradGuard no_grad;
  for (const NamedParameters* tensors : {&training_step.parameters(), &ema.average()})
    for (const auto& [name, tensor] : *tensors) group.broadcast(tensor.detach(), 0);
}

void Trainer::State::load(const Checkpoint& checkpoint) {
  if (checkpoint.data != data.fingerprint())
    fail("{}: was trained on other chains ({}) than {} holds now ({}); give the dataset it was trained on",
         checkpoint.path, checkpoint.data, config.data.path, data.fingerprint());
  copy_into(training_step.parameters(), checkpoint.weights, checkpoint.path + ":/weights");
  if (ema.enabled()) copy_into(ema.average(), checkpoint.ema, checkpoint.path + ":/ema");
  optimizer.load(checkpoint);
  step = checkpoint.step;
  epoch = checkpoint.epoch;
  batch = checkpoint.batch;
  best_loss = checkpoint.best_loss;
  structure_grammar = checkpoint.structure_grammar;
  if (structure_grammar.empty()) fit_structure_grammar();
  last_checkpoint = checkpoint.path;
}

void Trainer::State::fit_structure_grammar() {
  if (group.first() && config.model.condition_pairs) structure_grammar = data.fit_structure_grammar().to_text();
}

void Trainer::State::start_from(const Checkpoint& checkpoint) {
  copy_into_grown(training_step.parameters(), checkpoint.ema.empty() ? checkpoint.weights : checkpoint.ema,
                  checkpoint.path);
}

StepTerms Trainer::State::train_step(const std::vector<BatchStream::Item>& batches) {
  optimizer.zero_gradients();
  const at::Tensor stacked = sum_gradients(batches);
  const StepTerms terms = step_terms(stacked, clip_gradients(training_step.parameters(), config.training.clip_norm));
  if (!terms.finite()) fail_at(terms, batches);
  optimizer.step(schedule.at(step));
  ema.update(step);
  ++step;
  return terms;
}

at::Tensor Trainer::State::sum_gradients(const std::vector<BatchStream::Item>& batches) {
  const std::vector<StepShard> plan = plan_shards(lengths_of(batches), shards);
  const ShardRange own = shards_of(group.rank(), group.size(), shards);
  std::size_t slices_left = 0;
  for (int s = own.begin; s < own.end; ++s) slices_left += plan[static_cast<std::size_t>(s)].size();

  at::Tensor by_shard = at::zeros({shards, std::ssize(StepTerms::kNames) - 1},
                                  at::TensorOptions(training_step.device()).dtype(at::kDouble));
  for (int s = own.begin; s < own.end; ++s) {
    for (const BatchSlice& slice : plan[static_cast<std::size_t>(s)]) {
      const PreparedBatch& whole = *batches[slice.batch].prepared;
      const bool all = slice.count == whole.truth.lengths.numel();
      // A recomputed block runs a backward pass within another, which would complete gradients twice.
      if (--slices_left == 0 && !config.training.recompute) reduction->before_last_backward();
      const TrainingStep::Result result =
          training_step.add_gradients(all ? whole : batch_rows(whole, slice.first, slice.count), config.training.seed,
                                      static_cast<std::uint64_t>(step) * batches.size() + slice.batch, slice.share);
      by_shard[s] += stacked_terms(result.losses) * slice.share;
    }
    reduction->end_shard();
  }
  reduction->finish();
  group.sum(by_shard);
  at::Tensor sum = by_shard[0];
  for (int s = 1; s < shards; ++s) sum = sum + by_shard[s];
  return sum;
}

void Trainer::State::fail_at(const StepTerms& terms, const std::vector<BatchStream::Item>& batches) const {
  FailedBatch failed;
  std::vector<std::string> chains, values;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    const auto index = step * static_cast<std::int64_t>(batches.size()) + place;
    failed.batches.push_back({batches[i].epoch, batches[i].number, index});
    const at::Tensor t = batches[i].prepared->noisy.t.to(at::kDouble);
    for (std::size_t b = 0; b < batches[i].batch.chain_ids.size(); ++b) {
      const std::string& id = batches[i].batch.chain_ids[b];
      failed.chains.push_back({id, t[static_cast<std::int64_t>(b)].item<double>(), place});
      chains.push_back(fmt::format("{} at t = {:.6f}", id, failed.chains.back().t));
    }
  }
  for (std::size_t i = 0; i < terms.values.size(); ++i)
    values.push_back(fmt::format("{} {:.6g}", StepTerms::kNames[i], terms.values[i]));
  failed.message =
      fmt::format("step {} (training.seed = {}): the {} is not finite ({}) for {}", step, config.training.seed,
                  std::isfinite(terms.loss()) ? "gradient" : "loss", fmt::join(values, ", "), fmt::join(chains, ", "));
  failed.configuration = configuration_text;
  failed.step = step;
  failed.seed = config.training.seed;
  failed.data = data.fingerprint();
  failed.weights = copy_of(training_step.parameters());
  std::string path = "failed_batch.h5";
  if (folder) path = folder->file(path);
  group.together([&] {
    if (group.first()) write_failed_batch(path, failed);
  });
  fail(
      "{}; see each chain with: flashrna train --data.replay {}; the last checkpoint is whole: lower "
      "training.learning_rate or set training.clip_norm",
      failed.message, path);
}

std::map<std::string, double> Trainer::State::validate() {
  const ScopedEma averaged(ema);
  if (!validation) validation.emplace(config, data, training_step, group);
  std::map<std::string, double> values = validation->losses();
  if (config.training.validation_samples > 0)
    values.merge(validation->samples(folder ? folder->file(fmt::format("samples/step_{:08d}", step)) : ""));
  return values;
}

void Trainer::State::add_state_to(std::map<std::string, double>& row, const Session& session, double waited) const {
  const double seconds = session.seconds();
  row["learning_rate"] = schedule.at(step - 1);
  row["epoch"] = static_cast<double>(epoch);
  row["seconds"] = seconds;
  row["residues_per_second"] = session.residues / seconds;
  row["waiting"] = waited / seconds;
  row["memory"] = static_cast<double>(allocated_bytes(training_step.device()));
}

void Trainer::State::add_state_to(TrainingResult& result, const Session& session, double waited) {
  result.step = step;
  result.epoch = epoch;
  result.best_loss = best_loss;
  result.seconds = session.seconds();
  result.residues_per_second = session.residues / result.seconds;
  result.waiting = waited / result.seconds;
  result.checkpoint = last_checkpoint;
  result.exposed = reduction->take_exposed_seconds() / result.seconds;
}

Checkpoint Trainer::State::checkpoint() const {
  Checkpoint checkpoint;
  checkpoint.configuration = configuration_text;
  checkpoint.step = step;
  checkpoint.epoch = epoch;
  checkpoint.batch = batch;
  checkpoint.best_loss = best_loss;
  checkpoint.data = data.fingerprint();
  const std::size_t longest = data.longest_training_chain();
  checkpoint.longest_chain = data.id(longest);
  for (std::size_t stage = 0; stage <= stage_of(step); ++stage)
    checkpoint.longest_chain_length = std::max(checkpoint.longest_chain_length, data.trained_length(longest, stage));
  checkpoint.structure_grammar = structure_grammar;
  checkpoint.weights = copy_of(training_step.parameters());
  checkpoint.ema = copy_of(ema.average());
  optimizer.save(checkpoint);
  return checkpoint;
}

void Trainer::State::write_checkpoint() {
  group.together([&] {
    if (!group.first()) return;
    last_checkpoint = folder->checkpoint_path(step);
    flashrna::write_checkpoint(last_checkpoint, checkpoint());
    folder->prune(static_cast<std::size_t>(config.training.keep_checkpoints));
  });
}

Trainer::Trainer(const RunConfig& config, const Configuration& configuration, const std::string& folder, bool resume,
                 at::Device device, const ProcessGroup& group) {
  group.together([&] { state_ = std::make_unique<State>(config, configuration, folder, resume, device, group); });
  state_->agree(configuration);
  if (!resume) state_->write_checkpoint();
  if (group.first()) write_file_atomically(state_->folder->file("config.ini"), state_->configuration_text);
}

Trainer::~Trainer() = default;

std::int64_t Trainer::step() const { return state_->step; }

std::int64_t Trainer::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, parameter] : state_->training_step.parameters()) count += parameter.numel();
  return count;
}

std::string Trainer::data_summary() const {
  const TrainingData& data = state_->data;
  const std::string held_out = data.held_out_note();
  return fmt::format("{}: {} chains of {} residues in {} batches per epoch to train on, {} chains to validate on{}",
                     state_->config.data.path, data.training().size(), data.training_residues(),
                     data.plan_training(0, state_->stage_of(state_->step)).size(), data.validation().size(),
                     held_out.empty() ? "" : "\n" + held_out);
}

TrainingResult Trainer::run(const TrainingObserver& observer) {
  State& s = *state_;
  const TrainingConfig& training = s.config.training;
  const bool validates = training.validate_every > 0 && !s.data.validation().empty();
  RunLogs logs(s.folder, s.step);
  // Draws noise while the preceding step is computed.
  const auto first = static_cast<std::uint64_t>(s.step) * static_cast<std::uint64_t>(training.accumulate);
  const auto prepare = [&s, &training, first](const Batch& batch, std::int64_t count) {
    return std::make_shared<const PreparedBatch>(
        s.training_step.prepare(batch, training.seed, first + static_cast<std::uint64_t>(count)));
  };
  const auto stage_of = [&s, &training, begin = s.step](std::int64_t count) {
    return s.stage_of(begin + count / training.accumulate);
  };
  BatchStream batches(s.data, s.epoch, s.batch, prepare, stage_of);
  Session session;
  TrainingResult result;

  bool last = s.step >= training.steps;
  while (!last) {
    std::vector<BatchStream::Item> items;
    double residues = 0.0;
    for (long i = 0; i < training.accumulate; ++i) {
      items.push_back(batches.next());
      residues += static_cast<double>(items.back().batch.lengths.sum().item<std::int64_t>());
    }
    const StepTerms terms = s.train_step(items);
    s.epoch = items.back().next_epoch;
    s.batch = items.back().next_batch;
    session.add(terms, residues);

    const bool out_of_time = training.minutes > 0 && session.seconds() >= 60.0 * training.minutes;
    const bool requested = observer.stop && observer.stop();
    const int stop = s.group.largest(requested ? 2 : out_of_time ? 1 : 0);  // the same in every process
    result.interrupted = stop == 2;
    last = s.step >= training.steps || stop > 0;
    const bool checkpoint_due = last || (training.checkpoint_every > 0 && s.step % training.checkpoint_every == 0);
    const bool validation_due = validates && (s.step % training.validate_every == 0 || (last && !result.interrupted));
    bool best = false;

    // A checkpoint ends a row, so that a resumed run logs the same means as an uninterrupted one.
    if (validation_due || checkpoint_due || s.step % training.log_every == 0) {
      std::map<std::string, double> row = session.take_row();
      if (validation_due) row.merge(s.validate());
      s.add_state_to(row, session, batches.seconds_waited());
      result.loss = row.at("loss");
      if (validation_due) result.validation_loss = row.at("validation_loss");
      best = validation_due && row.at("validation_loss") < s.best_loss;
      if (validation_due || !validates)
        s.best_loss = std::min(s.best_loss, row.at(validates ? "validation_loss" : "loss"));
      logs.append(s.step, row);
    }
    if (checkpoint_due || best) s.write_checkpoint();
    if (best && s.folder) s.folder->keep_as_best(s.last_checkpoint);
    if (observer.on_step) observer.on_step(session.progress(s.step, terms.loss(), training, s.training_step.device()));
  }

  s.add_state_to(result, session, batches.seconds_waited());
  return result;
}

}  // namespace flashrna

#include "libfold/training/failed_batch.h"

#include <utility>

#include "base/error.h"
#include "datasets/hdf5/file.h"
#include "libfold/training/optimizer.h"
#include "libfold/training/training_data.h"

namespace flashrna {
namespace {

constexpr const char* kFormat = "flashrna-failed-batch";
constexpr std::int64_t kVersion = 1;

template <typename Row, typename Value>
std::vector<Value> column(const std::vector<Row>& rows, Value Row::*field) {
  std::vector<Value> values;
  for (const Row& row : rows) values.push_back(row.*field);
  return values;
}

template <typename Value>
void write_column(Hdf5Group& group, const char* name, const std::vector<Value>& values) {
  group.write<Value>(name, {values.size()}, std::span<const Value>(values));
}

template <typename Row, typename Value>
void read_column(const Hdf5Group& group, const char* name, std::vector<Row>& rows, Value Row::*field) {
  const std::vector<Value> values = group.open_dataset(name).template read<Value>();
  if (values.size() != rows.size())
    fail("{}/{}: holds {} values, expected {}", group.where(), name, values.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].*field = values[i];
}

}  // namespace

void write_failed_batch(const std::string& path, const FailedBatch& failed) {
  using Position = FailedBatch::Position;
  Hdf5OutputFile file(path, true);
  {
    Hdf5Group root = file.root();
    root.set_text("format", kFormat);
    root.set_integer("version", kVersion);
    root.set_integer("step", failed.step);
    root.set_integer("seed", static_cast<std::int64_t>(failed.seed));
    root.set_text("data", failed.data);
    root.set_text("message", failed.message);
    root.set_text("configuration", failed.configuration);
    Hdf5Group batches = root.create_group("batches");
    write_column(batches, "epoch", column(failed.batches, &Position::epoch));
    write_column(batches, "batch", column(failed.batches, &Position::batch));
    write_column(batches, "index", column(failed.batches, &Position::index));
    Hdf5Group chains = root.create_group("chains");
    chains.write_text("id", column(failed.chains, &FailedChain::id));
    write_column(chains, "t", column(failed.chains, &FailedChain::t));
    write_column(chains, "batch", column(failed.chains, &FailedChain::batch));
    write_tensors(root, "weights", failed.weights, "parameters of the model before the step, by name");
  }
  file.commit();
}

FailedBatch read_failed_batch(const std::string& path) {
  using Position = FailedBatch::Position;
  const Hdf5File file = Hdf5File::open(path);
  const Hdf5Group root = file.root();
  if (!root.has_attribute("format") || root.text("format") != kFormat)
    fail("{}: not a failed batch (its format is {}); give the failed_batch.h5 of a run's folder", path,
         root.has_attribute("format") ? "\"" + root.text("format") + "\"" : "not stated");
  if (root.integer("version") != kVersion)
    fail("{}: failed batch version {}, this program reads version {}; use the flashrna that wrote it", path,
         root.integer("version"), kVersion);
  FailedBatch failed;
  failed.step = root.integer("step");
  failed.seed = static_cast<std::uint64_t>(root.integer("seed"));
  failed.data = root.text("data");
  failed.message = root.text("message");
  failed.configuration = root.text("configuration");
  const Hdf5Group batches = root.open_group("batches");
  failed.batches.resize(batches.open_dataset("epoch").size());
  read_column(batches, "epoch", failed.batches, &Position::epoch);
  read_column(batches, "batch", failed.batches, &Position::batch);
  read_column(batches, "index", failed.batches, &Position::index);
  const Hdf5Group chains = root.open_group("chains");
  for (std::string& id : chains.open_dataset("id").read_text()) failed.chains.push_back({std::move(id)});
  read_column(chains, "t", failed.chains, &FailedChain::t);
  read_column(chains, "batch", failed.chains, &FailedChain::batch);
  failed.weights = read_tensors(root.open_group("weights"));
  return failed;
}

Replay replay_failed_batch(const FailedBatch& failed, const RunConfig& config, at::Device device) {
  const TrainingData data(config.data, failed.seed);
  if (data.fingerprint() != failed.data)
    fail("{}: holds other chains ({}) than the failed run was trained on ({}); give its dataset with --data.path",
         config.data.path, data.fingerprint(), failed.data);
  TrainingStep step(config, device);
  copy_into(step.parameters(), failed.weights, "the failed batch's /weights");

  Replay replay;
  const double share = 1.0 / static_cast<double>(failed.batches.size());
  const std::size_t stage = data.stages().stage_of(failed.step, config.training.steps);
  for (const FailedBatch::Position& at : failed.batches) {
    const BatchPlan plan = data.plan_training(at.epoch, stage);
    if (at.batch < 0 || at.batch >= static_cast<std::int64_t>(plan.size()))
      fail("the failed batch is batch {} of epoch {}, which has {}", at.batch, at.epoch, plan.size());
    const Batch batch = data.load_training(plan[static_cast<std::size_t>(at.batch)], at.epoch, stage);
    const auto evaluation = step.add_gradients(batch, failed.seed, static_cast<std::uint64_t>(at.index), share);
    const std::size_t place = replay.chains.size();
    if (place + batch.chain_ids.size() > failed.chains.size())
      fail("the failed batch lists {} chains, its batches hold more", failed.chains.size());
    for (std::size_t b = 0; b < batch.chain_ids.size(); ++b) {
      const auto row = static_cast<std::int64_t>(b);
      replay.chains.push_back({failed.chains[place + b], evaluation.noisy.t[row].item<double>(),
                               terms_of(evaluation.losses.of_chain(row))});
    }
    replay.terms.add(terms_of(evaluation.losses), share);
  }
  replay.terms.values.back() = clip_gradients(step.parameters(), 0.0).item<double>();
  return replay;
}

}  // namespace flashrna

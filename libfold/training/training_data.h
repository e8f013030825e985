// The training and validation chains of a run, and their batches. Batches are planned from (seed, epoch, stage) only; a
// separate thread reads and pads them while the model computes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "datasets/batches.h"
#include "datasets/dataset_reader.h"
#include "libfold/batch.h"
#include "libfold/training/crop_stages.h"
#include "libfold/training/data_config.h"
#include "rna/nucleotide.h"
#include "rna/pairs/structure_grammar.h"

namespace flashrna {

struct PreparedBatch;  // libfold/training/training_step.h

class TrainingData {
 public:
  // Throws Error if the dataset cannot be read or holds another polymer, or if no training chain remains.
  TrainingData(const DataConfig& config, std::uint64_t seed, Polymer polymer = Polymer::kRna);

  // Indices of chains in the dataset.
  const std::vector<std::size_t>& training() const { return training_; }
  const std::vector<std::size_t>& validation() const { return validation_; }
  // One line: whether validation and training share clusters; empty without validation.
  std::string held_out_note() const;
  std::int64_t training_residues() const;
  // Index in the dataset. If several are longest, the first.
  std::size_t longest_training_chain() const;
  const std::string& id(std::size_t chain) const { return reader_.chains()[chain].id; }
  const CropStages& stages() const { return stages_; }
  int trained_length(std::size_t chain, std::size_t stage = 0) const;  // after cropping
  // A hash of the training chains and their order. A resumed run must have the same fingerprint.
  std::string fingerprint() const;

  // The batches of an epoch; items are indices into training() x repeat. With sampling by cluster, each epoch draws one
  // chain per cluster, so that large and small families have equal weight.
  BatchPlan plan_training(std::int64_t epoch, std::size_t stage = 0) const;
  Batch load_training(const std::vector<std::size_t>& planned, std::int64_t epoch, std::size_t stage = 0) const;
  // The same at every call: whole chains, up to the batch budget.
  BatchPlan plan_validation() const;
  Batch load_validation(const std::vector<std::size_t>& planned) const;
  // The grammar of the training chains' base pairs, for sampling. Each molecule counts as a chain; with sampling by
  // cluster, those of a cluster count as much as one chain together.
  StructureGrammar fit_structure_grammar() const;
  // All atoms of a chain of the dataset.
  std::vector<Nucleotide> nucleotides(std::size_t chain) const;
  int length(std::size_t chain) const { return reader_.chains()[chain].length; }

 private:
  void split();
  std::vector<std::size_t> drawn_by_cluster(std::int64_t epoch) const;
  std::vector<double> chain_weights() const;  // by training chain: batches of an epoch that it is in, in the mean
  BatchBudget budget() const;
  std::vector<std::size_t> cropped_places(const ChainFeatures& chain, std::size_t length, std::int64_t epoch,
                                          std::size_t item) const;

  DataConfig config_;
  CropStages stages_;
  std::uint64_t seed_;
  DatasetReader reader_;
  std::vector<std::size_t> training_, validation_;
  std::vector<std::vector<std::size_t>> training_groups_;  // for sampling by cluster: indices into training_
};

// An endless sequence of training batches, epoch after epoch, prefetched by a thread. Where a stage of crop lengths
// ends, the epoch ends too, because its plan depends on the lengths.
class BatchStream {
 public:
  struct Item {
    Batch batch;
    std::int64_t epoch, number;                     // position of this batch
    std::int64_t next_epoch, next_batch;            // position after it
    std::shared_ptr<const PreparedBatch> prepared;  // null if `prepare` is empty
  };
  // Additional work on a prefetched batch. `count`: number of earlier batches of this stream.
  using Prepare = std::function<std::shared_ptr<const PreparedBatch>(const Batch&, std::int64_t count)>;

  // The stage of the batch that `count` batches of this stream precede.
  using StageOf = std::function<std::size_t(std::int64_t count)>;

  // Starts at batch `batch` of epoch `epoch`. Without `stage_of` all batches are of stage 0. `data` must outlive the
  // stream.
  BatchStream(const TrainingData& data, std::int64_t epoch, std::int64_t batch, Prepare prepare = {},
              StageOf stage_of = {});

  // Waits for the next batch. Rethrows an exception of the reader thread.
  Item next();
  double seconds_waited() const { return seconds_waited_; }

 private:
  void produce(std::stop_token stop, std::int64_t epoch, std::int64_t batch);
  std::size_t stage_at(std::int64_t count) const { return stage_of_ ? stage_of_(count) : 0; }
  bool push(Item item, std::stop_token stop);

  const TrainingData& data_;
  const Prepare prepare_;
  const StageOf stage_of_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> ready_;
  std::exception_ptr error_;
  double seconds_waited_ = 0.0;
  std::jthread thread_;  // last member: the thread stops before the queue is destroyed
};

}  // namespace flashrna

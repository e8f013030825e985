// Training in several processes (tests/libfold/distributed/processes.h): the same losses and weights as in one.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "base/error.h"
#include "kernels/torch_headers.h"
#include "libfold/checkpoint.h"
#include "libfold/training/batch_rows.h"
#include "libfold/training/failed_batch.h"
#include "libfold/training/run_folder.h"
#include "libfold/training/training_data.h"
#include "tests/libfold/distributed/processes.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

std::vector<std::vector<std::string>> table_of(const std::string& folder) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : lines_of(read_text(folder + "/metrics.csv"))) {
    rows.emplace_back();
    std::stringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

bool is_of_clock(const std::string& column) {
  return column == "seconds" || column == "residues_per_second" || column == "waiting" || column == "memory" ||
         column.starts_with("sample_");  // samples depend on their batch by rounding
}

void expect_equal_tables(const std::string& got_folder, const std::string& expected_folder) {
  const auto got = table_of(got_folder), expected = table_of(expected_folder);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t row = 0; row < got.size(); ++row) {
    ASSERT_EQ(got[row].size(), expected[row].size());
    for (std::size_t i = 0; i < got[row].size(); ++i) {
      if (is_of_clock(expected[0][i])) continue;
      EXPECT_EQ(got[row][i], expected[row][i]) << expected[0][i] << " of row " << row;
    }
  }
}

double largest_difference(const NamedTensors& got, const NamedTensors& expected) {
  double largest = got.size() == expected.size() && !got.empty() ? 0.0 : INFINITY;
  for (const auto& [name, tensor] : expected) {
    const at::Tensor difference = (got.at(name) - tensor).abs();
    largest = difference.isfinite().all().item<bool>() ? std::max(largest, difference.max().item<double>()) : INFINITY;
  }
  return largest;
}

void expect_same_state(const std::string& got_path, const std::string& expected_path) {
  const Checkpoint got = read_checkpoint(got_path), expected = read_checkpoint(expected_path);
  EXPECT_EQ(got.step, expected.step);
  EXPECT_EQ(got.epoch, expected.epoch);
  EXPECT_EQ(got.batch, expected.batch);
  EXPECT_EQ(largest_difference(got.weights, expected.weights), 0.0);
  EXPECT_EQ(largest_difference(got.ema, expected.ema), 0.0);
  EXPECT_EQ(largest_difference(got.exp_avg, expected.exp_avg), 0.0);
  EXPECT_EQ(largest_difference(got.exp_avg_sq, expected.exp_avg_sq), 0.0);
}

using Change = std::function<void(RunConfig&)>;

class DistributedTraining : public testing::Test {
 protected:
  DistributedTraining() {
    std::vector<TinyChain> chains;
    for (int i = 0; i < 11; ++i)
      chains.push_back({fmt::format("1{}{}{}", char('A' + i), char('A' + i), char('A' + i)), 5 + (7 * i) % 9, -1,
                        i < 8 ? "train" : "validation"});
    write_tiny_dataset(dataset_, chains);
  }

  // Batches of up to 3 chains, two a step.
  Change standard(const char* reduction) {
    return [reduction](RunConfig& config) {
      config.data.batch_size = 3;
      config.training.reduction = reduction;
      config.training.shards = 4;
      config.training.accumulate = 2;
      config.training.self_conditioning = 0.5;
      config.training.checkpoint_every = 7;
    };
  }

  // Trains in `size` processes, or resumes. Returns the last checkpoint.
  std::string train(int size, const std::string& name, const Change& change, bool resume = false, long stop_after = 0) {
    const std::string folder = folder_ / name;
    run_processes_well(size, [&](const ProcessGroup& group) {
      TinyRun run(resume ? "" : dataset_);
      if (resume) {
        const Checkpoint last = read_checkpoint_to_resume(folder);
        adopt_checkpoint_configuration(run.configuration, last.configuration, last.path);
      } else {
        change(run.config);
      }
      Trainer trainer(run.config, run.configuration, folder, resume, at::kCPU, group);
      TrainingObserver observer;
      // The last process asks; all must stop.
      observer.stop = [&] {
        return stop_after > 0 && group.rank() == group.size() - 1 && trainer.step() >= stop_after;
      };
      const TrainingResult result = trainer.run(observer);
      EXPECT_EQ(result.interrupted, stop_after > 0);
    });
    return latest_checkpoint(folder);
  }

  TemporaryFolder folder_;
  const std::string dataset_ = folder_ / "tiny.h5";
};

struct Variant {
  const char* name;
  Change change;
};

class OrderedTraining : public DistributedTraining, public testing::WithParamInterface<Variant> {};

TEST_P(OrderedTraining, IsBitEqualInOneTwoAndFourProcesses) {
  const Change change = [&](RunConfig& config) {
    standard("ordered")(config);
    GetParam().change(config);
  };
  const std::string expected = train(1, "one", change);
  EXPECT_EQ(table_of(folder_ / "one").size(), 21u) << "a header and 20 steps";
  for (const int size : {2, 4}) {
    const std::string name = fmt::format("of_{}", size);
    expect_same_state(train(size, name, change), expected);
    expect_equal_tables(folder_ / name, folder_ / "one");
    EXPECT_EQ(names_in(folder_ / (name + "/checkpoints")), names_in(folder_ / "one/checkpoints"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, OrderedTraining,
    testing::Values(Variant{"plain", [](RunConfig&) {}},
                    Variant{"recomputed", [](RunConfig& config) { config.training.recompute = true; }},
                    Variant{"always_self_conditioned",
                            [](RunConfig& config) { config.training.self_conditioning = 1.0; }},
                    Variant{"more_shards_than_chains", [](RunConfig& config) { config.training.shards = 16; }},
                    Variant{"validated",
                            [](RunConfig& config) {
                              config.training.validate_every = 5;
                              config.training.validation_samples = 3;
                              config.training.validation_sample_steps = 2;
                            }},
                    Variant{"cropped_and_conditioned",
                            [](RunConfig& config) {
                              config.data.crop_length = "8:0.5,10:0.5";
                              config.data.spatial_crops = 0.5;
                              config.model.local_edges = 4;
                              config.model.condition_pairs = true;
                              config.model.condition_motifs = true;
                            }}),
    [](const auto& variant) { return std::string(variant.param.name); });

TEST_F(DistributedTraining, OneProcessIsBitEqualWithAndWithoutAGroup) {
  const std::string with = train(1, "with", standard("fast"));
  TinyRun run(dataset_);
  standard("fast")(run.config);
  expect_same_state(with, run.train(folder_ / "without").checkpoint);
}

double largest(const NamedTensors& tensors) {
  double value = 0.0;
  for (const auto& [name, tensor] : tensors) value = std::max(value, tensor.abs().max().item<double>());
  return value;
}

// After one step Adam's first moment is a tenth of the gradient. Later a gradient that is nothing but rounding moves a
// weight by the learning rate either way, so that only losses can be compared.
TEST_F(DistributedTraining, FastIsEqualToRounding) {
  for (const bool recompute : {false, true}) {
    const auto change = [&](long steps) {
      return [&, steps](RunConfig& config) {
        standard("fast")(config);
        config.training.recompute = recompute;
        config.training.steps = steps;
      };
    };
    const std::string one = fmt::format("one_{}", recompute);
    const NamedTensors gradient = read_checkpoint(train(1, one + "_step", change(1))).exp_avg;
    train(1, one, change(20));
    for (const int size : {2, 4}) {
      const std::string name = fmt::format("of_{}_{}", size, recompute);
      const NamedTensors got = read_checkpoint(train(size, name + "_step", change(1))).exp_avg;
      EXPECT_LT(largest_difference(got, gradient), 1e-5 * largest(gradient));
      train(size, name, change(20));
      const auto a = table_of(folder_ / name), b = table_of(folder_ / one);
      ASSERT_EQ(a.size(), 21u);
      ASSERT_EQ(b.size(), 21u);
      for (std::size_t row = 1; row < a.size(); ++row) {
        const double loss = std::stod(b[row][1]);
        EXPECT_NEAR(std::stod(a[row][1]), loss, (row == 1 ? 1e-5 : 1e-2) * std::abs(loss)) << "step " << row;
      }
    }
  }
}

TEST_F(DistributedTraining, ARunIsResumedOnOneAndFourProcessesBitEqual) {
  const std::string expected = train(1, "whole", standard("ordered"));
  train(2, "parts", standard("ordered"), false, 6);
  EXPECT_EQ(read_checkpoint(latest_checkpoint(folder_ / "parts")).step, 6);
  train(1, "parts", {}, true, 13);
  EXPECT_EQ(read_checkpoint(latest_checkpoint(folder_ / "parts")).step, 13);
  expect_same_state(train(4, "parts", {}, true), expected);
  expect_equal_tables(folder_ / "parts", folder_ / "whole");
}

TEST_F(DistributedTraining, ALossThatIsNotFiniteInOneProcessStopsAllAndIsReplayedInOne) {
  const std::string folder = folder_ / "failing";
  const std::vector<std::string> errors = run_processes(2, [&](const ProcessGroup& group) {
    TinyRun run(dataset_);
    standard("fast")(run.config);
    if (group.rank() == 1) run.config.losses.translation_weight = 1e38, run.config.losses.translation_scale = 1e3;
    // Only the struct of rank 1 differs; the text that is compared does not.
    Configuration text;
    RunConfig shared;
    shared.add_options(text);
    Trainer(run.config, text, folder, false, at::kCPU, group).run({});
  });
  for (const std::string& error : errors)
    EXPECT_NE(error.find("step 0 (training.seed = 0): the loss is not finite"), std::string::npos) << error;
  const FailedBatch failed = read_failed_batch(folder + "/failed_batch.h5");
  EXPECT_EQ(failed.batches.size(), 2u);
  TinyRun run(dataset_);
  standard("fast")(run.config);
  run.config.losses.translation_weight = 1e38, run.config.losses.translation_scale = 1e3;
  EXPECT_FALSE(replay_failed_batch(failed, run.config, at::kCPU).terms.finite());
  EXPECT_EQ(read_checkpoint(latest_checkpoint(folder)).step, 0);
}

TEST_F(DistributedTraining, OtherChainsOrAnotherConfigurationAreNamed) {
  write_tiny_dataset(folder_ / "other.h5", five_chains());
  const auto errors_with = [&](const Change& change) {
    static int number = 0;
    const std::string folder = folder_ / fmt::format("refused_{}", ++number);
    return run_processes(2, [&](const ProcessGroup& group) {
      TinyRun run(dataset_);
      standard("fast")(run.config);
      if (group.rank() == 1) change(run.config);
      Trainer(run.config, run.configuration, folder, false, at::kCPU, group);
    });
  };
  for (const std::string& error : errors_with([&](RunConfig& config) { config.data.path = folder_ / "other.h5"; }))
    EXPECT_NE(error.find("rank 1 has another dataset than rank 0: \"5 chains"), std::string::npos) << error;
  for (const std::string& error : errors_with([](RunConfig& config) { config.training.learning_rate = 0.5; }))
    EXPECT_NE(error.find("rank 1 has another configuration than rank 0: \"training.learning_rate = 0.5\""),
              std::string::npos)
        << error;
}

TEST_F(DistributedTraining, FewerShardsThanProcessesAreRefused) {
  const std::vector<std::string> errors = run_processes(2, [&](const ProcessGroup& group) {
    TinyRun run(dataset_);
    run.config.training.reduction = "ordered";
    run.config.training.shards = 1;
    Trainer(run.config, run.configuration, folder_ / "run", false, at::kCPU, group);
  });
  for (const std::string& error : errors)
    EXPECT_NE(error.find("training.shards = 1: fewer than the 2 processes"), std::string::npos) << error;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(DistributedTraining, AFolderInUseEndsEveryProcess) {
  train(1, "used", [](RunConfig& config) { config.training.steps = 1; });
  const std::vector<std::string> errors = run_processes(2, [&](const ProcessGroup& group) {
    TinyRun run(dataset_);
    Trainer(run.config, run.configuration, folder_ / "used", false, at::kCPU, group);
  });
  EXPECT_NE(errors[0].find("already holds a training run"), std::string::npos) << errors[0];
  EXPECT_NE(errors[1].find("rank 0: "), std::string::npos) << errors[1];
  EXPECT_NE(errors[1].find("already holds a training run"), std::string::npos) << errors[1];
}

// A member that batch_rows() forgets would be undefined, or of the wrong shape.
TEST_F(DistributedTraining, RowsOfABatchHaveEveryMember) {
  TinyRun run(dataset_);
  run.config.data.batch_size = 4;
  run.config.model.local_edges = 4;
  run.config.model.condition_pairs = run.config.model.condition_motifs = true;
  const TrainingData data(run.config.data, 0);
  const TrainingStep step(run.config, at::kCPU);
  const PreparedBatch whole = step.prepare(data.load_training({0, 1, 2, 3}, 0), 0, 0);
  const PreparedBatch part = batch_rows(whole, 1, 2);
  const std::int64_t length = whole.truth.lengths.narrow(0, 1, 2).max().item<std::int64_t>();
  EXPECT_EQ(part.truth.chain_ids, (std::vector<std::string>{whole.truth.chain_ids[1], whole.truth.chain_ids[2]}));
  const auto expect_rows = [&](const at::Tensor& got, const at::Tensor& all, const char* name) {
    ASSERT_EQ(got.defined(), all.defined()) << name;
    if (!all.defined()) return;
    const at::Tensor rows = all.narrow(0, 1, 2);
    EXPECT_TRUE(at::equal(got, rows.dim() > 1 ? rows.narrow(1, 0, length) : rows)) << name;
    EXPECT_TRUE(got.is_contiguous()) << name;
  };
#define EXPECT_ROWS(member) expect_rows(part.member, whole.member, #member)
  EXPECT_ROWS(truth.lengths);
  EXPECT_ROWS(truth.residue_index);
  EXPECT_ROWS(truth.chain);
  EXPECT_ROWS(truth.translations);
  EXPECT_ROWS(truth.rotations);
  EXPECT_ROWS(truth.torsions);
  EXPECT_ROWS(truth.torsion_mask);
  EXPECT_ROWS(truth.chi);
  EXPECT_ROWS(truth.chi_mask);
  EXPECT_ROWS(truth.partner);
  EXPECT_ROWS(truth.nucleotide);
  EXPECT_ROWS(noisy.t);
  EXPECT_ROWS(noisy.translations);
  EXPECT_ROWS(noisy.rotations);
  EXPECT_ROWS(noisy.conditioning.partner);
  EXPECT_ROWS(noisy.conditioning.nucleotide);
  EXPECT_ROWS(noisy.conditioning.fixed);
  EXPECT_ROWS(noisy.conditioning.chain);
  EXPECT_ROWS(noisy.conditioning.fixed_group);
  EXPECT_ROWS(noisy.conditioning.given.rotations);
  EXPECT_ROWS(noisy.conditioning.given.translations);
#undef EXPECT_ROWS
  // The sizes change when a member is added, which batch_rows() must then take over.
  EXPECT_EQ(sizeof(Batch), sizeof(std::vector<std::string>) + 11 * sizeof(at::Tensor) + alignof(at::Tensor))
      << "chain_ids, the tensors, and polymer with its padding";
  EXPECT_EQ(sizeof(Conditioning), 7 * sizeof(at::Tensor));
}

}  // namespace
}  // namespace flashrna

// How often the host waits for the device, and how many operations it starts, in a training step and in sampling with
// two blocks. Budgets: the one wait of a training step reads its losses; operations are those counted here plus a few
// percent. LibTorch of other versions may need others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/cuda_backend.h"
#include "kernels/torch_headers.h"
#include "libfold/sampling/sampler.h"
#include "tests/libfold/tiny_run.h"
#include "tests/stand_in_cuda/stand_in_cuda.h"

namespace flashrna {
namespace {

using stand_in::Counts;
using stand_in::counts;

const at::Device kDevice(at::kCUDA, 1);

class HostWaits : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(count_cuda_devices(), stand_in::kDevices);
    make_current(kDevice);
    write_tiny_dataset(folder_ / "tiny.h5", five_chains());
  }

  TemporaryFolder folder_;
};

// The parts of the model and the losses of configs/rna.ini.
void use_every_part(RunConfig& config) {
  config.model.positions = "relative";
  config.model.chain_neighbors = 2;
  config.model.local_edges = config.model.edge_votes = 16;
  config.model.condition_pairs = config.model.condition_letters = true;
  config.model.condition_motifs = config.model.condition_motif_groups = true;
  config.model.letter_head = true;
  config.model.torsions = 9;
  config.flow.prior = "chain";
  config.flow.rotation_noise = "uniform";
  config.losses.atoms = 13;
  config.losses.bond_weight = config.losses.angle_weight = config.losses.link_torsion_weight = 1.0;
  config.losses.clash_weight = config.losses.local_weight = config.losses.pair_weight = 1.0;
  config.losses.letter_weight = 1.0;
}

// The largest counts of a step, after the first ones, in which caches are filled.
Counts counts_per_step(TinyRun& run, const std::string& folder) {
  run.config.training.log_every = 1000;
  Trainer trainer(run.config, run.configuration, folder, /*resume=*/false, kDevice);
  constexpr int kWarmUp = 8;
  Counts before, most;
  int steps = 0;
  TrainingObserver observer;
  observer.on_step = [&](const TrainingProgress&) {
    const Counts now = counts(), step = now - before;
    before = now;
    if (++steps <= kWarmUp || steps == run.config.training.steps) return;
    most.operations = std::max(most.operations, step.operations);
    most.waits = std::max(most.waits, step.waits);
    most.square_attention = std::max(most.square_attention, step.square_attention);
  };
  trainer.run(observer);
  return most;
}

void expect_within(const char* what, const Counts& got, const Counts& allowed) {
  std::printf("  %s: %ld operations, %ld host waits\n", what, static_cast<long>(got.operations),
              static_cast<long>(got.waits));
  EXPECT_LE(got.waits, allowed.waits) << what;
  EXPECT_LE(got.operations, allowed.operations) << what;
  EXPECT_EQ(got.square_attention, 0) << what;
}

TEST_F(HostWaits, OfATrainingStepWithThePublishedRecipe) {
  TinyRun run(folder_ / "tiny.h5");
  expect_within("published", counts_per_step(run, folder_ / "run"), {.operations = 1900, .waits = 1});
}

TEST_F(HostWaits, OfATrainingStepWithEveryPart) {
  TinyRun run(folder_ / "tiny.h5");
  use_every_part(run.config);
  expect_within("every part", counts_per_step(run, folder_ / "run"), {.operations = 5200, .waits = 1});
}

TEST_F(HostWaits, OfATrainingStepInBf16WithRecomputation) {
  TinyRun run(folder_ / "tiny.h5");
  use_every_part(run.config);
  run.config.training.precision = "bf16";
  run.config.training.recompute = true;
  expect_within("bf16, recomputed", counts_per_step(run, folder_ / "run"), {.operations = 6900, .waits = 1});
}

TEST_F(HostWaits, HeadsOfAnyWidthTakeLinearMemory) {
  TinyRun run(folder_ / "tiny.h5");
  run.config.model.node_channels = 20;  // two heads of 10 in the transformer, of 5 in point attention
  run.config.model.attention_channels = 5;
  expect_within("heads of odd widths", counts_per_step(run, folder_ / "run"), {.operations = 1950, .waits = 1});
}

// Sampling -----------------------------------------------------------------------------------------------------------

// What one more step, and one more round of the relaxation, costs without graphs.
Counts counts_of_sample(TinyRun& run, int steps, SamplingControl control) {
  FlowModel model(run.config.model, run.config.published);
  model->initialize(1);
  model->to(kDevice);
  control.use_graphs = false;
  Sampler sampler(run.config, model, kDevice, control);
  const Counts before = counts();
  sampler.sample({30, 21}, {0, 1}, 4, steps);
  return counts() - before;
}

TEST_F(HostWaits, OfASamplerStep) {
  for (const bool every_part : {false, true}) {
    TinyRun run(folder_ / "tiny.h5");
    if (every_part) use_every_part(run.config);
    for (const int rounds : {0, 20}) {
      SamplingControl control;
      control.steric_rounds = rounds;
      control.relax_rounds = 0;
      counts_of_sample(run, 2, control);
      const Counts one = counts_of_sample(run, 13, control) - counts_of_sample(run, 12, control);
      expect_within(
          (std::string(every_part ? "every part" : "published") + ", steric rounds " + std::to_string(rounds)).c_str(),
          one, {.operations = (every_part ? 850 : 560) + (rounds > 0 ? 60 : 0) + 2 * rounds, .waits = 0});
    }
  }
}

TEST_F(HostWaits, OfARoundOfTheRelaxation) {
  TinyRun run(folder_ / "tiny.h5");
  SamplingControl control;
  control.steric_rounds = 0;
  const auto with_rounds = [&](int rounds) {
    control.relax_rounds = rounds;
    return counts_of_sample(run, 2, control);
  };
  with_rounds(2);
  expect_within("a round of relaxation", with_rounds(21) - with_rounds(20), {.operations = 2, .waits = 0});
}

}  // namespace
}  // namespace flashrna

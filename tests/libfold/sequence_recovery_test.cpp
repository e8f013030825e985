// Recovery and perplexity of nucleotides, on chains whose letters are known beforehand.
#include "libfold/bench/sequence_recovery.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "libfold/checkpoint.h"
#include "tests/libfold/tiny_run.h"

namespace flashrna {
namespace {

TEST(LetterScore, IsAShareAndAnExponential) {
  LetterScore score;
  EXPECT_TRUE(std::isnan(score.recovery()));
  EXPECT_TRUE(std::isnan(score.perplexity()));
  score.add(true, std::log(0.5));
  score.add(false, std::log(0.125));
  EXPECT_EQ(score.residues, 2);
  EXPECT_EQ(score.recovery(), 0.5);
  EXPECT_NEAR(score.perplexity(), 4.0, 1e-12);  // 1 / sqrt(0.5 * 0.125)
}

TEST(SequenceRecovery, FrequenciesOfChainsOfGAreAlwaysRight) {
  const TemporaryFolder folder;
  write_tiny_dataset(folder / "tiny.h5", five_chains());  // 12, 5, 9, 11 and 7 residues, all G, unpaired
  TinyRun run(folder / "tiny.h5");
  run.config.training.steps = 2;
  run.config.model.letter_head = true;
  run.config.losses.letter_weight = 0.2;
  const Checkpoint checkpoint = read_checkpoint(run.train(folder / "run").checkpoint);
  Sampler sampler(checkpoint, "ema", at::kCPU);
  const DatasetReader dataset(folder / "tiny.h5");
  SequenceRecoverySettings settings{.counted = {0, 1}, .held_out = {2, 3, 4}, .longest = 9};
  int chains = 0;
  const auto table = measure_sequence_recovery(dataset, sampler, settings, [&] { ++chains; });
  EXPECT_EQ(chains, 2) << "the chain of 11 is longer than 9";
  ASSERT_EQ(table.size(), 4u);
  EXPECT_EQ(table[0].predictor, "network, backbone alone");
  EXPECT_EQ(table[1].predictor, "designs at temperature 0.1");
  for (const SequenceRecovery& one : table) {
    EXPECT_EQ(one.all.residues, 9 + 7) << one.predictor;
    EXPECT_EQ(one.paired.residues + one.loops.residues, one.all.residues) << one.predictor;
    EXPECT_GE(one.all.recovery(), 0.0);
  }
  EXPECT_TRUE(std::isfinite(table[0].all.perplexity()));
  EXPECT_TRUE(std::isnan(table[1].all.perplexity())) << "designs are drawn: they have no probability of the native";
  // 17 residues are counted, and one of each letter: p(G) = 18 / 21.
  EXPECT_EQ(table[2].predictor, "frequencies");
  EXPECT_EQ(table[2].all.recovery(), 1.0);
  EXPECT_NEAR(table[2].all.perplexity(), 21.0 / 18.0, 1e-12);
  EXPECT_EQ(table[3].predictor, "frequencies given pairing");
  EXPECT_EQ(table[3].all.recovery(), 1.0);

  settings.longest = 3;
  EXPECT_EQ(message_of([&] { measure_sequence_recovery(dataset, sampler, settings); }),
            "sequence recovery: no held-out chain of at most 3 residues with known letters");
}

}  // namespace
}  // namespace flashrna

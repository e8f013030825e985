// flashrna with --device cuda on the stand-in, beside the same command on the CPU: the unmodified program, where our
// kernels fail and their references take over, and the program with our kernels on the host.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/csv_table.h"
#include "base/error.h"
#include "rna/io/structure_reader.h"
#include "tests/cli/program.h"
#include "tests/cli/trained_project.h"

namespace flashrna {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

const Words kTiny = {"--config",
                     "configs/demo.ini",
                     "--data.path",
                     "rna.h5",
                     "--quiet",
                     "--threads",
                     "1",
                     "--data.validation_fraction",
                     "0",
                     "--training.log_every",
                     "1",
                     "--data.batch_size",
                     "3"};

class OnStandIn : public TrainedProject {
 protected:
  // `program`: FLASHRNA_PROGRAM with the stand-in preloaded, or the one linked with it.
  static ProgramResult run(const std::string& program, const Words& words) {
    const ProgramResult result =
        run_shell(fmt::format("{} {}", program, fmt::join(words, " ")), {.folder = folder->path()});
    EXPECT_EQ(result.status, 0) << result.errors;
    return result;
  }

  static ProgramResult train(const std::string& program, const std::string& output, const Words& more) {
    Words words{"train", "--output", output};
    for (const auto& extra : {kTiny, small_model_words(), more}) words.insert(words.end(), extra.begin(), extra.end());
    return run(program, words);
  }

  // The total loss of every step.
  static std::vector<double> losses(const std::string& output) {
    const CsvTable table = CsvTable::read(folder->path(output + "/metrics.csv"));
    std::vector<double> values;
    for (std::size_t row = 0; row < table.rows.size(); ++row)
      values.push_back(table.number(row, table.column("loss")).value());
    return values;
  }

  static void expect_losses(const std::string& got, const std::string& expected, double allowed) {
    const std::vector<double> a = losses(got), b = losses(expected);
    ASSERT_EQ(a.size(), b.size());
    ASSERT_EQ(a.size(), 4u);
    for (std::size_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(a[i], b[i], allowed * std::abs(b[i])) << got << ", step " << i + 1;
  }

  static inline const std::string kUnmodified = "env LD_PRELOAD=" FLASHRNA_STAND_IN " flashrna";
  static inline const std::string kWithKernels = FLASHRNA_WITH_HOST_KERNELS;
};

// f32 with another order of summation, over four steps of the optimizer.
constexpr double kF32 = 1e-4;

TEST_F(OnStandIn, TheUnmodifiedProgramTrainsLikeTheCpu) {
  const Words words = {"--model.attention", "lifted"};
  train("flashrna", "f32_cpu", words);
  const ProgramResult result =
      train(kUnmodified, "f32_unmodified", {"--model.attention", "lifted", "--device", "cuda:1"});
  EXPECT_THAT(result.errors, HasSubstr("host waits"));
  EXPECT_THAT(result.errors, HasSubstr(" 0 with\n"));  // no attention with L x L
  expect_losses("f32_unmodified", "f32_cpu", kF32);
}

TEST_F(OnStandIn, OurKernelsTrainLikeTheCpuInF32AndBf16AndFused) {
  const Words wide = {"--model.attention_channels", "40"};
  const auto with = [&](Words more) {
    more.insert(more.end(), wide.begin(), wide.end());
    return more;
  };
  train("flashrna", "cpu", wide);
  train(kWithKernels, "f32", with({"--device", "cuda", "--model.attention", "lifted"}));
  expect_losses("f32", "cpu", kF32);
  const ProgramResult bf16 = train(kWithKernels, "bf16",
                                   with({"--device", "cuda:1", "--model.attention", "lifted", "--training.precision",
                                         "bf16", "--training.recompute", "true"}));
  EXPECT_THAT(bf16.errors, HasSubstr(" 0 with\n"));
  expect_losses("bf16", "cpu", 0.03);  // products of 8 bits
  const ProgramResult fused = train(kWithKernels, "fused", with({"--device", "cuda", "--model.attention", "fused"}));
  EXPECT_THAT(fused.errors, HasSubstr(" 0 with\n"));
  expect_losses("fused", "cpu", 0.01);  // operands of 11 bits
}

TEST_F(OnStandIn, AResumedRunEndsLikeAnUninterruptedOne) {
  const Words device = {"--device", "cuda:1", "--model.attention", "lifted"};
  train(kWithKernels, "whole", device);
  const ProgramResult copy = run_shell("cp -r whole parts && rm parts/checkpoints/*4.h5", {.folder = folder->path()});
  ASSERT_EQ(copy.status, 0) << copy.errors;
  run(kWithKernels, {"train", "--resume", "--output", "parts", "--device", "cuda:1", "--quiet", "--threads", "1"});
  expect_losses("parts", "whole", 1e-6);
}

TEST_F(OnStandIn, AFailedStepFailsAgainWhenReplayed) {
  Words words{"train",   "--output",
              "failing", "--device",
              "cuda:1",  "--losses.translation_weight",
              "1e38",    "--losses.translation_scale",
              "1e3"};
  for (const auto& extra : {kTiny, small_model_words()}) words.insert(words.end(), extra.begin(), extra.end());
  const auto shell = [](const Words& all) {
    return run_shell(fmt::format("{} {}", kWithKernels, fmt::join(all, " ")), {.folder = folder->path()});
  };
  EXPECT_EQ(shell(words).status, 1);
  const ProgramResult replayed =
      shell({"train", "--data.replay", "failing/failed_batch.h5", "--device", "cuda:1", "--threads", "1"});
  EXPECT_EQ(replayed.status, 1);
  EXPECT_THAT(replayed.errors, HasSubstr("the loss is not finite"));
}

TEST_F(OnStandIn, SamplesWithBothCorrectionsAreThoseOfTheCpu) {
  const auto sample = [](const std::string& program, const std::string& output, const Words& more) {
    Words words{"sample",    "--checkpoint",
                "run",       "--lengths",
                "30",        "--samples",
                "2",         "--steps",
                "4",         "--seed",
                "3",         "--steric-rounds",
                "5",         "--relax-rounds",
                "8",         "--quiet",
                "--threads", "1",
                "--output",  output};
    words.insert(words.end(), more.begin(), more.end());
    run(program, words);
  };
  sample("flashrna", "samples_cpu", {});
  sample(kWithKernels, "samples_cuda", {"--device", "cuda:1"});
  for (const char* name : {"len_00030_sample_000.cif", "len_00030_sample_001.cif"}) {
    const Structure got = read_structure(folder->path(std::string("samples_cuda/") + name)),
                    expected = read_structure(folder->path(std::string("samples_cpu/") + name));
    double largest = 0;
    for (std::size_t i = 0; i < expected.chains.at(0).nucleotides.size(); ++i) {
      for (int slot = 0; slot < kBackboneAtoms; ++slot)
        largest = std::max(
            largest,
            (got.chains.at(0).nucleotides.at(i).atoms[slot] - expected.chains[0].nucleotides[i].atoms[slot]).norm());
    }
    EXPECT_LE(largest, 0.01) << name;  // Å; the files have three decimals
  }
}

TEST_F(OnStandIn, SamplesByGraphsAreThoseWithoutToTheByte) {
  const auto sample = [](const std::string& output, const Words& more) {
    Words words{"sample",
                "--checkpoint",
                "run",
                "--lengths",
                "30,24",
                "--samples",
                "3",
                "--steps",
                "6",
                "--seed",
                "3",
                "--quiet",
                "--threads",
                "1",
                "--device",
                "cuda:1",
                "--max-residues",
                "60",
                "--relax-rounds",
                "2",
                "--trajectory",
                "all",
                "--output",
                output};
    words.insert(words.end(), more.begin(), more.end());
    return run(kWithKernels, words).errors;
  };
  EXPECT_THAT(sample("graphs", {}), HasSubstr("replays"));
  EXPECT_THAT(sample("no_graphs", {"--no-graph"}), Not(HasSubstr("replays")));
  const ProgramResult same = run_shell("diff -r --exclude=timings.csv graphs no_graphs", {.folder = folder->path()});
  EXPECT_EQ(same.status, 0) << same.output;
}

TEST_F(OnStandIn, DoctorChecksTheDevice) {
  // LibTorch reads this variable; the program's own setting comes later.
  const ProgramResult result = run("env TORCH_ALLOW_TF32_CUBLAS_OVERRIDE=1 " + kWithKernels,
                                   {"doctor", "--device", "cuda:1", "--quiet", "--threads", "2"});
  EXPECT_THAT(result.output, HasSubstr("f32 products without TF32, no cuDNN attention"));
  EXPECT_THAT(result.output, HasSubstr("auto takes fused"));
  EXPECT_THAT(result.output, Not(HasSubstr("failed")));
}

TEST_F(OnStandIn, OutOfMemoryNamesWhatToLower) {
  Words words{"train", "--output", "memory", "--device", "cuda", "--model.attention", "lifted"};
  for (const auto& extra : {kTiny, small_model_words()}) words.insert(words.end(), extra.begin(), extra.end());
  const ProgramResult result =
      run_shell(fmt::format("env STAND_IN_CUDA_BYTES=4500000 {} {}", kWithKernels, fmt::join(words, " ")),
                {.folder = folder->path()});
  EXPECT_EQ(result.status, 1);
  for (const char* key : {"out of memory", "data.max_residues", "training.recompute", "training.accumulate"})
    EXPECT_THAT(result.errors, HasSubstr(key));
}

}  // namespace
}  // namespace flashrna

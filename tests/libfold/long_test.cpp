// Training and sampling at lengths that take minutes on a CPU; labeled slow.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "datasets/chain_rows.h"
#include "kernels/memory_usage.h"
#include "kernels/torch_headers.h"
#include "libfold/bench/training_bench.h"
#include "rna/assembly.h"
#include "rna/io/structure_reader.h"
#include "tests/libfold/small_model.h"
#include "tests/support/shared_data.h"

namespace flashrna {
namespace {

// Runs in a separate process, whose memory no earlier work has used.
TrainingTiming time_alone(const RunConfig& config, const std::string& file) {
  int ends[2];
  if (pipe(ends) != 0) ADD_FAILURE() << "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    // All chains as one entry, separated by breaks.
    const Chain chain = join_chains(read_structure(file).chains);
    const TrainingTiming timing = time_training_step(config, make_batch({chain_rows(chain)}, {file}), 1, at::kCPU, {});
    const bool sent = write(ends[1], &timing, sizeof timing) == sizeof timing;
    _exit(sent ? 0 : 1);
  }
  TrainingTiming timing;
  EXPECT_EQ(read(ends[0], &timing, sizeof timing), static_cast<ssize_t>(sizeof timing)) << "the child failed";
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  std::printf("  %ld nt: %.0f s a step, %.2f GB resident beyond the program's base, %.2f GB of tensors\n",
              static_cast<long>(timing.length), timing.seconds, timing.resident_bytes / 1e9, timing.peak_bytes / 1e9);
  return timing;
}

TEST(TrainingOnARibosome, FitsInFourGigabytesAndTwiceTheLengthInLittleMoreThanTwice) {
  FLASHRNA_REQUIRE_SHARED(copy, "structures/large/4V5A_copy1_16S_23S_5S.cif.gz");
  FLASHRNA_REQUIRE_SHARED(all, "structures/large/4V5A_all_rna.cif.gz");
  RunConfig config;
  config.training.recompute = true;
  config.training.self_conditioning = 1.0;
  const TrainingTiming shorter = time_alone(config, copy);
  EXPECT_EQ(shorter.length, 4390);
  EXPECT_LT(shorter.resident_bytes, 4'000'000'000);
  const TrainingTiming longer = time_alone(config, all);
  EXPECT_EQ(longer.length, 8990);
  EXPECT_LT(static_cast<double>(longer.resident_bytes), 2.2 * static_cast<double>(shorter.resident_bytes));
}

TEST(SamplingAtLength, NeedsMemoryInProportionUpToSixteenThousand) {
  RunConfig config = small_model();
  config.model.blocks = 1;
  const std::vector<SamplingTiming> timings =
      bench_sampling(config, {{"lifted", 1024, 1}, {"lifted", 4096, 1}, {"lifted", 16384, 1}}, 2, 1, at::kCPU, {});
  print_memory(timings);
  expect_linear_memory(timings);
}

TEST(SamplingAtLength, DefaultModelMakesFourThousandWithinAGigabyte) {
  const std::int64_t before = resident_bytes();
  ASSERT_TRUE(reset_peak_resident());
  const std::vector<SamplingTiming> timings = bench_sampling(RunConfig{}, {{"lifted", 4096, 1}}, 2, 1, at::kCPU, {});
  const std::int64_t grown = peak_resident_bytes() - before;
  std::printf("  4096 nt: %.1f s a step, %.2f GB resident beyond the program's base, %.2f GB of tensors\n",
              timings[0].step_seconds, static_cast<double>(grown) / 1e9,
              static_cast<double>(timings[0].peak_bytes) / 1e9);
  EXPECT_LT(grown, 1'000'000'000);
}

}  // namespace
}  // namespace flashrna
